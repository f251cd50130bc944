"""What every message has in common: who calls, the serial, the first two result layers.

Rule kept here: the password stands in a segment of its own, and an answer that does not
carry our serial is no answer to us.

Source: none; invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

from adapters.bank._template import codes
from gateway.domain.errors import BankRefused, OperatorRefused, WireError
from gateway.domain.ids import Serial
from gateway.domain.message import Segment, WireMessage, WireReply
from gateway.domain.outcome import Outcome, Stage, Verdict
from gateway.ports.bank import SignOn
from gateway.wire.charset import charset_of
from gateway.wire.schemas import validate, xsd
from gateway.wire.write import Element, document, element, leaf
from gateway.wire.xml import Node, Profile, parse

CALL, REPLY = "BankCall", "BankReply"
VERSION: Final = "1.0"
CONTENT_TYPE: Final = "application/xml"
ENCODING: Final = "UTF-8"
BEIJING: Final = timezone(timedelta(hours=8))
"""Times carry no offset; China keeps one time and no summer time."""
HTTP_OK: Final = 200
_SECRET: Final = b"<Secret>"
_PLACE: Final = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Code and text of one result layer."""

    code: str
    text: str

    @property
    def ok(self) -> bool:
        """Whether this layer accepted."""
        return self.code == codes.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A reply past sign-on: the operation's own element, and what the second layer said."""

    body: Node
    status: Status
    at: datetime | None


# ── outwards ──────────────────────────────────────────────────────────────────────────────


def optional(name: str, text: str) -> Element | None:
    """A leaf, or nothing when there is no text."""
    return leaf(name, text) if text else None


def message(body: Element | None, signon: SignOn, serial: Serial) -> WireMessage:
    """A request around ``body`` (None: sign on only). Raises WireError if its form is wrong."""
    call = element(
        CALL,
        element(
            "Caller",
            leaf("Customer", signon.customer),
            leaf("Operator", signon.operator),
            leaf("Secret", _PLACE),
            leaf("Time", signon.at.strftime("%Y-%m-%dT%H:%M:%S")),
        ),
        leaf("Serial", serial),
        body,
        version=VERSION,
    )
    validate_request(call)
    head, tag, tail = document(call, encoding=ENCODING).partition(_SECRET + _PLACE.encode())
    if not tag:
        raise WireError("missing", f"/{CALL}/Caller/Secret")
    secret = document(leaf("Secret", signon.password), encoding=ENCODING, declaration=False)
    secret = secret.removeprefix(_SECRET).removesuffix(b"</Secret>")
    return WireMessage(
        segments=(Segment(head + _SECRET), Segment(secret, secret=True), Segment(tail)),
        content_type=CONTENT_TYPE,
    )


def validate_request(call: Element | Node) -> None:
    """Raise WireError("schema", path) unless the request is of the bank's form.

    Asked of our own requests before they leave, and by the bank side of what it is sent.
    """
    validate(call, xsd("bank", "_template", VERSION, "request.xsd"))


# ── inwards ───────────────────────────────────────────────────────────────────────────────


def root(body: bytes, content_type: str = "") -> Node:
    """Parse a reply. Raises WireError for anything else."""
    found = parse(body, Profile.REPLY, charset=charset_of(content_type))
    if found.name != REPLY:
        raise found.fault("root")
    return found


def status_of(parent: Node) -> Status:
    """Code and text below ``parent``; an answer may lack the text, never the code."""
    return Status(code=parent.one("Code").need(), text=parent.child_text("Text"))


def refused_sign_on(status: Status) -> Outcome:
    """A sign-on that failed: nothing of the message was executed, if the code is a known one."""
    known = status.code in codes.KNOWN_SIGN_ON
    return Outcome(
        verdict=Verdict.REJECTED if known else Verdict.UNCONFIRMED,
        stage=Stage.SIGNON,
        code=status.code,
        text=status.text,
        reason="signon_refused" if known else "signon_unclear",
        known_reject=known,
    )


def opened(reply: WireReply, serial: Serial) -> Node:
    """The reply's root, which must carry our serial. Raises WireError otherwise."""
    found = root(reply.body, reply.content_type)
    if found.child_text("Serial") != serial:
        raise WireError("serial", f"{found.path}/Serial", line=found.line)
    return found


def answered(found: Node, operation: str) -> Answered:
    """The part of a reply past sign-on. Raises WireError if it answers another operation."""
    body = found.one(codes.ANSWERS[operation])
    return Answered(body=body, status=status_of(body), at=instant(found.child_text("Time")))


def asked(reply: WireReply, operation: str, serial: Serial) -> Answered:
    """The answer to a question that moves no money.

    Raises OperatorRefused or BankRefused where the bank says no, WireError for anything else
    that is no answer.
    """
    if reply.status != HTTP_OK:
        raise WireError(f"http_{reply.status}")
    found = opened(reply, serial)
    signed_on = status_of(found.one("SignOn"))
    if not signed_on.ok:
        raise OperatorRefused(signed_on.code, signed_on.text)
    answer = answered(found, operation)
    if not answer.status.ok:
        raise BankRefused(answer.status.code, answer.status.text)
    return answer


def instant(text: str) -> datetime | None:
    """A bank time without offset as an instant in Beijing, or None when it is none."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=BEIJING)
    except ValueError:
        return None
