"""A bank's own answer about one day of an account, kept like a statement file of one day.

Rule kept here: lines, balances and the judgement of the day are one commit; an answer that brings
nothing new leaves no import behind. Where a file is the source of a day, an answer only states
balances.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from gateway.domain.day_proof import DayProof
from gateway.domain.money import Money, currency
from gateway.domain.statement import StatementPage, running_breaks
from gateway.ports.bank_batch import DayBalance
from gateway.ports.tenancy import OwnAccount
from gateway.schedule.soon import reconcile_soon
from gateway.statements import import_rows
from gateway.statements.day_rows import CLOSING, OPENING, Book
from gateway.statements.import_rows import Import
from gateway.statements.line_rows import IMPORTED, drop_staged, put_lines, replace_pending
from gateway.statements.lines import Lines, read_of
from gateway.store.instants import to_us
from gateway.store.uow import Uow

BANK: Final = "bank"
"""Source of what the bank answered itself."""
RUNNING: Final = "bank-lines"
"""Who states what the balances after each line say."""
DAY_END: Final = "bank-day-end"
"""Who states the day-end balances (历史余额)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayAnswer:
    """All pages of one day. ``asked_at`` is when they were asked for."""

    tenant: str
    account: OwnAccount
    day: date
    asked_at: datetime
    pages: Sequence[StatementPage]
    import_id: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayEnds:
    """Day-end balances of days from ``first`` on, and of the day before it."""

    tenant: str
    account: OwnAccount
    first: date
    ends: Sequence[DayBalance]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayKept:
    """What came of it."""

    added: int
    changed: int
    proofs: Sequence[DayProof]


def keep_answer(uow: Uow, answer: DayAnswer, now: datetime) -> DayKept:
    """Keep what is new, state what the running balances say, judge the day.

    Raises LineNotKept for a line that cannot be kept.
    """
    number, tenant, day = answer.account.number, answer.tenant, answer.day
    book = _book(tenant, number, now)
    book.guard(uow)
    ours = book.sources(uow, (day, day)).get(day, BANK) == BANK
    added = changed = 0
    if ours:
        rows = _rows(answer)
        if rows:
            drop_staged(uow, tenant, number, day)
        added = put_lines(uow, tenant, number, rows) if rows else 0
        if added:
            changed = replace_pending(uow, tenant, number, answer.import_id)
            import_rows.add(uow, _import(answer, len(rows), added - changed, changed, now))
            reconcile_soon(uow, tenant, [number], to_us(now))
    whole = (day, day) if day < answer.asked_at.date() else None
    book.read(uow, [day], source=BANK, whole=whole)
    balances = _running(answer)
    if balances is not None:
        for use, stated in ((OPENING, balances[0]), (CLOSING, balances[1])):
            book.stated(uow, day, use=use, source=RUNNING, minor=stated.minor)
    book.asked(uow, [day])
    return DayKept(added=added - changed, changed=changed, proofs=book.judge(uow, day))


def keep_day_ends(uow: Uow, answer: DayEnds, now: datetime) -> Sequence[DayProof]:
    """Keep day-end balances and judge the days anew.

    Of a day before the first, only how the day after it begins is kept: nothing else is known.
    """
    book = _book(answer.tenant, answer.account.number, now)
    book.guard(uow)
    for end in answer.ends:
        asked = end.day >= answer.first
        book.stated(
            uow,
            end.day if asked else end.day + timedelta(days=1),
            use=CLOSING if asked else OPENING,
            source=DAY_END,
            minor=end.closing.minor,
        )
    return book.judge(uow, answer.first)


def _book(tenant: str, account: str, now: datetime) -> Book:
    return Book(tenant=tenant, account=account, today=now.date(), at_us=to_us(now))


def _rows(answer: DayAnswer) -> list[dict[str, object]]:
    unit = currency(answer.account.currency)
    lines = Lines(
        tenant=answer.tenant,
        account=answer.account.number,
        import_id=answer.import_id,
        first_seen_us=to_us(answer.asked_at),
    )
    listed = [entry for page in answer.pages for entry in page.entries]
    return [lines.row(entry, answer.day) for entry in read_of(listed, unit)]


def _running(answer: DayAnswer) -> tuple[Money, Money] | None:
    """What the balances after each line say of the day; None where they do not say it all."""
    listed = [entry for page in answer.pages for entry in page.entries]
    after = [entry.balance_after for entry in listed if entry.balance_after is not None]
    if not listed or len(after) != len(listed) or running_breaks(listed):
        return None
    return after[0] - listed[0].amount, after[-1]


def _import(answer: DayAnswer, lines: int, added: int, changed: int, now: datetime) -> Import:
    told = f"{answer.account.number}\x1f{answer.day.isoformat()}\x1f{answer.import_id}"
    return Import(
        tenant=answer.tenant,
        id=answer.import_id,
        source=BANK,
        format=BANK,
        name="",
        digest=hashlib.sha256(told.encode()).hexdigest(),
        actor=answer.actor,
        begun=answer.asked_at,
        statements=1,
        entries=lines,
    ).ended(IMPORTED, added=added, changed=changed, findings=(), at=now)
