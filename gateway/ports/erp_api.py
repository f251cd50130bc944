"""An ERP that is called, or that calls with an envelope of its own: pure requests and replies.

An adapter says what to send and reads what came back; the gateway sends, waits, renews tokens,
pages, keeps to rates and repeats. A write-back is a *conversation*: a pure function that is given
all replies so far and gives the next call, or what became of each record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.ports.erp_draft import Draft
from gateway.ports.erp_told import Told, ToldKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One HTTP request to an ERP. ``path`` begins with '/', below the system's address.

    ``endpoint`` is the adapter's short name of what is called, for logs and metrics. ``to`` names
    another address of the options than ``url`` (a token host of its own), '' for that one.
    """

    method: str
    path: str
    endpoint: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReply:
    """What came back. Header names are lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How an ERP system is spoken to: what its settings say. ``secrets`` never reach a log."""

    system: str
    """Id of the ERP system."""
    options: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a pure function may not fetch for itself: the time and a random text."""

    now: datetime
    """The machine's time (aware): vendors hold time stamps against real clocks."""
    nonce: str
    """32 hexadecimal digits, never used before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a log-in gave. ``headers`` and ``query`` go with every call until it expires."""

    expires_at: datetime
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How a token is got. ``decode`` raises Refused (why) or WireError.

    Where it takes several calls, ``decode`` gives the next one.
    """

    encode: Callable[[Access, Moment], Call]
    decode: Callable[[CallReply, Moment], Token | Call]


class Verdict(StrEnum):
    """What became of one record at the ERP."""

    TAKEN = "taken"
    ALREADY = "already"
    """It was there before: as good as taken."""
    REFUSED = "refused"
    """The ERP will never take it as it is: a person has to look (dead letter)."""
    AGAIN = "again"
    """Not now: it is tried again later."""
    LOGIN = "login"
    """The token does not count any more: log in and say it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one record, by its place in the conversation."""

    place: int
    verdict: Verdict
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What is to be told, and what was said so far."""

    told: Sequence[Told]
    access: Access
    moment: Moment
    again: bool
    """An earlier attempt of one of them may have arrived: read before writing where the vendor
    does not keep a repeated call harmless."""
    replies: tuple[CallReply, ...] = ()


Tell = Callable[[Conversation], "Call | tuple[Taken, ...]"]
"""The next call, or the verdicts, one per record. Raises WireError for a reply of another form
(then nothing is known, and it is asked again later)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """How one kind of record is written back."""

    say: Tell
    most: int = 1
    """Most records in one conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """One page of payment documents. ``cursor`` asks for the next page, '' after the last."""

    drafts: tuple[Draft, ...]
    cursor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """How waiting payment documents are fetched. A page that comes again changes nothing."""

    encode: Callable[[Access, Moment, str], Call]
    """The call for the page after a cursor ('' for the first)."""
    decode: Callable[[Access, CallReply], Pulled | Verdict]
    """Drafts, or LOGIN or AGAIN. Raises WireError."""
    follow: Callable[[Access, CallReply, str], Pulled | Verdict] | None = None
    """As ``decode``, given the cursor too: used instead where a page takes several calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErpApi:
    """A vendor's API. What an ERP cannot be told that way is absent from ``tell``."""

    tell: Mapping[ToldKind, Telling]
    login: Login | None = None
    sign: Callable[[Call, Access, Moment], Call] | None = None
    """Adds what every call carries beside the token (signature headers)."""
    pull: Pull | None = None
