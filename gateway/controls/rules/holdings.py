"""Who holds which role on a day: assigned, or taken over by delegation.

Rule kept here: a delegation passes on what its giver was assigned, only while the giver holds it,
and nothing that the giver has by delegation; duties that exclude each other give their holder
none of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from gateway.controls.rules.document import (
    ANY,
    Assignment,
    ControlDocument,
    Delegation,
    Exclusive,
    Person,
    Scope,
    in_force,
    within,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A role somebody may act in. ``giver`` is '' where it is the holder's own."""

    role: str
    giver: str
    companies: Scope


class Holdings:
    """The holdings of a document, by person and era.

    An era is a run of days on which nobody's holdings change: few eras, many days.
    """

    def __init__(self, document: ControlDocument) -> None:
        self._document = document
        self._people = {person.name: person for person in document.people}
        self._assigned: dict[str, list[Assignment]] = {}
        for assignment in document.assignments:
            self._assigned.setdefault(assignment.person, []).append(assignment)
        self._taken: dict[str, list[Delegation]] = {}
        for delegation in document.delegations:
            self._taken.setdefault(delegation.taker, []).append(delegation)
        self._known: dict[tuple[str, int], tuple[Holding, ...]] = {}

    def era(self, day: date) -> int:
        """The number of the era of a day."""
        return bisect_right(self._changes, day)

    def eras_from(self, day: date) -> range:
        """The era of a day and all later ones."""
        return range(self.era(day), len(self._changes) + 1)

    def first_day(self, era: int) -> date:
        """A day of an era: its first, or for the one without beginning a day before the next."""
        if era:
            return self._changes[era - 1]
        return self._changes[0] - timedelta(days=1) if self._changes else date.min

    def person(self, name: str) -> Person | None:
        """The person of this name, active or not."""
        return self._people.get(name)

    def active(self, name: str, era: int) -> bool:
        """Whether this is a person who may act at all in an era."""
        person = self._people.get(name)
        return person is not None and in_force(person.since, person.until, self.first_day(era))

    def of(self, name: str, era: int) -> tuple[Holding, ...]:
        """What a person holds: own holdings first, none of two that exclude each other."""
        if name not in self._people:
            return ()
        key = (name, era)
        found = self._known.get(key)
        if found is None:
            held = tuple(self._holdings(name, era))
            barred: frozenset[str] = frozenset().union(*(duty.roles for duty in self._broken(held)))
            found = tuple(one for one in held if one.role not in barred)
            self._known[key] = found
        return found

    def broken(self, name: str, era: int) -> tuple[Exclusive, ...]:
        """The exclusive duties of which a person would hold two."""
        return self._broken(tuple(self._holdings(name, era)))

    def _broken(self, held: tuple[Holding, ...]) -> tuple[Exclusive, ...]:
        roles = {one.role for one in held}
        return tuple(duty for duty in self._document.exclusive if len(duty.roles & roles) > 1)

    def _holdings(self, name: str, era: int) -> Iterator[Holding]:
        if not self.active(name, era):
            return
        yield from self._own(name, era)
        day = self.first_day(era)
        for delegation in self._taken.get(name, ()):
            giver = delegation.giver
            if giver == name or not in_force(delegation.since, delegation.until, day):
                continue
            for one in self._own(giver, era) if self.active(giver, era) else ():
                if within(delegation.roles, one.role):
                    yield Holding(role=one.role, giver=giver, companies=one.companies)

    def _own(self, name: str, era: int) -> Iterator[Holding]:
        day = self.first_day(era)
        for one in self._assigned.get(name, ()):
            if in_force(one.since, one.until, day):
                yield Holding(role=one.role, giver="", companies=one.companies)

    @cached_property
    def _changes(self) -> tuple[date, ...]:
        """Every first day on which somebody begins or has ceased to hold something."""
        dated: list[Person | Assignment | Delegation] = [
            *self._document.people,
            *self._document.assignments,
            *self._document.delegations,
        ]
        begins = {one.since for one in dated if one.since}
        ended = {one.until for one in dated if one.until and one.until < date.max}
        return tuple(sorted(begins | {day + timedelta(days=1) for day in ended}))


def both(one: Scope, other: Scope) -> Scope:
    """What two scopes cover together."""
    if ANY in one:
        return other
    return one if ANY in other else one & other
