"""Imports of reference data on both databases: whole or nothing, once, and what is read back."""

from __future__ import annotations

import asyncio
import io
import tracemalloc
from contextlib import closing
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from gateway.cli.own_postgres import NODE
from gateway.controls.reference.held import Reference
from gateway.controls.reference.kinds import Kind, newest
from gateway.controls.reference.look_up import OfficeRows, dated, office_book
from gateway.controls.reference.rows import OFFICES_AT_ONCE, Imports, Wish, history
from gateway.controls.reference.screening import ImportedNames
from gateway.domain.bank_office import NameGrade, OfficeStatus, check_digit
from gateway.domain.channel import ChannelCode, RouteFacts
from gateway.domain.errors import Refused
from gateway.domain.money import CNY, Money
from gateway.domain.name_list import By, Grade, Subject
from gateway.store import tables
from gateway.store.engine import open_engine
from gateway.store.instants import BEIJING
from gateway.store.tenancy import acting_for
from tests.postgres import seen_by
from tests.store_ground import START, Bench, GroupTasks

TODAY = START.date()
HEADER = "行号|行名|清算行行号|城市|状态|生效日期"
CALENDAR = """day,kind,name
2027-01-01,holiday,元旦
2027-10-01,holiday,国庆节
2027-01-01,year,
"""
CHANNELS = """{"format":"channel-terms/1","terms":[{"code":"beps","valid_from":"2026-01-01",
"amount_max":"99.00","openings":[{"on":"every","opens":"00:00","closes":"24:00"}],
"source":"本行通知"}]}"""
NAMES = """list,entry,names,accounts
L1,1,坏人贸易有限公司,
L1,2,,6217000000000000009
"""


def number(eleven: str) -> str:
    return eleven + check_digit(eleven)


SUZHOU = number("10530501001")
FUZHOU = number("30939100001")


def offices(*lines: tuple[str, str, str]) -> str:
    """A directory: number, name, city."""
    return "\n".join((HEADER, *(f"{it}|{name}||{city}|有效|" for it, name, city in lines)))


DIRECTORY = offices(
    (SUZHOU, "中国建设银行股份有限公司苏州分行", "苏州"),
    (FUZHOU, "兴业银行股份有限公司福州分行", "福州市"),
)


