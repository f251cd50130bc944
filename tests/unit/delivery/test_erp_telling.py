"""ERP systems as endpoints of the outbox: what they are told, in which order, and never twice."""

from __future__ import annotations

import json

import pytest

from gateway.delivery.deliveries import Deliveries
from gateway.delivery.erp_outbox import Outbox
from gateway.delivery.webhook_rows import Delivery
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import NotOffered, WireError
from gateway.domain.instruction import State
from gateway.lifecycle.telling import Say
from gateway.ports.erp_api import CallReply
from gateway.ports.erp_told import StatusTold, decoded
from gateway.store import tables
from tests.erp_ground import (
    OURS,
    THEIRS,
    Vendor,
    api,
    api_outlets,
    endpoint,
    system,
    tenant,
)
from tests.webhook_ground import AWAY, LOST, STEPS, TENANT, Room, change, story, webhook

_e = tables.webhook_event
PERSON = Actor(kind=ActorKind.PERSON, name="王")


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


def deliveries(room: Room) -> list[str]:
    return [row.delivery for row in room.rows(_e.c.delivery, _e.c.endpoint, _e.c.sequence)]


def all_taken(room: Room) -> bool:
    found = deliveries(room)
    return bool(found) and set(found) == {Delivery.DELIVERED.value}


# ── what is told ──────────────────────────────────────────────────────────────────────────


def test_the_whole_record_stands_in_the_outbox(made, vendor):
    room = made(webhooks=[], outlets=api_outlets(vendor))
    room.instructions(
        1,
        amount_minor=1234567,
        currency="CNY",
        debtor_account=OURS,
        creditor_account="6222000000000009",
        creditor_name="供应商",
        purpose="货款",
        end_to_end_id="E1",
        reconciliation_code="R7",
        source='{"MsgId":"M1"}',
        line=0,
    )
    room.tell(change(1, 3, State.UNCONFIRMED, room.clock, code="X1", text="不明"))
    room.until(lambda: all_taken(room))
    (row,) = room.rows()
    told = decoded(row.body)
    assert row.kind == "status"
    assert (told.state, told.reason, told.code, told.text, told.final) == (
        "UNCONFIRMED",
        "UNCONFIRMED",
        "X1",
        "不明",
        False,
    )
    assert (told.amount, told.currency) == ("12345.67", "CNY")
    assert (told.debtor_account, told.debtor_name) == (THEIRS, "本公司")
    assert (told.creditor_name, told.purpose, told.end_to_end_id) == ("供应商", "货款", "E1")
    assert (told.reconciliation_code, told.source) == ("R7", {"MsgId": "M1"})


def test_an_erp_hears_only_of_what_it_sent(made, vendor):
    room = made(webhooks=[webhook()], outlets=api_outlets(vendor))
    room.instructions(1)
    with room.engine.begin() as db:
        db.execute(tables.instruction.update().values(erp="oracle"))
    story(room, 1, State.SETTLED)
    room.until(lambda: bool(room.receiver.taken))
    room.run_for(120)
    assert vendor.posts == []


def test_webhooks_and_an_erp_share_an_outbox(made, vendor):
    room = made(webhooks=[webhook()], outlets=api_outlets(vendor))
    room.instructions(2)
    story(room, 1, *STEPS)
    story(room, 2, State.SETTLED)
    room.until(lambda: len(vendor.posts) == 6 and len(room.receiver.taken) == 6)
    assert vendor.states("PO-1") == [state.value for state in STEPS]
    assert {row.endpoint for row in room.rows(_e.c.endpoint, _e.c.sequence)} == {"erp", "erp:sap"}


def test_only_the_states_it_wants(made, vendor):
    room = made(webhooks=[], outlets=api_outlets(vendor, states=frozenset({State.SETTLED})))
    room.instructions(1)
    story(room, 1, *STEPS)
    room.until(lambda: all_taken(room))
    assert vendor.states("PO-1") == ["SETTLED"]


# ── never twice, never out of order ───────────────────────────────────────────────────────


def test_a_lost_answer_is_read_before_it_is_written_again(made, vendor):
    answers = iter([LOST])
    vendor.lost = lambda call: next(answers, None) if call.method == "POST" else None
    room = made(webhooks=[], outlets=api_outlets(vendor))
    room.instructions(1)
    story(room, 1, State.SETTLED)
    room.until(lambda: all_taken(room))
    assert vendor.states("PO-1") == ["SETTLED"]
    assert vendor.calls == [("POST", "feedback"), ("GET", "status")]


def test_a_crash_after_it_was_taken_tells_nothing_twice(made, vendor):
    room = made(webhooks=[], outlets=api_outlets(vendor))
    room.instructions(1)

    def die_once(call) -> None:
        if call.method == "POST":
            room.kill_at = "commit"  # the next commit is that which marks it delivered
            vendor.lost = lambda _: None

    vendor.lost = die_once
    room.tell(change(1, 1, State.SETTLED, room.clock))
    room.until(lambda: not room.life.process.alive)
    assert deliveries(room) == ["pending"]
    room.restart()
    room.until(lambda: all_taken(room))
    assert vendor.states("PO-1") == ["SETTLED"]
    assert vendor.calls[-1] == ("GET", "status")


