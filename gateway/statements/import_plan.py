"""What is done with each statement of a file: whose it is, and which of its lines may be new.

Rule kept here: each day's lines come from one source. Another source is compared with it, and a
difference is told, because the same line has other words in another format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection

from gateway.domain.bank_file import BalanceRead, EntryRead, Finding, Gravity, StatementStart
from gateway.domain.errors import WireError
from gateway.domain.exact import SCALE_MAX
from gateway.domain.money import MoneyFormatError, currency
from gateway.ports.statement_formats import Part
from gateway.ports.tenancy import OwnAccount, Tenant
from gateway.statements import import_rows
from gateway.statements.day_rows import days_of
from gateway.statements.lines import Lines
from gateway.statements.placing import OPEN, Marks, Place, place
from gateway.statements.spans import Span, Standing
from gateway.statements.survey import Survey, Surveyed
from gateway.store.uow import Uow
from gateway.wire.reasons import words

CHUNK: Final = 1_000
"""Lines that are staged in one transaction: others wait no longer than it takes."""


@dataclass(slots=True, kw_only=True)
class Planned:
    """One statement of the file. ``account`` None: it is none of ours."""

    surveyed: Surveyed
    account: OwnAccount | None
    span: Span | None = None
    place: Place = OPEN
    by_place: bool = False
    """Its new lines are those that no kept statement covers, whatever their words."""
    elsewhere: frozenset[date] = frozenset()
    """Days whose lines another source has brought."""

    @property
    def kept(self) -> bool:
        """Whether any of its lines can be new."""
        return self.account is not None and self.place.standing is not Standing.SAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Rows of one account to stage at once. ``another`` gives twins of new lines their keys.

    ``at`` is the statement's place in the file.
    """

    at: int

    account: str
    rows: list[dict[str, object]]
    another: Callable[[str], str] | None


@dataclass(slots=True, kw_only=True)
class Plan:
    """All statements of the file, and everything found in it. ``source`` is its format's family."""

    source: str
    marks: Mapping[int, Marks]
    survey: Survey
    planned: list[Planned]
    findings: list[Finding]

    @property
    def ours(self) -> list[tuple[Planned, OwnAccount, Span]]:
        """The statements of our accounts that speak of any day."""
        return [
            (it, it.account, it.span)
            for it in self.planned
            if it.account is not None and it.span is not None
        ]

    def stands_as(self, other: Plan) -> bool:
        """Whether the lines to be kept are the same by both: nothing came between them."""
        return [(it.place, it.elsewhere) for it in self.planned] == [
            (it.place, it.elsewhere) for it in other.planned
        ]

    @property
    def asks(self) -> dict[int, tuple[Span, str, frozenset[int]]]:
        """By place in the file, the statements in which the places of balances would say more."""
        return {
            at: (it.span, it.account.currency, it.place.asks)
            for at, it in enumerate(self.planned)
            if it.span is not None and it.account is not None and it.place.asks
        }

    def misplaced(self, added: Mapping[int, int]) -> list[int]:
        """Statements of which other lines were new than their places say, by place in the file."""
        return [
            at
            for at, it in enumerate(self.planned)
            if it.kept
            and it.span is not None
            # Lines that are not booked lie between no balances.
            and it.surveyed.entries == it.span.entries
            and not it.by_place
            and not it.elsewhere
            and it.place.new is not None
            and it.place.standing is not Standing.ANEW
            and added.get(at, 0) != it.place.new
        ]


def plan(
    db: Connection | Uow,
    tenant: Tenant,
    found: Survey,
    source: str,
    marks: Mapping[int, Marks] | None = None,
) -> Plan:
    """Look at what is kept already. ``marks`` answers what an earlier plan asked."""
    findings = found.findings()
    planned: list[Planned] = []
    before: list[Span] = []
    for at, surveyed in enumerate(found.statements):
        account = own_account(tenant, surveyed.account)
        if account is None:
            findings.append(_foreign(surveyed))
        it = Planned(surveyed=surveyed, account=account)
        planned.append(it)
        if account is None or surveyed.first is None or surveyed.last is None:
            continue
        span = it.span = _span(surveyed, account, (surveyed.first, surveyed.last))
        kept = import_rows.spans_of(db, tenant.id, account.number, (span.last, span.last))
        alike = [one for by, one in kept if by == source]
        alike += [one for one in before if _touches(one, span)]
        days = days_of(db, tenant.id, account.number, (span.first, span.last))
        it.place = place(span, alike, (marks or {}).get(at, {}), _lines_of(days, span, source))
        before.append(span)
        others = [row for row in days if row.source and row.source != source and row.entries]
        it.elsewhere = frozenset(date.fromisoformat(row.day) for row in others)
        if it.kept:
            findings += _compared(surveyed, others, account)
    return Plan(source=source, marks=marks or {}, survey=found, planned=planned, findings=findings)


def pieces(parts: Iterable[Part], of: Plan, lines: Callable[[str], Lines]) -> Iterator[Piece]:
    """The rows of a file's second reading. Raises LineNotKept for a line that cannot be one."""
    if not any(it.kept for it in of.planned):
        return  # no line is new: a second reading would tell nothing
    places = iter(of.survey.places)
    last, piece = -1, _Open()
    for part in parts:
        if isinstance(part, StatementStart):
            place = next(places)
            if place != last:
                yield from piece.taken()
                last = place
                piece = _begun(place, of.planned[place], lines)
        elif isinstance(part, EntryRead):
            piece.add(part)
            if piece.full:
                yield from piece.taken()
    yield from piece.taken()


