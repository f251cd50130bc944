"""What a statement file brings, found by reading it once before anything of it is stored.

Rule kept here: a file that contradicts itself is known as such before its first line is kept.
Pages of one statement are one statement.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from gateway.domain.bank_file import (
    BalanceRead,
    EntryRead,
    Finding,
    Gravity,
    StatementEnd,
    StatementStart,
)
from gateway.domain.exact import SCALE_MAX
from gateway.domain.statement import Continuity, EntryStatus
from gateway.ports.statement_formats import Part

FINDINGS_MAX: Final = 1_000
"""Most findings that are kept of one file; their number is told."""


@dataclass(slots=True, kw_only=True)
class Surveyed:
    """One statement: whose, which days, what it states. ``line`` is where it begins."""

    account: str
    currency: str
    format: str
    statement_id: str = ""
    line: int = 0
    start: date | None = None
    end: date | None = None
    opening: BalanceRead | None = None
    closing: BalanceRead | None = None
    continuity: Continuity = Continuity.UNKNOWN
    entries: int = 0
    by_day: dict[date, list[int]] = field(default_factory=dict)
    """By day of booking: how many, and the sum in units of 10^-9."""
    findings: list[Finding] = field(default_factory=list)

    @property
    def contradicts(self) -> bool:
        """Whether it contradicts itself."""
        return self.continuity is Continuity.BROKEN or any(
            it.gravity is Gravity.CONTRADICTION for it in self.findings
        )

    @property
    def first(self) -> date | None:
        """The first day that it speaks of."""
        told = [it for it in (self.start, min(self.by_day, default=None)) if it is not None]
        if not told and self.closing is not None:
            return self.closing.day
        return min(told, default=None)

    @property
    def last(self) -> date | None:
        """The last day that it speaks of: that of its closing balance, where it names one."""
        if self.closing is not None and self.closing.day is not None:
            return self.closing.day
        told = [it for it in (self.end, max(self.by_day, default=None)) if it is not None]
        return max(told, default=None)


@dataclass(slots=True, kw_only=True)
class Survey:
    """All statements of a file, in its order."""

    statements: list[Surveyed] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    """For each start in the file, which statement it belongs to: pages share one."""

    @property
    def contradicts(self) -> bool:
        """Whether any of them contradicts itself."""
        return any(it.contradicts for it in self.statements)

    @property
    def entries(self) -> int:
        """How many lines the file has."""
        return sum(it.entries for it in self.statements)

    def findings(self) -> list[Finding]:
        """Everything found, the gravest first kept where there is too much."""
        found = [one for it in self.statements for one in it.findings]
        if len(found) <= FINDINGS_MAX:
            return found
        order = list(Gravity)
        worst = sorted(found, key=lambda it: -order.index(it.gravity))[: FINDINGS_MAX - 1]
        more = Finding(
            code="more",
            zh=f"另有 {len(found) - len(worst)} 条提示未列出",
            en=f"{len(found) - len(worst)} more findings are not listed",
            gravity=Gravity.NOTE,
        )
        return [*worst, more]


def survey(parts: Iterable[Part]) -> Survey:
    """Read everything once. Raises WireError as the reader does."""
    found = Survey()
    it: Surveyed | None = None
    for part in parts:
        if isinstance(part, EntryRead):
            if it is not None:
                _add(it, part)
        elif isinstance(part, StatementStart):
            it = _opened(found, part)
            found.places.append(len(found.statements) - 1)
        elif it is not None:
            _close(it, part)
    return found


def _opened(found: Survey, start: StatementStart) -> Surveyed:
    before = found.statements[-1] if found.statements else None
    follows = (
        before is not None
        and start.page > 1
        and before.account == start.account
        and before.statement_id == start.statement_id
    )
    if before is not None and follows:
        before.end = max((it for it in (before.end, start.end) if it), default=None)
        return before
    it = Surveyed(
        account=start.account,
        currency=start.currency,
        format=start.format,
        statement_id=start.statement_id,
        line=start.line,
        start=start.start,
        end=start.end,
    )
    found.statements.append(it)
    return it


def _add(it: Surveyed, entry: EntryRead) -> None:
    it.entries += 1
    if entry.status is not EntryStatus.BOOKED:
        return
    day = entry.booking_date or (entry.booked_at.date() if entry.booked_at else entry.value_date)
    day = day or it.end
    if day is not None:
        told = it.by_day.setdefault(day, [0, 0])
        told[0] += 1
        told[1] += entry.amount.at(SCALE_MAX)


def _close(it: Surveyed, end: StatementEnd) -> None:
    it.account = it.account or end.account
    it.currency = it.currency or end.currency
    it.start = it.start or end.start
    it.end = it.end or end.end
    if it.opening is None:
        it.opening = end.opening
    it.closing = end.closing or it.closing
    verdicts = {it.continuity, end.continuity} - {Continuity.UNKNOWN}
    it.continuity = (
        Continuity.BROKEN
        if Continuity.BROKEN in verdicts
        else next(iter(verdicts), Continuity.UNKNOWN)
    )
    it.findings.extend(end.findings)