def test_fresh_records_of_the_same_life_are_not_looked_up(made, vendor):
    room = made(webhooks=[], outlets=api_outlets(vendor))
    room.instructions(3)
    for number in (1, 2, 3):
        story(room, number, State.SETTLED)
    room.until(lambda: len(vendor.posts) == 3)
    assert {method for method, _ in vendor.calls} == {"POST"}


def test_while_one_version_waits_the_next_does_not_go(made, vendor):
    vendor.mood = lambda call: AWAY if call.method == "POST" else None
    room = made(webhooks=[], outlets=api_outlets(vendor))
    room.instructions(1)
    story(room, 1, State.PROCESSING, State.SETTLED)
    room.run_for(600)
    assert vendor.posts == []
    vendor.mood = lambda _: None
    room.until(lambda: all_taken(room))
    assert vendor.states("PO-1") == ["PROCESSING", "SETTLED"]


def test_nothing_is_known_of_a_reply_that_cannot_be_read(made, vendor):
    odd = iter([CallReply(status=200, body=b"<html>"), CallReply(status=200, body=b'{"ok":false}')])
    vendor.mood = lambda call: next(odd, None) if call.method == "POST" else None
    room = made(webhooks=[], outlets=api_outlets(vendor))
    room.instructions(1)
    room.tell(change(1, 1, State.SETTLED, room.clock))
    room.until(lambda: any(row.tries == 1 for row in room.rows()))
    assert room.rows()[0].failure.startswith("unforeseen form")
    assert deliveries(room) == ["pending"]


@pytest.mark.parametrize("error", [AWAY, LOST, WireError("$.x", "form")])
def test_what_fails_on_the_way_is_told_later(error, made, vendor):
    fails = iter([error, error])
    vendor.mood = lambda _: next(fails, None)
    room = made(webhooks=[], outlets=api_outlets(vendor))
    room.instructions(1)
    story(room, 1, State.SETTLED)
    room.until(lambda: all_taken(room))
    assert vendor.states("PO-1") == ["SETTLED"]


def test_whoever_is_to_stop_says_nothing_more_in_the_middle(made, vendor):
    answers = iter([LOST])

    def mood(call):
        if call.method == "GET":
            room.life.webhooks.drain()
        return next(answers, None)

    vendor.mood = mood
    room = made(webhooks=[], outlets=api_outlets(vendor))
    room.instructions(1)
    story(room, 1, State.SETTLED)
    room.until(lambda: ("GET", "status") in vendor.calls)
    room.run_for(60)
    assert vendor.calls == [("POST", "feedback"), ("GET", "status")]
    assert [row.tries for row in room.rows()] == [1]
    vendor.mood = lambda _: None
    room.restart()
    room.until(lambda: all_taken(room))
    assert vendor.states("PO-1") == ["SETTLED"]


# ── verdicts ──────────────────────────────────────────────────────────────────────────────


def judging(*words: str):
    answer = CallReply(status=200, body=json.dumps({"verdicts": words}).encode())
    answers = iter([answer])
    return lambda call: next(answers, None) if call.method == "POST" else None


def test_single_verdicts_of_a_call_of_several(made, vendor):
    vendor.mood = judging("taken", "refused", "again")
    room = made(webhooks=[], outlets=api_outlets(vendor, api(most=10)))
    room.instructions(3)
    room.tell(*(change(number, 1, State.SETTLED, room.clock) for number in (1, 2, 3)))
    room.until(lambda: deliveries(room)[:2] == ["delivered", "dead"])
    rows = room.rows()
    assert (rows[1].failure, rows[1].status) == ("E7 账号 …5678 不符", 200)
    assert rows[2].delivery == "pending"
    room.until(lambda: deliveries(room)[2] == "delivered")


def test_a_record_without_a_verdict_is_not_known(made, vendor):
    vendor.mood = judging("taken")
    room = made(webhooks=[], outlets=api_outlets(vendor, api(most=10)))
    room.instructions(2)
    room.tell(*(change(number, 1, State.SETTLED, room.clock) for number in (1, 2)))
    room.until(lambda: deliveries(room)[:1] == ["delivered"])
    assert deliveries(room) == ["delivered", "pending"]


def test_what_is_dead_holds_up_nothing_and_is_superseded(made, vendor):
    vendor.mood = judging("refused")
    room = made(webhooks=[], outlets=api_outlets(vendor))
    room.instructions(1)
    story(room, 1, State.PROCESSING)
    room.until(lambda: deliveries(room) == ["dead"])
    room.tell(change(1, 2, State.SETTLED, room.clock))
    room.until(lambda: deliveries(room) == ["superseded", "delivered"])
    assert vendor.states("PO-1") == ["SETTLED"]


