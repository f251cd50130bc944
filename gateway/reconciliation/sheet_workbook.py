"""A sheet as the rows of a workbook: both balances, the four classes with their items, both ends.

Rule kept here: the workbook says what the frozen content says, digit by digit, and its digest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.domain.balance_sheet import (
    CLASS_WORDS,
    BalanceSheet,
    OpenClass,
    OpenLine,
    SheetState,
)
from gateway.domain.money import Money

AMOUNTS: Final = frozenset({1})
"""The column (from 0) that holds amounts."""
_STATES: Final = {
    SheetState.BALANCED: "平衡 balanced",
    SheetState.UNPROVEN: "相符，但银行明细有未证实的日期 agrees, days unproven",
    SheetState.DIFFERS: "不平 differs",
    SheetState.INCOMPLETE: "缺余额 a balance is missing",
}
_MARKS: Final = (
    ("carried", "上期结转 carried"),
    ("late", "补入已结账期间 late"),
    ("written_off", "已核销 written off"),
    ("backward", "红字 red-letter"),
)


def rows_of(sheet: BalanceSheet, people: tuple[str, str], digest: str) -> Iterator[list[str]]:
    """The rows of a sheet; ``people`` are preparer and reviewer, '' where there is none yet."""
    yield ["银行存款余额调节表 bank reconciliation statement", ""]
    yield ["单位 company", "", sheet.company]
    yield ["账号 account", "", sheet.account]
    yield ["币种 currency", "", sheet.currency]
    yield ["期间 period", "", f"{sheet.first_day} – {sheet.day}"]
    yield ["结果 result", "", _STATES[sheet.state]]
    yield [""]
    yield [
        "项目 item",
        "金额 amount",
        "日期 date",
        "参考号 reference",
        "对方户名 counterparty",
        "摘要 text",
        "备注 remark",
        "标识 ref",
    ]
    yield ["银行对账单余额 balance by the bank", _text(sheet.bank_balance)]
    yield from _class(sheet, OpenClass.BOOK_RECEIVED, "加 plus")
    yield from _class(sheet, OpenClass.BOOK_PAID, "减 minus")
    yield ["调节后银行余额 adjusted balance by the bank", _text(sheet.adjusted_bank)]
    yield [""]
    yield ["企业账面余额 balance by the books", _text(sheet.book_balance)]
    yield from _class(sheet, OpenClass.BANK_RECEIVED, "加 plus")
    yield from _class(sheet, OpenClass.BANK_PAID, "减 minus")
    yield ["调节后账面余额 adjusted balance by the books", _text(sheet.adjusted_book)]
    yield ["差额（银行减账面）difference", _text(sheet.difference)]
    for doubt in sheet.doubts:
        yield [f"说明 note: {doubt.zh} / {doubt.en}", "", " ".join(map(str, doubt.days))]
    yield [""]
    yield ["编制人 prepared by", "", people[0]]
    yield ["复核人 reviewed by", "", people[1]]
    yield ["内容摘要 SHA-256", "", digest]


def _class(sheet: BalanceSheet, kind: OpenClass, sign: str) -> Iterator[list[str]]:
    zh, en = CLASS_WORDS[kind]
    yield [f"{sign}：{zh} {en}", _text(sheet.sums[kind])]
    for it in sheet.classes[kind]:
        yield [
            "",
            _text(it.in_class),
            str(it.day),
            it.reference,
            it.counterparty_name,
            it.remittance,
            _marks(it),
            it.ref,
        ]


def _marks(it: OpenLine) -> str:
    return " ".join(words for name, words in _MARKS if getattr(it, name))


def _text(amount: Money | None) -> str:
    return "" if amount is None else amount.text()
