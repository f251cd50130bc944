"""Instruction receipt (RECEIPTTRNRQ): the bank's word about an earlier payment message, as data.

Rule kept here: it is asked for under the ORIGINAL serial, like a batch without its body.

Source: CIB interface document V4.0.4, §RECEIPT.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from adapters.bank.cib import codes
from adapters.bank.cib.envelope import (
    PasswordForm,
    envelope,
    message,
    plain_password,
    query,
)
from adapters.bank.cib.judgement import server_id
from adapters.bank.cib.lines import line_number
from gateway.domain.errors import BankRefused
from gateway.domain.ids import Serial
from gateway.domain.message import WireMessage, WireReply
from gateway.domain.money import CNY
from gateway.domain.outcome import Verdict
from gateway.domain.party import Account, Agent, Party
from gateway.ports.bank import SignOn
from gateway.ports.bank_batch import (
    BatchKind,
    InstructionReceipt,
    ReceiptLine,
    ReceiptQuestion,
)
from gateway.wire.write import element, leaf
from gateway.wire.xml import Node

REPLY: Final = "RECEIPTTRNRS"
KINDS: Final = MappingProxyType({None: "1", BatchKind.PAYMENT: "2", BatchKind.PAYROLL: "3"})
"""BIZTYPE by kind; None is a single payment."""


def encode(
    question: ReceiptQuestion,
    signon: SignOn,
    _serial: Serial,
    *,
    password: PasswordForm = plain_password,
) -> WireMessage:
    """Ask by the original serial; the question's own serial has no place in it."""
    transaction = element(
        "RECEIPTTRNRQ", leaf("TRNUID", question.original), leaf("BIZTYPE", KINDS[question.kind])
    )
    return message(envelope(transaction, signon), password(signon.password))


def decode(question: ReceiptQuestion, _serial: Serial, reply: WireReply) -> InstructionReceipt:
    """Read the receipt; ``state`` of a line is our verdict's word for the bank's.

    The document shows the receipt of a batch only; single payments and payroll are read alike.
    Raises BankRefused when the bank has no such receipt, WireError for anything else.
    """
    answer = query(reply, REPLY, question.original)
    if not answer.status.ok:
        raise BankRefused(answer.status.code, answer.status.text)
    body = answer.transaction.one("RSBODY")
    process = body.maybe("XFERPRCSTS")
    overall = process.child_text("XFERPRCCODE") if process is not None else ""
    checkers = (body.child_text("CHECKER"), body.child_text("GRANTOR"))
    return InstructionReceipt(
        number=body.child_text("RECEIPTNO"),
        bank_reference=server_id(body),
        debtor=_party(body.one("ACCTFROM")),
        total=body.one("TOTALAMOUNT").money(CNY),
        lines=tuple(
            _line(line, position, overall, question.kind)
            for position, line in enumerate(body.each("XFERINFO"), 1)
        ),
        maker=body.child_text("SUBMITOR"),
        checkers=tuple(name for name in checkers if name),
    )


def _line(line: Node, position: int, overall: str, kind: BatchKind | None) -> ReceiptLine:
    text = line.child_text("INDX")
    number = line_number(text) if text else position
    if number is None:
        raise line.one("INDX").fault("count")
    return ReceiptLine(
        line=number,
        creditor=_party(line.one("ACCTTO")),
        amount=line.one("TRNAMT").money(CNY),
        state=_state(line.child_text("STATUS") or overall, kind).value,
    )


def _state(code: str, kind: BatchKind | None) -> Verdict:
    """Payroll lines may have digits of their own; what stands in no table is UNCONFIRMED."""
    if kind is BatchKind.PAYROLL and code in codes.PAYROLL_RESULTS:
        return codes.PAYROLL_RESULTS[code]
    return codes.LINE_RESULTS.get(code, Verdict.UNCONFIRMED)


def _party(node: Node) -> Party:
    return Party(
        name=node.child_text("NAME"),
        account=Account(
            number=node.one("ACCTID").need(),
            agent=Agent(name=node.child_text("BANKDESC"), city=node.child_text("CITY")),
        ),
    )
