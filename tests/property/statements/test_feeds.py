"""Whatever is booked, whenever it is looked, whoever dies: each credit is told exactly once."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from gateway.domain.errors import NotSent
from gateway.ports.erp_told import CreditTold, StatementTold, ToldKind
from tests.store_ground import bench
from tests.unit.statements.feed_ground import Ground, entry

AWAY = NotSent("away", "无法访问")


@pytest.mark.parametrize("seed", range(15))
def test_every_credit_once_and_every_day_once(seed):
    draw = Random(seed)
    with bench() as at:
        ground = Ground(at, ToldKind.CREDIT, ToldKind.STATEMENT)
        ground.look()
        booked: Counter[tuple[str, str]] = Counter()
        for _ in range(60):
            _happens(ground, draw, booked)
        ground.bank.refuses = {}
        for _ in range(2):
            at.runtime.clock.pass_time(hours=26)
            ground.look()
        told = ground.told()
    taken_in = [it for it in told if isinstance(it, CreditTold)]
    assert Counter((str(it.entry.booking_date), it.entry.amount) for it in taken_in) == booked
    days = [it.start for it in told if isinstance(it, StatementTold)]
    assert days == sorted(set(days))
    assert [it.sequence for it in told if isinstance(it, StatementTold)] == list(
        range(1, len(days) + 1)
    )
    said = {it.start: it for it in told if isinstance(it, StatementTold)}
    for day, entries in ground.bank.days.items():
        if day in said:
            assert [one.amount for one in said[day].entries] == [it.amount.text() for it in entries]


def _happens(ground: Ground, draw: Random, booked: Counter[tuple[str, str]]) -> None:
    clock, bank = ground.at.runtime.clock, ground.bank
    match draw.randrange(5):
        case 0 | 1:
            amount = draw.choice([100, 100, 250, -100, -300])
            day = clock.now().date()
            lines = bank.days.setdefault(day, [])
            # The bank adds at any place of its list, and twins are alike in every word.
            lines.insert(draw.randint(0, len(lines)), entry(amount, booking_date=day))
            if amount > 0:
                booked[str(day), f"{amount // 100}.{amount % 100:02}"] += 1
        case 2:
            clock.pass_time(minutes=draw.choice([1, 30, 400, 1500, 2900]))
        case 3:
            bank.refuses = {"statement": AWAY} if draw.random() < 0.4 else {}
            if draw.random() < 0.4:
                ground.restart()
        case _:
            ground.look()
