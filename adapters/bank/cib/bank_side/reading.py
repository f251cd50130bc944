"""Reading a request piece by piece; what cannot be read is noted as a fault, not raised."""

from __future__ import annotations

from datetime import date
from typing import Final

from gateway.domain.errors import WireError
from gateway.domain.money import CNY, Money, MoneyFormatError
from gateway.domain.party import Account, Agent, Party
from gateway.wire.xml import Node

_CNAPS_LENGTH: Final = 12


class Faults:
    """Collects what could not be read; the first one names the request's fault."""

    def __init__(self, first: str) -> None:
        self.first = first

    def add(self, path: str) -> None:
        """Note that what stands at ``path`` breaks the bank's form."""
        self.first = self.first or path

    def money(self, parent: Node, name: str) -> Money:
        """The amount in child ``name``; zero and a fault when it is none."""
        found = parent.maybe(name)
        if found is not None:
            try:
                return found.money(CNY)
            except WireError:
                self.add(found.path)
        return Money(0, CNY)

    def day(self, parent: Node, name: str) -> date | None:
        """The day in child ``name``; None when it is absent, or (a fault) not a day."""
        found = parent.maybe(name)
        if found is None or not found.text():
            return None
        try:
            return found.day()
        except WireError:
            self.add(found.path)
            return None


def inside(transaction: Node, path: str, faults: Faults) -> Node:
    """The element at ``path``, or the transaction itself when it is missing (then a fault)."""
    found = transaction.find(path)
    if found is None:
        faults.add(f"{transaction.path}/{path}")
        return transaction
    return found


def party(node: Node, faults: Faults) -> Party:
    """ACCTFROM or ACCTTO."""
    cnaps = node.child_text("BANKNUM")
    if not _no_or_any_cnaps(cnaps):
        faults.add(f"{node.path}/BANKNUM")
        cnaps = ""
    return Party(
        name=node.child_text("NAME"),
        account=Account(
            number=node.child_text("ACCTID"),
            agent=Agent(
                name=node.child_text("BANKDESC"), cnaps=cnaps, city=node.child_text("CITY")
            ),
        ),
    )


def _no_or_any_cnaps(text: str) -> bool:
    return not text or (len(text) == _CNAPS_LENGTH and text.isascii() and text.isdigit())


def party_of(account: str, name: str, bank: str, cnaps: str, city: str) -> Party | None:
    """A party from its texts; None where ``party`` would find a fault, or has to look for it."""
    if not account or not _no_or_any_cnaps(cnaps):
        return None
    return Party(
        name=name,
        account=Account(number=account, agent=Agent(name=bank, cnaps=cnaps, city=city)),
    )


def amount_of(text: str) -> Money | None:
    """An amount from its text; None when it is none."""
    try:
        return Money.parse(text, CNY)
    except MoneyFormatError:
        return None
