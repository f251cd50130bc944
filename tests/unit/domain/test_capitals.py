"""Amounts in Chinese capitals: the rules one by one, and read back by an independent reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.capitals import DIGITS, capitals
from gateway.domain.money import CNY, Money, currency

FEN_MAX = 10**17


@pytest.mark.parametrize(
    ("text", "words"),
    [
        # The annex's own amounts.
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元零叁角贰分"),
        ("107000.53", "壹拾万柒仟元零伍角叁分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        # Zeros at each place.
        ("0.00", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角整"),
        ("0.55", "伍角伍分"),
        ("1.00", "壹元整"),
        ("10.00", "壹拾元整"),
        ("101.00", "壹佰零壹元整"),
        ("1001.00", "壹仟零壹元整"),
        ("10001.00", "壹万零壹元整"),
        ("100100.00", "壹拾万零壹佰元整"),
        ("20000.20", "贰万元零贰角整"),
        ("100000000.00", "壹亿元整"),
        ("100000001.00", "壹亿零壹元整"),
        ("100010001.00", "壹亿零壹万零壹元整"),
        ("110000000.00", "壹亿壹仟万元整"),
        ("1000000000000.00", "壹万亿元整"),
        ("1000100000000.00", "壹万零壹亿元整"),
        (
            "999999999999999.99",
            "玖佰玖拾玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分",
        ),
    ],
)
def test_the_rules_of_filling_in_a_note(text, words):
    assert capitals(Money.parse(text, CNY)) == f"人民币{words}"


def test_a_negative_amount_says_so():
    assert capitals(Money(-150, CNY)) == "人民币负壹元伍角整"


@pytest.mark.parametrize(
    ("code", "minor", "words"),
    [
        ("JPY", 1_200, "日元壹仟贰佰元整"),
        ("BHD", 1_005, "BHD壹元零伍厘"),
        ("BHD", 105, "BHD壹角零伍厘"),
        ("USD", 100, "美元壹元整"),
    ],
)
def test_other_currencies_have_their_own_decimals(code, minor, words):
    assert capitals(Money(minor, currency(code))) == words


def read_back(words):
    """Fen of a text, by another way than it was made: units are added up as they come."""
    text = words.removeprefix("人民币")
    sign = -1 if text.startswith("负") else 1
    text = text.removeprefix("负").removesuffix("整")
    whole, mark, rest = text.rpartition("元")
    fen = 0
    figure = 0
    for sign_of in rest if mark else text:
        if sign_of in DIGITS:
            figure = DIGITS.index(sign_of)
        else:
            fen += figure * {"角": 10, "分": 1}[sign_of]
    return sign * (integer(whole) * 100 + fen)


def integer(words):
    for unit, size in (("亿", 10**8), ("万", 10**4)):
        high, mark, low = words.rpartition(unit)
        if mark:
            return integer(high) * size + integer(low)
    value = figure = 0
    for sign_of in words:
        if sign_of in DIGITS:
            figure = DIGITS.index(sign_of)
        else:
            value += figure * {"拾": 10, "佰": 100, "仟": 1000}[sign_of]
            figure = 0
    return value + figure


@given(st.integers(min_value=-FEN_MAX, max_value=FEN_MAX))
def test_every_amount_reads_back_and_is_well_formed(fen):
    words = capitals(Money(fen, CNY))
    assert read_back(words) == fen
    assert "零零" not in words
    assert words.endswith(("整", "分"))
    for unit in ("零万", "零亿", "零拾", "零佰", "零仟", "零角", "零分"):
        assert unit not in words
