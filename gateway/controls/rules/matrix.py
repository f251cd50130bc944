"""What a payment needs before it may go: the approval matrix, the holds, the quorums.

Rule kept here: the first rule of the matrix that matches holds for every amount; what none
matches needs the strictest steps that the document knows; where there are none, nobody can pass it.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from gateway.controls.rules.document import (
    ANY,
    LIFT,
    ControlDocument,
    HoldRule,
    MatrixRule,
    Quorums,
    Right,
    Step,
    strictest,
    within,
)
from gateway.controls.rules.facts import Facts
from gateway.domain.decision import ON_EVIDENCE, Action

_KEPT_MAX: Final = 50_000


class Origin(StrEnum):
    """Where in the document a requirement comes from."""

    MATRIX = "matrix"
    STRICTEST = "strictest"
    """No rule of the matrix matches: its strictest steps."""
    NOBODY = "nobody"
    """The document has no steps for it, so nobody can let it pass."""
    HOLD = "hold"
    QUORUM = "quorum"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What must come together: ``origin`` and ``rule`` name why, the steps say who.

    ``rule`` is the id of a rule of the matrix, a HoldRule, or the right of a quorum; ``band``
    counts the bands of a rule of the matrix from 1.
    """

    origin: Origin
    rule: str = ""
    band: int = 0
    steps: tuple[Step, ...] = ()
    ordered: bool = False
    actions: frozenset[Action] = frozenset({Action.APPROVE})
    """The votes that count for it."""

    @property
    def label(self) -> str:
        """As shown and written into a history: ``matrix:suppliers/2``, ``hold:duplicate``."""
        named = f"{self.rule}/{self.band}" if self.band else self.rule
        return f"{self.origin}:{named}" if named else self.origin.value

    @property
    def straight_through(self) -> bool:
        """Whether nobody has to act."""
        return not self.steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The requirements of one rule by amount: ``ends`` are the upper bounds of all but the last."""

    ends: tuple[int, ...]
    requirements: tuple[Requirement, ...]

    def of(self, amount_minor: int) -> Requirement:
        """What an amount needs; a bound belongs to the band below it."""
        return self.requirements[bisect_left(self.ends, amount_minor)]


IMPOSSIBLE: Final = (Step(role="", people=1, right=Right.APPROVE),)
"""Steps that nobody can take: no role has this name."""


class Matrix:
    """The matrix and the holds of a document, compiled for look-up."""

    def __init__(self, document: ControlDocument) -> None:
        self._rules = document.matrix
        self._ladders = {id(rule): _ladder(rule) for rule in document.matrix}
        self._fallback = _fallback(document)
        self._found: dict[tuple[str, str, str, str, str, bool, str], Ladder] = {}
        self._lifts = {lift.rule: lift for lift in document.lifts}
        self._holds = {rule: self._hold(rule) for rule in HoldRule}

    def requirement(self, facts: Facts) -> Requirement:
        """The approval a payment needs."""
        return self.ladder(facts).of(facts.amount_minor)

    def ladder(self, facts: Facts) -> Ladder:
        """The requirements of payments like this one, by amount."""
        key = (
            facts.erp,
            facts.company,
            facts.account,
            facts.business,
            facts.payee,
            facts.known,
            facts.currency,
        )
        found = self._found.get(key)
        if found is None:
            rule = next((one for one in self._rules if matches(one, facts)), None)
            found = self._ladders[id(rule)] if rule else self._fallback
            if len(self._found) >= _KEPT_MAX:
                self._found.clear()
            self._found[key] = found
        return found

    def hold(self, rule: HoldRule) -> Requirement:
        """What lifts a hold of this rule."""
        return self._holds[rule]

    def _hold(self, rule: HoldRule) -> Requirement:
        lift = self._lifts.get(rule) or self._lifts.get(ANY)
        if lift is None:
            return Requirement(origin=Origin.NOBODY, rule=rule, steps=IMPOSSIBLE)
        right = f"{LIFT}{rule}"
        steps = tuple(replace(step, right=right) for step in lift.steps)
        return Requirement(origin=Origin.HOLD, rule=rule, steps=steps, ordered=lift.ordered)


def matches(rule: MatrixRule, facts: Facts) -> bool:
    """Whether a rule is for payments like this one, whatever the amount."""
    return (
        within(rule.erps, facts.erp)
        and within(rule.companies, facts.company)
        and within(rule.accounts, facts.account)
        and within(rule.businesses, facts.business)
        and within(rule.payees, facts.payee)
        and rule.known in (None, facts.known)
        and rule.currency in (ANY, facts.currency)
    )


def quorum(right: Right, quorums: Quorums) -> Requirement:
    """Who decides an unknown outcome (RESOLVE), lifts a stop (RESUME), changes the CONTROLS.

    Anybody with the right counts, whatever the role. Raises KeyError for another right.
    """
    people, actions = {
        Right.RESOLVE: (quorums.resolve, set(ON_EVIDENCE)),
        Right.RESUME: (quorums.resume, {Action.APPROVE}),
        Right.CONTROLS: (quorums.controls, {Action.APPROVE}),
    }[right]
    step = Step(role=ANY, people=people, right=right)
    return Requirement(
        origin=Origin.QUORUM, rule=right.value, steps=(step,), actions=frozenset(actions)
    )


def _ladder(rule: MatrixRule) -> Ladder:
    return Ladder(
        ends=tuple(band.up_to for band in rule.bands[:-1] if band.up_to is not None),
        requirements=tuple(
            Requirement(
                origin=Origin.MATRIX,
                rule=rule.id,
                band=number,
                steps=band.steps,
                ordered=band.ordered,
            )
            for number, band in enumerate(rule.bands, start=1)
        ),
    )


def _fallback(document: ControlDocument) -> Ladder:
    """For what no rule matches."""
    band = strictest(band for rule in document.matrix for band in rule.bands)
    if band is None or not band.steps:
        needed = Requirement(origin=Origin.NOBODY, steps=IMPOSSIBLE)
    else:
        needed = Requirement(origin=Origin.STRICTEST, steps=band.steps, ordered=band.ordered)
    return Ladder(ends=(), requirements=(needed,))
