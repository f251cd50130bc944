"""What the pages of the reconciliation show and take: exact amounts, days, texts."""

from __future__ import annotations

import pytest

from gateway.domain.errors import Refused
from gateway.domain.money import CNY, Money, currency
from gateway.web.ui.books import (
    amount_text,
    day_text,
    grouped,
    minor_of,
    place_of,
    plain_text,
    twice,
)


@pytest.mark.parametrize(
    ("minor", "told"),
    [
        (0, "0.00"),
        (-5, "-0.05"),
        (99_999, "999.99"),
        (100_000, "1,000.00"),
        (-123_456_789_012_345, "-1,234,567,890,123.45"),
    ],
)
def test_an_amount_keeps_every_digit_and_can_be_sent_as_it_was_shown(minor, told):
    assert grouped(Money(minor, CNY)) == told
    assert minor_of(told, CNY) == minor


def test_a_currency_without_decimals_has_none():
    assert grouped(Money(1_234_567, currency("JPY"))) == "1,234,567"


@pytest.mark.parametrize(
    "text", ["1,23", "1,2345.00", ",100", "１,000.00", "1_000", "1e3", "1.234"]
)
def test_what_is_no_amount_is_refused_never_guessed(text):
    assert amount_text(text) == text
    with pytest.raises(Refused, match="not an amount"):
        minor_of(text, CNY)


def test_texts_days_and_places_are_read_strictly():
    assert (day_text(""), day_text("2026-09-30"), place_of(""), place_of("50")) == (
        *("", "2026-09-30"),
        *(0, 50),
    )
    for text in ("2026-9-30", "20260930", "2026-02-30", "２０２６-09-30"):
        with pytest.raises(Refused):
            day_text(text)
    for text in ("-1", "1.5", "٣", "12345678"):
        with pytest.raises(Refused):
            place_of(text)
    assert plain_text(" 甲 ", 1) == "甲"
    for text in ("甲乙", "a\u202eb"):
        with pytest.raises(Refused):
            plain_text(text, 1)


def test_words_kept_in_two_languages_are_shown_in_both():
    assert str(twice("无 / nothing")) == '无 <small lang="en">nothing</small>'
    assert twice("无") == "无"
