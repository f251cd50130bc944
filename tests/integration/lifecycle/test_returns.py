"""Returns in kept lines and matches told, on both databases: the same statements mean the same."""

from __future__ import annotations

from contextlib import closing

import pytest

from gateway.store import tables
from gateway.store.engine import open_engine
from tests.ledger_ground import day, wish
from tests.records import replace
from tests.store_ground import Bench
from tests.unit.reconciliation.test_match_telling import Ground as Books
from tests.unit.statements.test_returns import BACK, Ground


@pytest.fixture
def at(database):
    with closing((bench := Bench(open_engine(database))).store):
        yield bench


def test_each_way_of_finding_a_payment(at):
    ground = Ground(at)
    by_payee = ground.paid("PO-1", bank="990000000001")
    by_serial = ground.paid("PO-2", bank="990000000002", message="msg_1")
    by_all = ground.paid("PO-3", bank="990000000003")
    ground.carried("msg_1", "GW20260910000001", by_serial)
    nameless = replace(BACK, counterparty_account="", counterparty_name="待清算")
    ground.keep(
        BACK,
        replace(nameless, bank_key="K2", reference="7", remittance="退票 GW20260910000001"),
        replace(nameless, bank_key="K3", reference="990000000003"),
    )
    assert ground.states() == dict.fromkeys((by_payee, by_serial, by_all), "RETURNED")
    assert ground.cases() == []
    assert ground.waiting() == []


def test_a_match_made_and_taken_apart_is_told_in_the_same_commits(at):
    books = Books(at)
    ref = books.line(day(1), -10000, "PO-1")
    books.item("L1", day(1), "100.00", erp_reference="PO-1")
    assert books.run().matched == 1
    (match,) = books.matches()
    books.decide("unmatch", match.id, "wrong")
    books.decide("match", wish([ref], ["L1"]))
    assert [it[1] for it in books.items_told("sap")] == ["matched", "open", "matched"]
    event = tables.webhook_event
    sequences = [it.sequence for it in at.rows(event, event.c.sequence) if it.endpoint == "erp:sap"]
    assert sequences == list(range(1, len(sequences) + 1))
