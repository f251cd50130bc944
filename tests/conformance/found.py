"""Every bank dialect in the tree, and what the suite asks it with."""

from __future__ import annotations

import importlib
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from gateway.domain.ids import Serial
from gateway.domain.message import WireReply
from gateway.domain.money import CNY, Money
from gateway.domain.outcome import Verdict
from gateway.domain.party import Account, Agent, Party
from gateway.ports.bank import (
    BankAnswer,
    BankDialect,
    BankState,
    CoreResult,
    PayOrder,
    SignOn,
    StatusQuestion,
    StoredPayment,
)
from gateway.ports.bank_batch import (
    BatchKind,
    BatchLine,
    BatchOrder,
    StoredBatch,
    StoredLine,
)
from tests.records import replace

BANKS = Path(__file__).resolve().parents[2] / "adapters" / "bank"
BEIJING = timezone(timedelta(hours=8))
TODAY = date(2026, 9, 15)
AT = datetime(2026, 9, 15, 10, 0, tzinfo=BEIJING)
PASSWORD = "S3cret-Pw-9"
SIGN_ON = SignOn(customer="9900000001", operator="erpmaker", password=PASSWORD, at=AT)
ACCOUNT = "900010100100000011"
SERIAL = Serial("20260915P0001")
OTHER_SERIAL = Serial("20260915P0002")
ENQUIRY_SERIAL = Serial("20260915Q0001")

OTHER_BANK = PayOrder(
    debtor=Party(
        name="示例制造有限公司",
        account=Account(number="900010100100000011", agent=Agent(city="福州")),
    ),
    creditor=Party(
        name="样本钢铁（上海）有限公司",
        account=Account(
            number="6200000000001234567",
            agent=Agent(name="中国样本银行上海分行", cnaps="102290000001", city="上海"),
        ),
    ),
    amount=Money(3500000, CNY),
    purpose="货款麤",
    memo="PO-2026-0001",
    own_bank=False,
    local=False,
)
OWN_BANK = replace(
    OTHER_BANK,
    creditor=Party(name="样本物流有限公司", account=Account(number="900010100100000099")),
    amount=Money(120050, CNY),
    own_bank=True,
    local=True,
)
ORDERS = (OTHER_BANK, OWN_BANK)
BATCH = BatchOrder(
    kind=BatchKind.PAYMENT,
    debtor=OTHER_BANK.debtor,
    lines=tuple(
        BatchLine(
            line=number,
            creditor=order.creditor,
            amount=order.amount,
            purpose=order.purpose,
            own_bank=order.own_bank,
            local=order.local,
        )
        for number, order in enumerate((OTHER_BANK, OWN_BANK, OWN_BANK), 1)
    ),
    purpose="三月货款",
)
PAYROLL = BatchOrder(
    kind=BatchKind.PAYROLL,
    debtor=OTHER_BANK.debtor,
    lines=tuple(
        BatchLine(
            line=number,
            creditor=Party(name=name, account=Account(number=f"99000000000000000{number}")),
            amount=Money(1_000_000 + number, CNY),
            purpose="",
        )
        for number, name in enumerate(("张三", "李四", "王麤"), 1)
    ),
    purpose="三月工资",
    payroll_purpose="salary",
)
BATCHES = (("batch", BATCH), ("payroll", PAYROLL))


def dialects() -> list[BankDialect]:
    """Every package under adapters/bank but templates, found by looking."""
    codes = sorted(
        path.name for path in BANKS.iterdir() if path.is_dir() and path.name[0] not in "_."
    )
    return [importlib.import_module(f"adapters.bank.{code}").DIALECT for code in codes]


def stored(order: PayOrder, state: BankState = BankState.PAID, **changes: object) -> StoredPayment:
    """An instruction inside the bank."""
    payment = StoredPayment(
        serial=SERIAL,
        bank_reference="990000000001",
        order=order,
        state=state,
        processed_at=AT + timedelta(seconds=2),
    )
    return replace(payment, **changes)


