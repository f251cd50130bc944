"""The receipts of a closed day: ordered once, asked about, fetched, compared with the lines.

Rule kept here: what is not known is asked about under the number it was sent under, and a day is
ordered under another number only once the bank says that the order failed. A receipt is a line's
only by the line's own key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec
from msgspec.structs import replace

ASK_AFTER: Final = timedelta(minutes=15)
"""No earlier after an order, and twice as long after each question that brought nothing."""
NOT_SENT_REST: Final = timedelta(minutes=5)
AGAIN_AFTER: Final = timedelta(hours=1)
"""Before a failed order is made anew, and before a day that lacks receipts is looked at again."""
KEPT_UP: Final = timedelta(days=15)
"""How long after a day anything of it is still asked for."""
ORDERS_MAX: Final = 3
NONES_MIN: Final = 2
"""So often the bank must know no such order before it is sent again, under the same number."""
TRIES_MAX: Final = 5
_DOUBLINGS_MAX: Final = 4


class OrderState(StrEnum):
    """Where the receipts of a day stand. The strings are stored: for ever."""

    PLANNED = "planned"
    """To be ordered; nothing has left under its number, or provably nothing."""
    SENDING = "sending"
    """Its order may have left, and the bank has not said yet that it has it."""
    WAITING = "waiting"
    """The bank has the order."""
    FETCHING = "fetching"
    """The files are made; not all of them were fetched yet."""
    DONE = "done"
    """Every file was fetched; ``verdict`` says whether that is every receipt."""
    FAILED = "failed"
    """The bank could not make them, as often as they were ordered."""
    ELSEWHERE = "elsewhere"
    """The day was ordered by somebody else: the bank gives the files to that number only."""
    EXPIRED = "expired"
    """The bank no longer has the files, and not all of them were fetched."""
    GIVEN_UP = "given_up"
    """Too long ago to go on asking."""


class Completeness(StrEnum):
    """Whether a day's receipts are those of its booked lines. The strings are stored."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    UNPROVEN = "unproven"
    """The day's lines themselves are not proven complete."""
    UNKEYED = "unkeyed"
    """Lines without a key of the bank's (from a file): no receipt can be told to be theirs."""


class TaskState(StrEnum):
    """What a bank says of an order. The strings are stored: for ever."""

    NEW = "new"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """Final; the day may be ordered anew."""
    EXISTS = "exists"
    """The day was ordered before; the bank does not say by whom, nor under which number."""
    NONE = "none"
    """The bank knows no order of this number."""
    UNKNOWN = "unknown"
    """A word that stands in no table: nothing follows from it, ask again."""


class ReceiptFinding(msgspec.Struct, frozen=True, kw_only=True):
    """Something wrong with receipts: a stable ``code``; of which file or word of the bank's."""

    code: str
    name: str = ""


class ListedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that the bank has for an order. ``fetched``: it came whole and was read.

    ``digest`` is the SHA-256 (hex) of its bytes as they came last.
    """

    id: str
    name: str
    fetched: bool = False
    tries: int = 0
    digest: str = ""
    findings: tuple[ReceiptFinding, ...] = ()


class DayOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The receipts of one account's day. ``reference`` is our number of the order at the bank."""

    account: str
    day: date
    state: OrderState = OrderState.PLANNED
    due: datetime | None = None
    """When to go on; None when nothing more is to be done."""
    reference: str = ""
    orders: int = 0
    asks: int = 0
    """Questions since the last thing that was new."""
    nones: int = 0
    exists: bool = False
    """The bank refused the order because there is one."""
    ordered_at: datetime | None = None
    bank_reference: str = ""
    expires_on: date | None = None
    files: tuple[ListedFile, ...] = ()
    findings: tuple[ReceiptFinding, ...] = ()
    verdict: str = ""
    lines: int = 0
    """How many booked lines the receipts were compared with."""


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """A day's receipts beside its booked lines. Keys are the bank's own of a line."""

    verdict: Completeness
    lines: int
    receipts: int
    unkeyed: int = 0
    missing: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()


# ── from one state to the next ────────────────────────────────────────────────────────────


def leaving(it: DayOrder, number: str, now: datetime) -> DayOrder:
    """The order is about to leave, under the number it has or else under ``number``."""
    return replace(
        it,
        state=OrderState.SENDING,
        reference=it.reference or number,
        orders=it.orders if it.reference else it.orders + 1,
        ordered_at=now,
        due=now + ASK_AFTER,
        nones=0,
        findings=(),
    )


def not_sent(it: DayOrder, now: datetime) -> DayOrder:
    """Certainly nothing left: it may be tried again soon."""
    return replace(it, state=OrderState.PLANNED, due=now + NOT_SENT_REST)


def in_doubt(it: DayOrder, now: datetime, code: str) -> DayOrder:
    """No answer, or one that says nothing of the order: where it stood it stands."""
    return _later(replace(it, findings=(ReceiptFinding(code="in_doubt", name=code),)), now)


def ordered(it: DayOrder, word: TaskState, now: datetime) -> DayOrder:
    """What the bank answered to the order itself."""
    match word:
        case TaskState.NEW | TaskState.RUNNING | TaskState.DONE:
            return replace(it, state=OrderState.WAITING, due=now + ASK_AFTER, asks=0)
        case TaskState.FAILED:
            return _failed(it, now)
        case TaskState.EXISTS:
            # Perhaps under this very number, by an attempt whose answer was lost: ask.
            return replace(it, exists=True, due=now + ASK_AFTER)
    return in_doubt(it, now, word.value)


