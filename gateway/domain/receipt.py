"""What a bank's receipt says of one payment (指令回单): data, from which a paper can be printed.

Rule kept here: these are the bank's words, beside at most the payment's own purpose and number;
what the bank did not say is '' and is never filled in.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from gateway.domain.errors import WireError


class ReceiptFacts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One payment on a receipt. ``amount`` is exact decimal text; ``state`` a ``Verdict``'s value.

    ``checkers`` are who checked and who authorised it at the bank, in that order.
    """

    receipt_number: str
    bank_reference: str
    asked_at: datetime
    """When the bank said so (aware)."""
    debtor_name: str
    debtor_account: str
    creditor_name: str
    creditor_account: str
    amount: str
    currency: str
    state: str
    maker: str
    checkers: tuple[str, ...]
    debtor_bank: str = ""
    creditor_bank: str = ""
    purpose: str = ""
    """As the payment instruction said it."""
    erp_reference: str = ""
    booked_on: date | None = None
    """The day of the statement entry, where it stands in a statement."""


def encoded(facts: ReceiptFacts) -> bytes:
    """The facts as a JSON file: the data form of a receipt."""
    return msgspec.json.encode(facts)


def decoded(content: bytes) -> ReceiptFacts:
    """Read the data form. Raises WireError ``receipt`` for anything else."""
    try:
        return msgspec.json.decode(content, type=ReceiptFacts)
    except msgspec.MsgspecError:
        raise WireError("receipt", "/") from None
