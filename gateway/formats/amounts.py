"""Amounts of records as formats want them: exact digits and a sign, by text and integers only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.errors import Corrupt, Refused
from gateway.ports.erp_told import EntryTold, StatementTold

_AMOUNT: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,16})(?:\.[0-9]{1,5})?", re.ASCII)
_DECIMALS: Final = 5
_DIGITS_MAX: Final = 18
BOOKED: Final = "booked"


def checked(text: str) -> str:
    """The text of an amount, debit negative. Raises Corrupt for what is none."""
    if _AMOUNT.fullmatch(text) is None or len(text.lstrip("-").replace(".", "")) > _DIGITS_MAX:
        raise Corrupt("an amount of a record is none")
    return text


def is_debit(text: str) -> bool:
    """Whether a checked amount is below zero; zero is a credit."""
    return text[0] == "-" and text.strip("-0.") != ""


def unsigned(text: str) -> str:
    """A checked amount without its sign."""
    return text.removeprefix("-")


def scaled(text: str) -> int:
    """A checked amount as an integer of 10^-5 units."""
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(_DECIMALS, "0"))


def plain(amount: int, decimals: int) -> str:
    """A scaled amount as text, with at least so many decimals and as many as it needs."""
    whole, rest = divmod(abs(amount), 10**_DECIMALS)
    fraction = f"{rest:0{_DECIMALS}}".rstrip("0").ljust(decimals, "0")
    text = f"{whole}.{fraction}" if fraction else str(whole)
    return f"-{text}" if amount < 0 else text


def decimals_of(text: str) -> int:
    """How many decimals an amount is written with."""
    return len(text.partition(".")[2])


def minor_units(text: str) -> str:
    """A checked amount without its decimal point: cents, as many decimals as it has."""
    sign = "-" if text.startswith("-") else ""
    return sign + (text.removeprefix("-").replace(".", "").lstrip("0") or "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What the entries of a statement add up to, as texts; ``net`` carries its sign."""

    count: int
    total: str
    net: str
    credits: int
    credit_sum: str
    debits: int
    debit_sum: str


def totals(entries: Iterable[EntryTold], decimals: int = 2) -> Totals:
    """Add up. Raises Corrupt for an amount that is none."""
    plus = minus = inflows = outflows = 0
    for entry in entries:
        amount = scaled(checked(entry.amount))
        if amount < 0:
            minus -= amount
            outflows += 1
        else:
            plus += amount
            inflows += 1
    return Totals(
        count=inflows + outflows,
        total=plain(plus + minus, decimals),
        net=plain(plus - minus, decimals),
        credits=inflows,
        credit_sum=plain(plus, decimals),
        debits=outflows,
        debit_sum=plain(minus, decimals),
    )


def balances(told: StatementTold) -> tuple[str, str]:
    """Opening and closing balance; one that is not known follows exactly from the other.

    Raises Refused where neither is known: no such format has a place for that.
    """
    opening, closing = told.opening, told.closing
    if opening and closing:
        return checked(opening), checked(closing)
    if not opening and not closing:
        raise Refused(
            "the statement's opening and closing balance are not known: it cannot be written"
            " in this format; fetch the day's balance and try again",
            "对账单的期初、期末余额均未知，无法写成该格式；请先取得当日余额后重试",
        )
    known = checked(opening or closing)
    moved = _booked(told.entries)
    other = scaled(known) + moved if opening else scaled(known) - moved
    found = plain(other, decimals_of(known))
    return (known, found) if opening else (found, known)


def _booked(entries: Sequence[EntryTold]) -> int:
    return sum(scaled(checked(it.amount)) for it in entries if it.status == BOOKED)
