"""The FOX envelope: sign-on and transaction wrapper outwards, the first two result layers inwards.

Rule kept here: the operator's password lies in a secret segment and nowhere else.

Source: CIB interface document V4.0.4, message structure and sign-on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

from adapters.bank.cib import codes
from gateway.domain.errors import OperatorRefused, WireError
from gateway.domain.ids import Serial
from gateway.domain.message import Segment, WireMessage, WireReply
from gateway.ports.bank import SignOn
from gateway.wire.charset import charset_of
from gateway.wire.write import Element, document, element, leaf
from gateway.wire.xml import Node, Profile, parse

CONTENT_TYPE: Final = "application/x-fox"
ENCODING: Final = "GBK"
BEIJING: Final = timezone(timedelta(hours=8))
"""Bank times carry no offset; China keeps one time and no summer time."""
HTTP_OK: Final = 200
_PASSWORD_PATH: Final = "/FOX/SIGNONMSGSRQV1/SONRQ/USERPASS"  # noqa: S105 - a path
_PLACE: Final = "*"
_OPENING, _CLOSING = b"<USERPASS>", b"</USERPASS>"

PasswordForm = Callable[[str], str]
"""How a password is written into USERPASS."""


def plain_password(password: str) -> str:
    """The password as it is. The bank's ``{DES}`` form is another function of this shape."""
    return password


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A STATUS element: the bank's code and its text for people."""

    code: str
    text: str

    @property
    def ok(self) -> bool:
        """Whether this layer accepted."""
        return self.code == codes.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOnRefused:
    """The first layer said no. ``alone`` is whether no business section came with it."""

    status: Status
    alone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A reply past sign-on: its transaction element, and what the second layer said."""

    transaction: Node
    status: Status
    server_time: datetime | None


# ── outwards ──────────────────────────────────────────────────────────────────────────────


def envelope(transaction: Element | None, signon: SignOn) -> Element:
    """The FOX element around a transaction (None: sign on only), with a place for the password."""
    return element(
        "FOX",
        element(
            "SIGNONMSGSRQV1",
            element(
                "SONRQ",
                leaf("DTCLIENT", signon.at.strftime("%Y-%m-%d %H:%M:%S")),
                leaf("CID", signon.customer),
                leaf("USERID", signon.operator),
                leaf("USERPASS", _PLACE),
                leaf("GENUSERKEY", "N"),
                leaf("LANGUAGE", "CHS"),
            ),
        ),
        None if transaction is None else element("SECURITIES_MSGSRQV1", transaction),
    )


def message(fox: Element, password: str) -> WireMessage:
    """Write an envelope as segments, the password in the middle one.

    Raises WireError("encoding") for text that GBK cannot carry.
    """
    # A byte of '<' is never part of a GBK character, so the tag can only be the tag.
    head, tag, tail = document(fox, encoding=ENCODING).partition(_OPENING + _PLACE.encode())
    if not tag:
        raise WireError("missing", _PASSWORD_PATH)
    return WireMessage(
        segments=(Segment(head + _OPENING), Segment(_secret(password), secret=True), Segment(tail)),
        content_type=CONTENT_TYPE,
    )


def _secret(password: str) -> bytes:
    escaped = password.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    try:
        return escaped.encode("gbk")
    except UnicodeEncodeError:
        # "from None": the cause would carry the password.
        raise WireError("encoding", _PASSWORD_PATH) from None


# ── inwards ───────────────────────────────────────────────────────────────────────────────


def root(body: bytes, content_type: str = "") -> Node:
    """Parse a message of either direction. Raises WireError for anything but a FOX document."""
    fox = parse(body, Profile.REPLY, charset=charset_of(content_type))
    if fox.name != "FOX" or fox.namespace:
        raise WireError("root", fox.path, line=fox.line)
    return fox


def status_of(parent: Node) -> Status:
    """STATUS below ``parent``: the one thing that no answer may lack."""
    found = parent.one("STATUS")
    return Status(code=found.one("CODE").need(), text=found.child_text("MESSAGE"))


def sign_on_status(fox: Node) -> Status:
    """The first result layer."""
    return status_of(fox.at("SIGNONMSGSRSV1/SONRS"))


def read(reply: WireReply, tag: str, serial: Serial) -> Answered | SignOnRefused:
    """Read a reply as far as its transaction ``tag``, which must carry our serial.

    Raises WireError for bytes that are no such reply, and WireError("serial") for the answer
    to another message.
    """
    fox = root(reply.body, reply.content_type)
    sonrs = fox.at("SIGNONMSGSRSV1/SONRS")
    signed_on = status_of(sonrs)
    if not signed_on.ok:
        return SignOnRefused(status=signed_on, alone=not fox.has("SECURITIES_MSGSRSV1"))
    transaction = fox.one("SECURITIES_MSGSRSV1").one(tag)
    if transaction.child_text("TRNUID") != serial:
        raise WireError("serial", f"{transaction.path}/TRNUID", line=transaction.line)
    return Answered(
        transaction=transaction,
        status=status_of(transaction),
        server_time=instant(sonrs.child_text("DTSERVER")),
    )


def query(reply: WireReply, tag: str, serial: Serial) -> Answered:
    """Read the reply to a question that moves no money.

    Raises OperatorRefused when the sign-on was refused; what the second layer said is the caller's.
    """
    if reply.status != HTTP_OK:
        raise WireError(f"http_{reply.status}")
    answer = read(reply, tag, serial)
    if isinstance(answer, SignOnRefused):
        raise OperatorRefused(answer.status.code, answer.status.text)
    return answer


def instant(text: str) -> datetime | None:
    """A bank time ``YYYY-MM-DD HH:MM:SS`` (also with ``T`` or ``_``), or None when it is none."""
    try:
        naive = datetime.fromisoformat(text.replace("_", " ", 1))
    except ValueError:
        return None
    return naive.replace(tzinfo=BEIJING)
