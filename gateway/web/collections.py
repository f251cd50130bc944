"""Endpoint of collections: read and checked as three different things, then by capability.

Rule kept here: what no bank's language carries is refused by name, before anything is stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from starlette.responses import Response

from gateway.domain.collection import (
    NAMES,
    Collection,
    CollectionKind,
    DirectDebit,
    PaymentRequest,
    Sweep,
)
from gateway.domain.errors import Fault, NotOffered, Refused
from gateway.domain.money import Currency, Money, MoneyFormatError, currency
from gateway.domain.party import Account, Party
from gateway.ports.tenancy import OwnAccount, Tenant
from gateway.web.asked import Asked
from gateway.web.small_json import Member, read_texts

_EN, _ZH = "the collection was refused", "收款请求有误，未受理"
_ACCOUNT_MAX, _NAME_MAX, _PURPOSE_MAX = 32, 140, 60
_ACCOUNT: Final = re.compile(r"[0-9A-Za-z-]{1,32}", re.ASCII)
_MEMBERS: Final = {
    "kind": Member(required=True, words=tuple(CollectionKind)),
    "erp_reference": Member(required=True, most=_NAME_MAX),
    "creditor_account": Member(required=True, most=_ACCOUNT_MAX),
    "debtor_account": Member(required=True, most=_ACCOUNT_MAX),
    "debtor_name": Member(most=_NAME_MAX),
    "mandate": Member(most=_PURPOSE_MAX),
    "amount": Member(),
    "keep": Member(),
    "currency": Member(most=3),
    "purpose": Member(most=_PURPOSE_MAX),
    "due": Member(),
}
_ALWAYS: Final = frozenset({"kind", "erp_reference", "creditor_account", "debtor_account"})
_NEEDED: Final[Mapping[CollectionKind, frozenset[str]]] = {
    CollectionKind.PAYMENT_REQUEST: _ALWAYS | {"debtor_name", "amount", "purpose"},
    CollectionKind.DIRECT_DEBIT: _ALWAYS | {"debtor_name", "amount", "purpose", "mandate"},
    CollectionKind.SWEEP: _ALWAYS,
}
_MAY: Final[Mapping[CollectionKind, frozenset[str]]] = {
    CollectionKind.PAYMENT_REQUEST: frozenset({"currency", "due"}),
    CollectionKind.DIRECT_DEBIT: frozenset({"currency"}),
    CollectionKind.SWEEP: frozenset({"currency", "amount", "keep"}),
}


async def post(asked: Asked) -> Response:
    """Read a collection and say which bank does not offer it: none does yet."""
    asked.machine()
    collection = read_collection(asked.body, asked.tenant)
    own = asked.tenant.accounts[collection.creditor.account.number]
    raise not_offered(collection, asked.tenant.connections[own.connection].dialect)


def not_offered(collection: Collection, bank: str) -> NotOffered:
    """Which capability which bank's language lacks."""
    kind = _kind_of(collection)
    zh, en = NAMES[kind]
    return NotOffered(
        f"bank {bank} does not offer {en} (capability {kind.value}) here; nothing was stored",
        f"银行 {bank} 暂不提供{zh}（能力 {kind.value}），未受理",
    )


def read_collection(body: bytes, tenant: Tenant) -> Collection:
    """Read one of the three. Raises Refused with every fault."""
    texts = read_texts(body, _MEMBERS, en=_EN, zh=_ZH)
    kind = CollectionKind(texts["kind"])
    faults = _members(texts, kind)
    reader = _Values(texts, tenant, faults)
    creditor = reader.own("creditor_account")
    debtor: Party | None
    if kind is CollectionKind.SWEEP:
        own = reader.own("debtor_account")
        debtor = own.party if own is not None else None
    else:
        debtor = reader.stranger()
    unit = reader.currency()
    amount, keep = reader.money("amount", unit), reader.money("keep", unit)
    due = reader.day("due")
    if faults or creditor is None or debtor is None or unit is None:
        raise Refused(_EN, _ZH, faults)
    reference, purpose = texts["erp_reference"], texts.get("purpose", "")
    if kind is CollectionKind.SWEEP:
        return Sweep(
            erp_reference=reference,
            creditor=creditor.party,
            debtor=debtor,
            keep=keep or Money(0, unit),
            amount=amount,
            currency=unit,
        )
    assert amount is not None
    if kind is CollectionKind.DIRECT_DEBIT:
        return DirectDebit(
            erp_reference=reference,
            creditor=creditor.party,
            debtor=debtor,
            amount=amount,
            purpose=purpose,
            mandate=texts["mandate"],
        )
    return PaymentRequest(
        erp_reference=reference,
        creditor=creditor.party,
        debtor=debtor,
        amount=amount,
        purpose=purpose,
        due=due,
    )


