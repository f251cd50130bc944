"""Rows that have a key of their own, looked up before they are written.

Rule kept here: a message that comes twice, or an entry told first as 到账 and later in its
statement, is one row; and a record is taken only when every row of it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from adapters.erp.kingdee.talk import Talk, alike, spoken, worst
from gateway.domain.errors import Refused
from gateway.ports.erp_api import Call, CallReply, Conversation, Taken, Telling, Verdict
from gateway.ports.erp_told import Told as Record

Row = Mapping[str, object]
Spread = Callable[[Record], list[Row]]
"""A record as the rows it becomes."""
_WORDS_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a reply says of one record or row."""

    verdict: Verdict
    code: str = ""
    words: str = ""
    id: str = ""


def unheard(told: Told, vendor: str, *, loud: bool = False) -> Verdict:
    """What a query without rows means for the page that was asked for.

    Raises Refused, with the vendor's words, where the query itself is refused: a field, filter or
    right of the settings is wrong then, and nobody would notice that nothing is fetched. ``loud``:
    so is every other failure that comes with words, where the vendor's codes are not known.
    """
    if told.verdict is Verdict.REFUSED or (told.verdict is Verdict.AGAIN and told.words and loud):
        words = told.words[:_WORDS_MAX]
        raise Refused(
            f"{vendor} refuses the query (code {told.code[:20]}): {words}",
            f"{vendor}拒绝查询（代码 {told.code[:20]}）：{words}",
        )
    return told.verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A writing operation's reply: verdicts by place, and one for all that is not named."""

    named: Mapping[int, Told]
    rest: Told

    def of(self, place: int) -> Told:
        """What became of the record at this place."""
        return self.named.get(place, self.rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where rows of one kind are kept at the vendor."""

    key: str
    """The field that holds a row's key."""
    look: Callable[[list[str]], Call]
    there: Callable[[CallReply], set[str] | Told]
    """Which of the asked keys are there, or why that is not known. Raises WireError."""
    save: Callable[[Sequence[Row]], Call]
    saved: Callable[[CallReply], Envelope]
    """Raises WireError."""
    looked: int
    """Keys that are looked up in one call."""
    chunk: int
    """Rows that are saved in one call."""


def telling(shelf: Shelf, spread: Spread, *, most: int = 1) -> Telling:
    """How records that become such rows are written."""
    return Telling(say=spoken(lambda it: _talk(shelf, spread, it)), most=most)


def _talk(shelf: Shelf, spread: Spread, conversation: Conversation) -> Talk:
    of_each = [spread(told) for told in conversation.told]
    rows = {str(row[shelf.key]): row for rows in of_each for row in rows}
    known: dict[str, Told] = {}
    names = list(rows)
    for start in range(0, len(names), shelf.looked):
        chunk = names[start : start + shelf.looked]
        there = shelf.there((yield shelf.look(chunk)))
        if isinstance(there, Told):
            known |= dict.fromkeys(chunk, there)
            if there.verdict is Verdict.LOGIN:
                break
            continue
        known |= dict.fromkeys(there, Told(verdict=Verdict.ALREADY))
        missing = [it for it in chunk if it not in there]
        for at in range(0, len(missing), shelf.chunk):
            some = missing[at : at + shelf.chunk]
            envelope = shelf.saved((yield shelf.save([rows[it] for it in some])))
            known |= {it: envelope.of(place) for place, it in enumerate(some)}
    keys = ([str(row[shelf.key]) for row in rows] for rows in of_each)
    return tuple(_verdict(place, those, known) for place, those in enumerate(keys))


def _verdict(place: int, keys: Sequence[str], known: Mapping[str, Told]) -> Taken:
    """One verdict for a record; one that has no rows (a day without entries) is taken."""
    unsaid = Told(verdict=Verdict.AGAIN, code="unnamed")
    said = [known.get(key, unsaid) for key in keys]
    if not said:
        return Taken(place=place, verdict=Verdict.TAKEN)
    verdict = worst(it.verdict for it in said)
    first = next(it for it in said if it.verdict is verdict)
    return alike((place,), verdict, first.code, first.words)[0]
