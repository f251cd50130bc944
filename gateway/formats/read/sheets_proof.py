"""Whether a table's running balances and totals agree with its lines.

Rule kept here: balances that follow each other line by line prove a statement; one place where
they do not is a line that is missing, many are a table in another order.
"""

from __future__ import annotations

from typing import Final

from gateway.domain.bank_file import BalanceRead, BalanceUse, EntryRead, Finding, Gravity
from gateway.domain.exact import SCALE_MAX, Exact
from gateway.domain.statement import Continuity, EntryStatus
from gateway.formats.proof import Proof

RUNNING: Final = "running"


class Running:
    """Follows the balances behind each line, for tables that begin or end with the oldest one."""

    __slots__ = (
        *("_before", "_currency", "_down", "_first", "_gap", "_last", "_lines", "_mixed", "_up"),
        *("_whole",),
    )

    def __init__(self) -> None:
        self._first: EntryRead | None = None
        self._last: EntryRead | None = None
        self._whole = True
        self._mixed = False
        self._up = self._down = self._lines = 0
        self._gap = {"up": 0, "down": 0}

    def add(self, entry: EntryRead) -> None:
        """Take the next line."""
        if entry.status is not EntryStatus.BOOKED:
            # A line that could not be read, and moved the balance all the same.
            self._whole = self._whole and entry.balance_after is None
            return
        if entry.balance_after is None:
            self._whole = False
            return
        last = self._last
        if last is not None and last.balance_after is not None:
            self._mixed = self._mixed or last.currency != entry.currency
            if _nano(last.balance_after) + _nano(entry.amount) != _nano(entry.balance_after):
                self._up += 1
                self._gap["up"] = self._gap["up"] or entry.line
            if _nano(last.balance_after) - _nano(last.amount) != _nano(entry.balance_after):
                self._down += 1
                self._gap["down"] = self._gap["down"] or entry.line
        self._first = self._first or entry
        self._last = entry
        self._lines += 1

    def balances(self) -> tuple[BalanceRead, BalanceRead] | None:
        """Opening and closing as the lines have them; None where nothing can be said."""
        first, last = self._first, self._last
        if first is None or last is None or not self._whole or self._mixed:
            return None
        if self._down < self._up:
            first, last = last, first
        if first.balance_after is None or last.balance_after is None:
            return None
        before = _nano(first.balance_after) - _nano(first.amount)
        return (
            _read(BalanceUse.OPENING, Exact(before, SCALE_MAX), first),
            _read(BalanceUse.CLOSING, last.balance_after, last),
        )

    def judged(self) -> tuple[Continuity, Finding | None]:
        """What the balances prove on their own."""
        if self.balances() is None or self._lines < 2:  # noqa: PLR2004 - one line proves nothing
            return Continuity.UNKNOWN, None
        breaks = min(self._up, self._down)
        line = self._gap["down" if self._down < self._up else "up"]
        if not breaks:
            return Continuity.OK, None
        if breaks == 1:
            return Continuity.BROKEN, Finding(
                code="running_balance",
                zh="逐笔余额在此处不连续，可能缺少明细",
                en="the running balance does not follow here: entries may be missing",
                line=line,
                gravity=Gravity.CONTRADICTION,
            )
        return Continuity.UNKNOWN, Finding(
            code="running_order",
            zh=f"逐笔余额有 {breaks} 处不连续（可能未按时间排序），无法核对",
            en=f"the running balance does not follow in {breaks} places; it proves nothing",
            line=line,
        )


class Totals:
    """Adds up what came in and what went out, for the whole table and since the last total."""

    __slots__ = ("_page", "_whole", "count")

    def __init__(self) -> None:
        self.count = 0
        self._whole = {True: 0, False: 0}
        self._page = {True: 0, False: 0}

    def add(self, entry: EntryRead) -> None:
        """Take the next line."""
        self.count += 1
        for sums in (self._whole, self._page):
            sums[entry.amount.units >= 0] += _nano(entry.amount)

    def agree(self, said: dict[str, Exact]) -> bool:
        """Whether a row of totals (``debit``, ``credit``, ``amount``) says the same."""
        fits = any(self._fits(said, sums) for sums in (self._whole, self._page))
        self._page = {True: 0, False: 0}
        return fits

    def _fits(self, said: dict[str, Exact], sums: dict[bool, int]) -> bool:
        checks = {
            "debit": {-sums[False], sums[False]},
            "credit": {sums[True]},
            "amount": {sums[True] + sums[False], sums[True] - sums[False]},
        }
        return all(_nano(amount) in checks[field] for field, amount in said.items())


def judged(
    proof: Proof, running: Running, opening: BalanceRead | None, closing: BalanceRead | None
) -> tuple[BalanceRead | None, BalanceRead | None, Continuity, list[Finding]]:
    """Opening, closing, verdict and findings: what is stated counts before what runs along."""
    verdict = proof.judged(opening, closing)
    found = [it for it in (proof.finding(verdict),) if it is not None]
    own, finding = running.judged()
    derived = running.balances()
    if finding is not None and verdict is not Continuity.OK:
        found.append(finding)
    if verdict is Continuity.UNKNOWN:
        verdict = own
    if derived is not None and own is Continuity.OK:
        if verdict is Continuity.OK and (
            _differ(opening, derived[0]) or _differ(closing, derived[1])
        ):
            verdict = Continuity.BROKEN
            found.append(
                Finding(
                    code="balances",
                    zh="期初或期末余额与逐笔余额不符",
                    en="the stated balances differ from the running ones",
                    gravity=Gravity.CONTRADICTION,
                )
            )
        opening, closing = opening or derived[0], closing or derived[1]
    elif derived is not None and proof.count == 1:
        opening, closing = opening or derived[0], closing or derived[1]
    return opening, closing, verdict, found


def _differ(one: BalanceRead | None, other: BalanceRead) -> bool:
    return one is not None and _nano(one.amount) != _nano(other.amount)


def _read(use: BalanceUse, amount: Exact, entry: EntryRead) -> BalanceRead:
    return BalanceRead(
        use=use, code=RUNNING, amount=amount, currency=entry.currency, day=entry.booking_date
    )


def _nano(amount: Exact) -> int:
    return amount.at(SCALE_MAX)
