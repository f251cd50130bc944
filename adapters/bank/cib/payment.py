"""Single transfer (XFERTRNRQ).

Source: CIB interface document V4.0.4, §XFER.
"""

from __future__ import annotations

from typing import Final

from adapters.bank.cib import judgement
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
from adapters.bank.cib.judgement import Judged
from adapters.bank.cib.schema import DOCUMENT, validate_request
from adapters.bank.cib.transfer import checked, transfer_info
from gateway.domain.ids import Serial
from gateway.domain.message import WireMessage, WireReply
from gateway.domain.outcome import Outcome
from gateway.ports.bank import PayOrder, SignOn
from gateway.wire.write import element, leaf
from gateway.wire.xml import Node

REPLY: Final = "XFERTRNRS"


def encode(
    order: PayOrder,
    signon: SignOn,
    serial: Serial,
    *,
    password: PasswordForm = plain_password,
    schemas: str = DOCUMENT,
) -> WireMessage:
    """Write the transfer. Amounts in yuan with two decimals.

    Raises WireError("encoding") for text that GBK cannot carry and WireError("schema") for a
    message that the bank would refuse for its form: nothing of either kind leaves.
    """
    transaction = element(
        "XFERTRNRQ", leaf("TRNUID", serial), element("XFERRQ", transfer_info(order))
    )
    fox = envelope(transaction, signon)
    validate_request(fox, schemas)
    return message(fox, password(signon.password))


def decode(order: PayOrder, serial: Serial, reply: WireReply) -> Outcome:
    """Read the transfer reply; anything not understood is UNCONFIRMED.

    Raises WireError for bytes that are no reply to this message: they prove nothing either.
    """
    if reply.status != HTTP_OK:
        return Outcome.unconfirmed(f"http_{reply.status}")
    answer = read(reply, REPLY, serial)
    if isinstance(answer, SignOnRefused):
        return judgement.sign_on_refused(answer)
    return checked(order, judge(answer.transaction, answer.status), needed=False)


def judge(transaction: Node, status: Status) -> Judged:
    """What an XFERTRNRS says, before it is compared with what was sent."""
    body = transaction.maybe("XFERRS")
    process = body.maybe("XFERPRCSTS") if body is not None else None
    if body is None or process is None:
        outcome = judgement.result(status, None, "") if status.ok else judgement.refused(status)
        return Judged(outcome=outcome)
    judgement.same_reference(body, transaction.child_text("TRNUID"))
    return Judged(
        outcome=judgement.result(status, process, judgement.server_id(body)),
        echo=body.maybe("XFERINFO"),
    )
