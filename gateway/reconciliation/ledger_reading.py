"""Ledger items and balances as an ERP sends them: read strictly, every fault told with its place.

Rule kept here: an amount is plain decimal text; a date is a real day; what is not known by name
is a fault. Nothing is stored of a call that has a fault.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, TypeVar

import msgspec

from gateway.domain.balance_sheet import Side
from gateway.domain.day import day_of
from gateway.domain.errors import Fault, Refused
from gateway.domain.money import Currency, Money, MoneyFormatError, currency

ITEMS_MAX: Final = 10_000
"""Most items of one call."""
_FAULTS_MAX: Final = 100
_LONGEST: Final[Mapping[str, int]] = {
    "item_id": 128,
    "erp_reference": 255,
    "account": 40,
    "counterparty_name": 300,
    "counterparty_account": 64,
    "remittance": 1000,
}
_NEEDED: Final = ("item_id", "account", "direction", "amount", "date")
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "account_unknown": ("没有该账户", "there is no such account"),
    "amount_format": ("金额须为十进制文本，如 -1200.50", "the amount is decimal text: -1200.50"),
    "amount_zero": ("金额不能为零", "the amount must not be zero"),
    "amount_decimals": ("小数位超过该币种", "more decimals than the currency has"),
    "currency_other": ("与账户币种不同", "not the currency of the account"),
    "currency_unknown": ("币种无法识别", "this currency is not known"),
    "date": ("日期须为真实日期 YYYY-MM-DD", "a real day as YYYY-MM-DD"),
    "direction": ("direction 须为 out 或 in", "direction is out or in"),
    "forbidden_character": ("含不可见字符", "holds an invisible character"),
    "item_id_twice": ("同一请求中 item_id 重复", "item_id stands twice in this call"),
    "item_id_form": ("item_id 首尾不得为空格", "item_id begins or ends with a blank"),
    "required": ("必填", "required"),
    "side": ("side 须为 book 或 bank", "side is book or bank"),
    "side_bank": ("银行侧事项仅限期初未达账", "items of the bank's side are opening items only"),
}


class SentItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An item as it was sent."""

    item_id: str = ""
    account: str = ""
    direction: str = ""
    amount: str = ""
    date: str = ""
    currency: str = ""
    erp_reference: str = ""
    counterparty_name: str = ""
    counterparty_account: str = ""
    remittance: str = ""
    side: str = Side.BOOK.value
    opening: bool = False


