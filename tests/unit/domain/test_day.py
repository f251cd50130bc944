"""A day is written in one way, and a span counts both its ends."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.domain.day import day_of, days_between


def test_a_real_day():
    assert day_of("2024-02-29") == date(2024, 2, 29)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20260915",
        "2026-9-15",
        "2026-W38-2",
        "2026-02-29",
        "0000-01-01",
        " 2026-09-15",
        "2026-09-15\n",
        "２０２６-09-15",
        "2026-09-15T00:00:00",
    ],
)
def test_what_is_none(text):
    assert day_of(text) is None


def test_a_span_counts_both_its_ends():
    assert list(days_between(date(2026, 2, 28), date(2026, 3, 1))) == [
        date(2026, 2, 28),
        date(2026, 3, 1),
    ]
    assert list(days_between(date(2026, 3, 1), date(2026, 3, 1))) == [date(2026, 3, 1)]
    assert list(days_between(date(2026, 3, 1), date(2026, 2, 28))) == []
