"""One limit, many releases at the same time, in one process and in two: exact to the fen."""

from __future__ import annotations

import asyncio

from gateway.domain.decision import Action, Actor
from gateway.intake.accept import Accepted
from gateway.store import tables
from tests.controls_ground import BOSS, LI, WANG, StandingRules, day_limit
from tests.integration.intake.ground import Node, among

MANY = 50
LIMIT_FITS = 20


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
        taken = one.rows(tables.limit_reservation)
        assert sum(it.amount_minor for it in taken) == LIMIT_FITS * 10_000

    among(database, story, rules=StandingRules(day_limit(f"{LIMIT_FITS}00.00")))


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
