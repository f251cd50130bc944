"""Two processes on one PostgreSQL database: one of them goes on with a day's receipts."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import timedelta
from functools import partial

import pytest

from gateway.domain import receipt_order as steps
from gateway.domain.receipt_order import DayOrder
from gateway.statements import receipt_rows
from gateway.store import tables
from gateway.store.engine import open_engine
from tests.store_ground import START, Bench, CountedIds

pytestmark = pytest.mark.postgresql

SEEN = DayOrder(account="a1", day=START.date() - timedelta(days=1), due=START)


def at_once(*works):
    """Each on its own thread, begun together; what they gave."""
    gate, told = threading.Barrier(len(works)), []

    def run(work):
        gate.wait(10)
        told.append(work())

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return told


def test_a_day_is_planned_once_and_its_order_leaves_once(postgresql):
    ids = CountedIds()
    benches = [Bench(open_engine(postgresql), ids=ids, seed=seed) for seed in ("one", "two")]
    with closing(benches[0].store), closing(benches[1].store):
        planned = partial(receipt_rows.plan, tenant="t", order=SEEN, now=START)
        told = at_once(*(partial(it.group, planned) for it in benches))
        assert sorted(found for (found,) in told) == [False, True]
        claims = [
            partial(
                receipt_rows.take,
                tenant="t",
                seen=SEEN,
                then=steps.leaving(SEEN, f"N{number}", START),
                now=START,
            )
            for number in (1, 2)
        ]
        told = at_once(
            *(partial(it.group, claim) for it, claim in zip(benches, claims, strict=True))
        )
        assert sorted(found for (found,) in told) == [False, True]
        (row,) = benches[0].rows(tables.receipt_day)
        assert row.state == "sending"
        assert row.reference in {"N1", "N2"}
