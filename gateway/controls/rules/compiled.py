"""A control document compiled once, and everything that is asked of it.

Rule kept here: for payments of the same kind everything but the amount is found once; what is left
of the check of one line is a few look-ups.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

import msgspec

from gateway.controls.rules.document import (
    ControlDocument,
    HoldRule,
    Right,
    enabled,
)
from gateway.controls.rules.facts import Facts, Place, actor_of, label_of
from gateway.controls.rules.limits import Counter, Limits, Stored, kept
from gateway.controls.rules.matrix import Ladder, Matrix, Requirement, quorum
from gateway.controls.rules.permissions import Answer, Permissions
from gateway.controls.rules.reading import digest
from gateway.controls.rules.votes import Polls
from gateway.domain.decision import Actor

_KEPT_MAX: Final = 50_000


class Judged(msgspec.Struct, frozen=True, gc=False):
    """What the rules say of one payment, before its votes and the use of its counters are seen."""

    make: Answer
    """Whether its maker may make it."""
    requirement: Requirement
    """The approval it needs."""
    counters: tuple[Counter, ...]
    """The limits and plan lines it must fit."""
    takes: tuple[Stored, ...]
    """Those of them that are kept, as they are stored."""


_Course = tuple[Answer, Ladder, tuple[Counter, ...], tuple[Stored, ...]]
"""What is the same for payments of one kind."""


class Rules:
    """The rules of one document, built once per version.

    Threads may share it: what it keeps is only found again when two look at once.
    """

    def __init__(self, document: ControlDocument) -> None:
        self.document = document
        self.digest = digest(document)
        self.enabled = frozenset(enabled(document))
        self.permissions = Permissions(document)
        self.matrix = Matrix(document)
        self.limits = Limits(document)
        self.polls = Polls(self.permissions, [person.name for person in document.people])
        self._courses: dict[tuple[object, ...], _Course] = {}

    def may(self, actor: Actor, right: str, place: Place, on: date) -> Answer:
        """See ``Permissions.may``."""
        return self.permissions.may(actor, right, place, on)

    def judge(self, facts: Facts, on: date, pay_day: date) -> Judged:
        """Permission, approval and limits of a payment: made ``on`` a day, paid on ``pay_day``."""
        key = (
            facts.maker,
            facts.erp,
            facts.company,
            facts.account,
            facts.business,
            facts.payee,
            facts.known,
            facts.currency,
            facts.budget_item,
            on,
            pay_day,
        )
        found = self._courses.get(key)
        if found is None:
            if len(self._courses) >= _KEPT_MAX:
                self._courses.clear()
            counters = self.limits.counters(facts, pay_day)
            found = self._courses[key] = (
                self.may(actor_of(facts.maker), Right.MAKE, facts.place(), on),
                self.matrix.ladder(facts),
                counters,
                kept(counters),
            )
        return Judged(found[0], found[1].of(facts.amount_minor), found[2], found[3])

    def makers(self, facts: Facts, on: date) -> frozenset[str]:
        """Labels of who made it and, where the maker stood in for somebody, of whom.

        None of them may decide on it.
        """
        answer = self.may(actor_of(facts.maker), Right.MAKE, facts.place(), on)
        return frozenset({facts.maker} | ({label_of(answer.giver)} if answer.giver else set()))

    def hold(self, rule: HoldRule) -> Requirement:
        """What lifts a hold of this rule."""
        return self.matrix.hold(rule)

    def quorum(self, right: Right) -> Requirement:
        """Who resolves, lifts a stop or changes the controls. Raises KeyError for another right."""
        return quorum(right, self.document.quorums)

    def payroll_hidden(self, actor: Actor, place: Place, on: date) -> bool:
        """Whether payroll lines of this company and account must not be shown to this actor."""
        of_payroll = Place(company=place.company, account=place.account, business="payroll")
        return not self.may(actor, Right.VIEW, of_payroll, on).allowed

    def holding_the_right(self, right: str, place: Place, on: date) -> Iterator[str]:
        """Everybody who has a right there on a day, by name, delegates included."""
        for person in self.document.people:
            if self.permissions.capacities(person.name, "*", right, place, on):
                yield person.name
