"""Webhooks from the outbox: what is told, in which order, how often, and what becomes of it."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import jsonschema
import pytest
from sqlalchemy import func, select

from gateway.delivery.deliveries import Deliveries
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import NotFound, NotOffered
from gateway.domain.instruction import State
from gateway.store import tables
from tests.webhook_ground import AWAY, LOST, STEPS, TENANT, Room, change, quiet, story, webhook

SCHEMA = json.loads(
    (
        Path(__file__).resolve().parents[3] / "schemas/canonical/v1/webhook-event.schema.json"
    ).read_text("utf-8")
)
KNOWN = jsonschema.Draft202012Validator(SCHEMA)


def counted(room: Room, table) -> int:
    with room.engine.connect() as db:
        return db.execute(select(func.count()).select_from(table)).scalar()


def versions(events, number: int) -> list[int]:
    return [
        it["instruction"]["version"]
        for it in events
        if it["instruction"]["id"] == f"ins_{number:03d}"
    ]


# ── what is told ────────────────────────────────────────────────────────────────────────────


def test_an_event_says_what_the_api_would_and_nothing_of_the_payee(made):
    room = made()
    room.instructions(1, creditor_name="供应商", creditor_account="6222", batch="bat_1")
    room.tell(change(1, 3, State.UNCONFIRMED, room.clock, code="X1", text="不明"))
    room.until(lambda: bool(room.receiver.taken))
    (event,) = room.receiver.taken
    KNOWN.validate(event)
    assert event["instruction"] == {
        "id": "ins_001",
        "version": 3,
        "erp": "sap",
        "erp_reference": "PO-1",
        "batch": "bat_1",
        "state": "UNCONFIRMED",
        "state_zh": "结果未明，切勿重发",
        "state_en": "outcome not known; do not send again",
        "final": False,
        "reason": "later",
        "code": "X1",
        "text": "不明",
        "bank_reference": "",
    }
    assert event["version"] == 1
    assert event["links"] == {"instruction": "/v1/instructions/ins_001"}
    body = room.receiver.bodies[event["id"]].decode()
    assert "供应商" not in body
    assert "6222" not in body


def test_an_event_names_the_budget_item_where_there_is_one(made):
    room = made()
    room.instructions(1, budget_item="A01")
    room.tell(change(1, 3, State.SETTLED, room.clock))
    room.until(lambda: bool(room.receiver.taken))
    (event,) = room.receiver.taken
    KNOWN.validate(event)
    assert event["instruction"]["budget_item"] == "A01"


@pytest.mark.parametrize("state", list(State))
def test_every_state_fits_the_schema(state, made):
    room = made()
    room.instructions(1)
    room.tell(change(1, 1, state, room.clock))
    room.until(lambda: bool(room.receiver.taken))
    KNOWN.validate(room.receiver.taken[0])


def test_an_endpoint_hears_only_of_the_states_it_wants(made):
    finals = webhook("finals", states=frozenset({State.SETTLED}))
    room = made(webhooks=[webhook("all"), finals])
    room.instructions(1)
    story(room, 1, *STEPS)
    room.until(lambda: len(room.receiver.taken) == len(STEPS) + 1)
    heard = [it for it in room.receiver.taken if it["endpoint"] == "finals"]
    assert [it["instruction"]["state"] for it in heard] == ["SETTLED"]
    assert [it["sequence"] for it in heard] == [1]


def test_a_tenant_without_webhooks_writes_nothing(made):
    room = made()
    room.instructions(1)
    room.life.store.tell_of({"another": frozenset({"SETTLED"})})
    story(room, 1, *STEPS)
    assert counted(room, tables.outbox) == 0


def test_all_lines_of_a_message_are_one_row(made):
    room = made()
    room.instructions(100)
    changes = [change(number, 1, State.SETTLED, room.clock) for number in range(1, 101)]
    rows: list[int] = []

    def job(uow) -> None:
        from gateway.lifecycle.outbox import tell

        tell(uow, changes)
        rows.append(len(uow.rows(select(tables.outbox.c.seq))))

    room.write(job)
    assert rows == [1]
    room.until(lambda: len(room.receiver.taken) == 100)
    assert sorted(it["sequence"] for it in room.receiver.taken) == list(range(1, 101))
    assert counted(room, tables.outbox) == 0


def test_a_file_of_many_lines_is_told_in_portions(made):
    room = made(latency_s=0.01)
    room.instructions(1200)
    room.tell(*(change(number, 1, State.HELD, room.clock) for number in range(1, 1201)))
    room.until(lambda: len(room.receiver.taken) == 1200)
    assert {it["sequence"] for it in room.receiver.taken} == set(range(1, 1201))
    assert 1 < room.receiver.widest <= 8


def test_what_gathered_while_nobody_sent_comes_in_the_order_of_versions(made):
    room = made()
    room.instructions(2)
    room.kill()
    room.life = quiet(room)
    for version, state in enumerate(STEPS, start=1):
        room.tell(change(1, version, state, room.clock), change(2, version, state, room.clock))
    assert counted(room, tables.outbox) == len(STEPS)
    room.restart()
    room.until(lambda: len(room.receiver.taken) == 2 * len(STEPS))
    for number in (1, 2):
        assert versions(room.receiver.taken, number) == list(range(1, len(STEPS) + 1))
    by_sequence = sorted(room.receiver.taken, key=lambda it: it["sequence"])
    assert versions(by_sequence, 1) == list(range(1, len(STEPS) + 1))


# ── again and again ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("answer", [500, 404, 302, 301, 199, 429, AWAY, LOST])
def test_whatever_is_no_2xx_is_tried_again_with_the_same_bytes(answer, made):
    room = made()
    room.instructions(1)
    answers = [answer, answer, 204]
    room.receiver.mood = lambda _: answers.pop(0)
    room.tell(change(1, 1, State.SETTLED, room.clock))
    room.until(lambda: len(room.receiver.calls) == 3)
    room.run_for(3600 * 24)
    assert len({it["id"] for it in room.receiver.calls}) == 1
    assert len(room.receiver.calls) == 3
    (row,) = room.rows()
    assert (row.delivery, row.tries, row.failure) == ("delivered", 3, "")


def test_pauses_grow_between_tries(made):
    room = made(poll_s=1)
    room.instructions(1)
    at: list[float] = []

    def mood(_) -> int:
        at.append(room.clock.monotonic())
        return 500

    room.receiver.mood = mood
    room.tell(change(1, 1, State.SETTLED, room.clock))
    room.until(lambda: len(at) == 8)
    pauses = [later - earlier for earlier, later in pairwise(at)]
    for tries, pause in enumerate(pauses):
        assert 2.5 * 2**tries <= pause <= 5 * 2**tries + 2  # it looks every second


def test_after_its_last_try_it_is_dead_and_only_its_own_instruction_waits(made):
    room = made(webhooks=[webhook(tries_max=3)])
    room.instructions(2)
    room.receiver.mood = lambda event: 500 if event["instruction"]["id"] == "ins_001" else 200
    story(room, 1, State.UNCONFIRMED, State.SETTLED)
    story(room, 2, State.UNCONFIRMED, State.SETTLED)
    room.until(lambda: any(row.delivery == "dead" for row in room.rows()))
    room.run_for(3600 * 48)
    assert versions(room.receiver.calls, 1) == [1, 1, 1]
    assert versions(room.receiver.taken, 2) == [1, 2]
    assert sorted(row.delivery for row in room.rows()) == [
        "dead",
        "delivered",
        "delivered",
        "pending",
    ]


def actor() -> Actor:
    return Actor(kind=ActorKind.PERSON, name="王")


class _Tenant:
    """As much of a tenant as deliveries ask for."""

    def __init__(self, *webhooks) -> None:
        self.id, self.webhooks = TENANT, webhooks


def test_a_dead_letter_delivered_again_lets_the_others_follow(made):
    it = webhook(tries_max=2)
    room = made(webhooks=[it])
    room.instructions(1)
    room.receiver.mood = lambda _: 500
    story(room, 1, State.UNCONFIRMED, State.SETTLED)
    room.until(lambda: any(row.delivery == "dead" for row in room.rows()))
    room.receiver.mood = lambda _: 200
    dead = next(row for row in room.rows() if row.delivery == "dead")
    deliveries = Deliveries(room.life.store, room.life.webhooks._runtime)
    shown = room.write(lambda uow: deliveries._again(uow, _Tenant(it), dead.id, actor()))
    assert (shown.delivery, shown.tries) == ("pending", 0)
    room.until(lambda: len(room.receiver.taken) == 2)
    assert versions(room.receiver.taken, 1) == [1, 2]
    assert room.receiver.taken[0]["id"] == dead.id
    room.run_for(10)
    with room.engine.connect() as db:
        kinds = db.execute(select(tables.journal.c.kind)).scalars().all()
    assert kinds.count("webhook_redelivery") == 1


def test_one_that_waits_is_hurried_and_keeps_its_tries(made):
    it = webhook()
    room = made(webhooks=[it])
    room.instructions(1)
    answers = [500, 500, 500, 200]
    room.receiver.mood = lambda _: answers.pop(0)
    room.tell(change(1, 1, State.SETTLED, room.clock))
    room.until(lambda: [row.tries for row in room.rows()] == [3])
    (row,) = room.rows()
    deliveries = Deliveries(room.life.store, room.life.webhooks._runtime)
    before = room.clock.monotonic()
    shown = room.write(lambda uow: deliveries._again(uow, _Tenant(it), row.id, actor()))
    assert shown.tries == 3
    room.until(lambda: bool(room.receiver.taken))
    assert room.clock.monotonic() - before < 1


def test_redelivery_is_refused_for_what_is_not_there(made):
    it = webhook()
    room = made(webhooks=[it])
    room.instructions(1)
    room.tell(change(1, 1, State.SETTLED, room.clock))
    room.until(lambda: bool(room.receiver.taken))
    (row,) = room.rows()
    deliveries = Deliveries(room.life.store, room.life.webhooks._runtime)

    async def ask(tenant, event):
        await deliveries.again(tenant, event, actor())

    stranger = _Tenant(it)
    stranger.id = "t2"
    for tenant, event, error in (
        (_Tenant(it), "evt_none", NotFound),
        (stranger, row.id, NotFound),
        (_Tenant(), row.id, NotOffered),
    ):
        future = room.scheduler.spawn(room.life.process, ask(tenant, event))
        future.when_done(lambda: None)
        room.until(lambda future=future: future.done)
        with pytest.raises(error):
            raise future._error


def test_while_nothing_gets_through_one_event_at_a_time_tries_the_way(made):
    room = made(latency_s=1.0, poll_s=1)
    room.instructions(60)
    room.receiver.mood = lambda _: 503
    room.tell(*(change(number, 1, State.SETTLED, room.clock) for number in range(1, 61)))
    room.until(lambda: len([row for row in room.rows() if row.tries]) == 60)
    assert room.receiver.widest == 8
    room.receiver.widest = 0
    room.run_for(120)
    assert room.receiver.widest == 1
    room.receiver.mood = lambda _: 200
    room.until(lambda: len(room.receiver.taken) == 60)
    assert room.receiver.widest > 1


def test_a_process_whose_lease_may_be_over_sends_nothing(made):
    room = made(poll_s=1)
    room.instructions(1)
    room.life.store.lease.deadline = -1.0
    room.tell(change(1, 1, State.SETTLED, room.clock))
    room.run_for(60)
    assert room.receiver.calls == []
    assert [row.tries for row in room.rows()] == [0]
    room.life.store.lease.deadline = float("inf")  # it was renewed
    room.until(lambda: bool(room.receiver.taken))


def test_operators_are_told_how_each_attempt_ended(made):
    room = made(webhooks=[webhook(tries_max=2)])
    room.instructions(2)
    told: list[tuple[str, dict]] = []

    class Heard:
        def tell(self, event, /, **facts) -> None:
            told.append((event.name, facts))

    room.life.webhooks._runtime.log = Heard()
    room.receiver.mood = lambda event: 500 if event["instruction"]["id"] == "ins_001" else 200
    room.tell(*(change(number, 1, State.SETTLED, room.clock) for number in (1, 2)))
    room.until(lambda: {row.delivery for row in room.rows()} == {"delivered", "dead"})
    room.run_for(1)
    assert sorted(name for name, _ in told) == [
        "webhook_dead",
        "webhook_delivered",
        "webhook_failed",
    ]
    (dead,) = (facts for name, facts in told if name == "webhook_dead")
    assert (dead["tenant"], dead["endpoint"], dead["tries"]) == (TENANT, "erp", 2)
    assert dead["status"] == 500
