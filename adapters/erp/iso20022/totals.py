"""Exact sums for the control figures of a file: integers only, compared digit by digit.

A control sum adds amounts of any currency and may carry up to 17 decimals, so it
is no ``Money``; it is an integer of 10^-17 units.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gateway.domain.errors import Fault

_DECIMALS: Final = 17
_ONE: Final = 10**_DECIMALS
_DECIMAL: Final = re.compile(r"\+?([0-9]{0,18})(?:\.([0-9]{0,17}))?", re.ASCII)
_COUNT: Final = re.compile(r"[0-9]{1,15}", re.ASCII)


def scaled(text: str) -> int | None:
    """An unsigned decimal as an integer of 10^-17 units; None if it is not one."""
    found = _DECIMAL.fullmatch(text)
    if found is None or not (found[1] or found[2]):
        return None
    return int(found[1] + (found[2] or "").ljust(_DECIMALS, "0"))


def plain(amount: int) -> str:
    """The shortest decimal text of a scaled amount, with two decimals at least."""
    whole, fraction = divmod(amount, _ONE)
    digits = str(fraction).rjust(_DECIMALS, "0").rstrip("0").ljust(2, "0")
    return f"{whole}.{digits}"


@dataclass(slots=True)
class Tally:
    """What a sender declared of a group of lines, and what was counted while reading.

    ``path`` is the element that holds both figures, by the names that the message gives them.
    An amount that cannot be read makes the sum unknown (``unread`` counts them): such a line is
    refused by itself, and a second fault about the sum would only hide the first.
    """

    path: str
    count_name: str = "NbOfTxs"
    sum_name: str = "CtrlSum"
    declared_count: str = ""
    declared_sum: str = ""
    count_line: int | None = None
    sum_line: int | None = None
    count: int = 0
    total: int = 0
    unread: int = 0

    def add(self, amount: int | None) -> None:
        """Count one line of a ``scaled`` amount."""
        self.count += 1
        if amount is None:
            self.unread += 1
        else:
            self.total += amount

    def faults(self) -> list[Fault]:
        """Compare declared with counted figures; each difference is one fault."""
        return [fault for fault in (self._count_fault(), self._sum_fault()) if fault]

    def _count_fault(self) -> Fault | None:
        declared = self.declared_count
        if not declared or (_COUNT.fullmatch(declared) and int(declared) == self.count):
            return None
        return Fault(
            path=f"{self.path}/{self.count_name}",
            code="number_of_transactions",
            zh=f"声明的笔数与实际笔数 {self.count} 不符，请核对后重新生成文件",
            en=f"the declared number differs from the {self.count} transactions found;"
            " check and write the file again",
            line=self.count_line,
        )

    def _sum_fault(self) -> Fault | None:
        declared = self.declared_sum
        if not declared or self.unread or scaled(declared) == self.total:
            return None
        return Fault(
            path=f"{self.path}/{self.sum_name}",
            code="control_sum",
            zh=f"声明的控制总额与明细合计 {plain(self.total)} 不符，请核对后重新生成文件",
            en=f"the declared control sum differs from the {plain(self.total)} added up;"
            " check and write the file again",
            line=self.sum_line,
        )