class Tasks(GroupTasks):
    """Also reads, and lets a number through at once."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def gate(self, width):
        return asyncio.Semaphore(width)

    async def read(self, work):
        self.reads += 1
        await asyncio.sleep(0)
        return work()


class Ground:
    """A store on either database, as a walled node sees it, and the imports over it."""

    def __init__(self, database) -> None:
        walled = seen_by(NODE, database) if database.postgresql else database
        self.bench = Bench(open_engine(walled))
        self.bench.runtime.tasks.__class__ = Tasks
        self.bench.runtime.tasks.reads = 0
        self.runtime, self.store = self.bench.runtime, self.bench.store
        self.imports = Imports(self.store, self.runtime)

    def take(self, kind, text, *, holds_from=TODAY, tenant="", source="通知"):
        wish = Wish(kind=kind, source=source, holds_from=holds_from, by="local:w", tenant=tenant)
        body = text if isinstance(text, bytes) else text.encode()
        return asyncio.run(self.imports.take(wish, lambda: io.BytesIO(body)))

    def see(self, look, tenant="t1"):
        with acting_for((tenant,)):
            return self.store.read_now(look)

    def count(self, table) -> int:
        return len(self.bench.rows(table))

    def hits(self, screening, name, tenant="t1", account=""):
        found = self.see(
            lambda db: screening.of(lambda ask, values: ask.rows(db, values), tenant), tenant
        )
        subject = Subject(name=name, account=account)
        return [] if found is None else [it.entry_id for it in found.check(subject, TODAY)]


@pytest.fixture
def it(database):
    made = Ground(database)
    with closing(made.store):
        yield made


# ── whole or nothing, and once ──────────────────────────────────────────────────────────────


def test_an_import_is_told_by_history_and_journal(it):
    done = it.take(Kind.OFFICES, DIRECTORY, source="人行通知")
    assert (done.rows, done.new, done.left_out) == (2, True, 0)
    (told,) = it.see(history)
    assert (told.id, told.kind, told.source, told.rows) == (done.id, Kind.OFFICES, "人行通知", 2)
    assert (told.holds_from, told.imported_at, told.imported_by) == (TODAY, START, "local:w")
    records = [row for row in it.bench.journal() if row.kind == "reference_imported"]
    assert [row.subject for row in records] == [done.id]
    assert b'"rows":2' in records[0].payload


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.OFFICES, DIRECTORY),
        (Kind.CALENDAR, CALENDAR),
        (Kind.CHANNELS, CHANNELS),
        (Kind.NAMES, NAMES),
    ],
)
def test_the_same_file_twice_changes_nothing(it, kind, text):
    first = it.take(kind, text)
    records = len(it.bench.journal())
    again = it.take(kind, text)
    assert (again.id, again.rows, again.new) == (first.id, first.rows, False)
    assert len(it.see(history)) == 1
    assert len(it.bench.journal()) == records


def test_a_file_that_something_came_over_stands_anew_when_it_is_imported_again(it):
    it.take(Kind.OFFICES, DIRECTORY)
    it.take(Kind.OFFICES, offices((SUZHOU, "建行苏州工业园区支行", "苏州")))
    assert it.see(lambda db: OfficeRows(db).by_number(SUZHOU)).name == "建行苏州工业园区支行"
    assert it.take(Kind.OFFICES, DIRECTORY).new
    assert it.see(lambda db: OfficeRows(db).by_number(SUZHOU)).name.startswith("中国建设银行")


def test_two_lines_that_contradict_each_other_leave_nothing_of_a_long_file(it):
    it.take(Kind.OFFICES, DIRECTORY)
    many = [
        (number(f"1020000{at:04d}"), f"工行第{at}支行", "北京") for at in range(OFFICES_AT_ONCE + 1)
    ]
    records = len(it.bench.journal())
    with pytest.raises(Refused) as refused:
        it.take(Kind.OFFICES, offices(*many, (many[0][0], "别的行", "北京")))
    assert [fault.code for fault in refused.value.faults] == ["contradiction"]
    assert it.count(tables.bank_office) == 2
    assert len(it.see(history)) == 1
    assert len(it.bench.journal()) == records


def test_a_faulty_line_is_told_and_leaves_the_office_as_it_was_known(it):
    it.take(Kind.OFFICES, DIRECTORY)
    new = number("30939100002")
    broken = offices((FUZHOU, "x" * 200, "福州"), (new, "兴业银行福州五一支行", "福州"))
    done = it.take(Kind.OFFICES, broken)
    assert (done.rows, done.left_out) == (1, 1)
    assert [(fault.line, fault.code) for fault in done.faults] == [(2, "too_long")]
    found = it.see(lambda db: OfficeRows(db).by_number(FUZHOU))
    assert found.name == "兴业银行股份有限公司福州分行"
    assert it.see(lambda db: OfficeRows(db).by_number(new)) is not None


@pytest.mark.parametrize(
    ("kind", "text"), [(Kind.CALENDAR, "day,kind\n2027-02-30,holiday\n"), (Kind.CHANNELS, "{}")]
)
def test_a_faulty_file_of_another_kind_is_refused_whole(it, kind, text):
    with pytest.raises(Refused):
        it.take(kind, text)
    assert it.see(history) == []


@pytest.mark.parametrize("kind", [Kind.OFFICES, Kind.NAMES])
def test_what_replaces_its_rows_cannot_begin_later(it, kind):
    with pytest.raises(Refused, match="on its day"):
        it.take(kind, DIRECTORY, holds_from=TODAY + timedelta(days=1))


def test_only_name_lists_belong_to_a_tenant_and_every_file_has_a_source(it):
    with pytest.raises(Refused, match="one tenant"):
        it.take(Kind.CALENDAR, CALENDAR, tenant="t1")
    with pytest.raises(Refused, match="where"):
        it.take(Kind.CALENDAR, CALENDAR, source=" ")


def test_memory_does_not_grow_with_the_rows_of_a_directory(it):
    many = [(number(f"{102 + at % 90}{at:08d}"), f"第{at}支行", "北京") for at in range(20_000)]
    body = offices(*many).encode()
    it.take(Kind.OFFICES, DIRECTORY)
    tracemalloc.start()
    try:
        it.take(Kind.OFFICES, body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 9 << 20  # measured: 5 MiB; all rows gathered at once are 20


# ── look-ups ────────────────────────────────────────────────────────────────────────────────


def test_stored_offices_answer_as_the_book_of_them_does(it):
    it.take(Kind.OFFICES, DIRECTORY)

    def both(ask):
        answers = it.see(lambda db: (ask(OfficeRows(db)), ask(office_book(db))))
        assert answers[0] == answers[1]
        return answers[0]

    assert both(lambda book: book.by_number("1")) is None
    assert both(lambda book: book.by_number(SUZHOU)).status is OfficeStatus.ACTIVE
    assert both(lambda book: tuple(book.by_exact_name("兴业银行厦门分行"))) == ()
    assert [office.number for office in both(lambda it: it.by_exact_name("兴业银行福州分行"))] == [
        FUZHOU
    ]
    found = both(lambda book: book.by_name("苏州分行", limit=5))
    assert [(one.office.number, one.grade) for one in found] == [(SUZHOU, NameGrade.CONTAINS)]
    assert both(lambda book: book.by_name("分行", limit=5, city="福州"))[0].office.number == FUZHOU
    assert both(lambda book: book.by_name("%", limit=5)) == ()
    assert len(both(lambda book: book.of_bank("309", city="福州", limit=5))) == 1


def test_days_and_channels_hold_from_their_day_on_and_the_later_import_wins(it):
    friday = date(2027, 10, 1)
    before = it.see(lambda db: dated(db, TODAY)).calendars.calendar().day(friday)
    assert (before.working, before.provisional) == (True, True)
    later = TODAY + timedelta(days=3)
    it.take(Kind.CALENDAR, CALENDAR, holds_from=later)
    it.take(Kind.CHANNELS, CHANNELS, holds_from=later)

    def route(day):
        facts = RouteFacts(
            amount=Money(100_00, CNY),
            own_bank=False,
            at=datetime(2026, 9, 26, 12, tzinfo=BEIJING),
        )
        return it.see(lambda db: dated(db, day)).routes.choose(facts).code

    assert it.see(lambda db: dated(db, TODAY)).calendars.calendar().day(friday) == before
    assert route(TODAY) is ChannelCode.BEPS
    held = it.see(lambda db: dated(db, later)).calendars.calendar().day(friday)
    assert (held.working, held.provisional, held.name) == (False, False, "国庆节")
    assert route(later) is not ChannelCode.BEPS
    it.runtime.clock.pass_time(seconds=1)
    it.take(Kind.CALENDAR, "day,kind,name\n2027-10-01,workday,调班\n", holds_from=later)
    assert it.see(lambda db: dated(db, later)).calendars.calendar().day(friday).working


# ── as a process holds it ───────────────────────────────────────────────────────────────────


def test_without_an_import_there_is_no_directory_and_it_is_looked_for_once(it):
    reference = Reference(it.store, it.runtime)
    assert [asyncio.run(reference.ready()), asyncio.run(reference.ready())] == [None, None]
    assert it.runtime.tasks.reads == 1


def test_an_import_is_seen_by_a_process_that_was_told_of_it(it):
    reference = Reference(it.store, it.runtime)
    asyncio.run(reference.ready())
    it.store.on_rouse(reference.rouse)
    it.take(Kind.OFFICES, DIRECTORY)
    assert reference.now is None, "nothing is read before somebody asks"
    assert len(asyncio.run(reference.ready())) == 2
    reads = it.runtime.tasks.reads
    book = asyncio.run(reference.ready())
    assert book is reference.now
    it.store.told([("t1", "cib-1")], [])
    asyncio.run(reference.ready())
    assert it.runtime.tasks.reads == reads, "others' work is no import"
    it.take(Kind.CHANNELS, CHANNELS)
    assert asyncio.run(reference.ready()) is book, "another kind leaves the book as it is"


def test_who_asks_while_it_is_read_waits_for_it(it):
    it.take(Kind.OFFICES, DIRECTORY)
    reference = Reference(it.store, it.runtime)

    async def many():
        return await asyncio.gather(*(reference.ready() for _ in range(5)))

    assert [len(book) for book in asyncio.run(many())] == [2] * 5
    assert it.runtime.tasks.reads == 1


def test_days_are_kept_for_a_day_and_until_something_is_imported(it):
    reference = Reference(it.store, it.runtime)
    it.store.on_rouse(reference.rouse)
    first = asyncio.run(reference.dated())
    assert asyncio.run(reference.dated()) is first
    it.runtime.clock.pass_time(days=1)
    second = asyncio.run(reference.dated())
    assert second is not first
    it.take(Kind.CALENDAR, CALENDAR)
    assert not asyncio.run(reference.dated()).calendars.calendar().day(date(2027, 10, 1)).working


# ── lists of names ──────────────────────────────────────────────────────────────────────────


def test_a_tenant_is_screened_by_the_lists_of_everybody_and_its_own(it):
    screening = ImportedNames()
    assert it.hits(screening, "坏人贸易有限公司") == []
    it.take(Kind.NAMES, NAMES)
    it.take(Kind.NAMES, "list,entry,names\nOWN,7,坏人贸易有限公司\n", tenant="t1")
    assert it.hits(screening, "坏人贸易有限公司") == ["1", "7"]
    assert it.hits(screening, "坏人贸易有限公司", "t2") == ["1"]
    assert it.hits(screening, "好人", account="6217000000000000009") == ["2"]


def test_a_list_is_replaced_by_its_next_file_and_others_are_left(it):
    screening = ImportedNames()
    it.take(Kind.NAMES, NAMES)
    it.take(Kind.NAMES, "list,entry,names\nL2,1,另一家有限公司\n")
    assert it.hits(screening, "另一家有限公司") == ["1"]
    it.take(Kind.NAMES, "list,entry,names\nL1,3,丙方有限公司\n")
    assert it.hits(screening, "坏人贸易有限公司") == []
    assert it.hits(screening, "丙方有限公司") == ["3"]
    assert it.hits(screening, "另一家有限公司") == ["1"]
    assert it.take(Kind.NAMES, NAMES).new, "what was replaced stands anew"


def test_lists_are_made_ready_once_per_import(it):
    it.take(Kind.NAMES, NAMES)
    screening, asked = ImportedNames(), []

    def ask(db):
        def rows(statement, values):
            asked.append(statement)
            return statement.rows(db, values)

        return screening.of(rows, "t1")

    first = it.see(ask)
    cold = len(asked)
    assert it.see(ask) is first
    assert len(asked) == cold + 1, "only whether something was imported since"
    (hit,) = first.check(Subject(name="坏人贸易"), TODAY)
    assert (hit.grade, hit.by) == (Grade.NORMALISED, By.NAME)


@pytest.mark.parametrize("text", [NAMES.replace("L1,1", "L" * 65 + ",1"), "list,entry\nL,1\n"])
def test_an_entry_that_cannot_be_kept_refuses_the_whole_list(it, text):
    with pytest.raises(Refused):
        it.take(Kind.NAMES, text)
    assert it.count(tables.listed_name) == 0


@pytest.mark.postgresql
def test_the_database_shows_a_tenant_no_other_tenants_list(postgresql):
    it = Ground(postgresql)
    with closing(it.store):
        it.take(Kind.NAMES, NAMES)
        it.take(Kind.NAMES, NAMES, tenant="t2")
        owners = select(tables.listed_name.c.tenant).distinct()
        seen = {row.tenant for row in it.see(lambda db: db.execute(owners).all())}
        assert seen == {""}
        assert it.see(lambda db: newest(db, Kind.NAMES))
