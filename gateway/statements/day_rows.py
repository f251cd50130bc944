"""The rows of days: whose lines are of record, what balances were stated, how complete each is.

Rule kept here: a day is judged anew whenever a line or a balance of it, or of a day it leans on,
is new; a judgement leans only on what imports that are done have brought.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    String,
    bindparam,
    func,
    select,
    update,
)

from gateway.domain.day import days_between
from gateway.domain.day_proof import DayFacts, DayProof, DayState, prove
from gateway.statements.import_rows import spans_of
from gateway.statements.line_rows import DaySum, let_pending_go, sums
from gateway.statements.spans import borders
from gateway.store import tables
from gateway.store.prepared import prepare
from gateway.store.uow import Uow

OPENING, CLOSING = "opening", "closing"
SPAN_MAX: Final = 4_000
"""Longest period of one statement, in days."""
_KEPT: Final = "kept"
_DAY: Final = timedelta(days=1)
_d, _b = tables.statement_day, tables.statement_balance
_OF: Final = (
    _d.c.tenant == bindparam("of_tenant"),
    _d.c.account == bindparam("of_account"),
)
_SPAN: Final = (*_OF, _d.c.day >= bindparam("of_first"), _d.c.day <= bindparam("of_last"))
_DAYS: Final = prepare(select(_d).where(*_SPAN).order_by(_d.c.day))
_ANCHOR: Final = prepare(
    select(func.max(_d.c.day).label("day")).where(
        *_OF,
        _d.c.day < bindparam("of_first"),
        _d.c.state.in_((DayState.PROVEN.value, DayState.QUIET.value)),
        _d.c.closing_minor.is_not(None),
    )
)
_LAST: Final = prepare(select(func.max(_d.c.day).label("day")).where(*_OF))
_READ: Final = prepare(
    update(_d)
    .where(*_OF, _d.c.day == bindparam("of_day"))
    .values(
        source=bindparam("new_source", type_=String()),
        whole=bindparam("new_whole", type_=Integer()),
    )
)
_JUDGED: Final = prepare(
    update(_d)
    .where(*_OF, _d.c.day == bindparam("of_day"))
    .values(
        state=bindparam("new_state", type_=String()),
        why=bindparam("new_why", type_=String()),
        entries=bindparam("new_entries", type_=Integer()),
        credit_minor=bindparam("new_credit", type_=BigInteger()),
        debit_minor=bindparam("new_debit", type_=BigInteger()),
        opening_minor=bindparam("new_opening", type_=BigInteger()),
        closing_minor=bindparam("new_closing", type_=BigInteger()),
        judged_us=bindparam("at_us", type_=BigInteger()),
    )
)
_BALANCES: Final = prepare(
    select(_b.c.day, _b.c.use, _b.c.source, _b.c.amount_minor).where(
        _b.c.tenant == bindparam("of_tenant"),
        _b.c.account == bindparam("of_account"),
        _b.c.day >= bindparam("of_first"),
        _b.c.day <= bindparam("of_last"),
    )
)
_RESTATED: Final = prepare(
    update(_b)
    .where(
        _b.c.tenant == bindparam("of_tenant"),
        _b.c.account == bindparam("of_account"),
        _b.c.day == bindparam("of_day"),
        _b.c.use == bindparam("of_use"),
        _b.c.source == bindparam("of_source"),
    )
    .values(
        amount_minor=bindparam("new_minor", type_=BigInteger()),
        import_id=bindparam("new_import", type_=String()),
        at_us=bindparam("at_us", type_=BigInteger()),
    )
)
_ASKED: Final = prepare(
    update(_d)
    .where(*_OF, _d.c.day == bindparam("of_day"))
    .values(asked=_d.c.asked + 1, asked_us=bindparam("at_us", type_=BigInteger()))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """One account's days in one transaction. ``at_us`` is when, ``today`` is not over yet."""

    tenant: str
    account: str
    today: date
    at_us: int

    def guard(self, uow: Uow) -> None:
        """One at a time, in whatever process."""
        uow.guard(guard_of(self.tenant, self.account))

    def of(self, **more: object) -> dict[str, object]:
        """What names the account's rows in a statement."""
        return {"of_tenant": self.tenant, "of_account": self.account, **more}

    def sources(self, uow: Uow, days: tuple[date, date]) -> dict[date, str]:
        """By day, whose lines are of record; a day without any is nobody's yet."""
        return {
            date.fromisoformat(row.day): row.source
            for row in uow.rows(_DAYS, self._span(days))
            if row.source and row.entries
        }

    def read(
        self, uow: Uow, days: Sequence[date], *, source: str, whole: tuple[date, date] | None
    ) -> None:
        """Days that were read from a source; those of the period ``whole``, all of it."""
        wanted = set(days)
        if whole is not None:
            wanted.update(days_between(*whole))
        if not wanted:
            return
        span = self._span((min(wanted), max(wanted)))
        known = {date.fromisoformat(row.day): row for row in uow.rows(_DAYS, span)}
        uow.add(
            _d,
            *(
                self._new(day, source=source, whole=int(whole is not None and _in(day, whole)))
                for day in sorted(wanted - known.keys())
            ),
        )
        changed = [
            self.of(
                of_day=day.isoformat(),
                # A day that nobody has brought a line of is whose next reads it.
                new_source=row.source if row.source and row.entries else source,
                new_whole=int(bool(row.whole) or (whole is not None and _in(day, whole))),
            )
            for day, row in known.items()
            if day in wanted
        ]
        if changed:
            uow.change(_READ, changed)

    def stated(  # noqa: PLR0913 - by keyword: what makes a stated balance
        self, uow: Uow, day: date, *, use: str, source: str, minor: int, import_id: str = ""
    ) -> bool:
        """Keep a balance that was stated. False when the same source stated another before."""
        place = self.of(of_day=day.isoformat(), of_use=use, of_source=source)
        before = [
            row.amount_minor
            for row in uow.rows(_BALANCES, self._span((day, day)))
            if (row.use, row.source) == (use, source)
        ]
        if before:
            uow.change(
                _RESTATED,
                place | {"new_minor": minor, "new_import": import_id, "at_us": self.at_us},
            )
            return before == [minor]
        uow.add(
            _b,
            {
                "tenant": self.tenant,
                "account": self.account,
                "day": day.isoformat(),
                "use": use,
                "source": source,
                "amount_minor": minor,
                "import_id": import_id,
                "at_us": self.at_us,
            },
        )
        return True

    def asked(self, uow: Uow, days: Sequence[date]) -> None:
        """The bank was asked for these days alone."""
        if days:
            uow.change(_ASKED, [self.of(of_day=day.isoformat(), at_us=self.at_us) for day in days])

    def judge(self, uow: Uow, first: date) -> list[DayProof]:
        """Judge the days from ``first`` on, and before it as far as they lean on each other."""
        anchor, last = self._borders(uow, first)
        if last is None:
            return []
        span = (anchor or first, last)
        rows = {date.fromisoformat(row.day): row for row in uow.rows(_DAYS, self._span(span))}
        moved = sums(uow, self.tenant, self.account, span)
        proofs = prove(self._facts(uow, rows, moved, span, anchor), self.today)
        unknown = [it.day for it in proofs if it.day not in rows]
        uow.add(_d, *(self._new(day, source="", whole=0) for day in unknown))
        changed = [
            self._judged(proof, moved.get(proof.day, DaySum()))
            for proof in proofs
            if proof.day != anchor and not _same(rows.get(proof.day), proof, moved)
        ]
        if changed:
            uow.change(_JUDGED, changed)
        let_pending_go(
            uow,
            self.tenant,
            self.account,
            [it.day for it in proofs if it.state is DayState.PROVEN and it.day != anchor],
        )
        return [it for it in proofs if it.day != anchor]

    def _borders(self, uow: Uow, first: date) -> tuple[date | None, date | None]:
        (row,) = uow.rows(_ANCHOR, self.of(of_first=first.isoformat()))
        (end,) = uow.rows(_LAST, self.of())
        return (
            date.fromisoformat(row.day) if row.day else None,
            date.fromisoformat(end.day) if end.day else None,
        )

    def _facts(
        self,
        uow: Uow,
        rows: Mapping[date, Any],
        moved: Mapping[date, DaySum],
        span: tuple[date, date],
        anchor: date | None,
    ) -> dict[date, DayFacts]:
        kept = {day: it.entries for day, it in moved.items()}
        openings, closings = borders(spans_of(uow, self.tenant, self.account, span), kept)
        for row in uow.rows(_BALANCES, self._span(span)):
            told = openings if row.use == OPENING else closings
            told.setdefault(date.fromisoformat(row.day), {})[row.source] = row.amount_minor
        facts = {
            day: DayFacts(
                moved=moved.get(day, DaySum()).moved,
                entries=moved.get(day, DaySum()).entries,
                read=bool(row.whole),
                openings=openings.get(day, {}),
                closings=closings.get(day, {}),
            )
            for day, row in rows.items()
        }
        if anchor is not None and rows[anchor].closing_minor is not None:
            facts[anchor] = DayFacts(read=True, closings={_KEPT: int(rows[anchor].closing_minor)})
        return facts

    def _judged(self, proof: DayProof, told: DaySum) -> dict[str, object]:
        return self.of(
            of_day=proof.day.isoformat(),
            new_state=proof.state.value,
            new_why=proof.why,
            new_entries=told.entries,
            new_credit=told.credit,
            new_debit=told.debit,
            new_opening=proof.opening,
            new_closing=proof.closing,
            at_us=self.at_us,
        )

    def _new(self, day: date, *, source: str, whole: int) -> dict[str, object]:
        state = DayState.OPEN if day >= self.today else DayState.MISSING
        return {
            "tenant": self.tenant,
            "account": self.account,
            "day": day.isoformat(),
            "state": state.value,
            "source": source,
            "whole": whole,
            "judged_us": self.at_us,
        }

    def _span(self, days: tuple[date, date]) -> dict[str, object]:
        return self.of(of_first=days[0].isoformat(), of_last=days[1].isoformat())


def guard_of(tenant: str, account: str) -> str:
    """The guard under which the lines and days of an account change."""
    return f"statement:{tenant}:{account}"


def days_of(
    db: Connection | Uow, tenant: str, account: str, days: tuple[date, date]
) -> Sequence[Any]:
    """The kept days of an account, in order."""
    values = {
        "of_tenant": tenant,
        "of_account": account,
        "of_first": days[0].isoformat(),
        "of_last": days[1].isoformat(),
    }
    return db.rows(_DAYS, values) if isinstance(db, Uow) else _DAYS.rows(db, values)


def _same(row: Any, proof: DayProof, moved: Mapping[date, DaySum]) -> bool:  # noqa: ANN401 - a row
    told = moved.get(proof.day, DaySum())
    return row is not None and (
        row.state,
        row.why,
        row.opening_minor,
        row.closing_minor,
        row.entries,
        row.credit_minor,
        row.debit_minor,
    ) == (
        proof.state.value,
        proof.why,
        proof.opening,
        proof.closing,
        told.entries,
        told.credit,
        told.debit,
    )


def _in(day: date, span: tuple[date, date]) -> bool:
    return span[0] <= day <= span[1]