class _Values:
    """Texts become values; what cannot is added to the faults."""

    def __init__(self, texts: Mapping[str, str], tenant: Tenant, faults: list[Fault]) -> None:
        self._texts = texts
        self._tenant = tenant
        self._faults = faults

    def own(self, name: str) -> OwnAccount | None:
        """An account of ours."""
        found = self._tenant.accounts.get(self._texts.get(name, ""))
        if found is None and self._texts.get(name):
            self._fault(
                name,
                "account_unknown",
                "账号未在本租户登记，请核对或联系管理员登记",
                "the account is not registered here; check it or have it registered",
            )
        return found

    def stranger(self) -> Party | None:
        """Somebody else who is to pay."""
        number = self._texts["debtor_account"]
        if not _ACCOUNT.fullmatch(number):
            self._fault(
                "debtor_account",
                "account_format",
                "账号只能包含数字、字母和连字符，1 至 32 位",
                "the account must be 1 to 32 digits, letters or hyphens",
            )
        name = self._texts.get("debtor_name", "")
        return Party(name=name, account=Account(number=number))

    def currency(self) -> Currency | None:
        """The currency, CNY unless told."""
        try:
            return currency(self._texts.get("currency") or "CNY")
        except MoneyFormatError:
            self._fault("currency", "currency_unknown", "币种不支持", "the currency is not known")
        return None

    def money(self, name: str, unit: Currency | None) -> Money | None:
        """An exact amount; None where none is told."""
        text = self._texts.get(name, "")
        if not text or unit is None:
            return None
        try:
            found = Money.parse(text, unit)
        except MoneyFormatError:
            found = None
        if found is None or (found.minor <= 0 and name == "amount"):
            self._fault(
                name,
                "amount_format",
                "金额须为大于零的精确十进制文本，如 1200.50",
                "the amount must be exact decimal text above zero, such as 1200.50",
            )
        return found

    def day(self, name: str) -> date | None:
        """A day; None where none is told."""
        text = self._texts.get(name, "")
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self._fault(
                name,
                "date_format",
                "须为真实存在的日期，格式 YYYY-MM-DD",
                "must be a real day written YYYY-MM-DD",
            )
        return None

    def _fault(self, name: str, code: str, zh: str, en: str) -> None:
        self._faults.append(Fault(path=f"/{name}", code=code, zh=zh, en=en))


def _members(texts: Mapping[str, str], kind: CollectionKind) -> list[Fault]:
    """What is missing, and what belongs to another of the three."""
    missing = [
        Fault(path=f"/{name}", code="required", zh="必填，请补充", en="required; fill it in")
        for name in sorted(_NEEDED[kind])
        if not texts.get(name, "").strip()
    ]
    zh, en = NAMES[kind]
    stray = [
        Fault(
            path=f"/{name}",
            code="unknown_field",
            zh=f"{zh}没有此项，请删除",
            en=f"{en} have no such member; remove it",
        )
        for name in sorted(texts.keys() - _NEEDED[kind] - _MAY[kind])
    ]
    return missing + stray


def _kind_of(collection: Collection) -> CollectionKind:
    match collection:
        case PaymentRequest():
            return CollectionKind.PAYMENT_REQUEST
        case DirectDebit():
            return CollectionKind.DIRECT_DEBIT
        case Sweep():
            return CollectionKind.SWEEP
