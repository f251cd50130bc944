"""Balances of a camt statement, and which of them prove it.

Rule kept here: opening is OPBD, else PRCD (the last closing, which is today's opening); closing
is CLBD. Only camt.052 may close with ITBD, what was booked so far: an intraday report has no
closing balance; with two ITBD and no other opening the first one opens it. Available, forward
and expected balances prove nothing, because they hold what is not booked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

import msgspec

from gateway.domain.bank_file import BalanceRead, BalanceUse
from gateway.domain.exact import Exact
from gateway.formats.read.camt_values import amount, day
from gateway.wire.node import Node

_OPENING: Final = ("OPBD", "PRCD")
_CLOSING: Final = ("CLBD",)
_INTERIM: Final = "ITBD"
_USES: Final = {
    "OPBD": BalanceUse.OPENING,
    "PRCD": BalanceUse.OPENING,
    "CLBD": BalanceUse.CLOSING,
    "CLAV": BalanceUse.AVAILABLE,
}
_DIRECTION: Final = {"CRDT": 1, "DBIT": -1}


class Chosen(NamedTuple):
    """What opens and closes a statement. ``interim`` says that ITBD had to stand in."""

    opening: BalanceRead | None
    closing: BalanceRead | None
    balances: tuple[BalanceRead, ...]
    interim: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A balance, or None with the tag that could not be read; ``dated`` False if its date is none.

    ``signed`` says that its amount has a minus sign of its own.
    """

    balance: BalanceRead | None
    tag: str = ""
    dated: bool = True
    signed: bool = False


def read(node: Node, currency: str) -> Told:
    """Read a ``Bal``. ``currency`` is the account's, for a balance that says none.

    A minus sign and DBIT say the same of a balance: it is overdrawn.
    """
    code = text_at(node, "Tp/CdOrPrtry/Cd", "Tp/CdOrPrtry/Prtry", "Tp/Cd", "Tp/Prtry")
    found = first(node, "Amt")
    value = amount(_text(found)) if found is not None else None
    sign = _DIRECTION.get(text_at(node, "CdtDbtInd").upper(), 0)
    if not code:
        return Told(None, "Tp")
    if found is None or value is None:
        return Told(None, "Amt")
    if not sign and value.units > 0:
        return Told(None, "CdtDbtInd")
    units = value.units if value.units < 0 else value.units * sign
    written = text_at(node, "Dt/Dt", "Dt/DtTm", "Dt")
    known = day(written)
    code = code.upper() if code.upper() in _USES else code
    balance = BalanceRead(
        use=_USES.get(code, BalanceUse.OTHER),
        code=code,
        amount=Exact(units, value.scale),
        currency=found.attr("Ccy") or currency,
        day=known,
    )
    return Told(balance, "Dt", dated=known is not None or not written, signed=value.units < 0)


def choose(balances: Sequence[BalanceRead], currency: str, *, intraday: bool) -> Chosen:
    """What opens and closes the statement; ``currency`` is preferred where there are several."""
    # One of another currency is told as well where there is no other; it proves nothing.
    own = sorted(balances, key=lambda it: it.currency != currency)
    opening = _pick(own, _OPENING, last=False)
    closing = _pick(own, _CLOSING, last=True)
    interim = False
    if intraday and closing is None:
        between = [it for it in balances if it.code == _INTERIM and it.currency == currency]
        if opening is None and len(between) > 1:
            opening = min(between, key=_when)
        if between and (opening is not between[-1]):
            closing = _latest(between)
            interim = True
    tuple_of = tuple(
        _used(it, BalanceUse.CLOSING)
        if it is closing
        else _used(it, BalanceUse.OPENING)
        if it is opening
        else it
        for it in balances
    )
    return Chosen(
        _used(opening, BalanceUse.OPENING) if opening else None,
        _used(closing, BalanceUse.CLOSING) if closing else None,
        tuple_of,
        interim,
    )


def _pick(own: list[BalanceRead], codes: tuple[str, ...], *, last: bool) -> BalanceRead | None:
    """The balance of the first code that is there; of several the earliest, or the latest.

    Those of the wanted currency come first in ``own``.
    """
    for code in codes:
        found = [it for it in own if it.code == code]
        found = [it for it in found if it.currency == found[0].currency]
        if found:
            return _latest(found) if last else min(found, key=_when)
    return None


def _latest(found: list[BalanceRead]) -> BalanceRead:
    """The latest; of one day the last in the file."""
    return max(reversed(found), key=_when)


def _when(balance: BalanceRead) -> date:
    return balance.day or date.min


def _used(balance: BalanceRead, use: BalanceUse) -> BalanceRead:
    return balance if balance.use is use else msgspec.structs.replace(balance, use=use)


def first(node: Node, path: str) -> Node | None:
    """The first element at a path, however many there are."""
    found: Node | None = node
    for name in path.split("/"):
        found = next(found.each(name), None) if found is not None else None
    return found


def text_at(node: Node, *paths: str) -> str:
    """The text of the first of these paths that has one."""
    for path in paths:
        found = first(node, path)
        text = _text(found) if found is not None else ""
        if text:
            return text
    return ""


def _text(node: Node) -> str:
    return (node.element.text or "").strip()
