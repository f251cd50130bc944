"""Any FOX message in words, for people who read the archive; also of operations not offered yet.

Rule kept here: secrets are left out, and an outcome is said only where a table gives it.

Source: CIB interface document V4.0.4, element names of all operation families.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from adapters.bank.cib import (
    batch,
    codes,
    core_result,
    judgement,
    lines,
    payment,
    payment_status,
    payroll,
    receipt_files,
)
from adapters.bank.cib.codes import CodeClass, Layer
from adapters.bank.cib.confirmation import TOO_EARLY
from adapters.bank.cib.envelope import Status, sign_on_status, status_of
from adapters.bank.cib.lines import Told
from gateway.domain.errors import WireError
from gateway.domain.outcome import Outcome, Stage, Verdict
from gateway.ports.bank import MessageView
from gateway.wire.xml import Node, Profile, parse

REQUEST, REPLY = "request", "reply"
_SECRETS: Final = frozenset({"USERPASS", "USERKEY", "SESSCOOKIE"})
_NOTICE: Final = "BALANCECHANGENOTICE"
_PARTLY: Final = "partial"
_BODILESS: Final = {codes.BATCH: "RQBODY", codes.PAYROLL: "RPAYOFFRQ"}
_NO_DATA: Final = frozenset(
    {
        *("6421", "2001", "2020", "2100", "4917", "10000"),
        *("10113", "12114", "20008", "20203", "40041", "89042"),
    }
)


def explain(message: bytes) -> MessageView:
    """Say what a message is. Raises WireError for bytes that are no message of this bank."""
    fox = parse(message, Profile.REPLY)
    if fox.name == _NOTICE:
        return MessageView(
            direction=REPLY, operation="balance_notice", outcome="ok", fields=_fields(fox)
        )
    if fox.name != "FOX":
        raise fox.fault("root")
    if fox.has("SIGNONMSGSRQV1"):
        transaction = _transaction(fox, "SECURITIES_MSGSRQV1")
        return MessageView(
            direction=REQUEST,
            operation=_asked(transaction),
            outcome="",
            fields=_fields(fox),
        )
    transaction = _transaction(fox, "SECURITIES_MSGSRSV1")
    operation = _operation(transaction, "TRNRS")
    return MessageView(
        direction=REPLY,
        operation=operation,
        outcome=_outcome(sign_on_status(fox), transaction, operation),
        fields=_fields(fox),
    )


def _transaction(fox: Node, section: str) -> Node | None:
    found = fox.maybe(section)
    return next(found.children(), None) if found is not None else None


def _operation(transaction: Node | None, suffix: str) -> str:
    if transaction is None:
        return codes.SIGN_ON
    stem = transaction.name.removesuffix(suffix)
    return codes.OPERATIONS.get(stem, stem.lower())


def _asked(transaction: Node | None) -> str:
    """Operation of a request; a batch without its body is a question about it."""
    operation = _operation(transaction, "TRNRQ")
    body = _BODILESS.get(operation)
    if transaction is None or body is None or transaction.has(body):
        return operation
    return f"{operation}_status"


# ── outcome ───────────────────────────────────────────────────────────────────────────────


def _outcome(signed_on: Status, transaction: Node | None, operation: str) -> str:
    if not signed_on.ok:
        known = codes.meaning(Layer.SIGN_ON, signed_on.code, signed_on.text)
        return "refused" if known is not None else Verdict.UNCONFIRMED.value
    if transaction is None:
        return "ok"
    status = status_of(transaction)
    if operation in codes.PAYING_OPERATIONS or operation in codes.STATUS_OPERATIONS:
        return _verdict(transaction, status, operation)
    if status.ok:
        return "ok"
    known = codes.meaning(Layer.ENQUIRY, status.code, status.text)
    if _not_yet(operation, status):
        return "no_data"
    if status.code in _NO_DATA or (known is not None and known.kind is CodeClass.INFO):
        return "no_data"
    return "refused"


def _not_yet(operation: str, status: Status) -> bool:
    """Whether a refusal says that there is nothing yet, by the words of its operation."""
    if operation == codes.RECEIPT_FILES:
        return receipt_files.refused(status.code, status.text) is not None
    if status.code != codes.NOT_READY:
        return False
    early = operation == codes.CONFIRM_RESULT and TOO_EARLY.search(status.text) is not None
    return early or operation == codes.OVERVIEW


def _verdict(transaction: Node, status: Status, operation: str) -> str:
    if operation == codes.PAYMENT:
        outcome = payment.judge(transaction, status).outcome
    elif operation == codes.PAYMENT_STATUS:
        outcome = payment_status.judge(transaction, status).outcome
    elif operation == codes.CORE_RESULT:
        outcome = core_result.judge(transaction, status).outcome
    elif operation == codes.BATCH:
        return _batch_verdict(batch.judge(transaction, status), status)
    elif operation in (codes.PAYROLL, codes.PAYROLL_STATUS):
        return _batch_verdict(payroll.judge(transaction, status), status)
    else:
        return _other_verdict(transaction, status, operation)
    return outcome.verdict.value


def _batch_verdict(told: Told, status: Status) -> str:
    """Verdict of a batch: the answer to an order and to a question about it look the same."""
    outcome = lines.judged(told)
    if outcome.reason == lines.BY_LINE:
        return _PARTLY
    if told.outcome.code == codes.PART_PAYOUT and not told.lines and status.ok:
        return _PARTLY
    if outcome.stage is Stage.VALIDATION and outcome.verdict is Verdict.UNCONFIRMED:
        asked = judgement.enquiry_refused(status)
        if not status.ok and asked.verdict is Verdict.NOT_FOUND:
            outcome = asked
    return outcome.verdict.value


def _other_verdict(transaction: Node, status: Status, operation: str) -> str:
    """Verdict of a paying operation that is not offered yet, by its overall result."""
    process = next(_named(transaction, "XFERPRCSTS"), None)
    if process is not None:
        if process.child_text("XFERPRCCODE") == codes.PART_PAYOUT and status.ok:
            return _PARTLY
        return judgement.result(status, process, "").verdict.value
    if status.ok:
        return Verdict.UNCONFIRMED.value
    refused: Outcome
    if operation in codes.STATUS_OPERATIONS:
        refused = judgement.enquiry_refused(status)
    else:
        refused = judgement.refused(status)
    return refused.verdict.value


def _named(node: Node, name: str) -> Iterator[Node]:
    for child in node.children():
        if child.name == name:
            yield child
        else:
            yield from _named(child, name)


# ── fields ────────────────────────────────────────────────────────────────────────────────


def _fields(fox: Node) -> dict[str, str]:
    return dict(_walk(fox, fox.path))


def _walk(node: Node, path: str) -> Iterator[tuple[str, str]]:
    if node.name in _SECRETS:
        return
    for name in node.element.attrib:
        key = name if isinstance(name, str) else name.decode()
        yield f"{path}/@{key}", node.attr(key)
    children = list(node.children())
    if not children:
        yield path, _text(node)
        return
    names = [child.name for child in children]
    seen: dict[str, int] = {}
    for child in children:
        seen[child.name] = seen.get(child.name, 0) + 1
        index = f"[{seen[child.name]}]" if names.count(child.name) > 1 else ""
        yield from _walk(child, f"{path}/{child.name}{index}")


def _text(node: Node) -> str:
    try:
        return node.text()
    except WireError:
        return ""