@dataclass(slots=True, kw_only=True)
class _Open:
    """Rows that wait to be staged."""

    at: int = -1
    planned: Planned | None = None
    lines: Lines | None = None
    rows: list[dict[str, object]] = field(default_factory=list)
    seen: int = 0

    @property
    def full(self) -> bool:
        return len(self.rows) >= CHUNK

    def add(self, entry: EntryRead) -> None:
        if self.planned is None or self.lines is None:
            return
        row = self.lines.row(entry, self.planned.surveyed.last)
        self.seen += 1
        if date.fromisoformat(str(row["day"])) in self.planned.elsewhere:
            return
        if self.planned.by_place and any(
            low < self.seen <= high for low, high in self.planned.place.told
        ):
            return  # a kept statement covers it
        self.rows.append(row)

    def taken(self) -> Iterator[Piece]:
        if self.planned is None or self.lines is None or not self.rows:
            return
        rows, self.rows = self.rows, []
        anew = self.planned.by_place or self.planned.place.standing is Standing.ANEW
        yield Piece(
            at=self.at,
            account=self.lines.account,
            rows=rows,
            another=self.lines.next_key if anew else None,
        )
        self.lines.piece()


def _begun(at: int, planned: Planned, lines: Callable[[str], Lines]) -> _Open:
    if planned.account is None or not planned.kept:
        return _Open()
    of_account = lines(planned.account.number)
    of_account.apart()
    return _Open(at=at, planned=planned, lines=of_account)


def own_account(tenant: Tenant, told: str) -> OwnAccount | None:
    """The account of ours that a file names, written with or without spaces, bank or currency."""
    plain = "".join(told.split()).upper()
    for number in (plain, plain.rpartition("/")[2], plain[:-3] if plain[-3:].isalpha() else ""):
        if number in tenant.accounts:
            return tenant.accounts[number]
    return None


def minor_of(stated: BalanceRead | None, account: OwnAccount) -> int | None:
    """A stated balance in minor units; None where there is none of the account's currency."""
    if stated is None or (stated.currency or account.currency) != account.currency:
        return None
    try:
        return stated.amount.at(currency(account.currency).digits)
    except MoneyFormatError:
        return None


def _span(it: Surveyed, account: OwnAccount, days: tuple[date, date]) -> Span:
    return Span(
        account=account.number,
        first=days[0],
        last=days[1],
        statement_id=it.statement_id,
        entries=sum(number for number, _ in it.by_day.values()),
        opening=minor_of(it.opening, account),
        closing=minor_of(it.closing, account),
    )


def _lines_of(days: Sequence[Any], it: Span, source: str) -> int:
    """How many booked lines of its last day a source has brought."""
    last = it.last.isoformat()
    return sum(row.entries for row in days if (row.day, row.source) == (last, source))


def _touches(one: Span, other: Span) -> bool:
    """Whether a statement tells of the last day of another one of its account."""
    return one.account == other.account and one.first <= other.last <= one.last


def _compared(surveyed: Surveyed, days: Sequence[Any], account: OwnAccount) -> Iterator[Finding]:
    """What another source's days say against this one's."""
    digits = currency(account.currency).digits
    for row in days:
        count, units = surveyed.by_day.get(date.fromisoformat(row.day), (0, 0))
        moved = (row.credit_minor - row.debit_minor) * 10 ** (SCALE_MAX - digits)
        if (count, units) == (row.entries, moved):
            yield Finding(
                code="other_source",
                zh=f"{row.day} 的明细已由 {row.source} 取得，本文件与之相符，未重复入账",
                en=f"the lines of {row.day} came from {row.source} already; "
                "this file agrees and adds none",
                line=surveyed.line,
                gravity=Gravity.NOTE,
            )
        else:
            yield Finding(
                code="other_source_differs",
                zh=f"{row.day} 的明细已由 {row.source} 取得，"
                "本文件的笔数或合计与之不符，未入账，请核对",
                en=f"the lines of {row.day} came from {row.source} already and this file has "
                "another number or sum: nothing was added, a person must look",
                line=surveyed.line,
            )


def _foreign(it: Surveyed) -> Finding:
    tail = it.account[-4:]
    return Finding(
        code="account_unknown",
        zh=f"账号（尾号 {tail}）不在本租户配置中，该对账单未导入",
        en=f"the account (ending {tail}) is none of this tenant's: the statement was not imported",
        line=it.line,
    )


def nothing() -> Finding:
    """A file without a single statement."""
    return Finding(code="nothing", zh="文件中没有对账单", en="there is no statement in the file")


def unreadable(error: WireError) -> Finding:
    """Why a file could not be read to its end."""
    zh, en = words(error.reason)
    return Finding(
        code=f"unreadable_{error.reason}",
        zh=f"{zh}，整份未导入",
        en=f"{en}; nothing of it was imported",
        path=error.path,
        line=error.line or 0,
        gravity=Gravity.CONTRADICTION,
    )
