"""camt.060, the account reporting request, as questions.

Rule kept here: what a request asks for decides the question: a statement (camt.053) of closed
days, today's entries (camt.052), or balances where only balance types are named. What cannot be
answered that way is refused by the place of its element, never answered with something near.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from gateway.domain.errors import WireError
from gateway.ports.erp_questions import Question, QuestionKind
from gateway.wire.xml import Node, Profile, parse

MESSAGE: Final = "AcctRptgReq"
QUESTIONS_MAX: Final = 1000
"""Most requests in one message."""
_ASKS: Final = re.compile(
    rb"<(?:[A-Za-z_][\w.-]*:)?AcctRptgReq[\s/>]"
    rb"|[\"'][^\"'<>]*\bcamt\.060\.\d{3}\.\d{2}",
    re.ASCII,
)
_NAMES: Final = {"camt.052": QuestionKind.STATEMENT, "camt.053": QuestionKind.STATEMENT}
_BALANCES: Final = {"camt.052": QuestionKind.BALANCE, "camt.053": QuestionKind.HISTORY}
"""What a request is that names balance types and no transaction type."""
_NAME_LENGTH: Final = len("camt.053")
_ALL: Final = frozenset({"", "ALLL"})
"""RptgPrd/Tp: all of it. Only what changed since (CHNG, MODF) nobody can tell here."""


def asks(head: bytes) -> bool:
    """Whether the first bytes look like an account reporting request."""
    start = head.removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n")
    return start.startswith(b"<") and _ASKS.search(start) is not None


def questions(content: bytes) -> tuple[Question, ...]:
    """The questions of a message of any version, in its order.

    Raises WireError with path and line: ``unsupported`` for a report that is not offered,
    ``missing``, ``empty`` or ``surplus`` for elements, and as ``parse`` does.
    """
    root = parse(content, Profile.FILE)
    if root.name != "Document":
        raise root.fault("root")
    if not root.namespace:
        raise root.fault("namespace")
    message = root.maybe(MESSAGE)
    if message is None:
        raise root.fault("unsupported")
    message_id = message.at("GrpHdr/MsgId").need()
    found = tuple(_question(it, message_id) for it in message.each("RptgReq"))
    if not found:
        raise WireError("missing", f"{message.path}/RptgReq", line=message.line)
    if len(found) > QUESTIONS_MAX:
        raise message.fault("nodes")
    return found


def _question(request: Node, message_id: str) -> Question:
    named = request.one("ReqdMsgNmId")
    name = named.need()[:_NAME_LENGTH]
    if name not in _NAMES:
        raise named.fault("unsupported")
    balances = next(request.each("ReqdBalTp"), None) is not None
    entries = request.maybe("ReqdTxTp") is not None
    kind = (_BALANCES if balances and not entries else _NAMES)[name]
    account, account_at = _account(request)
    start, end, period_at = _period(request)
    return Question(
        kind=kind.value,
        id=request.child_text("Id") or message_id,
        account=account,
        start="" if kind is QuestionKind.BALANCE else start,
        end="" if kind is QuestionKind.BALANCE else end,
        source={
            "message_id": message_id,
            "request_id": request.child_text("Id"),
            "requested": named.text(),
        },
        at={
            "kind": named.path,
            "account": account_at,
            "start": f"{period_at}/FrDt",
            "end": f"{period_at}/ToDt",
        },
    )


def _account(request: Node) -> tuple[str, str]:
    """Account number and where it stands; '' where none is named."""
    chosen = request.find("Acct/Id")
    if chosen is None:
        return "", f"{request.path}/Acct/Id"
    iban, other = chosen.maybe("IBAN"), chosen.find("Othr/Id")
    if iban is not None and other is not None:
        raise other.fault("surplus")
    found = iban if iban is not None else other
    return (found.need(), found.path) if found is not None else ("", chosen.path)


def _period(request: Node) -> tuple[str, str, str]:
    """First day, last day and the place of both; '' where open. An open end is today."""
    period = request.maybe("RptgPrd")
    if period is None:
        return "", "", f"{request.path}/RptgPrd/FrToDt"
    kind = period.maybe("Tp")
    if kind is not None and kind.text() not in _ALL:
        raise kind.fault("unsupported")
    days = period.maybe("FrToDt")
    if days is None:
        return "", "", f"{period.path}/FrToDt"
    return days.child_text("FrDt"), days.child_text("ToDt"), days.path
