"""The same altered document from everywhere at once: each gets its 409, one hold comes of it."""

from __future__ import annotations

import asyncio
from collections import Counter

from gateway.domain.decision import Action
from gateway.domain.errors import ReusedReference
from gateway.domain.instruction import State
from gateway.store import tables
from tests.controls_ground import BOSS, StandingRules, content
from tests.integration.intake.ground import Node, among, draft

MANY = 24


def test_one_hold_comes_of_many_refusals_while_others_are_released(database):
    async def story(one: Node, two: Node) -> None:
        first = await one.post()
        second = await one.post(erp_reference="R", amount="2.00")
        told = await asyncio.gather(
            *(
                (one, two)[number % 2].post(amount="1200.51")
                if number % 3
                else (one, two)[number % 2].post(erp_reference="R", amount="2.01")
                for number in range(MANY)
            ),
            *(
                one.post(erp_reference=f"N{number}", amount=f"{number + 5}.00")
                for number in range(4)
            ),
        )
        assert all(isinstance(it, ReusedReference) for it in told[:MANY]), told
        holds = Counter((it.instruction, it.rule) for it in one.rows(tables.hold))
        assert holds == {(first.id, "erp_altered"): 1, (second.id, "erp_altered"): 1}
        assert one.states() == {"HELD": 2, "QUEUED": 4}
        decided = await two.decisions.decide(
            tenant=two.tenant,
            actor=BOSS,
            instruction=first.id,
            action=Action.APPROVE,
            content_hash=first.digest,
            reason="",
        )
        assert decided.state is State.QUEUED

    among(database, story, rules=StandingRules(content()))


def test_a_line_of_a_large_batch_that_waits_for_its_turn(database):
    """It is taken out of its turn, meets the rules, and the turn of the others goes on."""

    async def story(one: Node, two: Node) -> None:
        lines = 1_200
        drafts = [draft(number) for number in range(lines)]
        batch = await one.bulk.accept(one.call("F1"), drafts)
        assert batch.accepted == lines
        assert one.states() == {"RECEIVED": lines}
        refused = await two.post(erp_reference=draft(7).erp_reference, amount="9999.00")
        assert isinstance(refused, ReusedReference)
        assert one.states() == {"RECEIVED": lines - 1, "HELD": 1}
        one.tasks.spawn("release", one.releasing.run())
        await one.until(lambda: one.states() == {"QUEUED": lines - 1, "HELD": 1})
        assert [it.rule for it in one.rows(tables.hold)] == ["erp_altered"]

    among(database, story, rules=StandingRules(content()))
