"""Importing statement files: twins kept, repeats harmless, contradictions quarantined whole."""

from __future__ import annotations

import pytest

from gateway.domain.errors import Overloaded
from gateway.ports.statement_formats import StatementFormat
from gateway.statements import import_rows
from gateway.statements.import_rows import Import
from gateway.store import tables
from tests.statement_ground import ACCOUNT, OTHER, TINY, TINY_TWO, Imports, statement
from tests.store_ground import START, bench

D1, D2, D3 = "2026-09-10", "2026-09-11", "2026-09-12"
TWINS = [(D1, 500, "same"), (D1, 500, "same"), (D1, -300, "out")]
WHOLE = statement(ACCOUNT, (D1, D1), (1000, 1700), TWINS)


@pytest.fixture
def imports(tmp_path):
    with bench() as at:
        yield Imports(at, tmp_path)


def test_twins_stay_two_and_the_day_is_proven(imports):
    done = imports.take(WHOLE)
    assert (done.state, done.added, done.entries) == ("imported", 3, 3)
    assert imports.lines() == [
        (D1, -300, "out", "booked"),
        (D1, 500, "same", "booked"),
        (D1, 500, "same", "booked"),
    ]
    assert imports.days() == {D1: ("proven", 3, 1000, 1700)}


def test_the_same_bytes_again_are_the_same_import(imports):
    first = imports.take(WHOLE)
    assert imports.take(WHOLE).id == first.id
    assert len(imports.lines()) == 3


def test_the_same_statement_in_other_bytes_adds_nothing(imports):
    imports.take(WHOLE)
    again = imports.take(WHOLE + statement(OTHER, (D1, D1), (0, 0), []))
    assert (again.state, again.added) == ("imported", 0)
    assert len(imports.lines()) == 3


def test_where_no_line_can_be_new_the_file_is_read_once(imports):
    readings: list[str] = []

    def read(chunks, reading):
        readings.append(reading.name)
        yield from TINY.read(chunks, reading)

    counted = StatementFormat(name=TINY.name, sniff=TINY.sniff, read=read)
    imports.take(WHOLE, format_=counted)
    assert len(readings) == 2, "to see whether it holds together, then to keep it"
    again = imports.take(WHOLE + WHOLE, format_=counted)
    assert (again.state, again.added, len(readings)) == ("imported", 0, 3)


def test_a_day_in_two_statements_keeps_a_twin_in_each(imports):
    morning = statement(ACCOUNT, (D1, D1), (1000, 1500), TWINS[:1])
    evening = statement(ACCOUNT, (D1, D1), (1500, 1700), TWINS[1:])
    for order in ((morning, evening), (evening, morning), (morning + evening,)):
        with bench() as at:
            it = Imports(at, imports._folder)
            for text in order:
                it.take(text)
            assert it.days() == {D1: ("proven", 3, 1000, 1700)}, order
            assert it.take(morning + evening).added == 0
            assert it.take(morning + evening + morning).added == 0
            assert it.take(WHOLE).added == 0
            assert len(it.lines()) == 3


def test_overlapping_periods_add_only_what_is_new(imports):
    imports.take(statement(ACCOUNT, (D1, D2), (0, 30), [(D1, 10, "a"), (D2, 20, "b")]))
    again = statement(ACCOUNT, (D2, D3), (10, 35), [(D2, 20, "b"), (D3, 5, "c")])
    assert imports.take(again).added == 1
    assert [it[2] for it in imports.lines()] == ["a", "b", "c"]
    assert imports.days() == {
        D1: ("proven", 1, 0, 10),
        D2: ("proven", 1, 10, 30),
        D3: ("proven", 1, 30, 35),
    }


def test_a_missing_day_is_named_and_healed_by_the_file_that_brings_it(imports):
    imports.take(statement(ACCOUNT, (D1, D1), (0, 10), [(D1, 10, "a")]))
    imports.take(statement(ACCOUNT, (D3, D3), (30, 35), [(D3, 5, "c")]))
    assert imports.days()[D2][0] == "broken"
    imports.take(statement(ACCOUNT, (D2, D2), (10, 30), [(D2, 20, "b")]))
    assert [it[0] for it in imports.days().values()] == ["proven"] * 3


def test_days_without_a_statement_are_quiet_where_balances_agree(imports):
    imports.take(statement(ACCOUNT, (D1, D1), (0, 10), [(D1, 10, "a")]))
    imports.take(statement(ACCOUNT, (D3, D3), (10, 15), [(D3, 5, "c")]))
    assert [it[0] for it in imports.days().values()] == ["proven", "quiet", "proven"]


