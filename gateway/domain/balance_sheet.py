"""余额调节表: what the bank says and what the books say, each adjusted until both agree.

Rule kept here: every open item stands in exactly one of four classes, and nothing else moves a
balance; what does not agree is told by how much, never made to agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from gateway.domain.money import Currency, Money, currency, total


class Side(StrEnum):
    """Where a thing is booked. The strings are stored: for ever."""

    BANK = "bank"
    BOOK = "book"


class OpenClass(StrEnum):
    """The four classes of open items (未达账项). The strings are stored: for ever."""

    BANK_RECEIVED = "bank_received"
    """银行已收，企业未收: adds to the book balance."""
    BANK_PAID = "bank_paid"
    """银行已付，企业未付: taken from the book balance."""
    BOOK_RECEIVED = "book_received"
    """企业已收，银行未收: adds to the bank balance."""
    BOOK_PAID = "book_paid"
    """企业已付，银行未付: taken from the bank balance."""


CLASS_WORDS: Final[Mapping[OpenClass, tuple[str, str]]] = MappingProxyType(
    {
        OpenClass.BANK_RECEIVED: ("银行已收，企业未收", "received by the bank, not in the books"),
        OpenClass.BANK_PAID: ("银行已付，企业未付", "paid by the bank, not in the books"),
        OpenClass.BOOK_RECEIVED: ("企业已收，银行未收", "received in the books, not at the bank"),
        OpenClass.BOOK_PAID: ("企业已付，银行未付", "paid in the books, not at the bank"),
    }
)
"""Chinese and English words of each class."""


class SheetState(StrEnum):
    """What a sheet comes to."""

    BALANCED = "balanced"
    """Both adjusted balances agree, and every day of the bank is proven."""
    UNPROVEN = "unproven"
    """They agree, and days of the bank are not proven complete."""
    DIFFERS = "differs"
    """They do not agree."""
    INCOMPLETE = "incomplete"
    """The bank's balance or the books' is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLine:
    """One open item. ``amount`` is signed as the money moves: out is negative.

    ``backward`` says that it takes back one of the other direction (红字): it stands in the class
    of what it takes back, with a negative amount there. ``late`` says that its date lies in a
    period that was closed before it came; ``carried`` that it was open at the last close.
    """

    side: Side
    ref: str
    day: date
    amount: Money
    backward: bool = False
    late: bool = False
    carried: bool = False
    written_off: bool = False
    """A person decided to look for it no more; it stands here until the books post it."""
    reference: str = ""
    counterparty_name: str = ""
    remittance: str = ""

    @property
    def kind(self) -> OpenClass:
        """Its one class."""
        received = (self.amount.minor > 0) != self.backward
        if self.side is Side.BANK:
            return OpenClass.BANK_RECEIVED if received else OpenClass.BANK_PAID
        return OpenClass.BOOK_RECEIVED if received else OpenClass.BOOK_PAID

    @property
    def in_class(self) -> Money:
        """Its amount as its class shows it: positive, unless it takes something back."""
        received = self.kind in {OpenClass.BANK_RECEIVED, OpenClass.BOOK_RECEIVED}
        return self.amount if received else -self.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Why a sheet is not balanced, or what is odd about it. ``days`` where it is about days."""

    code: str
    zh: str
    en: str
    days: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetFacts:
    """What a sheet is computed from. Balances are None where nobody has stated them.

    ``unproven`` are days of the period whose statement is not proven complete.
    """

    account: str
    company: str
    unit: Currency
    first_day: date
    day: date
    bank_balance: Money | None
    book_balance: Money | None
    lines: tuple[OpenLine, ...] = ()
    unproven: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceSheet:
    """A computed sheet. Adjusted balances and ``difference`` (bank minus book) may be None."""

    account: str
    company: str
    currency: str
    first_day: date
    day: date
    state: SheetState
    bank_balance: Money | None
    book_balance: Money | None
    classes: Mapping[OpenClass, tuple[OpenLine, ...]]
    sums: Mapping[OpenClass, Money]
    adjusted_bank: Money | None
    adjusted_book: Money | None
    difference: Money | None
    doubts: tuple[Doubt, ...] = ()


def balance_sheet(facts: SheetFacts) -> BalanceSheet:
    """Compute the sheet. Raises MoneyFormatError for an item of another currency."""
    classes = {
        kind: tuple(sorted((it for it in facts.lines if it.kind is kind), key=_order))
        for kind in OpenClass
    }
    sums = {
        kind: total((it.in_class for it in lines), facts.unit) for kind, lines in classes.items()
    }
    bank = _adjusted(facts.bank_balance, sums[OpenClass.BOOK_RECEIVED], sums[OpenClass.BOOK_PAID])
    book = _adjusted(facts.book_balance, sums[OpenClass.BANK_RECEIVED], sums[OpenClass.BANK_PAID])
    difference = bank - book if bank is not None and book is not None else None
    return BalanceSheet(
        account=facts.account,
        company=facts.company,
        currency=facts.unit.code,
        first_day=facts.first_day,
        day=facts.day,
        state=_state(difference, facts.unproven),
        bank_balance=facts.bank_balance,
        book_balance=facts.book_balance,
        classes=MappingProxyType(classes),
        sums=MappingProxyType(sums),
        adjusted_bank=bank,
        adjusted_book=book,
        difference=difference,
        doubts=tuple(_doubts(facts, difference)),
    )


def _order(line: OpenLine) -> tuple[date, str, str]:
    return line.day, line.side.value, line.ref


def _adjusted(balance: Money | None, received: Money, paid: Money) -> Money | None:
    return None if balance is None else balance + received - paid


def _state(difference: Money | None, unproven: Sequence[date]) -> SheetState:
    if difference is None:
        return SheetState.INCOMPLETE
    if difference.minor:
        return SheetState.DIFFERS
    return SheetState.UNPROVEN if unproven else SheetState.BALANCED


def _doubts(facts: SheetFacts, difference: Money | None) -> Iterable[Doubt]:
    day = facts.day.isoformat()
    if facts.bank_balance is None:
        yield Doubt(
            code="bank_balance_missing",
            zh=f"银行 {day} 日终余额未知：请拉取或导入该日对账单",
            en=f"the bank's closing balance of {day} is not known: fetch or import that day",
        )
    if facts.book_balance is None:
        yield Doubt(
            code="book_balance_missing",
            zh=f"账面 {day} 余额未提供：请提交 /v1/ledger-balances",
            en=f"the books' balance of {day} was not given: post it to /v1/ledger-balances",
        )
    if facts.unproven:
        yield Doubt(
            code="days_unproven",
            zh=f"有 {len(facts.unproven)} 天的银行明细未证实完整",
            en=f"{len(facts.unproven)} days of the bank are not proven complete",
            days=facts.unproven,
        )
    if difference is not None and difference.minor:
        yield Doubt(
            code="differs",
            zh=f"调节后余额相差 {difference.text()}（银行减账面）",
            en=f"the adjusted balances differ by {difference.text()} (bank minus book)",
        )
        yield from _hints(facts, abs(difference.minor))


def _hints(facts: SheetFacts, gap: int) -> Iterable[Doubt]:
    """Open items of just the amount that is missing, or of half of it on the wrong side."""
    for factor, code, zh, en in (
        (1, "like_open_item", "差额等于未达账项", "the difference equals open item"),
        (2, "like_wrong_sign", "差额为其两倍（方向可能有误）", "it is twice (wrong direction?)"),
    ):
        for line in facts.lines:
            if abs(line.amount.minor) * factor == gap:
                yield Doubt(code=code, zh=f"{zh}：{line.ref}", en=f"{en}: {line.ref}")


# ── as data ───────────────────────────────────────────────────────────────────────────────────


def document(sheet: BalanceSheet) -> dict[str, object]:
    """The sheet as JSON values: what is digested, stored and shown. Amounts are exact texts."""
    return {
        "account": sheet.account,
        "company": sheet.company,
        "currency": sheet.currency,
        "from": sheet.first_day.isoformat(),
        "day": sheet.day.isoformat(),
        "state": sheet.state.value,
        "bank_balance": _text(sheet.bank_balance),
        "book_balance": _text(sheet.book_balance),
        "classes": {kind.value: _class(sheet, kind) for kind in OpenClass},
        "adjusted_bank": _text(sheet.adjusted_bank),
        "adjusted_book": _text(sheet.adjusted_book),
        "difference": _text(sheet.difference),
        "doubts": [
            {
                "code": it.code,
                "zh": it.zh,
                "en": it.en,
                "days": [day.isoformat() for day in it.days],
            }
            for it in sheet.doubts
        ],
    }


def _class(sheet: BalanceSheet, kind: OpenClass) -> dict[str, object]:
    zh, en = CLASS_WORDS[kind]
    return {
        "zh": zh,
        "en": en,
        "sum": sheet.sums[kind].text(),
        "items": [_line(it) for it in sheet.classes[kind]],
    }


def _line(it: OpenLine) -> dict[str, object]:
    return {
        "side": it.side.value,
        "ref": it.ref,
        "day": it.day.isoformat(),
        "amount": it.in_class.text(),
        "backward": it.backward,
        "late": it.late,
        "carried": it.carried,
        "written_off": it.written_off,
        "reference": it.reference,
        "counterparty_name": it.counterparty_name,
        "remittance": it.remittance,
    }


def _text(amount: Money | None) -> str | None:
    return None if amount is None else amount.text()


def sheet_of(told: Mapping[str, Any]) -> BalanceSheet:
    """The sheet that ``document`` wrote: what was frozen, not what it would be now."""
    unit = currency(told["currency"])
    classes = {kind: _lines_of(told["classes"][kind.value], kind, unit) for kind in OpenClass}
    return BalanceSheet(
        account=told["account"],
        company=told["company"],
        currency=unit.code,
        first_day=date.fromisoformat(told["from"]),
        day=date.fromisoformat(told["day"]),
        state=SheetState(told["state"]),
        bank_balance=_money(told["bank_balance"], unit),
        book_balance=_money(told["book_balance"], unit),
        classes=MappingProxyType(classes),
        sums=MappingProxyType(
            {kind: _known(told["classes"][kind.value]["sum"], unit) for kind in OpenClass}
        ),
        adjusted_bank=_money(told["adjusted_bank"], unit),
        adjusted_book=_money(told["adjusted_book"], unit),
        difference=_money(told["difference"], unit),
        doubts=tuple(
            Doubt(
                code=it["code"],
                zh=it["zh"],
                en=it["en"],
                days=tuple(map(date.fromisoformat, it["days"])),
            )
            for it in told["doubts"]
        ),
    )


def _lines_of(told: Mapping[str, Any], kind: OpenClass, unit: Currency) -> tuple[OpenLine, ...]:
    received = kind in {OpenClass.BANK_RECEIVED, OpenClass.BOOK_RECEIVED}
    return tuple(
        OpenLine(
            side=Side(it["side"]),
            ref=it["ref"],
            day=date.fromisoformat(it["day"]),
            amount=_signed(it["amount"], unit, received=received),
            backward=it["backward"],
            late=it["late"],
            carried=it["carried"],
            written_off=it["written_off"],
            reference=it["reference"],
            counterparty_name=it["counterparty_name"],
            remittance=it["remittance"],
        )
        for it in told["items"]
    )


def _signed(text: str, unit: Currency, *, received: bool) -> Money:
    amount = _known(text, unit)
    return amount if received else -amount


def _known(text: str, unit: Currency) -> Money:
    return Money.parse(text, unit, signed=True)


def _money(text: str | None, unit: Currency) -> Money | None:
    return None if text is None else _known(text, unit)
