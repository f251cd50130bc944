"""Notices and confirmations survive the way through the bank's words, whatever they hold."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from adapters.bank.cib import DIALECT
from gateway.domain.confirmation import (
    TRANSITIONS,
    WITHOUT_EFFECT,
    ConfirmState,
    last_day,
    month_of,
)
from gateway.domain.ids import Serial
from gateway.domain.money import CNY, Money
from gateway.ports.bank import SignOn
from gateway.ports.bank_confirm import BalanceNotice, ConfirmOrder, ConfirmRequest

BEIJING = timezone(timedelta(hours=8))
SIGN_ON = SignOn(customer="C", operator="O", password="P", at=datetime(2026, 3, 2, tzinfo=BEIJING))
ACCOUNTS = st.text("0123456789", min_size=1, max_size=32)
TEXTS = st.text("货款运费利息abc 12", max_size=20).map(str.strip)
DAYS = st.dates(date(2000, 1, 1), date(2098, 12, 31))
FEN = st.integers(-(10**14), 10**14)


@given(
    ACCOUNTS,
    FEN.filter(bool),
    st.none() | FEN,
    st.datetimes(datetime(2000, 1, 1), datetime(2098, 12, 31)),  # noqa: DTZ001 - bank-local
    TEXTS,
)
def test_a_notice_survives(account, fen, available, at, memo):
    told = BalanceNotice(
        account=account,
        amount=Money(fen, CNY),
        at=at.replace(microsecond=0, tzinfo=BEIJING),
        key=f"{at:%Y%m%d}00000000001000001",
        account_name=memo,
        available=None if available is None else Money(available, CNY),
        memo=memo,
    )
    side = DIALECT.bank_side
    assert side.notice is not None
    assert DIALECT.notice is not None
    assert DIALECT.notice(side.notice(told)) == told


@given(ACCOUNTS, DAYS)
def test_an_order_names_one_account_and_its_month(account, day):
    order = ConfirmOrder(account=account, month=day.replace(day=1))
    assert DIALECT.confirm is not None
    sent = DIALECT.confirm.encode(order, SIGN_ON, Serial("S1"))
    asked = DIALECT.bank_side.decode(sent.body())
    assert asked.malformed == ""
    assert asked.body == ConfirmRequest(account=account, month=order.month)


@given(DAYS)
def test_a_month_ends_the_day_before_the_next_begins(day):
    month = day.replace(day=1)
    assert month_of(f"{month:%Y-%m}") == month
    assert month <= day <= last_day(month)
    assert (last_day(month) + timedelta(days=1)).day == 1


def test_every_state_has_its_row_is_reached_and_can_end():
    assert set(TRANSITIONS) == set(ConfirmState)
    seen = todo = {ConfirmState.PREPARED}
    while todo:
        todo = {after for state in todo for after in TRANSITIONS[state]} - seen
        seen = seen | todo
    assert seen == set(ConfirmState)
    ends = {state for state in ConfirmState if not TRANSITIONS[state]}
    assert ends > WITHOUT_EFFECT
    # What may have left never ends as refused: a later refusal says nothing of the first send.
    assert ConfirmState.REFUSED not in TRANSITIONS[ConfirmState.UNCONFIRMED]
