"""BAI2: statements of accounts in the American cash management format, as Oracle and SAP read it.

Amounts stand in minor units without a point. Type codes: 010 opening ledger, 015 closing ledger,
045 closing available, 195 money in, 495 money out. A reference that holds a comma or a slash
cannot be written as one and goes into the text. Left out: value dates (funds type Z, unknown),
the balance after each entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from gateway.domain.errors import Refused
from gateway.formats.amounts import balances, checked, is_debit, minor_units
from gateway.formats.camt import Write
from gateway.formats.messages import CHINA, clean
from gateway.formats.records import only
from gateway.ports.erp import FileFacts
from gateway.ports.erp_told import EntryTold, StatementTold, Told

_IN: Final = "195"
_OUT: Final = "495"
_LINE: Final = 80
_PIECE: Final = 1 << 16
_WORDS_MAX: Final = 40


def writer(sender: str = "GATEWAY", receiver: str = "ERP") -> Write:
    """A function that writes StatementTold records. Raises Refused for a name that is none."""
    for name in (sender, receiver):
        if not name.isascii() or not name.isalnum() or len(name) > _WORDS_MAX:
            raise Refused(
                "BAI2: sender and receiver are letters and digits only",
                "BAI2：发送方与接收方标识仅限字母与数字",
            )

    def write(told: tuple[Told, ...], facts: FileFacts) -> Iterator[bytes]:
        return _written(only(StatementTold, told), facts, sender, receiver)

    return write


def _written(
    told: tuple[StatementTold, ...], facts: FileFacts, sender: str, receiver: str
) -> Iterator[bytes]:
    created = facts.created.astimezone(CHINA)
    parts = [f"01,{sender},{receiver},{created:%y%m%d,%H%M},1,,,2/\n".encode()]
    size, count, whole, groups = 0, 2, 0, 0
    for (day, currency), run in groupby(told, key=lambda it: (it.end, it.currency)):
        parts.append(f"02,{receiver},{sender},1,{day:%y%m%d},2359,{currency},2/\n".encode())
        group, records, accounts = 0, 2, 0
        for statement in run:
            account = _Account(statement)
            for line in account.lines():
                parts.append(line.encode() + b"\n")
                size += len(parts[-1])
                if size >= _PIECE:
                    yield b"".join(parts)
                    parts, size = [], 0
            group += account.total
            records += account.records
            accounts += 1
        parts.append(f"98,{group},{accounts},{records}/\n".encode())
        whole, count, groups = whole + group, count + records, groups + 1
    parts.append(f"99,{whole},{groups},{count}/\n".encode())
    yield b"".join(parts)


class _Account:
    """One account's records, counted and added up while they are written."""

    def __init__(self, told: StatementTold) -> None:
        self._told = told
        self.total = 0
        self.records = 0
        self._decimals: int | None = None

    def lines(self) -> Iterator[str]:
        opening, closing = balances(self._told)
        kinds = [("010", opening), ("015", closing)]
        if self._told.available:
            kinds.append(("045", checked(self._told.available)))
        summed = "".join(f",{code},{self._counted(amount)},," for code, amount in kinds)
        yield self._record(f"03,{_word(self._told.account)},{self._told.currency}{summed}/")
        for entry in self._told.entries:
            for line in self._entry(entry):
                yield self._record(line)
        self.records += 1
        yield f"49,{self.total},{self.records}/"

    def _record(self, line: str) -> str:
        self.records += 1
        return line

    def _counted(self, amount: str) -> int:
        decimals = len(amount.partition(".")[2])
        if self._decimals is None:
            self._decimals = decimals
        if decimals != self._decimals:
            raise Refused(
                "BAI2: amounts of one account differ in decimals: use camt.053",
                "BAI2：同一账户金额的小数位数不一致，请改用 camt.053",
            )
        counted = int(minor_units(amount))
        self.total += counted
        return counted

    def _entry(self, entry: EntryTold) -> Iterator[str]:
        amount = checked(entry.amount)
        debit = is_debit(amount)
        # Details carry no sign: the type code says which way the money went.
        counted = abs(self._counted(amount))
        self.total += 2 * counted if debit else 0
        bank, own = _word(entry.reference), _word(entry.end_to_end_id)
        text = clean(
            " ".join(
                it
                for it in (
                    "" if own else entry.end_to_end_id,
                    "" if bank else entry.reference,
                    entry.reconciliation_code,
                    entry.counterparty_name,
                    entry.counterparty_account,
                    entry.remittance,
                )
                if it
            )
        )
        head = f"16,{_OUT if debit else _IN},{counted},Z,{bank},{own},"
        first, *rest = _pieces(text)
        yield head + first
        for piece in rest:
            yield f"88,{piece}"


def _pieces(text: str) -> list[str]:
    """A text in lines; none ends with a slash, which would end the record. '/' alone for none."""
    left, pieces = text.rstrip("/ "), []
    while left:
        piece = left[:_LINE].rstrip("/") if len(left) > _LINE else left
        piece = piece or left  # a line of slashes only is left whole
        pieces.append(piece)
        left = left[len(piece) :]
    return pieces or ["/"]


def _word(text: str) -> str:
    """A text that may stand between two commas, else ''."""
    return text if text.isprintable() and not set(text) & set(",/") else ""
