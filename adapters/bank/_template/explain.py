"""Any message of this bank in words, for people who read the archive. Secrets are left out.

Source: none; invented.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapters.bank._template import codes
from adapters.bank._template.envelope import CALL, REPLY, refused_sign_on, status_of
from adapters.bank._template.payment import refused, result
from gateway.domain.outcome import Verdict
from gateway.ports.bank import MessageView
from gateway.wire.xml import Node, Profile, parse


def explain(message: bytes) -> MessageView:
    """Say what a message is. Raises WireError for bytes that are no message of this bank."""
    found = parse(message, Profile.REPLY)
    if found.name == CALL:
        names = [codes.REQUESTS[child.name] for child in found.children() if _asks(child)]
        operation = names[0] if names else codes.SIGN_ON
        return MessageView(
            direction="request", operation=operation, outcome="", fields=dict(_fields(found))
        )
    if found.name != REPLY:
        raise found.fault("root")
    operation = next((name for name, tag in codes.ANSWERS.items() if found.has(tag)), codes.SIGN_ON)
    return MessageView(
        direction="reply",
        operation=operation,
        outcome=_outcome(found, operation),
        fields=dict(_fields(found)),
    )


def _asks(child: Node) -> bool:
    return child.name in codes.REQUESTS


def _outcome(found: Node, operation: str) -> str:
    signed_on = status_of(found.one("SignOn"))
    if not signed_on.ok:
        return refused_sign_on(signed_on).verdict.value
    if operation == codes.SIGN_ON:
        return "ok"
    answer = found.one(codes.ANSWERS[operation])
    status, payment = status_of(answer), answer.maybe("Payment")
    if operation == codes.BALANCE:
        return "ok" if status.ok else "refused"
    if status.ok:
        return (result(payment).verdict if payment is not None else Verdict.UNCONFIRMED).value
    if operation == codes.STATUS:
        none = status.code == codes.NOT_FOUND and payment is None
        return (Verdict.NOT_FOUND if none else Verdict.UNCONFIRMED).value
    return refused(status, payment).verdict.value


def _fields(node: Node) -> Iterator[tuple[str, str]]:
    """Path and text of every leaf but the password."""
    for child in node.children():
        if child.name == "Secret":
            continue
        if child.has("*"):
            yield from _fields(child)
        elif text := child.text():
            yield child.path, text
