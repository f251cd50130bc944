"""The monthly confirmation of an account's balance (银企对账回签): its states, and when it may be.

Rules kept here: it says "agrees" and cannot be taken back, so it is prepared only for a month
that balances and signed by a second person; what may have left us is asked about under its own
serial and never ordered anew; a balance of the bank that differs is never a success.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from gateway.domain.errors import Corrupt, Fault
from gateway.domain.money import Money

MONTHS_MAX: Final = 12
"""How many months back a month can be confirmed."""
_DAY: Final = timedelta(days=1)
_DAYS_NAMED: Final = 10


class ConfirmState(StrEnum):
    """Where a confirmation stands. The strings are stored and sent: they are forever."""

    PREPARED = "prepared"
    WITHDRAWN = "withdrawn"
    SIGNED = "signed"
    """Two people; its serial is durable and no byte has left."""
    SENDING = "sending"
    """The order may be on the wire."""
    UNCONFIRMED = "unconfirmed"
    """It may have left us and its outcome is not known; never a failure."""
    RUNNING = "running"
    """The bank works on it."""
    TAKEN = "taken"
    """The bank carried the order out; what it says of the account is still to be asked."""
    CONFIRMED = "confirmed"
    NOTHING_DUE = "nothing_due"
    """The bank had nothing to confirm for that month (无账期)."""
    DIFFERS = "differs"
    """The bank's balance is not ours: a person must look."""
    UNCLEAR = "unclear"
    """The bank's words stand in no table: a person reads them; it is asked again."""
    FAILED = "failed"
    """The bank says that the order ended without effect."""
    REFUSED = "refused"
    """Refused at its first send, in words known to execute nothing."""


_S = ConfirmState
_ANSWERS: Final = frozenset({_S.RUNNING, _S.TAKEN, _S.FAILED})
_RESULTS: Final = frozenset(
    {_S.CONFIRMED, _S.NOTHING_DUE, _S.DIFFERS, _S.UNCLEAR, _S.FAILED},
)
TRANSITIONS: Final[Mapping[ConfirmState, frozenset[ConfirmState]]] = MappingProxyType(
    {
        _S.PREPARED: frozenset({_S.SIGNED, _S.WITHDRAWN}),
        # Withdrawn by the gateway where the month does not balance any more before it has left.
        _S.SIGNED: frozenset({_S.SENDING, _S.WITHDRAWN}),
        # Back to SIGNED only where the transport knows that no byte left.
        _S.SENDING: _ANSWERS | {_S.SIGNED, _S.UNCONFIRMED, _S.REFUSED},
        # A refusal of a later send says nothing of the first: it stays UNCONFIRMED.
        _S.UNCONFIRMED: _ANSWERS,
        _S.RUNNING: frozenset({_S.TAKEN, _S.FAILED}),
        _S.TAKEN: _RESULTS,
        _S.UNCLEAR: _RESULTS - {_S.UNCLEAR},
        _S.WITHDRAWN: frozenset(),
        _S.CONFIRMED: frozenset(),
        _S.NOTHING_DUE: frozenset(),
        _S.DIFFERS: frozenset(),
        _S.FAILED: frozenset(),
        _S.REFUSED: frozenset(),
    }
)
WITHOUT_EFFECT: Final = frozenset({_S.WITHDRAWN, _S.FAILED, _S.REFUSED})
"""Certainly nothing is confirmed by it: the month may be prepared anew."""
LOOKED_AT: Final = frozenset({_S.DIFFERS, _S.UNCLEAR, _S.FAILED, _S.REFUSED})
"""A person must look."""


def allowed(before: ConfirmState, after: ConfirmState) -> None:
    """Raise Corrupt for a step that the table does not have."""
    if after not in TRANSITIONS[before]:
        raise Corrupt(f"a confirmation cannot go from {before} to {after}")


def last_day(month: date) -> date:
    """The last day of the month that begins on ``month``."""
    return (month.replace(day=28) + 4 * _DAY).replace(day=1) - _DAY


def month_of(text: str) -> date:
    """The first day of a month written YYYY-MM. Raises ValueError for anything else."""
    if len(text) != len("YYYY-MM"):
        raise ValueError("a month is YYYY-MM")
    return date.fromisoformat(f"{text}-01")


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFacts:
    """What is known of an account's month. ``unproven`` are its days that nothing proves.

    ``sheets`` says whether the account's books are kept here; ``sheet`` is the digest of the
    reviewed sheet of the month's last day, '' where there is none.
    """

    month: date
    today: date
    unproven: Sequence[date]
    closing: Money | None
    sheets: bool
    sheet: str


def hindrances(facts: MonthFacts) -> tuple[Fault, ...]:
    """Why the month cannot be confirmed, every reason at once; empty where it can."""
    found = [*_period(facts)]
    if facts.unproven:
        named = ", ".join(day.isoformat() for day in facts.unproven[:_DAYS_NAMED])
        count = len(facts.unproven)
        found.append(
            _fault(
                "/month",
                "days_unproven",
                f"有 {count} 天的银行明细未证实完整：{named}",
                f"{count} days of the month are not proven complete: {named}",
            )
        )
    if facts.closing is None:
        found.append(
            _fault(
                "/month",
                "closing_unknown",
                "银行月末余额未知：请拉取或导入该月最后一日的对账单",
                "the bank's balance at the end of the month is not known: fetch or import that day",
            )
        )
    if facts.sheets and not facts.sheet:
        day = last_day(facts.month).isoformat()
        found.append(
            _fault(
                "/month",
                "sheet_not_reviewed",
                f"{day} 的余额调节表尚未复核结账",
                f"the balance sheet of {day} is not reviewed: only a balanced one can be",
            )
        )
    return tuple(found)


def _period(facts: MonthFacts) -> Sequence[Fault]:
    back = (facts.today.year - facts.month.year) * 12 + facts.today.month - facts.month.month
    if back <= 0:
        return (_fault("/month", "month_not_over", "该月尚未结束", "that month is not over yet"),)
    if back > MONTHS_MAX:
        return (
            _fault(
                "/month",
                "month_too_old",
                f"只能回签最近 {MONTHS_MAX} 个月",
                f"only the last {MONTHS_MAX} months can be confirmed",
            ),
        )
    return ()


def _fault(path: str, code: str, zh: str, en: str) -> Fault:
    return Fault(path=path, code=code, zh=zh, en=en)