def settled_core(order: PayOrder) -> StoredPayment:
    """The same, as the core system knows it: money has moved."""
    status = "" if order.own_bank else "settled"
    return stored(order, core=CoreResult.VALID, core_status=status)


def stored_batch(
    order: BatchOrder, state: BankState, *lines: BankState, **changes: object
) -> StoredBatch:
    """A batch inside the bank; ``lines`` defaults to every line in the state of the whole."""
    states = lines or (state,) * len(order.lines)
    batch = StoredBatch(
        serial=SERIAL,
        bank_reference="990000000002",
        order=order,
        state=state,
        processed_at=AT + timedelta(seconds=2),
        lines=tuple(
            StoredLine(line=line.line, state=state)
            for line, state in zip(order.lines, states, strict=True)
        ),
    )
    return replace(batch, **changes)


def answer(payment: StoredPayment | None = None, **changes: object) -> BankAnswer:
    """A bank's answer at a fixed time."""
    return replace(BankAnswer(at=AT + timedelta(seconds=1), payment=payment), **changes)


def pay_reply(
    dialect: BankDialect, order: PayOrder, told: BankAnswer, serial: Serial = SERIAL
) -> WireReply:
    """What the bank's side answers to this payment."""
    sent = dialect.pay.encode(order, SIGN_ON, serial)
    return dialect.bank_side.encode(dialect.bank_side.decode(sent.body()), told)


def status_reply(
    dialect: BankDialect, operation: str, told: BankAnswer, serial: Serial = ENQUIRY_SERIAL
) -> WireReply:
    """What the bank's side answers to an enquiry."""
    question = StatusQuestion(original=SERIAL, order=OTHER_BANK)
    sent = getattr(dialect, operation).encode(question, SIGN_ON, serial)
    return dialect.bank_side.encode(dialect.bank_side.decode(sent.body()), told)


STATUS = ("payment_status", "core_result")
VERDICTS = {
    BankState.AUDITING: Verdict.BANK_APPROVAL,
    BankState.AUDITED: Verdict.BANK_APPROVAL,
    BankState.BRANCH_REVIEW: Verdict.BANK_APPROVAL,
    BankState.SENT_BACK: Verdict.BANK_APPROVAL,
    BankState.PENDING: Verdict.UNCONFIRMED,
    BankState.PARTLY_PAID: Verdict.UNCONFIRMED,
    BankState.PROCESSING: Verdict.PROCESSING,
    BankState.PAID: Verdict.SETTLED,
    BankState.FAILED: Verdict.REJECTED,
    BankState.WITHDRAWN: Verdict.CANCELLED,
    BankState.EXPIRED: Verdict.EXPIRED,
}
STRANGE = {
    "empty": b"",
    "blank": b"  \r\n",
    "html": b"<html><body><h1>502 Bad Gateway</h1></body></html>",
    "half a page": b"<!DOCTYPE html><html><head><title>Error</title></head>",
    "text": b"Service Unavailable",
    "json": b'{"code":"0","result":"PAYOUT"}',
    "foreign": b'<?xml version="1.0"?><Document xmlns="urn:x"><Sts>ACSC</Sts></Document>',
    "nothing but zeros": b"\x00" * 64,
    "garbage": bytes(range(128, 256)),
}

DIALECTS = dialects()
every_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.code)
paying = pytest.mark.parametrize(
    "dialect", [d for d in DIALECTS if d.pay is not None], ids=lambda dialect: dialect.code
)


def offered(dialect):
    return [name for name in STATUS if getattr(dialect, name) is not None]


def damaged(body):
    """The body cut at many places, and strange bodies in its stead."""
    # A last line feed is no part of a document: cut into the document itself.
    whole = body.rstrip()
    step = max(1, len(whole) // 60)
    yield from (whole[:length] for length in range(0, len(whole), step))
    yield whole[:-1]
    yield from STRANGE.values()
