"""Payroll (RPAYOFFTRNRQ) and its inquiry (RPAYOFFINQTRNRQ): one debit, many own-bank persons.

Source: CIB interface document V4.0.4, §RPAYOFF and §RPAYOFFINQ.
"""

from __future__ import annotations

from typing import Final

from adapters.bank.cib import codes, judgement, lines
from adapters.bank.cib.envelope import (
    HTTP_OK,
    PasswordForm,
    SignOnRefused,
    Status,
    envelope,
    message,
    plain_password,
    read,
)
from adapters.bank.cib.lines import LINE_LEAVES, PAYROLL_WORDS, Told, told_line
from adapters.bank.cib.schema import DOCUMENT, validate_request
from adapters.bank.cib.transfer import payer
from gateway.domain.errors import WireError
from gateway.domain.ids import Serial
from gateway.domain.message import WireMessage, WireReply
from gateway.domain.outcome import Outcome
from gateway.ports.bank import SignOn
from gateway.ports.bank_batch import BatchLine, BatchOrder, BatchStatusQuestion
from gateway.wire.leaves import Leaves
from gateway.wire.write import Element, Form, element, leaf
from gateway.wire.xml import Node

REPLY: Final = "RPAYOFFTRNRS"
STATUS_REPLY: Final = "RPAYOFFINQTRNRS"
LINES_MAX: Final = 300


def encode(
    order: BatchOrder,
    signon: SignOn,
    serial: Serial,
    *,
    password: PasswordForm = plain_password,
    schemas: str = DOCUMENT,
) -> WireMessage:
    """Write the payroll: TITLE is the order's purpose, DESCRIPTION the code of its kind of pay.

    Raises WireError("encoding") and WireError("schema") as a transfer does, and
    WireError("payroll_purpose") for a kind of pay that the bank has no code for.
    """
    description = codes.PAYROLL_PURPOSES.get(order.payroll_purpose)
    if description is None:
        raise WireError("payroll_purpose", "/FOX/SECURITIES_MSGSRQV1/RPAYOFFTRNRQ")
    information = element(
        "RPAYOFFINFO",
        payer(order.debtor),
        leaf("TITLE", order.purpose),
        leaf("DESCRIPTION", description),
        leaf("TOTALCOUNT", str(len(order.lines))),
        leaf("TOTALAMOUNT", order.total().text()),
        leaf("DTDUE", order.due.isoformat()) if order.due is not None else None,
        element("RPAYOFFLIST", *(_line(line) for line in order.lines)),
    )
    transaction = element("RPAYOFFTRNRQ", leaf("TRNUID", serial), element("RPAYOFFRQ", information))
    fox = envelope(transaction, signon)
    validate_request(fox, schemas)
    return message(fox, password(signon.password))


_LINE: Final = Form("RPAYOFF", "INDX", "ACCTNAME", "ACCTID", "TRNAMT")


def _line(line: BatchLine) -> Element:
    return _LINE.fill(
        str(line.line), line.creditor.name, line.creditor.account.number, line.amount.text()
    )


def encode_status(
    question: BatchStatusQuestion,
    signon: SignOn,
    serial: Serial,
    *,
    password: PasswordForm = plain_password,
) -> WireMessage:
    """Ask by the original serial, under a serial of the enquiry's own."""
    transaction = element(
        "RPAYOFFINQTRNRQ",
        leaf("TRNUID", serial),
        element("XFERINQRQ", leaf("CLIENTREF", question.original)),
    )
    return message(envelope(transaction, signon), password(signon.password))


def decode(order: BatchOrder, serial: Serial, reply: WireReply) -> Outcome:
    """Read the answer to the payroll; anything not understood is UNCONFIRMED.

    Raises WireError for bytes that are no reply to this message: they prove nothing either.
    """
    if reply.status != HTTP_OK:
        return Outcome.unconfirmed(f"http_{reply.status}")
    answer = read(reply, REPLY, serial)
    if isinstance(answer, SignOnRefused):
        return judgement.sign_on_refused(answer)
    told = judge(answer.transaction, answer.status, serial)
    return lines.checked(order, told, needed=False)


def decode_status(question: BatchStatusQuestion, serial: Serial, reply: WireReply) -> Outcome:
    """Read the inquiry's answer: the original's outcome, NOT_FOUND, or UNCONFIRMED.

    Raises WireError for bytes that are no reply to this enquiry.
    """
    if reply.status != HTTP_OK:
        return Outcome.unconfirmed(f"http_{reply.status}")
    answer = read(reply, STATUS_REPLY, serial)
    if isinstance(answer, SignOnRefused):
        return judgement.sign_on_refused(answer)
    if not answer.status.ok and answer.transaction.find("RPAYOFFRS/XFERPRCSTS") is None:
        return judgement.enquiry_refused(answer.status)
    told = judge(answer.transaction, answer.status, question.original)
    # Nothing but the echo ties the answer to the original: the answer's TRNUID is the enquiry's.
    return lines.checked(question.order, told, needed=True)


_TOLD: Final = Leaves(*LINE_LEAVES, "ACCTID")


def _payee_account(line: Node) -> str:
    return line.child_text("ACCTID")


def judge(transaction: Node, status: Status, original: str = "") -> Told:
    """What an RPAYOFFTRNRS or RPAYOFFINQTRNRS says, before it is compared with what was sent."""
    body = transaction.maybe("RPAYOFFRS")
    if body is None:
        return Told(outcome=lines.whole(status, None, ""), words=PAYROLL_WORDS)
    if original:
        judgement.same_reference(body, original)
    head = body.maybe("RPAYOFFINFO")
    listed = head.maybe("RPAYOFFLIST") if head is not None else None
    return Told(
        outcome=lines.whole(status, body.maybe("XFERPRCSTS"), judgement.server_id(body)),
        words=PAYROLL_WORDS,
        head=head,
        purpose_name="TITLE",
        lines=tuple(
            told_line(line, _TOLD, _payee_account)
            for line in (listed.each("RPAYOFF") if listed is not None else ())
        ),
    )
