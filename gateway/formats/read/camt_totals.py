"""``TxsSummry``: what a statement says it has, compared with what was read.

Rule kept here: banks count differently (booked lines only, transactions instead of entries,
reversals on the other side); a total contradicts the entries only if no such reading fits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.domain.bank_file import EntryRead, Finding, Gravity
from gateway.domain.exact import SCALE_MAX
from gateway.domain.statement import EntryStatus
from gateway.formats.read.camt_values import amount, count, finding, total
from gateway.wire.node import Node

_BOOKED: Final = EntryStatus.BOOKED
_BUCKETS: Final = 8
_ROWS: Final = ("TtlNtries", "TtlCdtNtries", "TtlDbtNtries")


class _Bucket:
    """Entries of one kind: how many, their transactions, and their sums by scale."""

    __slots__ = ("count", "parts", "units")

    def __init__(self) -> None:
        self.count = 0
        self.parts = 0
        self.units = [0] * (SCALE_MAX + 1)

    def nano(self) -> int:
        """The signed sum in units of the finest scale."""
        return sum(it * 10 ** (SCALE_MAX - scale) for scale, it in enumerate(self.units))


class Totals:
    """Counts entries by whether they are booked, debits, reversals; and judges what is stated."""

    __slots__ = ("_buckets", "_currencies", "_stated", "_zeros")

    def __init__(self) -> None:
        self._zeros = 0
        """Entries of amount zero, whose direction cannot be seen any more."""
        self._buckets = [_Bucket() for _ in range(_BUCKETS)]
        self._currencies: set[str] = set()
        self._stated: list[Node] = []

    def add(self, entry: EntryRead) -> None:
        """Count one entry."""
        amount_of = entry.amount
        place = (entry.status is _BOOKED) + 2 * (amount_of.units < 0) + 4 * entry.reversal
        bucket = self._buckets[place]
        if amount_of.units:
            bucket.count += 1
            bucket.parts += entry.batch_size or len(entry.transactions) or 1
        else:
            self._zeros += 1
        bucket.units[amount_of.scale] += amount_of.units
        self._currencies.add(entry.currency)

    def state(self, summary: Node) -> None:
        """What the statement says. Kept until its end."""
        self._stated.append(summary)

    def findings(self, path: str, gravity: Gravity) -> Iterator[Finding]:
        """What contradicts the entries, as grave as that is, and what cannot be read."""
        for summary in self._stated:
            for name in _ROWS:
                for row in summary.each(name):
                    yield from self._row(row, f"{path}/TxsSummry/{name}", gravity)

    def _row(self, row: Node, path: str, gravity: Gravity) -> Iterator[Finding]:
        for stated in row.children():
            text = (stated.element.text or "").strip()
            if stated.name not in ("NbOfNtries", "Sum") or not text:
                continue
            counted = stated.name == "NbOfNtries"
            number = count(text) if counted else _nano(text)
            where, line = f"{path}/{stated.name}", stated.line or 0
            if number is None:
                yield finding("totals_unread", where, line)
            elif counted and not self._counted(row.name, number):
                yield finding("totals_count", where, line, gravity)
            elif not counted and not self._summed(row.name, number):
                yield finding("totals_sum", where, line, gravity)

    def _kinds(self, name: str) -> Iterator[list[_Bucket]]:
        """The entries that a row may mean: by direction, reversals either way, booked or all."""
        for booked in (False, True):
            for turned in (False, True):
                found: list[_Bucket] = []
                for place, bucket in enumerate(self._buckets):
                    debit = bool(place & 2) is not (turned and bool(place & 4))
                    if booked and not place & 1:
                        continue
                    if name == "TtlNtries" or debit is (name == "TtlDbtNtries"):
                        found.append(bucket)
                yield found

    def _counted(self, name: str, number: int) -> bool:
        """Whether so many entries, or so many transactions, were read."""
        for kinds in self._kinds(name):
            entries, parts = sum(it.count for it in kinds), sum(it.parts for it in kinds)
            if any(it <= number <= it + self._zeros for it in (entries, parts)):
                return True
        return False

    def _summed(self, name: str, number: int) -> bool:
        """Whether entries of such a sum were read: reversals added as they are, or taken off.

        Amounts of several currencies have no sum.
        """
        if len(self._currencies) > 1:
            return True
        for kinds in self._kinds(name):
            nano = [it.nano() for it in kinds]
            if number in (sum(map(abs, nano)), abs(sum(nano))):
                return True
        return False


def _nano(text: str) -> int | None:
    found = amount(text)
    return None if found is None else abs(total([found]))
