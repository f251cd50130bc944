"""Amounts and texts of 星空 and 苍穹 survive their JSON and their filters, whatever they are."""

from __future__ import annotations

import json
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from adapters.erp.kingdee import DIALECTS, exact
from adapters.erp.kingdee.k3_calls import one_of
from gateway.domain.money import CNY, Money
from gateway.sandbox.erps.k3cloud_filter import condition

MINOR = st.integers(min_value=1, max_value=10**17 - 1)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20)


@given(MINOR, st.integers(0, 8))
def test_an_amount_with_any_number_of_zeros_is_the_same_money(minor, zeros):
    written = Money(minor, CNY).text() + "0" * zeros
    for value in (written, exact.Number(written)):
        read = exact.amount(value, "/")
        assert Money.parse(read, CNY).minor == minor


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=0))
def test_a_decimal_that_counts_is_never_dropped(value):
    assert Decimal(exact.amount(f"{value:f}", "/")) == value


@given(MINOR)
def test_an_amount_we_write_is_a_number_of_the_same_digits(minor):
    digits = Money(minor, CNY).text()
    assert exact.encoded({"a": exact.number(digits)}) == f'{{"a":{digits}}}'.encode()


@given(st.lists(TEXT, min_size=1, max_size=4), TEXT)
def test_a_filter_finds_exactly_the_texts_that_were_asked_for(wanted, other):
    test = condition(one_of("FBillNo", wanted))
    for text in (*wanted, other):
        assert test({"FBillNo": text}) is (text in wanted)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "billno": TEXT,
                "amount": MINOR.map(lambda it: Money(it, CNY).text()),
                "payeename": TEXT,
                "payeeacct": TEXT,
                "usage": TEXT,
            }
        ),
        min_size=1,
        max_size=5,
    )
)
def test_bills_of_cosmic_are_read_as_they_were_written(bills):
    _, *drafts, end = DIALECTS["cosmic"].read([json.dumps({"data": bills}).encode()])
    assert end.count == len(bills)
    for bill, draft in zip(bills, drafts, strict=True):
        assert draft.erp_reference == bill["billno"]
        assert draft.amount == bill["amount"]
        assert draft.creditor_name == bill["payeename"]
        assert draft.creditor_account == bill["payeeacct"]
        assert draft.purpose == bill["usage"]
