"""Money: exact integers behind one gate of text."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gateway.domain.money import CNY, Money, MoneyFormatError, currency, total

JPY, KWD = currency("JPY"), currency("KWD")


def refused(text: str, unit=CNY, *, signed: bool = False) -> str:
    with pytest.raises(MoneyFormatError) as caught:
        Money.parse(text, unit, signed=signed)
    assert text not in str(caught.value) or not text, "an error never repeats the amount"
    return caught.value.reason


@pytest.mark.parametrize(
    ("text", "unit", "minor"),
    [
        ("0", CNY, 0),
        ("0.00", CNY, 0),
        ("0.01", CNY, 1),
        ("7", CNY, 700),
        ("1200.5", CNY, 120_050),
        ("1200.50", CNY, 120_050),
        ("999999999999999.99", CNY, 99_999_999_999_999_999),
        ("15", JPY, 15),
        ("1.234", KWD, 1_234),
        ("1.2", KWD, 1_200),
    ],
)
def test_plain_amounts(text, unit, minor):
    assert Money.parse(text, unit) == Money(minor, unit)


@pytest.mark.parametrize(
    "text",
    [
        *("NaN", "nan", "sNaN", "Infinity", "-Infinity", "inf"),
        *("1e3", "1E3", "1e-2", "0x10", "1_0", "1,000.00", "1 000"),
        *("１２", "１２.５０", "१२", "١٢", "1２", "一百"),  # digits that Decimal would take
        *("", " ", " 1", "1 ", "\n1", "1\n", "\ufeff1", "1\x00"),
        *("+1", "--1", "1.", ".5", "1..2", "1.2.3", "01", "00.10", "-"),
        *("¥1", "1元", "1.00CNY", "1234567890123456"),
    ],
)
def test_what_is_no_amount(text):
    assert refused(text) == "format"
    assert refused(text, signed=True) == "format"


def test_the_gate_is_needed():
    """What the numeric type itself would let pass."""
    assert Decimal("１２") == 12
    assert Decimal(1_0) == 10
    assert Decimal("1e3") == 1000
    assert Decimal("NaN").is_nan()


@pytest.mark.parametrize(
    ("text", "unit"), [("1.001", CNY), ("1.000", CNY), ("1.0", JPY), ("1.2345", KWD)]
)
def test_surplus_decimals_are_refused_not_rounded(text, unit):
    assert refused(text, unit) == "decimals"


def test_six_decimals_are_no_amount_in_any_currency():
    assert refused("1.000000", KWD) == "format"


def test_signs():
    assert refused("-1.00") == "sign"
    assert refused("-0") == "sign"
    assert refused("-0", signed=True) == "sign"
    assert refused("-0.00", signed=True) == "sign"
    assert Money.parse("-1.00", CNY, signed=True) == Money(-100, CNY)


@pytest.mark.parametrize(
    ("minor", "unit", "text"),
    [
        (0, CNY, "0.00"),
        (5, CNY, "0.05"),
        (-5, CNY, "-0.05"),
        (-120_050, CNY, "-1200.50"),
        (15, JPY, "15"),
        (-15, JPY, "-15"),
        (7, KWD, "0.007"),
    ],
)
def test_text(minor, unit, text):
    assert Money(minor, unit).text() == text


def test_arithmetic_stays_in_one_currency():
    assert Money(1, CNY) + Money(2, CNY) == Money(3, CNY)
    assert Money(1, CNY) - Money(2, CNY) == Money(-1, CNY)
    assert -Money(1, CNY) == Money(-1, CNY)
    for mixed in (lambda: Money(1, CNY) + Money(1, JPY), lambda: Money(1, CNY) - Money(1, JPY)):
        with pytest.raises(MoneyFormatError) as caught:
            mixed()
        assert caught.value.reason == "currency_mixed"


def test_total():
    assert total([], CNY) == Money(0, CNY)
    assert total([Money(1, CNY), Money(-3, CNY)], CNY) == Money(-2, CNY)
    with pytest.raises(MoneyFormatError):
        total([Money(1, JPY)], CNY)


@pytest.mark.parametrize("code", ["RMB", "cny", "", "CN", "XXX", "CNY "])
def test_unknown_currencies(code):
    with pytest.raises(MoneyFormatError) as caught:
        currency(code)
    assert caught.value.reason == "currency_unknown"


def test_frozen():
    with pytest.raises(AttributeError):
        Money(1, CNY).minor = 2
