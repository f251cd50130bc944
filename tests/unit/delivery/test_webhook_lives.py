"""Processes that die, end in good order, or forget: what becomes of their webhooks."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from gateway.domain.instruction import State
from gateway.store import tables
from tests.webhook_ground import change, quiet, story, webhook

# ── crashes ─────────────────────────────────────────────────────────────────────────────────


def test_killed_between_the_answer_and_its_mark_it_is_sent_again_under_the_same_id(made):
    room = made()
    room.instructions(1)

    def mood(_) -> int:
        room.kill_at = "commit"  # of the commit that would mark it
        return 200

    room.receiver.mood = mood
    room.tell(change(1, 1, State.SETTLED, room.clock))
    room.until(lambda: not room.life.process.alive)
    (row,) = room.rows()
    assert row.delivery == "pending"
    room.receiver.mood = lambda _: 200
    room.restart()
    room.until(lambda: len(room.receiver.taken) == 2)
    first, second = room.receiver.taken
    assert first == second
    room.run_for(3600)
    assert len(room.receiver.calls) == 2


@pytest.mark.parametrize("point", ["begin", "commit", "committed"])
def test_killed_at_any_point_of_making_events_none_is_lost_or_doubled(point, made):
    room = made()
    room.instructions(1)
    room.kill()
    room.life = quiet(room)
    room.tell(change(1, 1, State.SETTLED, room.clock))
    room.restart()
    room.kill_at = point
    room.until(lambda: not room.life.process.alive)
    room.restart()
    room.until(lambda: bool(room.receiver.taken))
    room.run_for(10)
    assert [(it["sequence"], it["instruction"]["version"]) for it in room.receiver.taken] == [
        (1, 1)
    ]


# ── keeping and forgetting ──────────────────────────────────────────────────────────────────


def test_what_was_delivered_is_forgotten_after_its_days_and_what_is_dead_is_not(made):
    room = made(webhooks=[webhook(keep_days=2, tries_max=1)])
    room.instructions(2)
    room.receiver.mood = lambda event: 200 if event["instruction"]["id"] == "ins_001" else 500
    story(room, 1, State.SETTLED)
    story(room, 2, State.SETTLED)
    room.until(lambda: {row.delivery for row in room.rows()} == {"delivered", "dead"})
    room.run_for(3600 * 47)
    assert len(room.rows()) == 2
    room.run_for(3600 * 3)
    assert [row.delivery for row in room.rows()] == ["dead"]


def test_drained_it_starts_nothing_new_and_leaves_the_endpoint_to_others(made):
    room = made()
    room.instructions(1)
    room.tell(change(1, 1, State.HELD, room.clock))
    room.until(lambda: bool(room.receiver.taken))
    room.life.webhooks.drain()
    room.tell(change(1, 2, State.SETTLED, room.clock))
    room.run_for(60)
    assert len(room.receiver.calls) == 1
    assert room.life.webhooks.in_flight == 0
    ended = room.scheduler.spawn(room.life.process, room.life.webhooks.end())
    room.until(lambda: ended.done)
    with room.engine.connect() as db:
        assert db.execute(select(tables.webhook_endpoint.c.holder)).scalars().all() == [""]
