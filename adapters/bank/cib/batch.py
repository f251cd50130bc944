"""Real-time batch (RBATCHTRSFRTRNRQ): up to a hundred payments from one account, one serial.

Rule kept here: the same serial without a body is a question; it never orders anything.

Source: CIB interface document V4.0.4, §RBATCHTRSFR.
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
from adapters.bank.cib.lines import LINE_LEAVES, PAYMENT_WORDS, Told, told_line
from adapters.bank.cib.schema import DOCUMENT, validate_request
from adapters.bank.cib.transfer import payer
from gateway.domain.ids import Serial
from gateway.domain.message import WireMessage, WireReply
from gateway.domain.outcome import Outcome
from gateway.ports.bank import SignOn
from gateway.ports.bank_batch import BatchLine, BatchOrder, BatchStatusQuestion
from gateway.wire.leaves import Leaves
from gateway.wire.write import Element, Form, element, leaf
from gateway.wire.xml import Node

REQUEST: Final = "RBATCHTRSFRTRNRQ"
REPLY: Final = "RBATCHTRSFRTRNRS"
LINES_MAX: Final = 100
PAY: Final = "0"
"""BIZTYPE of payments; 1 would be expense claims."""


def encode(
    order: BatchOrder,
    signon: SignOn,
    serial: Serial,
    *,
    password: PasswordForm = plain_password,
    schemas: str = DOCUMENT,
) -> WireMessage:
    """Write the batch; INDX is our line number, the totals are computed from the lines.

    Raises WireError("encoding") for text that GBK cannot carry and WireError("schema") for a
    message that the bank would refuse for its form: nothing of either kind leaves.
    """
    transaction = element(
        REQUEST,
        leaf("TRNUID", serial),
        element(
            "RQBODY",
            payer(order.debtor),
            leaf("BIZTYPE", PAY),
            leaf("TOTALCOUNT", str(len(order.lines))),
            leaf("TOTALAMOUNT", order.total().text()),
            leaf("CURSYM", codes.RMB),
            leaf("PURPOSE", order.purpose),
            leaf("DTDUE", order.due.isoformat()) if order.due is not None else None,
            *(_line(line) for line in order.lines),
        ),
    )
    fox = envelope(transaction, signon)
    validate_request(fox, schemas)
    return message(fox, password(signon.password))


_LINE: Final = Form(
    "XFERINFO",
    "INDX",
    Form(
        "ACCTTO",
        *("ACCTID", "NAME", "BANKDESC?", "BANKNUM?", "CITY?"),
        attributes=("INTERBANK", "LOCAL"),
    ),
    *("TRNAMT", "USE?", "REMARK?"),
)
"""``transfer.payee`` and what a line adds to it, as one form: a batch holds up to a hundred."""


def _line(line: BatchLine) -> Element:
    creditor, local = line.creditor, line.local
    account = creditor.account
    agent = account.agent
    return _LINE.fill(
        str(line.line),
        "Y" if line.own_bank else "N",
        "Y" if local else "N",
        account.number,
        creditor.name,
        agent.name,
        agent.cnaps,
        # The city names the payee's bank elsewhere; in the same city it must stay away.
        "" if local else agent.city,
        line.amount.text(),
        line.purpose,
        line.memo,
    )


def encode_status(
    question: BatchStatusQuestion,
    signon: SignOn,
    _serial: Serial,
    *,
    password: PasswordForm = plain_password,
) -> WireMessage:
    """Ask by the original serial without a body; the enquiry's own serial has no place in it."""
    transaction = element(REQUEST, leaf("TRNUID", question.original))
    return message(envelope(transaction, signon), password(signon.password))


def decode(order: BatchOrder, serial: Serial, reply: WireReply) -> Outcome:
    """Read the answer to the batch; anything not understood is UNCONFIRMED.

    Raises WireError for bytes that are no reply to this message: they prove nothing either.
    """
    if reply.status != HTTP_OK:
        return Outcome.unconfirmed(f"http_{reply.status}")
    answer = read(reply, REPLY, serial)
    if isinstance(answer, SignOnRefused):
        return judgement.sign_on_refused(answer)
    return lines.checked(order, judge(answer.transaction, answer.status), needed=False)


def decode_status(question: BatchStatusQuestion, _serial: Serial, reply: WireReply) -> Outcome:
    """Read the answer to the enquiry: it carries the ORIGINAL serial, for that is what was asked.

    NOT_FOUND only in the bank's words for it. Raises WireError as ``decode`` does.
    """
    if reply.status != HTTP_OK:
        return Outcome.unconfirmed(f"http_{reply.status}")
    answer = read(reply, REPLY, question.original)
    if isinstance(answer, SignOnRefused):
        return judgement.sign_on_refused(answer)
    if not answer.status.ok and answer.transaction.find("RSBODY/XFERPRCSTS") is None:
        return judgement.enquiry_refused(answer.status)
    return lines.checked(question.order, judge(answer.transaction, answer.status), needed=False)


def judge(transaction: Node, status: Status) -> Told:
    """What an RBATCHTRSFRTRNRS says, before it is compared with what was sent."""
    body = transaction.maybe("RSBODY")
    if body is None:
        return Told(outcome=lines.whole(status, None, ""), words=PAYMENT_WORDS)
    judgement.same_reference(body, transaction.child_text("TRNUID"))
    process = body.maybe("XFERPRCSTS")
    return Told(
        outcome=lines.whole(status, process, judgement.server_id(body)),
        words=PAYMENT_WORDS,
        head=body,
        purpose_name="PURPOSE",
        lines=tuple([told_line(line, _TOLD, _payee_account) for line in body.each("XFERINFO")]),
    )


_TOLD: Final = Leaves(*LINE_LEAVES, inside=(("ACCTTO", Leaves("ACCTID")),))


def _payee_account(line: Node) -> str:
    to = line.maybe("ACCTTO")
    return to.child_text("ACCTID") if to is not None else ""
