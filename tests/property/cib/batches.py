"""Batches and payrolls as hypothesis draws them: anything that CIB's own checks let pass."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from gateway.domain.money import CNY, Money
from gateway.domain.party import Account, Agent, Party
from gateway.ports.bank_batch import BatchKind, BatchLine, BatchOrder
from tests.property.cib.orders import ACCOUNTS, texts

AMOUNTS = st.integers(1, 10**12).map(lambda minor: Money(minor, CNY))
KINDS_OF_PAY = st.sampled_from(["salary", "bonus", "welfare", "expense"])
_DUE = st.none() | st.dates(date(2026, 9, 16), date(2026, 9, 30))


@st.composite
def payment_lines(draw, number):
    own_bank, local = draw(st.booleans()), draw(st.booleans())
    agent = Agent(
        name="" if own_bank else draw(texts(40).filter(lambda name: "兴业银行" not in name)),
        cnaps="" if own_bank else "102290000001",
        city="" if local else draw(texts(30)),
    )
    return BatchLine(
        line=number,
        creditor=Party(name=draw(texts(60)), account=Account(number=draw(ACCOUNTS), agent=agent)),
        amount=draw(AMOUNTS),
        purpose=draw(texts(60, 0)),
        memo=draw(texts(50, 0)),
        own_bank=own_bank,
        local=local,
    )


@st.composite
def payroll_lines(draw, number):
    return BatchLine(
        line=number,
        creditor=Party(
            name=draw(texts(20)),
            account=Account(number=draw(st.text("0123456789", min_size=1, max_size=18))),
        ),
        amount=draw(AMOUNTS),
        purpose="",
    )


@st.composite
def batches(draw, kind=None):
    kind = draw(st.sampled_from(BatchKind)) if kind is None else kind
    line = payment_lines if kind is BatchKind.PAYMENT else payroll_lines
    numbers = draw(st.lists(st.integers(1, 99_999), min_size=1, max_size=4, unique=True))
    return BatchOrder(
        kind=kind,
        debtor=Party(
            name=draw(texts(50, 0)),
            account=Account(number=draw(st.text("0123456789", min_size=1, max_size=18))),
        ),
        lines=tuple(draw(line(number)) for number in numbers),
        purpose=draw(texts(30)),
        payroll_purpose=draw(KINDS_OF_PAY) if kind is BatchKind.PAYROLL else "",
        due=draw(_DUE),
    )
