"""THE one answer to "may this actor do this here, on this day?", with the reason.

Rule kept here: what no role grants is refused; a machine never decides; what concerns payroll is
granted to people only through roles that the document names for payroll.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

import msgspec

from gateway.controls.rules.document import (
    ANY,
    LIFT,
    MACHINES_MAY,
    Business,
    ControlDocument,
    HoldRule,
    Permission,
    Right,
    Scope,
    within,
)
from gateway.controls.rules.facts import Place
from gateway.controls.rules.holdings import Holding, Holdings, both
from gateway.controls.rules.words import place_words, right_words
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import NotPermitted

_KEPT_MAX: Final = 100_000
"""Answers kept; when there are more, all are forgotten and found again."""
_LIFTS: Final = frozenset(f"{LIFT}{rule}" for rule in HoldRule)
_EVERY_RIGHT: Final = frozenset(Right) | _LIFTS
_EVERY_BUSINESS: Final = frozenset({*Business, ANY})
_WITHOUT_PAYROLL: Final = _EVERY_BUSINESS - {Business.PAYROLL}


class Answer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Whether it is permitted, and why. ``giver`` is in whose place a delegate acts, or ''."""

    allowed: bool
    role: str = ""
    giver: str = ""
    zh: str
    en: str

    def require(self) -> None:
        """Raise NotPermitted, naming the rule, unless it is permitted."""
        if not self.allowed:
            raise NotPermitted(self.en, self.zh)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One permission as somebody has it: where ``businesses`` names each one that it covers.

    Among them ``*`` stands for things of no business at all.
    """

    role: str
    giver: str
    companies: Scope
    accounts: Scope
    businesses: frozenset[str]

    def covers(self, place: Place) -> bool:
        """Whether it holds there."""
        return (
            place.business in self.businesses
            and within(self.companies, place.company)
            and within(self.accounts, place.account)
        )

    def reaches(self, company: str, account: str) -> bool:
        """Whether it holds for anything of an account."""
        return (
            bool(self.businesses)
            and within(self.companies, company)
            and within(self.accounts, account)
        )


class Viewer(msgspec.Struct, frozen=True, gc=False):
    """Who wants to see payments. ``erp`` is the one that a machine speaks for, '' for a person."""

    actor: Actor
    erp: str = ""


class Sent(msgspec.Struct, frozen=True, gc=False):
    """A payment as far as seeing it goes: where it is made, and by which ERP."""

    place: Place
    erp: str


_Grants = Mapping[str, tuple[Grant, ...]]
_NONE: Final[_Grants] = MappingProxyType({})


class Permissions:
    """The permissions of a document, compiled for look-up."""

    def __init__(self, document: ControlDocument) -> None:
        self.holdings = Holdings(document)
        self._roles = {role.name: role for role in document.roles}
        self._machines = {machine.name: machine.roles for machine in document.machines}
        self._viewers = document.payroll_viewers
        self._grants: dict[tuple[str, int], _Grants] = {}
        self._answers: dict[tuple[str, str, str, str, str, int], Answer] = {}

    def may(self, actor: Actor, right: str, place: Place, on: date) -> Answer:
        """Whether an actor has a right (``Right`` or ``lift:RULE``) at a place on a day."""
        era = self.holdings.era(on)
        label = actor.label()
        key = (label, right, place.company, place.account, place.business, era)
        found = self._answers.get(key)
        if found is None:
            found = self._answer(actor, right, place, era)
            if len(self._answers) >= _KEPT_MAX:
                self._answers.clear()
            self._answers[key] = found
        return found

    def grants(self, actor: Actor, right: str, on: date) -> tuple[Grant, ...]:
        """Everywhere an actor has a right: what lists and exports are cut down to."""
        return self._of(actor, self.holdings.era(on)).get(right, ())

    def sees(
        self, viewer: Viewer, sent: Sent, on: date, rights: Sequence[str] = (Right.VIEW,)
    ) -> bool:
        """Whether a payment may be shown to who has one of these rights at it.

        A machine is told of payroll that its own ERP sent, and of nobody else's. What lists are
        cut down to (``gateway.controls.sight``) says the same as a condition on rows.
        """
        if (
            sent.place.business == Business.PAYROLL
            and viewer.actor.kind is ActorKind.MACHINE
            and viewer.erp != sent.erp
        ):
            return False
        return any(self.may(viewer.actor, right, sent.place, on).allowed for right in rights)

    def capacities(self, person: str, role: str, right: str, place: Place, on: date) -> list[str]:
        """In whose place a person may act in a role there: '' for the own one first.

        ``role`` may be ``*`` for any that grants the right.
        """
        found = self.grants(Actor(kind=ActorKind.PERSON, name=person), right, on)
        givers = {
            grant.giver: None
            for grant in found
            if role in (ANY, grant.role) and grant.covers(place)
        }
        return sorted(givers, key=bool)

    def _answer(self, actor: Actor, right: str, place: Place, era: int) -> Answer:
        grants = self._of(actor, era).get(right, ())
        for grant in grants:
            if grant.covers(place):
                return _granted(grant)
        return self._refusal(actor, right, place, era)

    def _of(self, actor: Actor, era: int) -> _Grants:
        key = (actor.label(), era)
        found = self._grants.get(key)
        if found is None:
            if len(self._grants) >= _KEPT_MAX:  # labels come from callers: no end to them
                self._grants.clear()
            found = self._grants[key] = _by_right(self._compiled(actor, era))
        return found

    def _compiled(self, actor: Actor, era: int) -> Iterator[tuple[str, Grant]]:
        """Each right with each grant of it."""
        if actor.kind is ActorKind.PERSON:
            holdings = self.holdings.of(actor.name, era)
        elif actor.kind is ActorKind.MACHINE:
            names = self._machines.get(actor.name, self._machines.get(ANY, ()))
            holdings = tuple(Holding(role=one, giver="", companies=_ANYWHERE) for one in names)
        else:
            return
        machine = actor.kind is ActorKind.MACHINE
        for holding in holdings:
            role = self._roles.get(holding.role)
            for permission in role.permissions if role else ():
                grant = self._grant(holding, permission, machine=machine)
                rights = _rights(permission.rights)
                for right in sorted(rights & MACHINES_MAY if machine else rights):
                    if grant.companies and grant.businesses:
                        yield right, grant

    def _grant(self, holding: Holding, permission: Permission, *, machine: bool) -> Grant:
        named = _EVERY_BUSINESS if ANY in permission.businesses else permission.businesses
        open_to_all = machine or holding.role in self._viewers
        return Grant(
            role=holding.role,
            giver=holding.giver,
            companies=both(holding.companies, permission.companies),
            accounts=permission.accounts,
            businesses=frozenset(named if open_to_all else named & _WITHOUT_PAYROLL),
        )

    def _refusal(self, actor: Actor, right: str, place: Place, era: int) -> Answer:
        """Why not, with what would have to change."""
        en, zh = right_words(right)
        if actor.kind is not ActorKind.PERSON and right not in MACHINES_MAY:
            return _refused("只有实名人员可以执行", "only a named person may do this")
        if actor.kind is ActorKind.PERSON and self.holdings.person(actor.name) is None:
            return _refused(
                "控制文件中没有该人员", "the control document does not name this person"
            )
        if actor.kind is ActorKind.PERSON and not self.holdings.active(actor.name, era):
            return _refused("该人员此日不在有效期内", "this person is not active on this day")
        broken = self.holdings.broken(actor.name, era) if actor.kind is ActorKind.PERSON else ()
        if broken:
            return _refused(
                f"该人员同时担任互斥岗位（{broken[0].name}）",
                f"this person holds duties that exclude each other ({broken[0].name})",
            )
        if not self._of(actor, era).get(right):
            return _refused(f"没有任何岗位授予“{zh}”权限", f"no role held grants '{en}'")
        where_en, where_zh = place_words(place)
        payroll = place.business == Business.PAYROLL
        return _refused(
            f"“{zh}”权限不含：{where_zh}" + ("（须为指定的代发岗位）" if payroll else ""),
            f"'{en}' is not granted for: {where_en}"
            + (" (takes a role named for payroll)" if payroll else ""),
        )


_ANYWHERE: Final = frozenset({ANY})


def _rights(named: Scope) -> frozenset[str]:
    """Each right that a permission names, ``*`` and ``lift:*`` spelt out."""
    if ANY in named:
        return _EVERY_RIGHT
    return named | _LIFTS if f"{LIFT}{ANY}" in named else named


def _by_right(grants: Iterator[tuple[str, Grant]]) -> _Grants:
    found: dict[str, tuple[Grant, ...]] = {}
    for right, grant in grants:
        found[right] = (*found.get(right, ()), grant)
    return found or _NONE


def _granted(grant: Grant) -> Answer:
    zh, en = f"岗位“{grant.role}”", f"by role '{grant.role}'"
    if grant.giver:
        zh, en = f"{zh}（代 {grant.giver}）", f"{en} (for {grant.giver})"
    return Answer(allowed=True, role=grant.role, giver=grant.giver, zh=zh, en=en)


def _refused(zh: str, en: str) -> Answer:
    return Answer(allowed=False, zh=zh, en=en)
