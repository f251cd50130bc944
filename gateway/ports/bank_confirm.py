"""Monthly confirmation of balances (银企对账回签) and notices of bookings (动账通知).

A confirmation says "agrees" for one month of one account; it cannot be taken back and cannot say
"differs". A notice comes unasked and is a hint: what was booked stands in the statement alone.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec

from gateway.domain.ids import Serial
from gateway.domain.money import Money


class OrderVerdict(StrEnum):
    """What an answer to a confirmation order proves."""

    RUNNING = "running"
    DONE = "done"
    """Carried out; the result per account is asked for separately."""
    FAILED = "failed"
    """Taken, and ended without effect."""
    REFUSED = "refused"
    """Refused at validation: proves that THIS message did nothing, and nothing of earlier ones."""
    UNCLEAR = "unclear"
    """Proves nothing: ask again under the same serial."""


class ResultVerdict(StrEnum):
    """What the bank tells of one account after a confirmation order."""

    NOT_READY = "not_ready"
    AGREED = "agreed"
    NOTHING_DUE = "nothing_due"
    """The bank had nothing to confirm for that month (无账期)."""
    FAILED = "failed"
    OTHER = "other"
    """Words that stand in no table: a person reads them."""
    ABSENT = "absent"
    """The result does not name the account."""


class ConfirmOrder(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Say "agrees" for one account and the month that begins on ``month``."""

    account: str
    month: date


class ConfirmOutcome(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The answer to an order, with the bank's own code and words."""

    verdict: OrderVerdict
    code: str = ""
    text: str = ""


class ConfirmQuestion(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What came of the order sent as ``original``?"""

    original: Serial
    account: str
    month: date


class ConfirmResult(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The account's own line of a result; ``text`` is the bank's word as it is."""

    verdict: ResultVerdict
    text: str = ""
    balance: Money | None = None
    """The balance that the bank has for the end of the month, where it says one."""


class BalanceNotice(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One booking that the bank tells of by itself. ``amount`` is signed, debit negative.

    ``key`` is the bank's unique key of the statement line; '' where the notice has none.
    ``available`` is the available balance after it.
    """

    account: str
    amount: Money
    at: datetime
    key: str
    account_name: str = ""
    available: Money | None = None
    memo: str = ""


# ── the bank side ────────────────────────────────────────────────────────────────────────


class ConfirmRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Confirm a month; ``account`` '' means every account that the operator may confirm."""

    account: str
    month: date


class ConfirmResultRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The result of the order ``original``, page by page."""

    original: str
    page: int = 1


class ConfirmedLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One account in the result; ``balance`` None where the bank had nothing to confirm."""

    account: str
    name: str
    verdict: ResultVerdict
    balance: Money | None


class StoredConfirmation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A confirmation order as the bank stores it; ``lines`` only once it is done."""

    serial: str
    month: date
    verdict: OrderVerdict
    executed_at: datetime
    lines: tuple[ConfirmedLine, ...] = ()
