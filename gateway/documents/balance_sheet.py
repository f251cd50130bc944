"""余额调节表 as a paper: both balances, the four classes item by item, who prepared and reviewed.

Rule kept here: it prints the stored sheet and nothing else, under that sheet's digest; what the
sheet does not know is printed as not known, and a difference stands as large as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from gateway.documents.face import FontFile
from gateway.documents.page import Align, Block, Note, Signatures, Table, Title, printed
from gateway.documents.receipt import grouped, moment
from gateway.domain.balance_sheet import (
    CLASS_WORDS,
    BalanceSheet,
    OpenClass,
    OpenLine,
    SheetState,
)
from gateway.domain.money import Money

STATE_WORDS: Final[Mapping[SheetState, str]] = MappingProxyType(
    {
        SheetState.BALANCED: "相符 / balanced",
        SheetState.UNPROVEN: (
            "余额相符，但银行明细未全部证实完整 / balances agree, days of the bank are not proven"
        ),
        SheetState.DIFFERS: "不相符 / does not agree",
        SheetState.INCOMPLETE: "余额不全，无法调节 / a balance is missing",
    }
)
UNKNOWN: Final = "未知 unknown"
_HEAD: Final = (
    "日期\nDay",
    "编号\nNumber",
    "对方\nCounterparty",
    "摘要、参考号\nText, reference",
    "标记\nMarks",
    "金额\nAmount",
)
_SHARES: Final = (13, 19, 19, 23, 9, 17)
_ALIGNS: Final = (*(Align.LEFT,) * 5, Align.RIGHT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Under what digest a sheet stands, and who signed it when; '' and None for nobody yet."""

    digest: str
    prepared_by: str = ""
    prepared_at: datetime | None = None
    reviewed_by: str = ""
    reviewed_at: datetime | None = None
    comment: str = ""


def balance_sheet_pdf(sheet: BalanceSheet, signed: Signed, font: FontFile | None = None) -> bytes:
    """The paper. Raises UnusableFont."""
    return printed(
        f"余额调节表 {sheet.account} {sheet.day.isoformat()}",
        (
            Title(zh="银行存款余额调节表", en="Bank reconciliation statement"),
            Table(shares=(28, 72), rows=tuple(_facts(sheet, signed))),
            _balances(sheet),
            *(block for kind in OpenClass for block in _class(sheet, kind)),
            *_doubts(sheet, signed.comment),
            Signatures(
                lines=(
                    ("编制 Prepared by", signed.prepared_by),
                    ("复核 Reviewed by", signed.reviewed_by),
                )
            ),
        ),
        foot=f"摘要 SHA-256 {signed.digest}",
        font=font,
    )


def _facts(sheet: BalanceSheet, signed: Signed) -> Iterable[tuple[str, str]]:
    yield "单位 Company", sheet.company
    yield "账号 Account", sheet.account
    yield "币种 Currency", sheet.currency
    yield "期间 Period", f"{sheet.first_day.isoformat()} – {sheet.day.isoformat()}"
    yield "结论 Result", STATE_WORDS[sheet.state]
    prepared, reviewed = signed.prepared_at, signed.reviewed_at
    draft = "未编制（按当前数据计算） draft, not prepared"
    yield "编制时间 Prepared at", moment(prepared) if prepared is not None else draft
    none = "未复核 not reviewed"
    yield "复核时间 Reviewed at", moment(reviewed) if reviewed is not None else none


def _balances(sheet: BalanceSheet) -> Table:
    """The books on the left, the bank on the right: the usual form."""
    sums = {kind: known(sheet.sums[kind]) for kind in OpenClass}
    book = (
        ("企业账面余额\nBalance in the books", known(sheet.book_balance)),
        ("加：银行已收，企业未收", sums[OpenClass.BANK_RECEIVED]),
        ("减：银行已付，企业未付", sums[OpenClass.BANK_PAID]),
        ("调节后余额\nAdjusted balance", known(sheet.adjusted_book)),
    )
    bank = (
        ("银行对账单余额\nBalance at the bank", known(sheet.bank_balance)),
        ("加：企业已收，银行未收", sums[OpenClass.BOOK_RECEIVED]),
        ("减：企业已付，银行未付", sums[OpenClass.BOOK_PAID]),
        ("调节后余额\nAdjusted balance", known(sheet.adjusted_bank)),
    )
    rows = [(*left, *right) for left, right in zip(book, bank, strict=True)]
    rows.append(("", "", "差额（银行减账面）\nDifference", known(sheet.difference)))
    return Table(
        shares=(30, 20, 30, 20),
        rows=tuple(rows),
        aligns=(Align.LEFT, Align.RIGHT, Align.LEFT, Align.RIGHT),
    )


def _class(sheet: BalanceSheet, kind: OpenClass) -> Iterable[Block]:
    zh, en = CLASS_WORDS[kind]
    lines = sheet.classes[kind]
    yield Note(
        text=f"{zh} / {en}：{len(lines)} 笔 items，合计 sum {known(sheet.sums[kind])}",
        size=9_000,
    )
    if lines:
        yield Table(
            shares=_SHARES,
            head=_HEAD,
            rows=tuple(_item(it) for it in lines),
            aligns=_ALIGNS,
            size=8_000,
        )


def _item(it: OpenLine) -> tuple[str, ...]:
    text = "\n".join(part for part in (it.remittance, it.reference) if part)
    day, amount = it.day.isoformat(), known(it.in_class)
    return (day, it.ref, it.counterparty_name, text, marks(it), amount)


def marks(it: OpenLine) -> str:
    """What is special about an item, in words."""
    told = (
        (it.backward, "红字 reversal"),
        (it.late, "补记 late"),
        (it.carried, "结转 carried"),
        (it.written_off, "核销 written off"),
    )
    return "、".join(words for holds, words in told if holds)


def _doubts(sheet: BalanceSheet, comment: str) -> Iterable[Block]:
    if sheet.doubts:
        lines = [
            f"{it.zh} / {it.en}" + "".join(f" {day.isoformat()}" for day in it.days)
            for it in sheet.doubts
        ]
        yield Note(text="\n".join(("疑点 Findings", *lines)), size=8_000)
    if comment:
        yield Note(text=f"说明 Comment：{comment}", size=8_000)


def known(amount: Money | None) -> str:
    """An amount, or that it is not known."""
    return UNKNOWN if amount is None else grouped(amount.text())
