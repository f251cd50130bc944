"""Telling an ERP over its API: conversations, each of them one or several records of one kind.

Rule kept here: only a verdict of the ERP's own is taken for one. No answer, an answer of another
form, a record that no verdict names: nothing is known of it, so it is told again later, and then
the conversation is told that it may have arrived before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from gateway.delivery.couriers import Carried, MayGo
from gateway.delivery.erp_rows import UNFORESEEN, ErpEvent
from gateway.delivery.webhook_rows import Event
from gateway.domain.errors import GatewayError, WireError
from gateway.ports.erp_api import Call, CallReply, Conversation, ErpApi, Taken, Telling, Verdict
from gateway.ports.erp_told import Told, ToldKind, decoded
from gateway.transport.erp_session import ErpSession

CALLS_MAX: Final = 1_000
"""Most calls of one conversation (a long statement goes in many parts); one that does not end is
given up and tried again later."""
_NUMBERS: Final = re.compile(r"\d{6,}", re.ASCII)
_SHOWN: Final = 4
_RETRY_AFTER: Final = re.compile(r"\d{1,6}", re.ASCII)
_TAKEN: Final = frozenset({Verdict.TAKEN, Verdict.ALREADY})
MISREAD: Final = (
    *(ValueError, LookupError, ArithmeticError, TypeError, AttributeError),
    msgspec.MsgspecError,
)
"""What reading something of an unforeseen form raises. An ERP that answers strangely must not end
the process that sends payments: nothing is known then, and a person sees it when tries are up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One event with its record."""

    event: ErpEvent
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """How a conversation ended. ``taken`` None: it was not to go on."""

    taken: tuple[Taken, ...] | None
    replies: tuple[CallReply, ...]


class ApiCourier:
    """Tells an ERP by calling its API."""

    def __init__(self, session: ErpSession, api: ErpApi) -> None:
        self._session = session
        self._api = api

    def parcels(self, events: Sequence[Event]) -> Sequence[Sequence[Event]]:
        """As many records of one kind as a conversation holds; repeated ones by themselves.

        What may have arrived before is not mixed with what certainly has not, so that fresh
        records are not looked up for nothing.
        """
        found: dict[tuple[object, ...], list[ErpEvent]] = {}
        for event in erp_events(events):
            found.setdefault((event.kind, event.again, apart(event)), []).append(event)
        return [
            parcel for some in found.values() for parcel in split(some, self._most(some[0].kind))
        ]

    def _most(self, kind: str) -> int:
        telling = self._api.tell.get(ToldKind(kind))
        return telling.most if telling is not None else 1

    async def carry(self, parcel: Sequence[Event], may_go: MayGo) -> Sequence[Carried] | None:
        """Hold one conversation."""
        letters, unreadable = opened(parcel)
        if unreadable:
            return unreadable
        telling = self._api.tell.get(ToldKind(letters[0].event.kind))
        if telling is None:
            return [not_offered()] * len(letters)
        try:
            said = await self._converse(telling, letters, may_go)
        except WireError:
            return [failed(f"{UNFORESEEN}: the reply is not what was promised")] * len(letters)
        except GatewayError as error:
            return [failed(error.en)] * len(letters)
        except MISREAD as error:
            return [misread(error)] * len(letters)
        if said.taken is None:
            return None
        return judged(said.taken, said.replies, len(letters))

    async def aclose(self) -> None:
        """Close connections."""
        await self._session.aclose()

    async def _converse(self, telling: Telling, letters: Sequence[Letter], may_go: MayGo) -> _Said:
        """One conversation; a second one where the token turned out to be spent."""
        again = any(it.event.again for it in letters)
        said = await self._hold(telling, letters, may_go, again=again)
        if said.taken is None or not any(it.verdict is Verdict.LOGIN for it in said.taken):
            return said
        self._session.forget()
        # A reply to the first call says that nothing was done; after more calls something may be.
        return await self._hold(telling, letters, may_go, again=again or len(said.replies) > 1)

    async def _hold(
        self, telling: Telling, letters: Sequence[Letter], may_go: MayGo, *, again: bool
    ) -> _Said:
        told = tuple(it.told for it in letters)
        moment, access = self._session.moment(), self._session.access
        replies: tuple[CallReply, ...] = ()
        while len(replies) < CALLS_MAX:
            if not may_go():
                return _Said(taken=None, replies=replies)
            following = telling.say(
                Conversation(told=told, access=access, moment=moment, again=again, replies=replies)
            )
            if not isinstance(following, Call):
                return _Said(taken=following, replies=replies)
            replies = (*replies, await self._session.call(following))
        return _Said(taken=(), replies=replies)


# ── what all ways to an ERP share ─────────────────────────────────────────────────────────


def erp_events(events: Sequence[Event]) -> Iterator[ErpEvent]:
    """The events as what they are."""
    for event in events:
        assert isinstance(event, ErpEvent)
        yield event


def apart(event: ErpEvent) -> int:
    """0 for what may go with others; else a number of its own."""
    return event.sequence if event.alone or event.overtaken else 0


def split(events: Sequence[ErpEvent], most: int) -> Iterator[Sequence[ErpEvent]]:
    """The events in parts of at most ``most``."""
    return (events[start : start + most] for start in range(0, len(events), most))


def opened(parcel: Sequence[Event]) -> tuple[list[Letter], list[Carried]]:
    """The records of a parcel; or, where one cannot be read, what becomes of each event.

    What stands in the outbox was written by a gateway, so one that cannot be read is damaged: a
    person looks at it, and the others go without it next time.
    """
    if any(event.overtaken for event in erp_events(parcel)):  # by itself: see ``apart``
        return [], [Carried(taken=False, superseded=True, failure="accepted since")] * len(parcel)
    letters: list[Letter] = []
    damaged: set[int] = set()
    for event in erp_events(parcel):
        try:
            letters.append(Letter(event=event, told=decoded(event.body)))
        except msgspec.DecodeError:
            damaged.add(event.sequence)
    if not damaged:
        return letters, []
    return [], [
        Carried(taken=False, failure="the stored record cannot be read", hopeless=True)
        if event.sequence in damaged
        else failed("goes without a damaged record next time")
        for event in parcel
    ]


def failed(why: str) -> Carried:
    """Nothing is known of it: it is told again later."""
    return Carried(taken=False, failure=plain(why))


def misread(error: Exception) -> Carried:
    """Something was of a form that nobody foresaw; what it said is not repeated."""
    return failed(f"{UNFORESEEN} ({type(error).__name__})")


def not_offered() -> Carried:
    """The settings changed since it was put into the outbox."""
    return Carried(taken=False, failure="this system can no longer be told this way", hopeless=True)


def judged(taken: Sequence[Taken], replies: Sequence[CallReply], count: int) -> Sequence[Carried]:
    """What became of each record, by its verdict; one without exactly one is not known."""
    last = replies[-1] if replies else None
    status = last.status if last is not None else 0
    by_place: dict[int, list[Taken]] = {}
    for it in taken:
        by_place.setdefault(it.place, []).append(it)
    found: list[Carried] = []
    for place in range(count):
        named = by_place.get(place, [])
        if len(named) != 1:
            found.append(failed("the ERP did not say what became of it"))
            continue
        (it,) = named
        why = plain(f"{it.code} {it.text}".strip())
        found.append(
            Carried(
                taken=it.verdict in _TAKEN,
                status=status,
                failure="" if it.verdict in _TAKEN else why or it.verdict.value,
                retry_after_s=_retry_after(last),
                hopeless=it.verdict is Verdict.REFUSED,
            )
        )
    return found


def plain(text: str) -> str:
    """An ERP's words without line breaks and without whole account numbers."""
    one_line = " ".join(text.split())
    return _NUMBERS.sub(lambda it: f"…{it.group()[-_SHOWN:]}", one_line)


def _retry_after(reply: CallReply | None) -> int:
    """Whole seconds of Retry-After; a date is not read."""
    text = reply.headers.get("retry-after", "").strip() if reply is not None else ""
    return int(text) if _RETRY_AFTER.fullmatch(text) else 0
