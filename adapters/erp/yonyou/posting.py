"""Posting envelopes to NC or U8: pages of records out, a verdict for each record back.

Rule kept here: records never replace others (``replace`` is N), so that a page that is posted
again is harmless: what is there already is answered as such, and counts as taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from adapters.erp.yonyou.bills import Bill, Words, bills_of
from adapters.erp.yonyou.telling import page_size
from gateway.domain.errors import WireError
from gateway.ports.erp_api import Call, CallReply, Conversation, Taken, Telling, Verdict
from gateway.ports.erp_told import StatementTold, Told, ToldKind

MOST: Final = 50
_GOOD: Final = frozenset({Verdict.TAKEN, Verdict.ALREADY})
_OK: Final = 200
_TEXT_MAX: Final = 300
_REPEATED: Final = ("已存在", "已经存在", "重复")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """How one product is spoken to: records to bytes, bytes to a verdict per record."""

    path: str
    query: tuple[tuple[str, str], ...]
    words: Words
    write: Callable[[ToldKind, Sequence[Bill]], bytes]
    read: Callable[[bytes, Sequence[Bill]], Mapping[str, Taken]]
    """Verdicts by record id (``place`` says nothing there). Raises WireError."""


def teller(desk: Desk, kind: ToldKind) -> Telling:
    """How one kind of record is told: a statement alone, page by page, the others together."""

    def say(conversation: Conversation) -> Call | tuple[Taken, ...]:
        told, replies = conversation.told, conversation.replies
        # Pages before the last one were taken: a page that was not ends the conversation.
        lines = (len(it.entries) for it in told if isinstance(it, StatementTold))
        size = page_size(max(lines, default=MOST))
        at = (len(replies) - 1) * size
        good = True
        verdicts = tuple(
            Taken(place=place, verdict=Verdict.TAKEN, text="nothing to tell")
            for place in range(len(told))
        )
        if replies:
            sent = _page(told, at, size, desk)
            found = _answered(replies[-1], _flat(sent), desk)
            good = all(it.verdict in _GOOD for it in found.values())
            verdicts = tuple(_together(place, bills, found) for place, bills in enumerate(sent))
        following = _flat(_page(told, at + size, size, desk)) if good else ()
        return _call(desk, kind, following) if following else verdicts

    return Telling(say=say, most=1 if kind is ToldKind.STATEMENT else MOST)


def credit_teller(desk: Desk) -> Telling:
    """到账: statement lines ahead of their statement, several in one message."""
    return Telling(say=teller(desk, ToldKind.STATEMENT).say, most=MOST)


def _page(told: Sequence[Told], at: int, size: int, desk: Desk) -> list[tuple[Bill, ...]]:
    """The records of one message by what they tell; none behind the last page."""
    return [bills_of(one, desk.words, at, at + size) for one in told]


def _flat(page: Sequence[Sequence[Bill]]) -> list[Bill]:
    """All records of a message, each once: the same told twice is one record."""
    return list({bill.id: bill for bills in page for bill in bills}.values())


def verdict_of(text: str, *, refused: bool) -> Taken:
    """What the vendor's words about a record that was not imported mean."""
    if any(word in text for word in _REPEATED):
        return Taken(place=0, verdict=Verdict.ALREADY, text=text[:_TEXT_MAX])
    verdict = Verdict.REFUSED if refused else Verdict.AGAIN
    return Taken(place=0, verdict=verdict, text=text[:_TEXT_MAX])


def _call(desk: Desk, kind: ToldKind, bills: Sequence[Bill]) -> Call:
    return Call(
        method="POST",
        path=desk.path,
        endpoint=kind.value,
        query=desk.query,
        headers=(("Content-Type", "application/xml; charset=UTF-8"),),
        body=desk.write(kind, bills),
    )


def _answered(reply: CallReply, sent: Sequence[Bill], desk: Desk) -> Mapping[str, Taken]:
    if reply.status != _OK:
        unknown = Taken(place=0, verdict=Verdict.AGAIN, code=f"HTTP {reply.status}")
        return {bill.id: unknown for bill in sent}
    found = desk.read(reply.body, sent)
    ids = {bill.id for bill in sent}
    if found.keys() - ids:
        raise WireError("unknown", "/ufinterface")
    silent = Taken(place=0, verdict=Verdict.AGAIN, text="not named in the reply")
    return {bill.id: found.get(bill.id, silent) for bill in sent}


def _together(place: int, bills: Sequence[Bill], found: Mapping[str, Taken]) -> Taken:
    """One verdict for all records of one thing told: the worst of them."""
    verdicts = [found[bill.id] for bill in bills]
    for verdict in (Verdict.AGAIN, Verdict.REFUSED, Verdict.TAKEN, Verdict.ALREADY):
        for one in verdicts:
            if one.verdict is verdict:
                return Taken(place=place, verdict=verdict, code=one.code, text=one.text)
    return Taken(place=place, verdict=Verdict.TAKEN, text="nothing to tell")
