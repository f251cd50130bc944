"""The ledger file of ``gateway reconcile``: one open item per row, checked cell by cell.

Rule kept here: a cell that is wrong stops the run with its line and column; nothing is guessed,
and an amount keeps every digit.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Final, TypeVar

import msgspec

from gateway.domain.errors import Fault, Refused
from gateway.domain.exact import Exact, exact

COLUMNS: Final = (
    *("item_id", "erp_reference", "account", "direction", "amount", "currency", "date"),
    *("counterparty_name", "counterparty_account", "remittance"),
)
_NEEDED: Final = ("item_id", "account", "direction", "amount", "currency", "date")
_AMOUNT: Final = re.compile(r"(-?)(0|[1-9][0-9]{0,14})(?:\.([0-9]{1,5}))?", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)
_DAY: Final = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})", re.ASCII)
_GUARDED: Final = "'\t"
"""What spreadsheets put before digits so that they stay a text."""
_Read = TypeVar("_Read")


class LedgerRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One row. ``amount`` is signed as the money moves: out negative, red-letter the other way."""

    item_id: str
    erp_reference: str
    account: str
    amount: Exact
    red_letter: bool
    currency: str
    day: date
    counterparty_name: str
    counterparty_account: str
    remittance: str


def ledger_rows(content: bytes) -> Iterator[LedgerRow]:
    """The rows of a CSV in UTF-8, UTF-16 with a mark, or GBK.

    Raises Refused with one fault, its line and column, for the first thing that is wrong.
    """
    reader = csv.reader(io.StringIO(_text(content), newline=""), strict=True)
    try:
        names = _header(next(reader, []))
        seen: dict[str, int] = {}
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _row(names, cells, reader.line_num, seen)
    except csv.Error:
        raise _wrong(reader.line_num, "", "CSV 引号不配对", "a quotation mark has no end") from None


def _text(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        codecs_tried = ["utf-16"]
    else:
        codecs_tried = ["utf-8-sig", "gb18030"]
    line = 1
    for codec in codecs_tried:
        try:
            return content.decode(codec)
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
    raise _wrong(line, "", "编码不是 UTF-8 或 GBK", "neither UTF-8 nor GBK")


def _header(cells: list[str]) -> dict[str, int]:
    names = {cell.strip().lower(): at for at, cell in enumerate(cells) if cell.strip()}
    for name in _NEEDED:
        if name not in names:
            known = ",".join(COLUMNS)
            raise _wrong(
                1, name, f"表头缺少此列；应为 {known}", f"the header lacks it; needed: {known}"
            )
    return names


def _row(names: Mapping[str, int], cells: list[str], line: int, seen: dict[str, int]) -> LedgerRow:
    def cell(name: str) -> str:
        at = names.get(name)
        return cells[at].strip() if at is not None and at < len(cells) else ""

    def needed(name: str) -> str:
        text = cell(name).lstrip(_GUARDED) if name == "account" else cell(name)
        if not text:
            raise _wrong(line, name, "不能为空", "must not be empty")
        return text

    item_id = needed("item_id")
    before = seen.setdefault(item_id, line)
    if before != line:
        raise _wrong(line, "item_id", f"与第 {before} 行重复", f"is that of line {before} as well")
    amount = _checked(needed, "amount", line, _amount)
    out = _checked(needed, "direction", line, _is_out)
    return LedgerRow(
        item_id=item_id,
        erp_reference=cell("erp_reference"),
        account=needed("account"),
        amount=-amount if out else amount,
        red_letter=amount.units < 0,
        currency=_checked(needed, "currency", line, _currency),
        day=_checked(needed, "date", line, _date),
        counterparty_name=cell("counterparty_name"),
        counterparty_account=cell("counterparty_account").lstrip(_GUARDED),
        remittance=cell("remittance"),
    )


def _checked(
    needed: Callable[[str], str], name: str, line: int, read: Callable[[str], _Read]
) -> _Read:
    try:
        return read(needed(name))
    except ValueError:
        raise _wrong(line, name, *_WORDS[name]) from None


_WORDS: Final = {
    "amount": (
        "金额应为普通数字，如 1200.50；红字为负数，不带千分位",
        "a plain number such as 1200.50, negative for red letters, without separators",
    ),
    "direction": ("方向应为 out（付）或 in（收）", "must be out or in"),
    "currency": ("币种应为三个大写字母，如 CNY", "three capital letters, such as CNY"),
    "date": ("日期应为 YYYY-MM-DD", "a date such as 2026-10-01"),
}


def _amount(text: str) -> Exact:
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise ValueError
    sign, whole, fraction = found.groups("")
    return exact(whole, fraction, negative=bool(sign))


def _is_out(text: str) -> bool:
    if text.lower() not in ("out", "in"):
        raise ValueError
    return text.lower() == "out"


def _currency(text: str) -> str:
    if _CURRENCY.fullmatch(text) is None:
        raise ValueError
    return text


def _date(text: str) -> date:
    found = _DAY.fullmatch(text)
    if found is None:
        raise ValueError
    return date(*map(int, found.groups()))


def _wrong(line: int, column: str, zh: str, en: str) -> Refused:
    fault = Fault(path=column, code="ledger", zh=zh, en=en, line=line)
    return Refused(en, zh, faults=[fault])
