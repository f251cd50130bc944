"""Money that is to come in: three things that have nothing in common but their direction.

Rule kept here: they are three records, never one with a flag. A payment request asks somebody who
decides himself; a direct debit takes under the payer's mandate; a sweep moves a group's own money.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Final

import msgspec

from gateway.domain.money import Currency, Money
from gateway.domain.party import Party


class CollectionKind(StrEnum):
    """Which of the three. The strings stand in messages, and name the capability: for ever."""

    PAYMENT_REQUEST = "payment_request"
    """收款: a customer is asked to pay."""
    DIRECT_DEBIT = "direct_debit"
    """代收/代扣: a debit under a mandate."""
    SWEEP = "sweep"
    """归集: accounts of one group."""


class PaymentRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """收款: ``debtor`` is asked to pay, and may say no."""

    erp_reference: str
    creditor: Party
    debtor: Party
    amount: Money
    purpose: str
    due: date | None = None


class DirectDebit(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """代收/代扣: ``debtor`` is debited under a mandate (协议) that it gave."""

    erp_reference: str
    creditor: Party
    debtor: Party
    amount: Money
    purpose: str
    mandate: str


class Sweep(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """归集: money of our own account ``debtor`` is drawn up to our own account ``creditor``.

    ``amount`` None draws everything above ``keep``.
    """

    erp_reference: str
    creditor: Party
    debtor: Party
    keep: Money
    amount: Money | None = None
    currency: Currency


Collection = PaymentRequest | DirectDebit | Sweep
NAMES: Final = {
    CollectionKind.PAYMENT_REQUEST: ("收款请求", "payment requests"),
    CollectionKind.DIRECT_DEBIT: ("代收/代扣", "direct debits"),
    CollectionKind.SWEEP: ("资金归集", "cash sweeps"),
}
"""As a person calls them (zh, en)."""