def test_an_erp_is_never_put_back_to_an_older_state(made, vendor):
    room = made(webhooks=[], outlets=api_outlets(vendor))
    room.instructions(1)
    story(room, 1, State.PROCESSING, State.SETTLED)
    room.until(lambda: deliveries(room) == ["delivered"] * 2)
    first, second = (row.id for row in room.rows())
    again = again_in(room)
    with pytest.raises(NotOffered):
        again(first)
    again(second)
    room.until(lambda: all_taken(room))
    assert vendor.states("PO-1") == ["PROCESSING", "SETTLED"]  # found there, so not written twice


def again_in(room: Room):
    """Redelivery by a person, inside the room."""
    desk = Deliveries(room.life.store, room.life.webhooks._runtime)

    def again(event: str):
        found: list[object] = []

        async def work() -> None:
            try:
                found.append(await desk.again(tenant(system()), event, PERSON))
            except NotOffered as error:
                found.append(error)

        room.scheduler.spawn(room.life.process, work())
        room.until(lambda: bool(found))
        if isinstance(found[0], Exception):
            raise found[0]
        return found[0]

    return again


def test_a_dead_one_is_told_again_with_one_click(made, vendor):
    vendor.mood = judging("refused")
    room = made(webhooks=[], outlets=api_outlets(vendor))
    room.instructions(1)
    story(room, 1, State.REJECTED)
    room.until(lambda: deliveries(room) == ["dead"])
    shown = again_in(room)(room.rows()[0].id)
    assert (shown.endpoint, shown.kind) == ("erp:sap", "status")
    room.until(lambda: all_taken(room))
    assert vendor.calls[-2:] == [("GET", "status"), ("POST", "feedback")]


# ── documents that were refused ───────────────────────────────────────────────────────────


def refusal(room: Room, reference: str) -> None:
    """A document is refused, and the ERP is to be told so."""
    told = StatusTold(
        instruction="",
        version=1,
        state="REFUSED",
        erp="sap",
        erp_reference=reference,
        at=room.clock.now(),
        amount="1.00",
        currency="CNY",
    )
    outbox = Outbox(room.life.webhooks._runtime, [endpoint()])
    says = [Say(told=told, subject=f"ref_{reference}")]
    assert room.write(lambda uow: outbox.tell(uow, TENANT, "sap", says)) == 1
    assert room.write(lambda uow: outbox.tell(uow, TENANT, "sap", says)) == 0  # told once


def test_a_refused_document_is_told_so(made, vendor):
    room = made(webhooks=[], outlets=api_outlets(vendor))
    refusal(room, "PO-7")
    room.until(lambda: all_taken(room))
    assert vendor.states("PO-7") == ["REFUSED"]


def test_a_refusal_is_not_told_of_what_was_accepted_since(made, vendor):
    vendor.mood = lambda call: AWAY if call.method == "POST" else None
    room = made(webhooks=[], outlets=api_outlets(vendor, api(most=10)))
    refusal(room, "PO-1")
    refusal(room, "PO-2")
    room.run_for(60)
    room.kill()
    room.instructions(1)  # the first was put right and came again
    vendor.mood = lambda _: None
    room.run_for(600)
    room.restart()
    room.run_for(30)
    story(room, 1, State.SETTLED)
    room.until(lambda: "pending" not in deliveries(room))
    assert deliveries(room) == ["superseded", "delivered", "delivered"]
    assert vendor.states("PO-1") == ["SETTLED"]
    assert vendor.states("PO-2") == ["REFUSED"]


# ── tokens ────────────────────────────────────────────────────────────────────────────────


def test_one_log_in_serves_all_calls_and_a_spent_token_is_renewed(made, vendor):
    room = made(webhooks=[], outlets=api_outlets(vendor, api(login=True)))
    room.instructions(3)
    for number in (1, 2):
        story(room, number, State.SETTLED)
    room.until(lambda: len(vendor.posts) == 2)
    assert vendor.logins == 1
    vendor.token = "another"
    story(room, 3, State.SETTLED)
    room.until(lambda: len(vendor.posts) == 3)
    assert vendor.logins == 2
    assert vendor.states("PO-3") == ["SETTLED"]


def test_a_log_in_that_helps_nothing_is_tried_again_later(made, vendor):
    vendor.token = "never"
    spent = CallReply(status=401, body=b"{}")
    vendor.mood = lambda call: None if call.path == "/token" else spent
    room = made(webhooks=[], outlets=api_outlets(vendor, api(login=True)))
    room.instructions(1)
    story(room, 1, State.SETTLED)
    room.until(lambda: any(row.tries == 1 for row in room.rows()))
    assert (deliveries(room), vendor.logins) == (["pending"], 2)
