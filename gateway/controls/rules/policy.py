"""The control document of a tenant that has none: its settings, in the same form.

Rule kept here: it changes nothing. Whoever has a key may do what keys could always do, and the
numbers of people are those of the settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.controls.rules.document import (
    ANY,
    EVERY,
    LIFT,
    Assignment,
    Band,
    ControlDocument,
    Lift,
    Machine,
    MatrixRule,
    Permission,
    Person,
    Quorums,
    Role,
    Step,
)
from gateway.ports.tenancy import Policy

PERSON: Final = "person"
ERP: Final = "erp"
STRAIGHT_THROUGH: Final = "stp"
APPROVAL: Final = "approval"
_TWO: Final = 2


def from_policy(policy: Policy, people: Sequence[str]) -> ControlDocument:
    """The settings' policy as a document; ``people`` are the names of all who have a key or log in.

    It is not judged by ``checks.faults``: settings may ask for more people than there are keys.
    """
    hold = max(policy.hold_people, policy.release_people, 1)
    steps = (Step(role=PERSON, people=hold),) if policy.release_people else ()
    everything = (Permission(rights=EVERY),)
    return ControlDocument(
        people=tuple(Person(name=name, display=name) for name in people),
        roles=(
            Role(name=PERSON, display="人员", permissions=everything),
            Role(name=ERP, display="ERP", permissions=everything),
        ),
        assignments=tuple(Assignment(person=name, role=PERSON) for name in people),
        machines=(Machine(name=ANY, roles=(ERP,)),),
        matrix=(
            MatrixRule(
                id=APPROVAL if steps else STRAIGHT_THROUGH,
                bands=(Band(steps=steps),),
            ),
        ),
        lifts=(Lift(rule=ANY, steps=(Step(role=PERSON, people=hold, right=f"{LIFT}{ANY}"),)),),
        payroll_viewers=frozenset({PERSON}),
        quorums=Quorums(resolve=max(policy.resolve_people, _TWO), controls=_TWO, resume=_TWO),
    )
