"""Rows of a statement table as entries.

Rule kept here: an amount that is a formula, an error, or not understood is listed with zero and a
contradiction; the result of a formula is never taken for money.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from gateway.domain.bank_file import EntryRead, Finding, Gravity
from gateway.domain.exact import Exact, exact_sum
from gateway.domain.statement import EntryStatus
from gateway.formats.read.sheets_cells import Style, blank, currency_in, instant, status, way
from gateway.formats.read.sheets_columns import Columns
from gateway.formats.read.sheets_rows import Row
from gateway.formats.read.sheets_words import currency
from gateway.formats.read.texts import Findings
from gateway.wire.workbook import CellKind

_WRONG: Final = frozenset({CellKind.FORMULA, CellKind.ERROR})
_ZERO: Final = Exact(0)


class Entries:
    """Makes entries of one table's rows."""

    def __init__(
        self, columns: Columns, style: Style, sample: Sequence[Row], *, signed: bool = False
    ) -> None:
        self._columns = columns
        self._style = style
        self._places: Mapping[str, int] = columns.places
        self._signed = signed or "key" in self._places or self._all_negative(sample, "amount")
        self._minus = self._all_negative(sample, "debit")
        """Money out is written with a minus in a column of its own."""
        self.currency = self._currency(sample)
        """The only currency that stands beside amounts; '' for none or several."""
        self._way = "direction" if "direction" in self._places else self._kind_as_way(sample)

    def text(self, row: Row, field: str) -> str:
        """What a field's cell says, '' for none."""
        at = self._places.get(field)
        return row.text(at) if at is not None else ""

    def _currency(self, sample: Sequence[Row]) -> str:
        found = {
            code
            for row in sample
            for field in ("amount", "debit", "credit")
            if (code := currency(currency_in(self.text(row, field))))
        }
        return found.pop() if len(found) == 1 else ""

    def moneyless(self, row: Row) -> bool:
        """Whether a row has nothing in its columns of money."""
        return all(blank(self.text(row, it)) for it in ("amount", "debit", "credit"))

    def dated(self, row: Row) -> bool:
        """Whether a row has something in a column of days that may be one: figures."""
        texts = (self.text(row, it) for it in ("booking_date", "value_date", "time"))
        return any(mark.isdigit() for text in texts for mark in text)

    def entry(self, row: Row, currency_: str, findings: Findings) -> EntryRead:
        """The entry of a row."""
        amount, understood = self._amount(row, findings)
        state = status(self.text(row, "status"))
        booked, behind = self._day(row, "booking_date", findings)
        valued, _ = self._day(row, "value_date", findings)
        clock = self.text(row, "time")
        if clock:
            on, rest = self._style.day(clock)
            booked, clock = booked or on, rest if on is not None else clock
        if self._slipped(row):
            understood = False
            _tell(findings, row, "cells", *_SLIPPED, gravity=Gravity.CONTRADICTION)
        balance = self.text(row, "balance")
        after = None if blank(balance) else self._style.amount(balance)
        if after is None and not blank(balance):
            _tell(findings, row, "balance", "余额无法识别", "the balance is no amount")
        self._formulas(row, findings)
        key = self.text(row, "key")
        return EntryRead(
            amount=amount if understood else _ZERO,
            currency=currency(self.text(row, "currency")) or currency_,
            booking_date=booked or valued,
            value_date=valued,
            booked_at=instant(booked, clock or behind) if self._columns.chinese else None,
            status=state if understood else EntryStatus.INFO,
            reference=self.text(row, "reference"),
            entry_reference=self.text(row, "entry_reference"),
            bank_key=key,
            end_to_end_id=self.text(row, "end_to_end_id"),
            counterparty_name=self._other(row, amount, "name"),
            counterparty_account=self._other(row, amount, "account"),
            counterparty_bank=self._other(row, amount, "bank"),
            remittance=self._remittance(row),
            code=self.text(row, "code"),
            balance_after=after,
            line=row.line,
        )

    def totals(self, row: Row) -> dict[str, Exact]:
        """The amounts of a row of totals, by their column."""
        found = {}
        for field in ("debit", "credit", "amount"):
            amount = self._style.amount(self.text(row, field))
            if amount is not None:
                found[field] = amount
        return found

    def balance(self, row: Row) -> Exact | None:
        """The only amount of a row that states a balance."""
        for field in ("balance", "amount", "credit", "debit"):
            amount = self._style.amount(self.text(row, field))
            if amount is not None:
                return amount
        return None

    # ── cells ─────────────────────────────────────────────────────────────────────────────────

    def _amount(self, row: Row, findings: Findings) -> tuple[Exact, bool]:
        """The signed amount, and whether it is one."""
        if "debit" in self._places or "credit" in self._places:
            both = [self._one(row, it, findings) for it in ("debit", "credit")]
            if any(not fine for _, fine in both):
                return _ZERO, False
            (out, _), (into, _) = both
            if out is None and into is None:
                if "amount" in self._places:
                    return self._single(row, findings)
                _tell(findings, row, "no_amount", "没有金额", "there is no amount")
                return _ZERO, False
            if out is not None and out.units and into is not None and into.units:
                _tell(
                    findings, row, "both", "借贷两栏都有金额", "debit and credit both have amounts"
                )
            out = out if out is None or self._minus else -out
            return exact_sum([it for it in (out, into) if it is not None]), True
        return self._single(row, findings)

    def _single(self, row: Row, findings: Findings) -> tuple[Exact, bool]:
        amount, fine = self._one(row, "amount", findings)
        if not fine:
            return _ZERO, False
        if amount is None:
            _tell(findings, row, "no_amount", "没有金额", "there is no amount")
            return _ZERO, False
        if not self._way or self._signed:
            return amount, True
        into = way(self.text(row, self._way))
        if into is None:
            _tell(findings, row, "direction", *_NO_WAY, gravity=Gravity.CONTRADICTION)
            return _ZERO, False
        return amount if into else -amount, True

    def _one(self, row: Row, field: str, findings: Findings) -> tuple[Exact | None, bool]:
        """One cell's amount, None for an empty one; and whether it could be understood."""
        at = self._places.get(field)
        cell = row.cells.get(at) if at is not None else None
        if cell is None or (cell.kind is CellKind.TEXT and blank(cell.text)):
            return None, True
        if cell.kind in _WRONG or cell.text.startswith("="):
            _tell(findings, row, "formula", *_FORMULA, gravity=Gravity.CONTRADICTION)
            return None, False
        amount = self._style.amount(cell.text) if cell.kind is not CellKind.NUMBER else None
        if cell.kind is CellKind.NUMBER:
            amount = _NUMBERS.amount(cell.text)
        if amount is None:
            _tell(findings, row, "amount", *_AMOUNT, gravity=Gravity.CONTRADICTION)
            return None, False
        return amount, True

    def _day(self, row: Row, field: str, findings: Findings) -> tuple[date | None, str]:
        text = self.text(row, field)
        if not text:
            return None, ""
        on, behind = self._style.day(text)
        if on is None:
            _tell(
                findings,
                row,
                "date",
                "日期无法识别，或日与月无法区分",
                "no date, or it could be two",
            )
        return on, behind

    def _remittance(self, row: Row) -> str:
        texts: list[str] = []
        for at in self._columns.texts:
            text = " ".join(row.text(at).split())
            if text and text not in texts and (text != "/" or len(self._columns.texts) == 1):
                texts.append(text)
        return " ".join(texts)

    def _other(self, row: Row, amount: Exact, what: str) -> str:
        """The other side: who paid where money came in, who was paid where it went out."""
        side, own = ("payer", "payee") if amount.units >= 0 else ("payee", "payer")
        if f"{side}_{what}" not in self._places:
            side = own  # a table with one column for both
        return self.text(row, f"counterparty_{what}") or self.text(row, f"{side}_{what}")

    def _kind_as_way(self, sample: Sequence[Row]) -> str:
        """``code`` where a column of kinds says debit or credit, and no amount has a sign."""
        rows = [it for it in sample if self.dated(it)]
        kinds = [way(self.text(it, "code")) for it in rows]
        amounts = [self._style.amount(self.text(it, "amount")) for it in rows]
        signed = any(it is not None and it.units < 0 for it in amounts)
        return "code" if kinds and None not in kinds and not signed else ""

    def _slipped(self, row: Row) -> bool:
        """Whether a text has cells beyond the header: a delimiter that was not quoted."""
        return bool(row.width) and max(row.cells, default=0) >= self._columns.width

    def _formulas(self, row: Row, findings: Findings) -> None:
        if row.width:
            return  # a text has neither formulas nor errors
        used = {*self._columns.texts, *self._places.values()}
        used -= {self._places.get(it, -1) for it in ("amount", "debit", "credit")}
        if any(at in used and cell.kind in _WRONG for at, cell in row.cells.items()):
            _tell(findings, row, "formula", *_FORMULA)

    def _all_negative(self, sample: Sequence[Row], field: str) -> bool:
        """Whether every debit of the first rows is written with a minus."""
        if field not in self._places or (field == "amount" and "direction" not in self._places):
            return False
        found = []
        for row in sample:
            amount = self._style.amount(self.text(row, field))
            out = field == "debit" or way(self.text(row, "direction")) is False
            if amount is not None and amount.units and out and self.dated(row):
                found.append(amount.units < 0)
        return bool(found) and all(found)


def _tell(  # noqa: PLR0913 - what a finding is made of
    findings: Findings,
    row: Row,
    code: str,
    zh: str,
    en: str,
    *,
    gravity: Gravity = Gravity.WARNING,
) -> None:
    findings.add(Finding(code=code, zh=zh, en=en, line=row.line, gravity=gravity))


_NUMBERS: Final = Style(comma=False, day_first=None, century=2000)
"""A workbook's numbers have a point, whatever its texts have."""
_NO_WAY: Final = ("借贷标志无法识别，金额方向不明", "the word for debit or credit is not known")
_FORMULA: Final = (
    "单元格是公式或错误值，其结果未作为数据读取",
    "the cell is a formula or an error; its result is not used",
)
_AMOUNT: Final = ("金额无法识别", "this is no amount")
_SLIPPED: Final = (
    "该行的列数多于表头（可能有未加引号的分隔符），金额不可信",
    "the row has more cells than the header; its amount cannot be trusted",
)
