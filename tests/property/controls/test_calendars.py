"""Working days hold for any published marks."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.controls.reference.calendars import state_council
from gateway.domain.calendar import DayKind, DayMark, WorkCalendar

DAYS = st.dates(date(2003, 1, 1), date(2030, 12, 31))
MARKS = st.lists(
    st.builds(
        DayMark, day=st.dates(date(2026, 1, 1), date(2026, 6, 30)), kind=st.sampled_from(DayKind)
    ),
    max_size=60,
)
CALENDARS = st.one_of(
    st.just(state_council()),
    st.builds(
        lambda marks, years: WorkCalendar(id="any").extended(marks, years),
        MARKS,
        st.sets(st.integers(2003, 2030)),
    ),
)
COUNTS = st.integers(1, 40)


@given(CALENDARS, DAYS)
def test_the_next_working_day_is_the_first_one(calendar, day):
    found = calendar.next_working_day(day)
    assert found.day > day
    assert calendar.is_working_day(found.day)
    passed = (day + timedelta(days=n) for n in range(1, (found.day - day).days))
    assert not any(calendar.is_working_day(it) for it in passed)


@given(CALENDARS, DAYS, DAYS)
def test_later_days_never_have_earlier_next_working_days(calendar, one, other):
    early, late = sorted((one, other))
    assert calendar.next_working_day(early).day <= calendar.next_working_day(late).day


@given(CALENDARS, DAYS, COUNTS)
def test_steps_add_up_and_lead_back(calendar, day, count):
    start = calendar.next_working_day(day).day
    there = calendar.nth_working_day(start, count).day
    step = start
    for _ in range(count):
        step = calendar.next_working_day(step).day
    assert step == there
    assert calendar.nth_working_day(there, -count).day == start


@given(CALENDARS, DAYS)
def test_an_answer_is_provisional_exactly_when_a_day_on_the_way_is(calendar, day):
    found = calendar.next_working_day(day)
    way = [calendar.day(day + timedelta(days=n)) for n in range(1, (found.day - day).days + 1)]
    assert found.provisional is any(it.provisional for it in way)


@given(MARKS, MARKS, DAYS)
def test_later_marks_win_day_by_day(first, second, day):
    laid = WorkCalendar(id="any").extended(first).extended(second)
    last = {it.day: it for it in (*first, *second)}.get(day)
    assert laid.marks.get(day) == last
