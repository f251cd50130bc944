"""Pauses between tries: they double, they end at an hour, they are spread."""

from __future__ import annotations

import random

import pytest

from gateway.delivery.backoff import FIRST_US, LONGEST_US, pause_us


class At:
    """Randomness at one end of its range."""

    def __init__(self, share: float) -> None:
        self.share = share

    def bytes(self, count: int) -> bytes:
        return bytes(count)

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self.share


@pytest.mark.parametrize(
    ("tries", "longest_s"),
    [(0, 5), (1, 5), (2, 10), (3, 20), (5, 80), (10, 2560), (11, 3600), (12, 3600), (1000, 3600)],
)
def test_pauses_double_up_to_an_hour(tries, longest_s):
    assert pause_us(tries, At(1)) == longest_s * 1_000_000
    assert pause_us(tries, At(0)) == longest_s * 500_000


def test_many_that_failed_together_do_not_come_back_together():
    drawn = random.Random(1)
    pauses = {
        pause_us(4, type("R", (At,), {"uniform": lambda _, a, b: drawn.uniform(a, b)})(0))
        for _ in range(100)
    }
    assert len(pauses) > 90
    assert all(20_000_000 <= pause <= 40_000_000 for pause in pauses)


@pytest.mark.parametrize(
    ("asked_s", "pause"),
    [(0, FIRST_US), (3, FIRST_US), (60, 60_000_000), (3600, LONGEST_US), (999_999, LONGEST_US)],
)
def test_a_receiver_can_make_a_pause_longer_but_not_endless(asked_s, pause):
    assert pause_us(1, At(1), asked_s=asked_s) == pause
