"""Matches told to the ERP that owns the items: how each stands, in order, and once."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from jsonschema import Draft202012Validator

from gateway.delivery.book_outbox import BookOutbox
from gateway.delivery.endpoints import ErpEndpoint, kinds_told
from gateway.delivery.erp_rows import ErpShelf
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.ids import TenantId
from gateway.ports.erp import ErpTransport
from gateway.ports.erp_systems import ErpSystem, Feed
from gateway.ports.erp_told import ToldKind, decoded
from gateway.ports.tenancy import Directory
from gateway.ports.webhooks import MATCH_EVENT, OPEN_ITEMS_EVENT, Webhook
from gateway.reconciliation.deciding import Deciding
from gateway.reconciliation.ledger_reading import read_items
from gateway.reconciliation.match_telling import MatchTelling
from gateway.reconciliation.running import Reconciling
from gateway.reconciliation.withdrawn_lines import WithdrawnLines
from gateway.store import tables
from gateway.wire.schemas import schema_path
from tests.conformance.erp_found import DIALECTS
from tests.ledger_ground import ACCOUNT, Books, day, item, wish
from tests.records import replace
from tests.store_ground import bench

ACME = TenantId("acme")
SCHEMA = Draft202012Validator(
    json.loads(schema_path("canonical", "v1", "webhook-books.schema.json").read_text("utf-8"))
)
BOTH = frozenset({ToldKind.MATCH, ToldKind.OPEN_ITEMS})


def system(name: str, *, matches: bool = True) -> ErpSystem:
    return ErpSystem(
        tenant=ACME,
        id=name,
        dialect="canonical",
        transport=ErpTransport.FOLDER,
        feed=Feed(matches=matches),
    )


class Ground(Books):
    """Books of which two ERP systems and a webhook are told."""

    def __init__(self, at, *, kinds=BOTH) -> None:
        super().__init__(at)
        hook = Webhook(
            tenant=ACME,
            id="hook",
            url="https://erp.example/",
            secrets=(b"k" * 32,),
            states=frozenset(),
            events=frozenset({MATCH_EVENT, OPEN_ITEMS_EVENT}),
            erps=frozenset({"sap"}),
        )
        systems = {it: system(it) for it in ("sap", "oracle")}
        self.tenant = replace(self.tenant, erps=systems, webhooks=(hook,))
        self.of = (self.tenant, self.account)
        directory = Directory(tenants={ACME: self.tenant}, keys={})
        self.ends = [
            ErpEndpoint(system=it, owner=self.tenant, kinds=kinds) for it in systems.values()
        ]
        outbox = BookOutbox(at.runtime, directory, self.ends)
        telling = self.telling = MatchTelling(at.runtime, directory, outbox)
        self.running = Reconciling(at.store, at.runtime, directory, timedelta(), telling=telling)
        self.deciding = Deciding(at.store, at.runtime, telling)

    def sent_by(self, name: str, sent: dict) -> None:
        actor = Actor(kind=ActorKind.MACHINE, name=name)
        read = read_items(json.dumps({"items": [sent]}).encode(), {ACCOUNT: "CNY"})
        asyncio.run(self.ledger.take_items(self.tenant, actor, read))

    def told(self, endpoint: str, kind: ToldKind = ToldKind.MATCH) -> list:
        event = tables.webhook_event
        return [
            row
            for row in self.at.rows(event, event.c.sequence)
            if row.endpoint == endpoint and row.kind == kind.value
        ]

    def items_told(self, endpoint: str) -> list[tuple[str, str, str, list[str]]]:
        found = [decoded(row.body) for row in self.told(f"erp:{endpoint}")]
        return [
            (it.item_id, it.state, it.matched, [held.kind for held in it.matches]) for it in found
        ]


@pytest.fixture
def books():
    with bench() as at:
        yield Ground(at)


def test_an_automatic_match_is_told_with_the_banks_line(books):
    ref = books.line(day(1), -10000, "PO-1")
    books.item("L1", day(1), "100.00", erp_reference="PO-1")
    assert books.run().matched == 1
    (row,) = books.told("erp:sap")
    told = decoded(row.body)
    assert (told.item_id, told.state, told.amount, told.matched) == (
        *("L1", "matched", "-100.00"),
        "-100.00",
    )
    (held,) = told.matches
    assert (held.kind, held.rule, held.by) == ("auto", "exact-key", "person:王")
    (line,) = held.lines
    assert (f"{line.booking_date}/{line.key}", line.amount) == (ref, "-100.00")
    assert row.version == told.version > 0
    assert books.told("erp:oracle") == []


def test_taking_it_apart_is_told_as_a_later_version_of_the_same_item(books):
    ref = books.line(day(1), -10000)
    books.item("L1", day(1), "100.00")
    made = books.decide("match", wish([ref], ["L1"]))
    books.decide("unmatch", made, "wrong")
    books.decide("unmatch", made, "wrong")  # the same again changes nothing
    books.decide("match", wish([ref], ["L1"]))
    assert books.items_told("sap") == [
        ("L1", "matched", "-100.00", ["manual"]),
        ("L1", "open", "0.00", []),
        ("L1", "matched", "-100.00", ["manual"]),
    ]
    rows = books.told("erp:sap")
    assert len({row.instruction for row in rows}) == 1
    versions = [row.version for row in rows]
    assert versions == sorted(set(versions)), "one second or not, each later one is greater"


def test_of_an_item_the_next_version_waits_for_the_one_before(books):
    ref = books.line(day(1), -10000)
    books.item("L1", day(1), "100.00")
    books.decide("unmatch", books.decide("match", wish([ref], ["L1"])), "wrong")
    shelf = ErpShelf(endpoint=books.ends[0], most=10)
    now_us = books.at.runtime.clock.now().timestamp() * 1_000_000 + 1
    with books.at.engine.connect() as db:
        ready = shelf.ready(db, 0, int(now_us), 10)
    matches = [it for it in ready if it.kind == "match"]
    assert [decoded(it.body).state for it in matches] == ["matched"]


def test_a_part_is_told_as_a_part_and_the_rest_as_the_whole(books):
    one, two = books.line(day(1), -4000), books.line(day(2), -6000)
    books.item("L1", day(1), "100.00")
    books.decide("match", wish([one], [("L1", "-40.00")]))
    books.decide("match", wish([two], [("L1", "-60.00")]))
    assert books.items_told("sap") == [
        ("L1", "partly", "-40.00", ["manual"]),
        ("L1", "matched", "-100.00", ["manual", "manual"]),
    ]


def test_each_item_is_told_to_the_erp_that_owns_it(books):
    refs = [books.line(day(1), -10000), books.line(day(1), -20000), books.line(day(1), -30000)]
    books.sent_by("sap", item("L1", day(1), "100.00"))
    books.sent_by("oracle", item("L2", day(1), "200.00"))
    books.sent_by("a-script", item("L3", day(1), "300.00"))
    books.decide("match", wish(refs, ["L1", "L2", "L3"]))
    assert [it[0] for it in books.items_told("sap")] == ["L1"]
    assert [it[0] for it in books.items_told("oracle")] == ["L2"]
    assert [json.loads(row.body)["ledger_item"]["id"] for row in books.told("hook")] == ["L1"]


def test_a_write_off_is_no_match(books):
    books.item("L1", day(1), "100.00")
    books.decide("unmatch", books.decide("write_off", wish([], ["L1"])), "no")
    assert books.told("erp:sap") == []


def test_whoever_did_not_ask_costs_nothing():
    with bench() as at:
        books = Ground(at, kinds=frozenset({ToldKind.STATUS}))
        ref = books.line(day(1), -10000)
        books.item("L1", day(1), "100.00")
        books.decide("match", wish([ref], ["L1"]))
        assert {row.endpoint for row in at.rows(tables.webhook_event)} == {"hook"}


def test_the_settings_turn_it_on():
    asked, silent = system("sap"), system("sap", matches=False)
    dialect = DIALECTS["canonical/v1"]
    assert kinds_told(asked, dialect) >= BOTH
    assert not kinds_told(silent, dialect) & BOTH


def test_an_event_names_no_account_no_payee_and_no_amount(books):
    ref = books.line(day(1), -10000, name="某某公司")
    books.item("L1", day(1), "100.00", erp_reference="PO-1")
    books.decide("match", wish([ref], ["L1"]))
    item_said, account_said = (
        books.told("hook", kind)[0].body for kind in (ToldKind.MATCH, ToldKind.OPEN_ITEMS)
    )
    for said in (item_said, account_said):
        assert ACCOUNT not in said
        assert "某某公司" not in said
        assert "100.00" not in said
        SCHEMA.validate(json.loads(said))
    said = json.loads(item_said)
    assert (said["type"], said["ledger_item"]["state"]) == (MATCH_EVENT, "matched")
    assert said["ledger_item"]["matches"][0]["lines"] == [ref.split("/")[1]]


def test_how_an_account_stands_is_told_when_it_changes(books):
    ref = books.line(day(1), -10000)
    books.item("L1", day(1), "100.00")
    books.run()
    made = books.decide("match", wish([ref], ["L1"]))
    books.run()
    books.decide("unmatch", made, "wrong")
    books.run()
    told = [json.loads(row.body) for row in books.told("hook", ToldKind.OPEN_ITEMS)]
    stands = [
        (it["account"]["state"], it["account"]["bank_open"], it["account"]["book_open"])
        for it in told
    ]
    # The first run matches by amount alone nothing: open; then balanced; then open again.
    assert stands == [("open", 1, 1), ("balanced", 0, 0), ("open", 1, 1)]
    assert [it["type"] for it in told] == [OPEN_ITEMS_EVENT] * 3
    assert told[0]["account"]["ends_in"] == ACCOUNT[-4:]
    systems = [decoded(row.body).state for row in books.told("erp:oracle", ToldKind.OPEN_ITEMS)]
    assert systems == ["open", "balanced", "open"]


def test_an_account_without_a_book_side_is_not_told_of(books):
    books.line(day(1), -10000)
    books.run()
    assert books.told("hook", ToldKind.OPEN_ITEMS) == []


def test_a_match_whose_line_is_withdrawn_is_told_as_open(books):
    ref = books.line(day(1), -10000)
    books.item("L1", day(1), "100.00")
    books.decide("match", wish([ref], ["L1"]))
    date_, key = ref.split("/")
    letting = WithdrawnLines(books.telling)
    said = ("person:王", 1, "wrong file")
    books.at.group(lambda uow: letting.let_go(uow, ("acme", ACCOUNT), [(date_, key)], said))
    assert [it[1] for it in books.items_told("sap")] == ["matched", "open"]
