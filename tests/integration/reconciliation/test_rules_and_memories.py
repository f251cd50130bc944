"""Rules, memories and appointments of imports on both databases, tenants walled."""

from __future__ import annotations

import asyncio
from contextlib import closing

from gateway.reconciliation.remembering import Remembering
from gateway.reconciliation.rule_versions import RuleVersions
from gateway.reconciliation.rules import RuleSet
from gateway.schedule.soon import reconcile_soon
from gateway.store import tables
from gateway.store.engine import open_engine
from gateway.store.instants import to_us
from tests.ledger_ground import ACCOUNT, LI, PLACE, WANG, Books, day, wish
from tests.store_ground import Bench


def test_the_whole_course_holds_on_both_databases(database):
    with closing((at := Bench(open_engine(database))).store):
        books = Books(at)
        rules, remembering = RuleVersions(at.store, at.runtime), Remembering(at.store, at.runtime)
        made = asyncio.run(rules.propose("acme", WANG, RuleSet(fee_max=100), ""))
        other = asyncio.run(rules.propose("other", WANG, RuleSet(margin=20), ""))
        asyncio.run(rules.confirm("acme", LI, made.row.version, (made.row.digest, "")))
        assert asyncio.run(rules.show("other", other.row.version)).row.state == "proposed"
        assert asyncio.run(rules.in_force("other")).version == 0
        books.line(day(2), -2050, "PAY-1")
        books.item("L1", day(2), "20", erp_reference="PAY-1")
        ref = books.line(day(3), 700, name="甲平台")
        books.item("L2", day(3), "7", "in", counterparty_name="乙客户")
        now_us = to_us(at.runtime.clock.now())
        at.group(lambda uow: reconcile_soon(uow, "acme", [ACCOUNT], now_us))
        assert asyncio.run(books.running.look_soon())
        assert not asyncio.run(books.running.look_soon())
        assert [(it.rule, it.rules_version) for it in books.matches()] == [("key-fee", 1)]
        match = books.decide("match", wish([ref], ["L2"]))
        (told,) = asyncio.run(remembering.listed(PLACE))
        assert told.memory.match == match
        assert asyncio.run(remembering.listed(("other", ACCOUNT))) == []
        asyncio.run(remembering.forget(books.of, LI, told.memory.id, ""))
        (row,) = at.rows(tables.reconciliation_memory)
        assert (row.state, row.forgotten_by) == ("forgotten", "person:李")
