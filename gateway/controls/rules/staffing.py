"""Whether the people of a document suffice: every requirement can be met, whoever is the maker.

Rule kept here: a payment that nobody could let pass must not come to be, so a document that would
make one is refused. Delegates are not counted on: their time runs out. The people are those of
the day on which the document is to hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from typing import Final

from gateway.controls.rules.document import (
    ANY,
    LIFT,
    Business,
    ControlDocument,
    Ground,
    PayeeKind,
    Right,
    Step,
    enabled,
)
from gateway.controls.rules.facts import TENANT, Facts, Place
from gateway.controls.rules.matrix import Matrix, Origin, Requirement, quorum
from gateway.controls.rules.permissions import Grant, Permissions
from gateway.controls.rules.words import place_words, right_words
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import Fault

_PAID: Final = (Business.PAYMENT, Business.PAYROLL, Business.INTERNAL)
"""The business types whose instructions are released."""
_SHOWN: Final = 3


@dataclass(slots=True)
class _Lack:
    """A requirement that cannot be met, and where: one fault, however many places."""

    path: str
    zh: str
    en: str
    places: list[Place] = field(default_factory=list)

    def fault(self) -> Fault:
        spoken = [place_words(place) for place in self.places[:_SHOWN]]
        more = len(self.places) - len(spoken)
        return Fault(
            path=self.path,
            code="too_few_people",
            zh=f"{self.zh}（经办人除外）："
            + "；".join(zh for _, zh in spoken)
            + (f"；另有 {more} 处" if more else ""),
            en=f"{self.en} (the maker not counted): "
            + "; ".join(en for en, _ in spoken)
            + (f"; and {more} more" if more else ""),
        )


def understaffed(document: ControlDocument, ground: Ground, on: date) -> list[Fault]:
    """Every requirement that too few people could meet, with the first places of each."""
    found = _Staff(document, on)
    lacks: dict[str, _Lack] = {}
    for requirement, place in _needed(document, ground, found):
        if requirement.origin is Origin.NOBODY and not requirement.rule:
            lack = lacks.setdefault(
                "/matrix",
                _Lack(
                    "/matrix", "没有规则匹配，也没有可用的审批步骤", "no rule and no steps at all"
                ),
            )
            lack.places.append(place)
        elif not found.suffices(requirement, place):
            path = _path(document, requirement)
            en, zh = _told(requirement)
            lacks.setdefault(path, _Lack(path, f"“{zh}”人手不足", f"too few people for {en}"))
            lacks[path].places.append(place)
    return [lack.fault() for lack in lacks.values()]


def _needed(
    document: ControlDocument, ground: Ground, staff: _Staff
) -> Iterator[tuple[Requirement, Place]]:
    """Every requirement with every place where it can come up."""
    matrix = Matrix(document)
    lifts = [matrix.hold(rule) for rule in enabled(document)]
    for account, (company, currency) in sorted(ground.accounts.items()):
        for business in _PAID:
            place = Place(company=company, account=account, business=business)
            if not staff.may_be_made(place):
                continue
            for requirement in _approvals(document, matrix, place, currency):
                yield requirement, place
            for requirement in (*lifts, quorum(Right.RESOLVE, document.quorums)):
                yield requirement, place
    yield quorum(Right.RESUME, document.quorums), TENANT
    yield quorum(Right.CONTROLS, document.quorums), TENANT


def _approvals(
    document: ControlDocument, matrix: Matrix, place: Place, currency: str
) -> Iterator[Requirement]:
    """What payments from there may need: every kind of payee, every ERP, every amount."""
    # An ERP that no rule names stands for all the others.
    erps = sorted(frozenset({""}).union(*(rule.erps - {ANY} for rule in document.matrix)))
    told: set[str] = set()
    for erp, payee, known in product(erps, PayeeKind, (True, False)):
        facts = Facts(
            maker="",
            erp=erp,
            company=place.company,
            account=place.account,
            business=place.business,
            payee=payee,
            known=known,
            amount_minor=1,
            currency=currency,
        )
        for requirement in matrix.ladder(facts).requirements:
            if requirement.label not in told:
                told.add(requirement.label)
                yield requirement


class _Staff:
    """Who could take which step, in the own right, on one day.

    People who were granted the same are looked at once, so that a large document is checked soon.
    """

    def __init__(self, document: ControlDocument, on: date) -> None:
        self._permissions = Permissions(document)
        self._people = [person.name for person in document.people]
        self._machines = [
            Actor(kind=ActorKind.MACHINE, name=machine.name) for machine in document.machines
        ]
        self._on = on
        self._granted: dict[str, dict[Grant, set[str]]] = {}
        self._able: dict[tuple[str, str, Place], frozenset[str]] = {}
        self._making: dict[Place, frozenset[str]] = {}
        self._enough: dict[tuple[object, ...], bool] = {}

    def suffices(self, requirement: Requirement, place: Place) -> bool:
        """Whether different people can take all steps, each possible maker left out in turn."""
        seats = tuple(
            self._able_to(step, place) for step in requirement.steps for _ in range(step.people)
        )
        # Nobody makes a stop or a document in this sense.
        makers = frozenset[str]() if place is TENANT else self._makers(place)
        key = (seats, makers)
        found = self._enough.get(key)
        if found is None:
            # Leaving out somebody who could take no step leaves the question as it is.
            leave = [frozenset({one}) for one in sorted(makers) if any(one in it for it in seats)]
            found = self._enough[key] = all(
                _seatable([seat - out for seat in seats]) for out in (leave or [frozenset()])
            )
        return found

    def may_be_made(self, place: Place) -> bool:
        """Whether anybody, person or machine, may make payments there."""
        return bool(self._makers(place)) or any(
            self._permissions.may(machine, Right.MAKE, place, self._on).allowed
            for machine in self._machines
        )

    def _makers(self, place: Place) -> frozenset[str]:
        """Everybody who may make there, delegates included."""
        found = self._making.get(place)
        if found is None:
            granted = self._with(Right.MAKE).items()
            found = self._making[place] = frozenset[str]().union(
                *(people for grant, people in granted if grant.covers(place))
            )
        return found

    def _able_to(self, step: Step, place: Place) -> frozenset[str]:
        """Everybody who could take a step there."""
        key = (step.role, step.right, place)
        found = self._able.get(key)
        if found is None:
            granted = self._with(step.right).items()
            found = self._able[key] = frozenset[str]().union(
                *(
                    people
                    for grant, people in granted
                    if not grant.giver and step.role in (ANY, grant.role) and grant.covers(place)
                )
            )
        return found

    def _with(self, right: str) -> dict[Grant, set[str]]:
        """Each different grant of a right, with the people who have it."""
        found = self._granted.get(right)
        if found is None:
            found = self._granted[right] = {}
            for name in self._people:
                person = Actor(kind=ActorKind.PERSON, name=name)
                for grant in self._permissions.grants(person, right, self._on):
                    found.setdefault(grant, set()).add(name)
        return found


def _seatable(seats: Sequence[frozenset[str]]) -> bool:
    """Whether each seat can have a person of its own (augmenting paths)."""
    holder: dict[str, int] = {}

    def seat(number: int, asked: set[str]) -> bool:
        for person in sorted(seats[number] - asked):
            asked.add(person)
            if person not in holder or seat(holder[person], asked):
                holder[person] = number
                return True
        return False

    return all(seat(number, set()) for number in range(len(seats)))


def _path(document: ControlDocument, requirement: Requirement) -> str:
    """Where in the document a requirement is asked for."""
    if requirement.origin is Origin.QUORUM:
        return f"/quorums/{requirement.rule}"
    if requirement.origin is Origin.MATRIX:
        rules = [rule.id for rule in document.matrix]
        return f"/matrix/{rules.index(requirement.rule)}/bands/{requirement.band - 1}"
    if requirement.origin is Origin.STRICTEST:
        return "/matrix"
    rules = [lift.rule for lift in document.lifts]
    lift = next((rule for rule in (requirement.rule, ANY) if rule in rules), None)
    return f"/lifts/{rules.index(lift)}" if lift else "/lifts"


def _told(requirement: Requirement) -> tuple[str, str]:
    """A requirement in English and Chinese."""
    if requirement.origin is Origin.QUORUM:
        return right_words(requirement.rule)
    if requirement.origin is Origin.MATRIX:
        name = f"{requirement.rule}/{requirement.band}"
        return f"rule '{name}'", f"规则 {name}"
    if requirement.origin is Origin.STRICTEST:
        return "what no rule matches (the strictest steps)", "无匹配规则时的最严格步骤"
    return right_words(f"{LIFT}{requirement.rule}")
