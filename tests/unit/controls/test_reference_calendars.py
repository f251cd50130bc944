"""Calendars: the built-in days, what is provisional, and what an import may change."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import date

import pytest

from gateway.controls.reference.calendars import Calendars, read_calendar, state_council
from gateway.domain.calendar import CN_STATE_COUNCIL, DayKind, WorkCalendar
from gateway.domain.errors import Refused

CHINA = state_council()


def csv(*lines):
    return io.BytesIO("\n".join(("日期,类型,名称,来源,发布日期", *lines)).encode())


@pytest.mark.parametrize(
    ("day", "working", "name"),
    [
        ("2026-02-13", True, ""),
        ("2026-02-14", True, "春节调休上班"),  # a Saturday
        ("2026-02-15", False, "春节"),
        ("2026-02-23", False, "春节"),  # a Monday
        ("2026-02-24", True, ""),
        ("2026-02-28", True, "春节调休上班"),
        ("2026-09-20", True, "国庆节调休上班"),  # a Sunday
        ("2026-10-01", False, "国庆节"),
        ("2026-10-07", False, "国庆节"),
        ("2026-10-10", True, "国庆节调休上班"),
        ("2026-10-11", False, ""),
        ("2020-01-31", False, "春节"),  # prolonged by decree in that January
    ],
)
def test_published_days(day, working, name):
    found = CHINA.day(date.fromisoformat(day))
    assert (found.working, found.name, found.provisional) == (working, name, False)


def test_days_beyond_the_published_years_follow_the_weekend_and_say_so():
    assert max(CHINA.years) >= 2026
    later = max(CHINA.years) + 1
    for month in range(1, 13):
        found = CHINA.day(date(later, month, 15))
        assert found.provisional
        assert found.working is (date(later, month, 15).weekday() < 5)


def test_the_last_week_of_the_last_year_is_still_open():
    last = max(CHINA.years)
    assert not CHINA.day(date(last, 12, 24)).provisional
    assert CHINA.day(date(last, 12, 29)).provisional
    assert not CHINA.extended((), {last + 1}).day(date(last, 12, 29)).provisional


def test_the_next_working_day_passes_holidays_and_takes_make_up_days():
    assert CHINA.next_working_day(date(2026, 9, 30)).day == date(2026, 10, 8)
    assert CHINA.next_working_day(date(2026, 10, 9)).day == date(2026, 10, 10)
    assert CHINA.working_day_from(date(2026, 10, 10)).day == date(2026, 10, 10)
    assert CHINA.nth_working_day(date(2026, 9, 29), 3).day == date(2026, 10, 9)
    assert CHINA.nth_working_day(date(2026, 10, 8), -1).day == date(2026, 9, 30)


def test_a_walk_over_a_day_not_published_is_provisional():
    last = max(CHINA.years)
    assert CHINA.next_working_day(date(last, 12, 31)).provisional
    assert not CHINA.next_working_day(date(2026, 9, 30)).provisional
    later = WorkCalendar(id="later", years=frozenset({2027}))
    assert later.nth_working_day(date(2026, 12, 30), 3).day == date(2027, 1, 4)
    assert later.nth_working_day(date(2026, 12, 30), 3).provisional, "the last days of 2026 decide"
    assert not later.nth_working_day(date(2027, 1, 1), 1).provisional


def test_the_0th_working_day_is_not_guessed():
    with pytest.raises(ValueError, match="0th"):
        CHINA.nth_working_day(date(2026, 1, 5), 0)


def test_a_calendar_without_working_days_is_not_walked_for_ever():
    never = WorkCalendar(id="never").extended(
        [
            mark
            for edition in read_calendar(
                csv(*(f"{date.fromordinal(n)},holiday,,," for n in range(740_000, 741_200)))
            )
            for mark in edition.marks
        ]
    )
    with pytest.raises(ValueError, match="three years"):
        never.next_working_day(date.fromordinal(740_000))


def test_an_import_completes_a_year():
    edition = json.dumps(
        {
            "source": "国务院办公厅通知",
            "published_on": "2026-11-05",
            "years": [2027],
            "days": [
                {"day": "2027-01-01", "kind": "holiday", "name": "元旦"},
                {"day": "2027-01-03", "kind": "workday", "name": "元旦调休上班"},
            ],
        }
    ).encode()
    china = Calendars(read_calendar(io.BytesIO(edition))).calendar()
    assert china.day(date(2027, 1, 3)).working
    assert china.day(date(2027, 1, 3)).source == "国务院办公厅通知"
    assert not china.day(date(2027, 5, 12)).provisional
    assert china.marks[date(2027, 1, 1)].published_on == date(2026, 11, 5)
    assert china.day(date(2026, 10, 1)).name == "国庆节", "the built-in days stay"


def test_a_few_imported_days_make_no_year_certain():
    (edition,) = read_calendar(csv("2040-01-02,放假,元旦,通知,20391105"))
    china = Calendars([edition]).calendar()
    assert not china.day(date(2040, 1, 2)).provisional
    assert china.day(date(2040, 1, 3)).provisional


def test_an_import_overrides_the_built_in_day_and_a_later_import_the_earlier():
    first = read_calendar(csv("2026-10-08,休,补假,通知,"))
    second = read_calendar(csv("2026-10-08,班,取消补假,通知,"))
    assert not Calendars(first).calendar().is_working_day(date(2026, 10, 8))
    assert Calendars([*first, *second]).calendar().is_working_day(date(2026, 10, 8))


def test_calendars_are_apart():
    body = "day,kind,calendar\n2026-07-01,holiday,hk\n2026-07-01,year,hk\n"
    books = Calendars(read_calendar(io.BytesIO(body.encode())))
    assert not books.calendar("hk").is_working_day(date(2026, 7, 1))
    assert books.calendar(CN_STATE_COUNCIL).is_working_day(date(2026, 7, 1))
    assert not books.calendar("hk").day(date(2026, 3, 3)).provisional
    assert books.calendar("elsewhere").day(date(2026, 3, 3)).provisional


def test_gbk_text_with_bars_is_read():
    body = "日期|类型|名称\n2027-02-06|上班|春节调休上班\n".encode("gbk")
    (edition,) = read_calendar(io.BytesIO(body))
    assert edition.marks[0].kind is DayKind.WORKDAY
    assert edition.marks[0].name == "春节调休上班"


@pytest.mark.parametrize(
    ("lines", "code", "line"),
    [
        (["2027-01-01,holiday,,,", "2027-01-01,workday,,,"], "contradiction", 3),
        (["2027-02-30,holiday,,,"], "date", 2),
        (["2027-02-03,free,,,"], "word", 2),
        ([",holiday,,,"], "required", 2),
        (["2027-02-03,holiday"], "cells", 2),
        (["2027-02-03,year,,,"], "year_empty", None),
        ([], "empty", None),
    ],
)
def test_a_file_with_a_fault_is_refused_whole(lines, code, line):
    with pytest.raises(Refused) as caught:
        read_calendar(csv(*lines))
    fault = caught.value.faults[0]
    assert (fault.code, fault.line) == (code, line)
    assert fault.zh
    assert fault.en


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"days":[{"day":"x","kind":"holiday"}]}',
        b'{"days":[],"surplus":1}',
        b'{"days":[]}',
        b'{"days":[{"day":"2027-01-01","kind":"holiday","name":"\\u0000"}]}',
        b'{"days":[{"day":"2027-01-01","kind":"holiday"}],"years":[2028]}',
    ],
)
def test_json_that_is_no_calendar_is_refused(body):
    with pytest.raises(Refused):
        read_calendar(io.BytesIO(body))


def test_the_package_is_loaded_only_when_asked():
    program = (
        "import sys, gateway.controls.reference.calendars as c, gateway.controls.reference.uscc\n"
        "assert not {'chinese_calendar', 'stdnum'} & set(sys.modules)\n"
        "c.Calendars().calendar()\n"
        "assert 'chinese_calendar' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
