"""A control document for tests of release and decision, and what says that it is in force."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from typing import Any

from sqlalchemy import delete

from gateway.controls.altered import ErpAltered
from gateway.controls.cancel import Cancellations
from gateway.controls.decide import Decisions
from gateway.controls.hold_views import HoldViews
from gateway.controls.in_force import InForce
from gateway.controls.release import Releaser
from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.reading import read
from gateway.domain.decision import Action, Actor, ActorKind
from gateway.domain.evidence import Evidence
from gateway.domain.instruction import Cause, State
from gateway.domain.outcome import Grade, Outcome, Stage, Verdict
from gateway.intake.accept import Caller, Intake
from gateway.intake.bulk import Bulk
from gateway.intake.calls import Call
from gateway.lifecycle.apply import apply
from gateway.lifecycle.rows import standings
from gateway.ports.tenancy import Policy
from gateway.store import tables
from tests.records import replace
from tests.unit.intake.sample import DRAFT, FAKE, TENANT

WANG, LI, BOSS, ZHAO = (
    Actor(kind=ActorKind.PERSON, name=name) for name in ("wang", "li", "boss", "zhao")
)
CONTENT: dict[str, Any] = {
    "format": "controls/1",
    "people": [
        {"name": "wang", "display": "王复核"},
        {"name": "li", "display": "李复核"},
        {"name": "boss", "display": "总经理"},
        {"name": "zhao", "display": "赵旁观"},
    ],
    "roles": [
        {
            "name": "checker",
            "display": "复核",
            "permissions": [
                {"rights": ["approve", "reject", "resolve", "controls", "lift:duplicate"]}
            ],
        },
        {"name": "boss", "display": "授权", "permissions": [{"rights": ["release", "lift:*"]}]},
        {"name": "erp", "display": "ERP", "permissions": [{"rights": ["make", "cancel"]}]},
    ],
    "assignments": [
        {"person": "wang", "role": "checker"},
        {"person": "li", "role": "checker"},
        {"person": "boss", "role": "boss"},
    ],
    "machines": [{"name": "sap", "roles": ["erp"]}],
    "matrix": [
        {
            "id": "all",
            "currency": "CNY",
            "bands": [
                {"up_to": "5000.00", "steps": []},
                {"up_to": "50000.00", "steps": [{"role": "checker"}]},
                {
                    "ordered": True,
                    "steps": [
                        {"role": "checker", "people": 2},
                        {"role": "boss", "right": "release"},
                    ],
                },
            ],
        }
    ],
    "limits": [],
    "lifts": [
        {"rule": "duplicate", "steps": [{"role": "checker"}]},
        {"rule": "*", "steps": [{"role": "boss"}]},
    ],
}


def day_limit(amount: str, **changes: str) -> dict[str, Any]:
    """The document with one limit of a company's day."""
    limit = {"id": "day", "of": "company", "span": "day", "currency": "CNY", "amount": amount}
    return content(limits=[limit | changes])


def content(**changes: object) -> dict[str, Any]:
    """The document with these members replaced."""
    return {**deepcopy(CONTENT), **changes}


class StandingRules:
    """Says that a document is in force; ``put`` another one, or none."""

    def __init__(self, document: dict[str, Any] | None = None) -> None:
        self._version = 0
        self._now = InForce(0, Rules(read(content())))
        if document is not None:
            self.put(document)

    def put(self, document: dict[str, Any]) -> None:
        """From now on this one is in force."""
        self._version += 1
        self._now = InForce(self._version, Rules(read(document)))

    def of(self, uow: object, tenant: object) -> InForce:
        del uow, tenant
        return self._now

    def seen(self, db: object, tenant: object) -> InForce:
        del db, tenant
        return self._now


SAP = Actor(kind=ActorKind.MACHINE, name="sap")
HERE = replace(TENANT, policy=Policy(default_local=False))


async def _at_once(job):
    return job()


class Desk:
    """Intake, release, decisions and cancellations under a document."""

    def __init__(self, at, document, inspectors=()) -> None:
        self.at = at
        at.runtime.tasks.read = _at_once
        self.rules = StandingRules(document)
        releaser = Releaser(at.runtime, self.rules, {HERE.id: HERE}, inspectors=inspectors)
        self.releaser = releaser
        self.withdrawn: list[str] = []
        altered = ErpAltered(releaser, at.runtime, lambda *it: self.withdrawn.append(it[2]))
        self.intake = Intake(at.store, at.runtime, {"fake": FAKE}, releaser, altered=altered)
        self.bulk = Bulk(self.intake)
        self.decisions = Decisions(at.store, at.runtime, releaser, lambda: None, lambda *_: None)
        self.cancellations = Cancellations(
            at.store, at.runtime, lambda *_: None, releaser.may_cancel
        )
        self.holds = HoldViews(self.rules, lambda: at.runtime.clock.now().date())

    def post(self, *, actor: Actor = SAP, **changes: str) -> str:
        caller = Caller(tenant=HERE, actor=actor, erp=actor.name)
        draft = replace(DRAFT, **changes)
        return asyncio.run(self.intake.accept(caller, draft, key="", body_digest="")).id

    def vote(self, actor: Actor, instruction: str, action=Action.APPROVE, reason=""):
        self.at.runtime.clock.pass_time(seconds=1)
        return asyncio.run(
            self.decisions.decide(
                tenant=HERE,
                actor=actor,
                instruction=instruction,
                action=action,
                content_hash=self.row(instruction).digest,
                reason=reason,
            )
        )

    def row(self, instruction: str):
        return next(it for it in self.at.rows(tables.instruction) if it.id == instruction)

    def state(self, instruction: str) -> str:
        return self.row(instruction).state

    def open(self, instruction: str) -> list[str]:
        rows = self.at.rows(tables.hold, tables.hold.c.seq)
        return [it.rule for it in rows if it.instruction == instruction and it.lifted_us is None]

    def used(self) -> list[int]:
        return [row.used_minor for row in self.at.rows(tables.limit_use)]

    def change(self, statement) -> None:
        with self.at.engine.connect() as db:
            db.execute(statement)
            db.commit()

    def hold_where_it_leaves(self, instruction: str) -> None:
        """As the sender does: its work is done, and no row of ours names why."""
        self.learn(instruction, Cause.POLICY, State.HELD)
        self.change(delete(tables.work))

    def learn(self, instruction: str, cause: Cause, target: State, grade=Grade.NONE) -> None:
        """Evidence about an instruction, as the relay would bring it."""
        outcome = None
        if grade is not Grade.NONE:
            verdict = Verdict[target.name]
            outcome = Outcome(verdict=verdict, stage=Stage.EXECUTION, code="1", text="")
        evidence = Evidence(
            cause=cause,
            target=target,
            actor="test",
            at=self.at.runtime.clock.now(),
            grade=grade,
            outcome=outcome,
        )

        def job(uow):
            return apply(uow, self.at.runtime.ids, standings(uow, "t1", [instruction]), evidence)

        asyncio.run(self.at.store.write(job))

    def batch(self, drafts):
        """Accept drafts as one call."""
        call = Call(
            caller=Caller(tenant=HERE, actor=SAP, erp="sap"),
            scope="sap",
            reference="F1",
            digest="d",
            format="json",
        )
        return asyncio.run(self.bulk.accept(call, drafts))