def asked(it: DayOrder, word: TaskState, files: Iterable[ListedFile], now: datetime) -> DayOrder:
    """What the bank said of the order when it was asked, with all the files it named."""
    match word:
        case TaskState.NEW | TaskState.RUNNING:
            return _later(replace(it, state=OrderState.WAITING, nones=0, findings=()), now)
        case TaskState.DONE:
            known = {one.id: one for one in it.files}
            listed = tuple(known.get(one.id, one) for one in files)
            return replace(
                it, state=OrderState.FETCHING, files=listed, nones=0, findings=(), due=now
            )
        case TaskState.FAILED:
            return _failed(it, now)
        case TaskState.NONE:
            return _unknown_there(it, now)
    return in_doubt(it, now, word.value)


def _unknown_there(it: DayOrder, now: datetime) -> DayOrder:
    counted = replace(it, nones=it.nones + 1)
    if it.state not in {OrderState.SENDING, OrderState.WAITING} or counted.nones < NONES_MIN:
        return in_doubt(counted, now, TaskState.NONE.value)
    if it.exists:
        finding = ReceiptFinding(code="ordered_elsewhere")
        return replace(counted, state=OrderState.ELSEWHERE, due=None, findings=(finding,))
    # The same number once more: should the first order arrive late, the bank refuses the second.
    return replace(_later(counted, now), state=OrderState.PLANNED, findings=())


def _failed(it: DayOrder, now: datetime) -> DayOrder:
    finding = (ReceiptFinding(code="task_failed", name=it.reference),)
    if it.orders >= ORDERS_MAX:
        return replace(it, state=OrderState.FAILED, due=None, findings=finding)
    return replace(
        it,
        state=OrderState.PLANNED,
        reference="",
        exists=False,
        asks=0,
        due=now + AGAIN_AFTER,
        findings=finding,
    )


def fetched(it: DayOrder, file: ListedFile) -> DayOrder:
    """A file was tried: this is what became of it."""
    return replace(it, files=tuple(file if one.id == file.id else one for one in it.files))


def all_findings(it: DayOrder) -> tuple[ReceiptFinding, ...]:
    """What is wrong with the order, and with each of its files."""
    return it.findings + tuple(found for one in it.files for found in one.findings)


def still_wanted(it: DayOrder) -> tuple[ListedFile, ...]:
    """The files that are yet to be fetched."""
    return tuple(one for one in it.files if not one.fetched and one.tries < TRIES_MAX)


def compared(it: DayOrder, told: Compared, now: datetime) -> DayOrder:
    """Every file was tried: what is lacking is asked about again, while the bank has anything."""
    it = replace(it, lines=told.lines)
    lost = [one for one in it.files if not one.fetched]
    gone = it.expires_on is not None and now.date() > it.expires_on
    state = OrderState.DONE
    if lost:
        state = OrderState.EXPIRED if gone else OrderState.FETCHING
    whole = told.verdict is Completeness.COMPLETE and not lost
    # While the lines are not proven, time may prove them; what is lacking, only the bank's files.
    ends = whole or (gone and told.verdict is not Completeness.UNPROVEN)
    if ends:
        return replace(it, state=state, verdict=told.verdict.value, due=None)
    rested = replace(it, state=state, verdict=told.verdict.value, asks=it.asks + 1)
    return replace(rested, due=now + AGAIN_AFTER * 2 ** min(it.asks, _DOUBLINGS_MAX))


def kept_up(it: DayOrder, now: datetime) -> DayOrder:
    """The same, or given up once its day is too long ago."""
    if it.due is None or now.date() - it.day <= KEPT_UP:
        return it
    finding = ReceiptFinding(code="given_up", name=it.state.value)
    state = OrderState.DONE if it.state is OrderState.DONE else OrderState.GIVEN_UP
    return replace(it, state=state, due=None, findings=(*it.findings, finding))


def _later(it: DayOrder, now: datetime) -> DayOrder:
    return replace(it, asks=it.asks + 1, due=now + ASK_AFTER * 2 ** min(it.asks, _DOUBLINGS_MAX))


# ── completeness ──────────────────────────────────────────────────────────────────────────


def compare(keys: Sequence[str], papers: Iterable[str], *, proven: bool) -> Compared:
    """Booked lines' keys ('' where a line has none) beside the keys that receipts are named by.

    Several receipts of one name are one line's: a bank may make a paper anew.
    """
    found = Counter(set(papers))
    lines = Counter(key for key in keys if key)
    unkeyed = len(keys) - lines.total()
    missing, surplus = lines - found, found - lines
    verdict = Completeness.COMPLETE
    if not proven:
        verdict = Completeness.UNPROVEN
    elif unkeyed:
        verdict = Completeness.UNKEYED
    elif missing or surplus:
        verdict = Completeness.INCOMPLETE
    return Compared(
        verdict=verdict,
        lines=len(keys),
        receipts=found.total(),
        unkeyed=unkeyed,
        missing=tuple(sorted(missing.elements())),
        surplus=tuple(sorted(surplus.elements())),
    )
