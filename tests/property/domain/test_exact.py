"""Money round trips, and what a Merkle root promises."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.chain import LaneHead, merkle_root
from gateway.domain.money import Money, MoneyFormatError, currency, total
from tests.records import replace

UNITS = st.sampled_from([currency(code) for code in ("CNY", "USD", "JPY", "KRW", "KWD", "BHD")])
MINOR = st.integers(-(10**17) + 1, 10**17 - 1)
HEADS = st.lists(
    st.builds(
        lambda lane, seq, digest: LaneHead(lane=f"lan_{lane}", seq=seq, hash=digest),
        st.integers(0, 99),
        st.integers(1, 10**9),
        st.binary(min_size=32, max_size=32),
    ),
    unique_by=lambda head: head.lane,
    max_size=12,
)


@given(MINOR, UNITS)
def test_text_round_trip(minor, unit):
    if abs(minor) >= 10 ** (15 + unit.digits):
        minor %= 10 ** (15 + unit.digits)
    money = Money(minor, unit)
    assert Money.parse(money.text(), unit, signed=True) == money
    assert Decimal(money.text()).scaleb(unit.digits) == minor


@given(st.text(alphabet="0123456789.-+eE_ ,NaInf１２٣", max_size=20), UNITS)
def test_text_is_an_amount_exactly_or_not_at_all(text, unit):
    try:
        money = Money.parse(text, unit, signed=True)
    except MoneyFormatError:
        return
    assert text.isascii()
    assert Decimal(text).scaleb(unit.digits) == money.minor, "nothing was rounded"
    assert Money.parse(money.text(), unit, signed=True) == money


@given(st.text(max_size=30))
def test_any_text_at_all(text):
    reason, minor = "", 0
    try:
        minor = Money.parse(text, currency("CNY")).minor
    except MoneyFormatError as error:
        reason = error.reason
    assert reason in {"", "format", "decimals", "sign"}
    assert minor >= 0


@given(st.lists(MINOR), UNITS)
def test_sums(minors, unit):
    assert total([Money(minor, unit) for minor in minors], unit).minor == sum(minors)


@given(HEADS, st.randoms(use_true_random=False))
def test_the_root_does_not_depend_on_the_order_heads_are_given_in(heads, draw):
    shuffled = list(heads)
    draw.shuffle(shuffled)
    assert merkle_root(shuffled) == merkle_root(heads)


@given(HEADS.filter(bool), st.data())
def test_any_change_of_any_head_changes_the_root(heads, data):
    place = data.draw(st.integers(0, len(heads) - 1))
    victim = heads[place]
    forged = data.draw(
        st.sampled_from(
            [
                [replace(victim, seq=victim.seq + 1)],
                [replace(victim, hash=bytes([victim.hash[0] ^ 1]) + victim.hash[1:])],
                [replace(victim, lane=victim.lane + "x")],
                [],
                [victim, replace(victim, lane=victim.lane + "x")],
            ]
        )
    )
    changed = [*heads[:place], *forged, *heads[place + 1 :]]
    assert merkle_root(changed) != merkle_root(heads)


def test_the_widest_amount():
    unit = currency("CNY")
    assert Money.parse("9" * 15 + ".99", unit).minor == int("9" * 17)
    with pytest.raises(MoneyFormatError):
        Money.parse("9" * 16, unit)
