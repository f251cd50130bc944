"""Notices of banks: durable once, never booked, and the statement is asked at once and again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.errors import NotFound, NotSent, WireError
from gateway.domain.message import WireReply
from gateway.domain.money import CNY, Money
from gateway.ports.bank_confirm import BalanceNotice
from gateway.ports.events import NOTICE_UNSEEN
from gateway.ports.tenancy import Connection, Directory, NoticeDoor
from gateway.statements.noticing import GATHER, LANE, RESTS, BankNotices, Noticing
from gateway.store import tables
from tests.ledger_ground import Books
from tests.statement_ground import ACCOUNT, OTHER
from tests.store_ground import START, bench

KEY = "2026091500000000001000001"


class Signal:
    def __init__(self) -> None:
        self.raised = 0

    def set(self) -> None:
        self.raised += 1


class Source:
    """Reads ``ACCOUNT|KEY`` and archives by counting."""

    def __init__(self) -> None:
        self.archived: list[bytes] = []

    def read_notice(self, _tenant, _connection, posted):
        account, _, key = posted.body.decode().partition("|")
        if not account:
            raise WireError("empty")
        return BalanceNotice(account=account, amount=Money(-5, CNY), at=START, key=key)

    def archive_notice(self, _uow, _tenant, _connection, posted) -> str:
        self.archived.append(posted.body)
        return f"wir_{len(self.archived)}"


class World:
    def __init__(self, at) -> None:
        self.at = at
        self.told: list[str] = []
        at.runtime.log = self
        at.runtime.tasks.signal = Signal
        self.books = Books(at)
        connection = Connection(
            tenant="acme",
            id="cib",
            bank="cib",
            url="",
            customer="",
            operator="",
            password="",
            notices=NoticeDoor(secret=b"only-for-these-tests"),
        )
        self.connection = connection
        self.tenant = replace(self.books.tenant, connections={"cib": connection})
        self.source = Source()
        self.visits: list[str] = []
        self.answers = True
        directory = Directory(tenants={"acme": self.tenant}, keys={})
        self.notices = BankNotices(at.store, at.runtime, self.source)
        self.noticing = Noticing(at.store, at.runtime, self, directory, 0.5)

    def tell(self, event, /, **facts) -> None:
        if event is NOTICE_UNSEEN:
            self.told.append(f"{event.name} {facts['count']}")

    async def visit(self, _tenant, account, days) -> None:
        assert days == (self.at.runtime.clock.now().date(),) * 2
        self.visits.append(account.number)
        if not self.answers:
            raise NotSent

    def post(self, body: str) -> bool:
        posted = WireReply(0, "text/xml", body.encode())
        return asyncio.run(self.notices.take(self.tenant, self.connection, posted))

    def look(self, after: timedelta = GATHER) -> int:
        self.at.runtime.clock.pass_time(seconds=after.total_seconds())
        return asyncio.run(self.noticing.look())

    def rows(self) -> list:
        table = tables.bank_notice
        return self.at.rows(table, table.c.key)

    def works(self) -> list:
        table = tables.work
        return [row for row in self.at.rows(table) if row.kind == "noticed"]


@pytest.fixture
def world():
    with bench() as at:
        yield World(at)


def test_a_notice_is_archived_once_and_books_nothing(world):
    assert world.post(f"{ACCOUNT}|{KEY}") is True
    assert world.post(f"{ACCOUNT}|{KEY}") is False
    (row,) = world.rows()
    assert (row.amount_minor, row.outcome, row.wire, row.kept_us) == (-5, "taken", "wir_1", None)
    assert len(world.source.archived) == 1
    assert world.at.rows(tables.statement_line) == []
    assert [it.kind for it in world.at.journal()].count("notice_taken") == 1
    assert len(world.works()) == 1


def test_the_account_is_visited_at_once_and_no_more_once_its_line_is_kept(world):
    world.post(f"{ACCOUNT}|{KEY}")
    assert world.look(timedelta()) == 0  # what is booked together comes together
    world.books.line(START.date().isoformat(), -5, bank_key=KEY)
    assert world.look() == 1
    assert world.visits == [ACCOUNT]
    (row,) = world.rows()
    assert row.kept_us > row.at_us
    assert world.works() == []
    assert world.post(f"{ACCOUNT}|{KEY}") is False
    assert world.look(timedelta(hours=1)) == 0


def test_many_notices_of_one_account_are_one_visit(world):
    for number in range(5):
        world.post(f"{ACCOUNT}|{KEY}{number}")
        world.books.line(START.date().isoformat(), -5, bank_key=f"{KEY}{number}")
    assert world.look() == 1
    assert world.visits == [ACCOUNT]
    assert all(row.kept_us for row in world.rows())


@pytest.mark.parametrize("answers", [True, False])
def test_a_line_that_is_not_there_yet_is_looked_for_again_and_then_told(world, answers):
    world.answers = answers
    world.post(f"{ACCOUNT}|{KEY}")
    assert world.look() == 1
    for rest in RESTS:
        assert world.look(rest - timedelta(seconds=1)) == 0
        assert world.told == []
        assert world.look(timedelta(seconds=1)) == 1
    assert world.told == ["notice_unseen 1"]
    assert world.look(timedelta(days=1)) == 0
    assert world.works() == []


def test_a_line_that_comes_late_ends_the_looking(world):
    world.post(f"{ACCOUNT}|{KEY}")
    world.look()
    world.books.line(START.date().isoformat(), -5, bank_key=KEY)
    assert world.look(RESTS[0]) == 1
    assert world.works() == []
    assert world.told == []


def test_a_notice_without_a_key_is_done_with_by_one_answer(world):
    assert world.post(f"{ACCOUNT}|") is True
    assert world.post(f"{ACCOUNT}|") is False
    assert world.look() == 1
    assert world.works() == []
    assert world.rows()[0].kept_us is not None


def test_an_account_that_is_not_reached_is_refused_named_and_kept(world):
    for _ in range(2):
        with pytest.raises(NotFound, match=r"\*\*\*\*9999$"):
            world.post(f"6222000099999|{KEY}")
    (row,) = world.rows()
    assert row.outcome == "account_unknown"
    assert [it.kind for it in world.at.journal()].count("notice_unknown") == 1
    assert world.works() == []
    other = replace(world.connection, id="elsewhere")
    posted = WireReply(0, "", f"{OTHER}|{KEY}".encode())
    with pytest.raises(NotFound):
        asyncio.run(world.notices.take(world.tenant, other, posted))


def test_what_is_no_notice_leaves_nothing_behind(world):
    with pytest.raises(WireError):
        world.post("|")
    assert world.rows() == []
    assert world.source.archived == []


def test_commits_of_others_rouse_it(world):
    wake = world.noticing._wake
    world.noticing.rouse([("acme", "cib")])
    assert wake.raised == 0
    world.noticing.rouse([("acme", LANE)])
    world.noticing.rouse(None)
    assert wake.raised == 2
