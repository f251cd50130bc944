"""Receipt files: ordered for a closed day (ELECTRONICRECEIPT), their list asked (ASYNRECEIPTINFO).

Rule kept here: a state that stands in no table is UNKNOWN, and a refusal that is not one of the
two known ones is the caller's to doubt: neither says that nothing was ordered.

Source: CIB interface document V4.0.4, §ELECTRONICRECEIPT and §ASYNRECEIPTINFO (since 3.9.6).
"""

from __future__ import annotations

import re
from datetime import date
from types import MappingProxyType
from typing import Final

from adapters.bank.cib.envelope import (
    PasswordForm,
    envelope,
    message,
    plain_password,
    query,
)
from adapters.bank.cib.history import count
from adapters.bank.cib.statement import PAGE_SIZE
from gateway.domain.errors import BankRefused
from gateway.domain.ids import Serial
from gateway.domain.message import WireMessage, WireReply
from gateway.ports.bank import SignOn
from gateway.ports.bank_receipts import (
    ReceiptFile,
    ReceiptFilesPage,
    ReceiptFilesQuestion,
    ReceiptOrder,
    ReceiptOrdered,
    TaskState,
)
from gateway.wire.write import element, leaf
from gateway.wire.xml import Node

ORDER_REPLY: Final = "ELECTRONICRECEIPTTRNRS"
REPLY: Final = "ASYNRECEIPTINFOTRNRS"
LINES: Final = "01"
"""RECEIPT_TYPE: of statement lines."""
TASKS: Final = MappingProxyType(
    {"0": TaskState.NEW, "1": TaskState.RUNNING, "2": TaskState.DONE, "3": TaskState.FAILED}
)
"""STATUS of an order."""
# 2002 is the code of every business refusal: only its text tells these two from the others.
_REFUSALS: Final = (
    (frozenset({"2002", "2020"}), re.compile("指令不存在"), TaskState.NONE),
    (frozenset({"2002"}), re.compile("已存在.*任务|任务.*已存在"), TaskState.EXISTS),
)


def encode_order(
    question: ReceiptOrder,
    signon: SignOn,
    serial: Serial,
    *,
    password: PasswordForm = plain_password,
) -> WireMessage:
    """Order the receipts of all lines of a day; the bank refuses today."""
    transaction = element(
        "ELECTRONICRECEIPTTRNRQ",
        leaf("TRNUID", serial),
        element(
            "RQBODY",
            leaf("RECEIPT_TYPE", LINES),
            leaf("ACCTID", question.account),
            leaf("RECEIPTDATE", question.day.isoformat()),
        ),
    )
    return message(envelope(transaction, signon), password(signon.password))


def decode_order(question: ReceiptOrder, serial: Serial, reply: WireReply) -> ReceiptOrdered:
    """Read what became of the order.

    A day that was ordered before is EXISTS. Raises BankRefused for any other refusal, which does
    not prove that nothing was ordered, and WireError for another account or number.
    """
    answer = query(reply, ORDER_REPLY, serial)
    if not answer.status.ok:
        return ReceiptOrdered(state=_refused(answer.status.code, answer.status.text))
    body = answer.transaction.maybe("RSBODY")
    if body is None:
        return ReceiptOrdered(state=TaskState.UNKNOWN)
    _same(body, "ACCTID", question.account, "account")
    _same(body, "CLT_REF_NO", serial, "serial")
    return ReceiptOrdered(state=_state(body))


def encode(
    question: ReceiptFilesQuestion,
    signon: SignOn,
    serial: Serial,
    *,
    password: PasswordForm = plain_password,
) -> WireMessage:
    """Ask for one page (from 1, 100 files) of an order."""
    transaction = element(
        "ASYNRECEIPTINFOTRNRQ",
        leaf("TRNUID", serial),
        element("RQBODY", leaf("CLT_REF_NO", question.original), PAGE=str(question.page)),
    )
    return message(envelope(transaction, signon), password(signon.password))


def decode(question: ReceiptFilesQuestion, serial: Serial, reply: WireReply) -> ReceiptFilesPage:
    """Read one page; an order that the bank does not know is NONE.

    Raises BankRefused for any other refusal, WireError for another account, a file without an id
    or a place told twice.
    """
    answer = query(reply, REPLY, serial)
    if not answer.status.ok:
        return ReceiptFilesPage(state=_refused(answer.status.code, answer.status.text))
    body = answer.transaction.maybe("RSBODY")
    if body is None:
        return ReceiptFilesPage(state=TaskState.UNKNOWN)
    _same(body, "ACCTID", question.account, "account")
    files: dict[int, ReceiptFile] = {}
    for line in body.each("CONTENT"):
        place = count(line.one("SEQ"))
        if place in files:
            raise line.fault("surplus")
        files[place] = ReceiptFile(
            place=place, id=line.one("FILE_ID").need(), name=line.child_text("FILE_NAME")
        )
    more = body.attr("MORE")
    if more not in ("", "Y", "N"):
        raise body.fault("more")
    told = body.maybe("FILESUM")
    return ReceiptFilesPage(
        state=_state(body),
        bank_reference=body.child_text("SRVC_NO"),
        count=count(told) if told is not None and told.text() else None,
        expires_on=_day(body, "DUE_DATE"),
        files=tuple(files.values()),
        # As with statements: a full page that does not say asks for the next.
        more=more == "Y" or (not more and len(files) >= PAGE_SIZE),
    )


def refused(code: str, text: str) -> TaskState | None:
    """What a refusal says of an order; None where it says something else."""
    for known, pattern, state in _REFUSALS:
        if code in known and pattern.search(text):
            return state
    return None


def _state(body: Node) -> TaskState:
    return TASKS.get(body.child_text("STATUS"), TaskState.UNKNOWN)


def _refused(code: str, text: str) -> TaskState:
    state = refused(code, text)
    if state is None:
        raise BankRefused(code, text)
    return state


def _same(body: Node, name: str, wanted: str, reason: str) -> None:
    found = body.maybe(name)
    if found is not None and found.text() and found.text() != wanted:
        raise found.fault(reason)


def _day(body: Node, name: str) -> date | None:
    found = body.maybe(name)
    return found.day() if found is not None and found.text() else None
