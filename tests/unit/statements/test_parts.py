"""A day in several statements: their balances place them, and what nothing places waits."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.statements.placing import Place, place
from gateway.statements.spans import Span, Standing, borders, laid
from tests.statement_ground import ACCOUNT, Imports, statement
from tests.store_ground import bench

D1, D2, D3 = "2026-09-10", "2026-09-11", "2026-09-12"
DAY = [(D1, 500, "x"), (D1, -300, "y"), (D1, 500, "x"), (D1, 100, "z")]
BALANCES = [1000, 1500, 1200, 1700, 1800]


def part(first: int, last: int, day=DAY) -> str:
    return statement(ACCOUNT, (D1, D1), (BALANCES[first], BALANCES[last]), day[first:last])


@pytest.fixture
def imports(tmp_path):
    with bench() as at:
        yield Imports(at, tmp_path)


def test_a_part_behind_a_gap_waits_where_its_lines_may_be_twins(imports):
    imports.take(part(0, 1))
    third = imports.take(part(2, 4))
    assert (third.state, third.added) == ("quarantined", 0)
    assert [it.code for it in third.findings] == ["part_apart"]
    assert len(imports.lines()) == 1
    assert imports.take(part(2, 4)).state == "quarantined"
    imports.take(part(1, 2))
    again = imports.take(part(2, 4))
    assert (again.state, again.added, again.repeated) == ("imported", 2, False)
    assert imports.days() == {D1: ("proven", 4, 1000, 1800)}


def test_a_part_behind_a_gap_is_taken_where_all_of_its_lines_are_new(imports):
    imports.take(part(0, 1))
    assert imports.take(part(3, 4)).added == 1
    assert imports.days()[D1][0] == "broken"
    assert imports.take(part(1, 3)).added == 2
    assert imports.days() == {D1: ("proven", 4, 1000, 1800)}


def test_a_person_may_take_a_part_that_waits_as_a_repeat(imports):
    imports.take(part(0, 1))
    taken = imports.take(part(2, 4), despite="person:li")
    assert (taken.state, taken.added) == ("imported", 1)


def test_a_late_part_of_a_day_that_is_there_adds_nothing(imports):
    for text in (part(0, 1), part(0, 4), part(1, 3)):
        imports.take(text)
    assert imports.days() == {D1: ("proven", 4, 1000, 1800)}
    assert len(imports.lines()) == 4


def test_statements_that_grow_over_the_day_end_proven(imports):
    added = [imports.take(part(0, last)).added for last in (1, 3, 4)]
    assert added == [1, 2, 1]
    assert imports.days() == {D1: ("proven", 4, 1000, 1800)}


def test_a_day_that_is_listed_in_another_order_is_still_the_same_day(imports):
    imports.take(part(0, 2))
    turned = statement(ACCOUNT, (D1, D1), (1000, 1800), sorted(DAY, key=lambda it: it[1]))
    assert imports.take(turned).added == 2
    assert imports.days() == {D1: ("proven", 4, 1000, 1800)}


def test_a_line_that_got_other_words_meanwhile_is_the_line_at_its_place(imports):
    imports.take(part(0, 1, [(D1, 500, "x-without-words")]))
    assert imports.take(part(0, 4)).added == 3
    assert imports.days() == {D1: ("proven", 4, 1000, 1800)}


def test_parts_of_a_day_that_a_longer_statement_told_add_nothing(imports):
    month = [*DAY, (D2, 5, "later")]
    imports.take(statement(ACCOUNT, (D1, D2), (1000, 1805), month))
    imports.take(statement(ACCOUNT, (D2, D2), (1800, 1805), month[4:]))
    for text in (part(0, 1), part(1, 3), part(3, 4)):
        assert imports.take(text).added == 0
    assert len(imports.lines()) == 5


def test_a_part_that_touches_one_inside_another_is_not_all_new(tmp_path):
    day = [(D1, 100, "a")] * 4

    def cut(first: int, last: int) -> str:
        return statement(ACCOUNT, (D1, D1), (first * 100, last * 100), day[first:last])

    with bench() as at:
        it = Imports(at, tmp_path)
        assert [it.take(cut(*ends)).state for ends in ((1, 2), (0, 3), (2, 4))] == [
            "imported",
            "imported",
            "quarantined",
        ]
        assert len(it.lines()) == 3
        it.take(cut(3, 4))
        assert (it.take(cut(2, 4)).state, len(it.lines())) == ("imported", 4)
        assert it.days() == {D1: ("proven", 4, 0, 400)}


def span(opening: int, closing: int, entries: int) -> Span:
    return Span(
        account=ACCOUNT,
        first=date(2026, 9, 10),
        last=date(2026, 9, 10),
        statement_id="",
        entries=entries,
        opening=opening,
        closing=closing,
    )


def test_balances_and_numbers_of_lines_lay_statements_side_by_side():
    parts = [span(0, 5, 2), span(5, 9, 3), span(20, 21, 1)]
    assert laid(parts) == {0: (0, 0), 5: (0, 2), 9: (0, 5), 20: (20, 0), 21: (20, 1)}
    assert laid([*parts, span(0, 9, 4)]) is None


def test_places_say_what_is_told_and_how_many_are_new():
    kept = [span(0, 5, 2), span(9, 12, 3)]
    assert place(span(5, 9, 4), kept, {}) == Place(standing=Standing.ANEW, new=4)
    whole = place(span(0, 12, 9), kept, {})
    assert whole == Place(standing=Standing.OPEN, told=((0, 2), (6, 9)), new=4)
    lost = place(span(30, 40, 7), kept, {})
    assert (lost.standing, lost.asks) == (Standing.APART, {0, 5, 9, 12})
    found = place(span(30, 40, 7), kept, {0: [1], 5: [3], 9: [3], 12: [6]})
    assert (found.standing, found.told, found.new) == (Standing.OPEN, ((1, 6),), 2)
    assert place(span(9, 12, 3), kept, {}).standing is Standing.SAME


def test_a_statement_inside_another_one_borders_no_day():
    told = [("camt", span(0, 12, 9)), ("camt", span(4, 6, 2))]
    day = date(2026, 9, 10)
    openings, closings = borders(told, {day: 9})
    assert (set(openings[day].values()), set(closings[day].values())) == ({0}, {12})
    # Where lines are missing, both claim to border it: nobody may rely on the day.
    assert set(borders(told, {day: 8})[0][day].values()) == {0, 4}
