"""Whether a statement that is being read proves itself: opening + booked entries = closing.

Rule kept here: one judgement for every format; a statement that lacks a balance is unknown,
never ok.
"""

from __future__ import annotations

from typing import Final

from gateway.domain.bank_file import BalanceRead, EntryRead, Finding, Gravity
from gateway.domain.exact import SCALE_MAX, Exact
from gateway.domain.statement import Continuity, EntryStatus

_BOOKED: Final = EntryStatus.BOOKED


class Proof:
    """Adds up what is booked while entries pass by; holds sums only, whatever the file's size."""

    __slots__ = ("count", "currencies", "units")

    def __init__(self) -> None:
        self.count = 0
        self.units = [0] * (SCALE_MAX + 1)
        """Sum of booked amounts by their scale."""
        self.currencies: set[str] = set()

    def add(self, entry: EntryRead) -> None:
        """Count one entry; what is pending or informative moves no balance."""
        self.count += 1
        if entry.status is _BOOKED:
            self.units[entry.amount.scale] += entry.amount.units
            self.currencies.add(entry.currency)

    @property
    def moved(self) -> int:
        """Sum of what was booked, in units of 10^-9."""
        return sum(it * 10 ** (SCALE_MAX - scale) for scale, it in enumerate(self.units))

    def judged(self, opening: BalanceRead | None, closing: BalanceRead | None) -> Continuity:
        """Whether the balances prove the entries complete."""
        if opening is None or closing is None:
            return Continuity.UNKNOWN
        if self.mixed(opening, closing):
            return Continuity.UNKNOWN
        before, after = (_nano(it.amount) for it in (opening, closing))
        return Continuity.OK if before + self.moved == after else Continuity.BROKEN

    def mixed(self, opening: BalanceRead | None, closing: BalanceRead | None) -> bool:
        """Whether balances and booked entries are of several currencies: they prove nothing."""
        stated = {it.currency for it in (opening, closing) if it is not None}
        return bool(stated) and len(stated | self.currencies) > 1

    def finding(self, verdict: Continuity, *, path: str = "", line: int = 0) -> Finding | None:
        """What a broken proof is called, None for any other."""
        if verdict is not Continuity.BROKEN:
            return None
        return Finding(
            code="continuity",
            zh="期初余额加已记账明细不等于期末余额，对账单不完整或有误",
            en="opening balance plus booked entries is not the closing balance: "
            "entries are missing or wrong",
            path=path,
            line=line,
            gravity=Gravity.CONTRADICTION,
        )


def _nano(amount: Exact) -> int:
    return amount.at(SCALE_MAX)
