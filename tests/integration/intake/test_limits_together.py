"""One limit, many releases at the same time, in one process and in two: exact to the fen."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

import pytest

from gateway.domain.decision import Action, Actor
from gateway.domain.errors import NotPermitted
from gateway.intake.accept import Accepted
from gateway.lifecycle import reservations
from gateway.store import tables
from tests.controls_ground import BOSS, LI, WANG, StandingRules, content, day_limit
from tests.integration.intake.ground import Node, among

MANY = 50
LIMIT_FITS = 20
SEVERAL = 6
MEET_S = 0.3
"""How long one waits for the other: in vain, as long as only one at a time may read."""


def _used(node: Node) -> list[int]:
    return [row.used_minor for row in node.rows(tables.limit_use)]


async def _vote(node: Node, actor: Actor, told: Accepted) -> object:
    return await node.decisions.decide(
        tenant=node.tenant,
        actor=actor,
        instruction=told.id,
        action=Action.APPROVE,
        content_hash=told.digest,
        reason="",
    )


def test_fifty_payments_at_the_same_time_never_exceed_the_limit(database):
    async def story(one: Node, two: Node) -> None:
        # The counter is there already: else two who make it at once would meet by its key.
        await one.post(erp_reference="FIRST", amount="100.00")
        told = await asyncio.gather(
            *(
                (one, two)[number % 2].post(
                    erp_reference=f"R{number}",
                    amount="100.00",
                    creditor_account=f"62170000{number:04}",
                )
                for number in range(MANY)
            )
        )
        assert all(isinstance(it, Accepted) for it in told), told
        assert one.states() == {"QUEUED": LIMIT_FITS, "HELD": MANY + 1 - LIMIT_FITS}
        assert _used(one) == [LIMIT_FITS * 10_000]
        taken = one.rows(tables.reservation)
        assert sum(it.amount_minor for it in taken) == LIMIT_FITS * 10_000

    among(database, story, rules=StandingRules(day_limit(f"{LIMIT_FITS}00.00")))


@pytest.fixture
def two_read_at_once(monkeypatch):
    """From now on whoever has read what was used waits for another to have read it as well."""

    def begin() -> None:
        both, read = threading.Barrier(2), reservations.used

        def used(*asked: object) -> object:
            found = read(*asked)
            with suppress(threading.BrokenBarrierError):
                both.wait(MEET_S)
            return found

        monkeypatch.setattr(reservations, "used", used)

    return begin


def test_fifty_payments_at_the_same_time_never_exceed_the_plan(database, two_read_at_once):
    """Each of them counts against its month, for which there is most, and against its day."""
    line = {"company": "c1", "item": "A01", "currency": "CNY"}
    plan = [
        line | {"period": "2026-09", "amount": "2500.00"},
        line | {"period": "2026-09-15", "amount": f"{LIMIT_FITS}00.00"},
    ]

    async def story(one: Node, two: Node) -> None:
        await one.post(erp_reference="FIRST", amount="100.00", budget_item="A01")
        two_read_at_once()
        told = await asyncio.gather(
            *(
                (one, two)[number % 2].post(
                    erp_reference=f"R{number}",
                    amount="100.00",
                    budget_item="A01",
                    creditor_account=f"62170000{number:04}",
                )
                for number in range(MANY)
            )
        )
        assert all(isinstance(it, Accepted) for it in told), told
        assert one.states() == {"QUEUED": LIMIT_FITS, "HELD": MANY + 1 - LIMIT_FITS}
        assert _used(one) == [LIMIT_FITS * 10_000] * 2
        taken = one.rows(tables.reservation)
        assert sum(it.amount_minor for it in taken) == LIMIT_FITS * 10_000
        assert {it.rule for it in one.rows(tables.hold)} == {"quota"}

    among(database, story, rules=StandingRules(content(plan=plan)))


def test_votes_and_releases_at_the_same_time_release_a_payment_once(database):
    """Both who may let it go vote at once, in two processes, several times over."""

    async def story(one: Node, two: Node) -> None:
        await one.post(erp_reference="FIRST", amount="1.00")
        told = [
            await one.post(
                erp_reference=f"R{number}",
                amount="6000.00",
                creditor_account=f"62170000{number:04}",
            )
            for number in range(SEVERAL)
        ]
        votes = [
            _vote(node, actor, it)
            for it in told
            for node, actor in ((one, WANG), (two, LI), (two, WANG), (one, LI))
        ]
        given = await asyncio.gather(*votes, return_exceptions=True)
        refused = [it for it in given if isinstance(it, BaseException)]
        assert all(isinstance(it, NotPermitted) for it in refused), refused
        assert one.states() == {"QUEUED": SEVERAL + 1}
        for it in told:
            assert one.steps(it.id) == ["RECEIVED", "HELD", "APPROVED", "QUEUED"]
        assert _used(one) == [SEVERAL * 600_000 + 100]
        assert len(one.rows(tables.reservation)) == SEVERAL + 1
        sent = [row.subject for row in one.rows(tables.work) if row.kind == "send"]
        assert len(sent) == len(set(sent)) == SEVERAL + 1
        rows = {row.id: row for row in one.rows(tables.instruction)}
        votes_of: dict[str, set[str]] = {}
        for row in one.rows(tables.vote):
            votes_of.setdefault(row.instruction, set()).add(row.actor)
        for it in told:
            row, people = rows[it.id], votes_of[it.id]
            assert one.seals.holds(row.seal, row.tenant, row.id, row.digest, 1, people)

    among(database, story, rules=StandingRules(day_limit("1000000.00")))


def test_fifty_approvals_at_the_same_time_never_exceed_the_limit(database):
    """Half of what fits comes free again by cancelling while others are approved."""

    async def story(one: Node, two: Node) -> None:
        told = [
            await one.post(
                erp_reference=f"R{number}",
                amount="6000.00",
                creditor_account=f"62170000{number:04}",
            )
            for number in range(MANY)
        ]
        assert one.states() == {"HELD": MANY}
        await _vote(one, WANG, told[0])
        await asyncio.gather(
            *(
                _vote((one, two)[number % 2], (WANG, LI)[number % 3 == 0], it)
                for number, it in enumerate(told[1:])
            )
        )
        assert one.states() == {"QUEUED": LIMIT_FITS, "HELD": MANY - LIMIT_FITS}
        assert _used(one) == [LIMIT_FITS * 600_000]
        left = [row.id for row in one.rows(tables.instruction) if row.state == "QUEUED"]
        held = [it for it in told if it.id not in left]
        gone = [it for it in told if it.id in left][: LIMIT_FITS // 2]
        await asyncio.gather(
            *(_reject(one, it) for it in gone),
            *(_vote(two, BOSS, it) for it in held[:5]),
        )
        released = LIMIT_FITS - len(gone) + 5
        assert one.states()["QUEUED"] == released
        assert _used(one) == [released * 600_000]

    among(database, story, rules=StandingRules(day_limit(f"{LIMIT_FITS * 6000}.00")))


async def _reject(node: Node, told: Accepted) -> object:
    return await node.decisions.decide(
        tenant=node.tenant,
        actor=WANG,
        instruction=told.id,
        action=Action.REJECT,
        content_hash=told.digest,
        reason="not wanted",
    )