class SentItems(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a call."""

    items: list[SentItem]


class SentBalance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the books' balance of an account was at the end of a day, as it was sent."""

    account: str = ""
    date: str = ""
    balance: str = ""
    currency: str = ""


class SentBalances(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a call."""

    balances: list[SentBalance]


class Item(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An item that was read. ``amount`` is signed as the money moves: out is negative."""

    item_id: str
    account: str
    side: Side
    opening: bool
    amount: Money
    red_letter: bool
    day: date
    erp_reference: str
    counterparty_name: str
    counterparty_account: str
    remittance: str
    digest: str


class Balance(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A balance that was read."""

    account: str
    day: date
    amount: Money


class _NotReadError(Exception):
    """One field cannot be read."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(code)
        self.field = field
        self.code = code


class _TwiceError(ValueError):
    """A member of an object stands twice."""


_Sent = TypeVar("_Sent")
_items: Final = msgspec.json.Decoder(SentItems).decode
_balances: Final = msgspec.json.Decoder(SentBalances).decode
_encode: Final = msgspec.json.Encoder(order="sorted").encode


def read_items(body: bytes, currencies: Mapping[str, str]) -> list[Item]:
    """The items of ``{"items": [...]}``; ``currencies`` are the tenant's accounts.

    Raises Refused with every fault (at most so many).
    """
    told = sent(_items, body).items
    _bounded(len(told), "/items")
    faults: list[Fault] = []
    found: list[Item] = []
    seen: set[str] = set()
    for at, one in enumerate(told):
        try:
            found.append(_item(one, currencies, seen))
        except _NotReadError as error:
            faults.append(_fault(f"/items/{at}/{error.field}", error.code))
            if len(faults) == _FAULTS_MAX:
                break
    if faults:
        raise Refused("no item was taken", "账面明细有误，整批未受理", faults)
    return found


def read_balances(body: bytes, currencies: Mapping[str, str]) -> list[Balance]:
    """The balances of ``{"balances": [...]}``. Raises Refused with every fault."""
    told = sent(_balances, body).balances
    _bounded(len(told), "/balances")
    faults: list[Fault] = []
    found: list[Balance] = []
    for at, one in enumerate(told):
        try:
            unit = _unit(one.account, one.currency, currencies)
            amount = _amount("balance", one.balance, unit)
            found.append(Balance(account=one.account, day=_day(one.date), amount=amount))
        except _NotReadError as error:
            faults.append(_fault(f"/balances/{at}/{error.field}", error.code))
    if faults:
        raise Refused("no balance was taken", "账面余额有误，整批未受理", faults)
    return found


def sent(decode: Callable[[bytes], _Sent], body: bytes) -> _Sent:
    """What a body says. Two members of one name are refused: readers disagree about them."""
    try:
        json.loads(body.decode(), object_pairs_hook=_once)
        return decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        where = str(error) if isinstance(error, msgspec.ValidationError | _TwiceError) else ""
        raise Refused(
            f"the body cannot be read {where}".strip(),
            f"请求正文无法读取 {where}".strip(),
            [Fault(path="", code="json_form", zh="正文格式不符", en="not of the promised form")],
        ) from None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _TwiceError("a member stands twice")
    return found


def _bounded(count: int, path: str) -> None:
    if not count:
        raise Refused("nothing was sent", "列表为空", [_fault(path, "required")])
    if count > ITEMS_MAX:
        zh, en = f"一次至多 {ITEMS_MAX} 条", f"{ITEMS_MAX} at most in one call"
        raise Refused(en, zh, [Fault(path=path, code="too_many", zh=zh, en=en)])


def _item(one: SentItem, currencies: Mapping[str, str], seen: set[str]) -> Item:
    for name in _NEEDED:
        if not getattr(one, name).strip():
            raise _NotReadError(name, "required")
    for name, most in _LONGEST.items():
        _text(name, getattr(one, name), most)
    if one.item_id != one.item_id.strip():
        raise _NotReadError("item_id", "item_id_form")
    if one.item_id in seen:
        raise _NotReadError("item_id", "item_id_twice")
    seen.add(one.item_id)
    if one.direction not in {"out", "in"}:
        raise _NotReadError("direction", "direction")
    if one.side not in frozenset(Side):
        raise _NotReadError("side", "side")
    if one.side == Side.BANK.value and not one.opening:
        raise _NotReadError("side", "side_bank")
    unit = _unit(one.account, one.currency, currencies)
    amount = _amount("amount", one.amount, unit)
    if not amount.minor:
        raise _NotReadError("amount", "amount_zero")
    day = _day(one.date)
    return Item(
        item_id=one.item_id,
        account=one.account,
        side=Side(one.side),
        opening=one.opening,
        amount=-amount if one.direction == "out" else amount,
        red_letter=amount.minor < 0,
        day=day,
        erp_reference=one.erp_reference,
        counterparty_name=one.counterparty_name,
        counterparty_account=one.counterparty_account,
        remittance=one.remittance,
        digest=_digest(one, amount),
    )


def _digest(one: SentItem, amount: Money) -> str:
    """Of what was said, however it was written: 10 and 10.00 are one amount."""
    told = msgspec.to_builtins(one) | {"amount": amount.text(), "currency": amount.currency.code}
    return hashlib.sha256(_encode(told)).hexdigest()


def _unit(account: str, code: str, currencies: Mapping[str, str]) -> Currency:
    known = currencies.get(account)
    if known is None:
        raise _NotReadError("account", "account_unknown")
    if code and code != known:
        raise _NotReadError("currency", "currency_other")
    try:
        return currency(known)
    except MoneyFormatError:
        raise _NotReadError("currency", "currency_unknown") from None


def _amount(field: str, text: str, unit: Currency) -> Money:
    try:
        return Money.parse(text, unit, signed=True)
    except MoneyFormatError as error:
        code = "amount_decimals" if error.reason == "decimals" else "amount_format"
        raise _NotReadError(field, code) from None


def _day(text: str) -> date:
    day = day_of(text)
    if day is None:
        raise _NotReadError("date", "date")
    return day


def _text(field: str, text: str, most: int) -> None:
    if len(text) > most:
        raise _NotReadError(field, f"too_long:{most}")
    if not text.isprintable():
        raise _NotReadError(field, "forbidden_character")


def _fault(path: str, code: str) -> Fault:
    name, _, most = code.partition(":")
    if most:
        return Fault(path=path, code=name, zh=f"最长 {most} 字符", en=f"at most {most} characters")
    zh, en = _WORDS[name]
    return Fault(path=path, code=name, zh=zh, en=en)
