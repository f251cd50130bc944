"""What the rules must know of a payment, and where something is done."""

from __future__ import annotations

import msgspec

from gateway.controls.rules.document import ANY, PayeeKind
from gateway.domain.decision import Actor, ActorKind


class Facts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A payment as the rules see it. ``maker`` is an actor's label; amounts are minor units.

    ``known`` is whether its payee was paid before. ``budget_item`` '' is none.
    """

    maker: str
    erp: str
    company: str
    account: str
    business: str
    payee: PayeeKind
    known: bool
    amount_minor: int
    currency: str
    budget_item: str = ""

    def place(self) -> Place:
        """Where this payment is made."""
        return Place(company=self.company, account=self.account, business=self.business)


class Place(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where something is done. ``*`` asks for what covers all companies, or all accounts.

    Business ``*`` asks for no particular one.
    """

    company: str = ANY
    account: str = ANY
    business: str = ANY


TENANT = Place()
"""The tenant as a whole: where controls are changed and stops are lifted."""


def actor_of(label: str) -> Actor:
    """The actor of a label such as ``person:wang``. Raises ValueError for what is no label."""
    kind, _, name = label.partition(":")
    return Actor(kind=ActorKind(kind), name=name)


def label_of(person: str) -> str:
    """The label of a person by name."""
    return Actor(kind=ActorKind.PERSON, name=person).label()
