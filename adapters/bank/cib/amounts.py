"""Amounts in answers: the bank writes two decimals in every currency, also where there are none."""

from __future__ import annotations

from adapters.bank.cib import codes
from gateway.domain.money import Currency, Money, MoneyFormatError
from gateway.wire.xml import Node


def unit(parent: Node, name: str) -> Currency:
    """The currency named by the child ``name``; absent or empty means CNY.

    Raises WireError("currency") for a spelling that stands in no table of the bank.
    """
    text = parent.child_text(name)
    found = codes.CURRENCIES.get(text)
    if found is None:
        raise parent.one(name).fault("currency")
    return found


def amount(node: Node, currency: Currency) -> Money:
    """A signed amount. Raises WireError("amount"), never with the value."""
    if currency.digits:
        return node.money(currency, signed=True)
    try:
        return Money.parse(node.text().removesuffix(".00"), currency, signed=True)
    except MoneyFormatError:
        raise node.fault("amount") from None


def amount_text(money: Money) -> str:
    """The bank's spelling of an amount: two decimals always."""
    return money.text() if money.currency.digits else f"{money.text()}.00"
