"""Sums: all ways up to two, within bounds."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest

from gateway.reconciliation.subsets import OutOfStepsError, rare, ways


def test_finds_what_trying_everything_finds():
    random = Random(7)
    for _ in range(200):
        units = [random.randint(-50, 200) for _ in range(random.randint(2, 8))]
        target = random.randint(-50, 400)
        every = [
            chosen
            for size in range(2, len(units) + 1)
            for chosen in combinations(range(len(units)), size)
            if sum(units[at] for at in chosen) == target
        ]
        found = ways(units, target, steps=10_000)
        assert len(found) == min(len(every), 2)
        assert set(found) <= set(every)


def test_gives_up_instead_of_deciding():
    with pytest.raises(OutOfStepsError):
        ways(list(range(1, 24)), 138, steps=50)


def test_round_amounts_add_up_by_chance():
    assert not rare([10_000, 20_000, 30_000], rarity=200)
    assert rare([1_234_567, 7_654_321, 998_877], rarity=200)
    assert not rare([0, 0], rarity=200)
