"""How this sandbox bank behaves where banks differ: limits, delays, calendar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Settings of one bank front. Amounts are fen, rates are probabilities from 0 to 1.

    ``seed`` makes the drawn fates (returned, failed) a function of customer and serial alone,
    so that a restart changes none of them. ``own_bank`` is the dialect's own rule: (cnaps, bic,
    bank name) → own, other or unknown.
    """

    code: str = ""
    seed: int = 1
    limits: bool = True
    page_size: int = 100
    lock_after: int = 5
    """Wrong passwords in a row that lock an operator."""
    purpose_bytes_max: int = 60
    due_days_max: int = 15
    due_at: time = time(9, 0)
    """When a payment with a due date is executed on its day."""
    super_limit: int = 5_000_000
    super_after: timedelta = timedelta(minutes=10)
    """How long the super channel stays pending, on the shared clock."""
    super_fail_rate: float = 0.0
    return_rate: float = 0.0
    """Share of ordinary other-bank payments that come back, besides the marked payees."""
    return_days: int = 2
    return_at: time = time(10, 0)
    settled_after: timedelta = timedelta(minutes=30)
    """When the inter-bank clearing of a paid payment turns from sent to settled."""
    approval_within: timedelta = timedelta(days=30)
    """An instruction nobody approved expires after this."""
    batch_lines_max: int = 100
    payroll_lines_max: int = 300
    payroll_due_days_max: int = 29
    batch_after: timedelta = timedelta(0)
    """How long an accepted batch runs, its total held, before its lines are carried out."""
    payroll_refund_after: timedelta = timedelta(minutes=30)
    """When the one credit for the payroll lines that failed is booked."""
    line_fail_rate: float = 0.0
    """Share of a batch's lines that fail when carried out, besides the marked payees."""
    names_faulty: float = 1.0
    """Share of refused batches whose faulty lines are named, besides the marked payees."""
    receipts_after: timedelta = timedelta(minutes=10)
    """How long an order of receipt files is new, and then running, half of it each."""
    receipts_zipped: int = 3
    """Days with at least this many lines come as zips, others as single PDFs."""
    receipts_in_zip: int = 200
    receipts_kept_days: int = 7
    holidays: frozenset[date] = frozenset()
    own_bank: Callable[[str, str, str], bool | None] | None = None

    def working_day(self, start: date, count: int) -> date:
        """The ``count``-th working day after ``start``: no weekend, no listed holiday."""
        day = start
        for _ in range(count):
            day += timedelta(days=1)
            while day.weekday() >= 5 or day in self.holidays:  # noqa: PLR2004 - Saturday is 5
                day += timedelta(days=1)
        return day