def test_what_contradicts_itself_is_quarantined_whole(imports):
    text = WHOLE + statement(OTHER, (D1, D1), (0, 99), [(D1, 10, "a")])
    done = imports.take(text)
    assert (done.state, done.added) == ("quarantined", 0)
    assert [it.code for it in done.findings] == ["continuity"]
    assert imports.lines() == imports.lines(OTHER) == []
    assert imports.take(text).id == done.id
    taken = imports.take(text, despite="person:li")
    assert (taken.state, taken.added) == ("imported", 4)
    assert imports.days(OTHER) == {D1: ("broken", 1, 0, None)}


def test_a_file_that_breaks_off_is_refused_and_nothing_stays(imports):
    done = imports.take(WHOLE + "S " + ACCOUNT + f" {D2} {D2} 1700 1800\nE {D2} 100 z\n")
    assert (done.state, done.added) == ("refused", 0)
    assert done.findings[0].code == "unreadable_malformed"
    assert done.findings[0].line
    assert imports.lines() == []


def test_a_stranger_account_is_named_and_left_out(imports):
    done = imports.take(WHOLE + statement("999", (D1, D1), (0, 0), []))
    assert (done.state, done.added) == ("imported", 3)
    assert [it.code for it in done.findings] == ["account_unknown"]
    assert imports.take(statement("999", (D1, D1), (0, 0), [])).state == "refused"


def test_a_pending_line_is_booked_in_place(imports):
    pending = [(D1, 500, "same p"), (D1, 500, "same p")]
    imports.take(statement(ACCOUNT, (D1, D1), (1000, None), pending), format="camt.052.001.08")
    assert {it[3] for it in imports.lines()} == {"pending"}
    done = imports.take(statement(ACCOUNT, (D1, D1), (1000, 1500), TWINS[:1]))
    assert (done.added, done.changed) == (0, 1)
    # One of the two was booked; the other was proven not to be.
    assert [it[3] for it in imports.lines()] == ["booked", "gone"]
    assert imports.days()[D1] == ("proven", 1, 1000, 1500)


def test_another_source_is_compared_and_adds_nothing(imports):
    imports.take(WHOLE)
    other = [(day, fen, f"other-{words}") for day, fen, words in TWINS]
    agrees = imports.take(statement(ACCOUNT, (D1, D1), (1000, 1700), other), format_=TINY_TWO)
    assert (agrees.added, [it.code for it in agrees.findings]) == (0, ["other_source"])
    differs = imports.take(
        statement(ACCOUNT, (D1, D1), (1000, 2000), [*other, (D1, 300, "more")]), format_=TINY_TWO
    )
    assert (differs.added, [it.code for it in differs.findings]) == (0, ["other_source_differs"])
    # Two sources state different balances: nobody may rely on the day.
    assert imports.days()[D1][0] == "broken"
    assert len(imports.lines()) == 3


def test_one_import_of_a_tenant_at_a_time(imports):
    at = imports.at
    other = _staged(at.store.lane.id)
    at.group(lambda uow: import_rows.begin(uow, other))
    with pytest.raises(Overloaded):
        imports.take(WHOLE)


def test_what_an_ended_process_staged_is_swept_and_was_seen_by_nobody(imports):
    at = imports.at
    at.group(lambda uow: import_rows.begin(uow, _staged("lane_ended")))
    at.group(lambda uow: uow.add(tables.lane, {"id": "lane_ended", "opened_us": 1, "ended_us": 2}))
    assert at.group(import_rows.sweep) == [1]
    assert imports.take(WHOLE).added == 3


def test_every_import_is_journaled_with_counts_and_no_words_of_the_file(imports):
    imports.take(WHOLE)
    (record,) = [it for it in imports.at.journal() if b"statement_imported" in bytes(it.payload)]
    assert b"same" not in bytes(record.payload)


def test_a_statement_over_several_days_proves_each_of_them(imports):
    imports.take(statement(ACCOUNT, (D1, D3), (0, 35), [(D1, 10, "a"), (D3, 25, "c")]))
    assert imports.days() == {
        D1: ("proven", 1, 0, 10),
        D2: ("proven", 0, 10, 10),
        D3: ("proven", 1, 10, 35),
    }


def test_today_is_open(imports):
    today = START.date().isoformat()
    imports.take(statement(ACCOUNT, (today, today), (0, 10), [(today, 10, "a")]))
    assert imports.days()[today][0] == "open"


def test_spans_and_balances_stand_in_the_tables(imports):
    imports.take(WHOLE)
    (part,) = imports.at.rows(tables.statement_part, tables.statement_part.c.place)
    assert (part.opening_minor, part.closing_minor, part.entries) == (1000, 1700, 3)


def _staged(holder: str) -> Import:
    return Import(
        tenant="acme",
        id="sti_left",
        source="camt",
        format="camt.053.001.08",
        name="x",
        digest="0" * 64,
        actor="person:wang",
        begun=START,
        holder=holder,
    )
