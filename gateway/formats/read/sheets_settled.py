"""What a column's name means beside its neighbours, and the currency that stands in it.

Rule kept here: only names decide, never what stands in a column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple
from unicodedata import normalize

from gateway.domain import money

_BRACKETS: Final = re.compile(r"[(（\[【<][^)）\]】>]*[)）\]】>]")
_UNIT: Final = re.compile(r"\s+(?:in\s+)?([A-Z]{3}|EUROA|[Ee]uros?)\s*$")
_NORDIC: Final = frozenset(
    {
        *("belopp", "belop", "belob", "bokforingsdato", "bokforingsdag", "bokforingsdatum"),
        *("bogfortdato", "bogforingsdato"),
    }
)


class _Rule(NamedTuple):
    """Beside ``near`` a column called ``name`` is ``new``, whatever it was taken for."""

    near: frozenset[str]
    name: str
    new: str


_RULES: Final = (
    # "Valuta" is the currency in the north and the value date elsewhere, "valor" the value date
    # there and the amount elsewhere; an account's number is the customer's own in the north.
    _Rule(_NORDIC, "valuta", "currency"),
    _Rule(_NORDIC, "valor", "value_date"),
    _Rule(_NORDIC, "kontonummer", "account"),
    _Rule(frozenset({"partnername"}), "bankaccount", "counterparty_account"),
    _Rule(frozenset({"payee", "empfanger"}), "accountnumber", "counterparty_account"),
    # Beside a name, "counterparty" is its account.
    _Rule(frozenset({"name"}), "counterparty", "counterparty_account"),
    # "Umsatz gebucht" or "Umsatz vorgemerkt".
    _Rule(frozenset({"auftragskonto"}), "info", "status"),
)
_PARTIES: Final = frozenset({"counterparty_name", "payer_name", "payee_name"})


def settled(places: Mapping[str, int], names: Sequence[str]) -> dict[str, int]:
    """Places with those names moved that mean another thing beside certain neighbours.

    ``names`` are the header's plain names.
    """
    found = dict(places)
    here = frozenset(names)
    for rule in _RULES:
        if rule.near & here:
            _move(found, names, rule)
    if not found.keys() & _PARTIES:
        # Where nobody else is named, the number is the customer's own.
        _move(found, names, _Rule(here, "kontonummer", "account"))
    if "counterparty_name" not in found and "name" in here:
        found["counterparty_name"] = names.index("name")
    return found


def _move(found: dict[str, int], names: Sequence[str], rule: _Rule) -> None:
    if rule.name not in names or rule.new in found:
        return
    at = names.index(rule.name)
    old = next((field for field, place in found.items() if place == at), "")
    if old:
        del found[old]
    found[rule.new] = at


def without_unit(name: str) -> str:
    """A name without brackets, and without a currency behind it (``Saldo in CHF``)."""
    bare = _BRACKETS.sub("", name)
    found = _UNIT.search(bare)
    return bare[: found.start()] if found is not None and _is_currency(found[1]) else bare


def unit_of(names: Iterable[str]) -> str:
    """What stands in brackets or as a currency behind the first of these names that has such."""
    for name in names:
        if (bracket := _BRACKETS.search(normalize("NFKC", name))) is not None:
            return bracket[0].strip("()[]【】<>")
        if (found := _UNIT.search(name)) is not None and _is_currency(found[1]):
            return found[1]
    return ""


def _is_currency(code: str) -> bool:
    if code.casefold().startswith("euro"):
        return True
    try:
        money.currency(code)
    except money.MoneyFormatError:
        return False
    return True
