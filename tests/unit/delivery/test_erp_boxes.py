"""ERP systems that are told by files and by rows: what goes together, and what comes twice."""

from __future__ import annotations

import json

from gateway.delivery.deliveries import Deliveries
from gateway.delivery.erp_rows import LETTERS_MAX, ErpShelf
from gateway.delivery.webhook_rows import Delivery
from gateway.domain.instruction import State
from gateway.store import tables
from tests.erp_ground import (
    FILES,
    Box,
    Tables,
    endpoint,
    file_outlets,
    system,
    table_outlets,
    tenant,
)
from tests.records import replace
from tests.webhook_ground import AWAY, TENANT, Room, change, story

_e = tables.webhook_event


def deliveries(room: Room) -> list[str]:
    return [row.delivery for row in room.rows(_e.c.delivery, _e.c.endpoint, _e.c.sequence)]


def all_taken(room: Room) -> bool:
    found = deliveries(room)
    return bool(found) and set(found) == {Delivery.DELIVERED.value}


# ── files ─────────────────────────────────────────────────────────────────────────────────


def batched_instructions(room: Room, *batches: str) -> None:
    with room.engine.begin() as db:
        for number, batch in enumerate(batches, start=1):
            db.execute(
                tables.instruction.update()
                .where(tables.instruction.c.id == f"ins_{number:03d}")
                .values(batch=batch)
            )


def test_one_file_for_each_batch_once_it_has_gathered(made):
    box = Box()
    room = made(webhooks=[], outlets=file_outlets(box, gather_s=30))
    room.instructions(4)
    batched_instructions(room, "bat_1", "bat_1", "bat_2", "bat_1")
    room.tell(*(change(number, 1, State.SETTLED, room.clock) for number in (1, 2, 3)))
    room.run_for(10)
    assert box.files == {}
    room.tell(change(4, 1, State.SETTLED, room.clock))
    room.until(lambda: all_taken(room))
    counts = sorted(len(content.splitlines()) - 1 for content in box.files.values())
    assert counts == [1, 3]
    for name, content in box.files.items():
        assert name.startswith("status-")
        assert name.endswith(".txt")
        assert len(content.split(b" ", 1)[0]) <= 35


def test_a_file_that_is_written_again_is_the_same(made):
    box = Box()
    room = made(webhooks=[], outlets=file_outlets(box))
    room.instructions(2)

    def die_once(_: str) -> None:
        room.kill_at = "commit"
        box.mood = lambda _: None

    box.mood = die_once
    room.tell(*(change(number, 1, State.SETTLED, room.clock) for number in (1, 2)))
    room.until(lambda: not room.life.process.alive)
    before = dict(box.files)
    room.restart()
    room.until(lambda: all_taken(room))
    assert len(box.writes) == 2
    assert box.files == before


def test_a_folder_that_is_away_costs_nothing_but_time(made):
    box = Box(mood=lambda _: AWAY)
    room = made(webhooks=[], outlets=file_outlets(box))
    room.instructions(1)
    story(room, 1, State.PROCESSING, State.SETTLED)
    room.run_for(3600)
    assert set(deliveries(room)) == {"pending"}
    box.mood = lambda _: None
    room.until(lambda: all_taken(room))
    assert len(box.files) == 2


# ── tables ────────────────────────────────────────────────────────────────────────────────


def test_rows_go_together_and_once(made):
    box = Tables()
    room = made(webhooks=[], outlets=table_outlets(box))
    room.instructions(3)
    room.tell(*(change(number, 1, State.SETTLED, room.clock) for number in (1, 2, 3)))
    room.until(lambda: all_taken(room))
    assert box.writes == 1
    assert [row["ref"] for row in box.rows["result"]] == ["PO-1", "PO-2", "PO-3"]


def test_a_table_nobody_named_is_for_a_person(made):
    box = Tables()
    room = made(webhooks=[], outlets=table_outlets(box))
    room.instructions(1)
    room.kill()
    with room.engine.begin() as db:
        db.execute(_e.insert(), [_row("balance")])
    room.restart()
    room.until(lambda: deliveries(room) == ["dead"])
    assert box.rows == {}


def _row(kind: str) -> dict[str, object]:
    body = {
        "type": "balance",
        "account": "1",
        "account_name": "",
        "currency": "CNY",
        "ledger": "1.00",
        "asked_at": "2026-09-15T10:00:00+08:00",
        "day": "2026-09-15",
    }
    return {
        "tenant": TENANT,
        "endpoint": "erp:sap",
        "sequence": 1,
        "id": "evt_x",
        "instruction": "bal",
        "version": 1,
        "state": "",
        "body": json.dumps(body),
        "created_us": 0,
        "delivery": "pending",
        "due_us": 0,
        "changed_us": 0,
        "kind": kind,
    }


# ── what comes back, and what nobody can write ────────────────────────────────────────────


def returning(report):
    """A notice of returns, as a language has it."""
    yield b"back\n"
    for line in report.lines():
        yield f"{line.erp_reference} {line.state}\n".encode()


def test_returned_payments_go_in_a_notice_of_their_own(made):
    box = Box()
    room = made(webhooks=[], outlets=file_outlets(box, replace(FILES, returns=returning)))
    room.instructions(2)
    room.tell(change(1, 1, State.SETTLED, room.clock), change(2, 1, State.RETURNED, room.clock))
    room.until(lambda: all_taken(room))
    kinds = {name.split("-")[0]: content for name, content in box.files.items()}
    assert set(kinds) == {"status", "returns"}
    assert kinds["returns"] == b"back\nPO-2 RETURNED\n"


def test_one_record_that_cannot_be_written_does_not_keep_the_others(made):
    def write(told, facts):
        for it in told:
            if it.erp_reference == "PO-2":
                raise KeyError(it.erp_reference)
            yield f"{it.erp_reference} {facts.id}\n".encode()

    (writer,) = {it.suffix: it for it in FILES.files.values()}.values()
    files = {kind: replace(writer, write=write) for kind in FILES.files}
    box = Box()
    room = made(webhooks=[], outlets=file_outlets(box, replace(FILES, files=files), tries_max=3))
    room.instructions(12)
    room.tell(*(change(number, 1, State.SETTLED, room.clock) for number in range(1, 13)))
    room.until(lambda: len(room.rows()) == 12 and "pending" not in deliveries(room))
    assert sorted(deliveries(room)) == ["dead", *["delivered"] * 11]
    (dead,) = [row for row in room.rows() if row.delivery == "dead"]
    assert dead.failure == "unforeseen form (KeyError)"


def test_a_damaged_record_is_for_a_person_and_stops_nobody(made):
    box = Box()
    room = made(webhooks=[], outlets=file_outlets(box))
    room.instructions(2)
    room.kill()
    rows = [_row("balance"), _row("balance") | {"sequence": 2, "id": "evt_y", "instruction": "b2"}]
    with room.engine.begin() as db:
        db.execute(_e.insert(), [rows[0], rows[1] | {"body": '{"type":"balance"'}])
    room.restart()
    room.until(lambda: deliveries(room) == ["delivered", "dead"])


def test_a_round_holds_some_of_the_large_records_only(made):
    room = made(webhooks=[], outlets=file_outlets(Box()))
    room.kill()
    sizes = [LETTERS_MAX // 2 - 10, LETTERS_MAX // 2 - 10, 50, LETTERS_MAX + 1]
    rows = [
        _row("balance")
        | {"sequence": n, "id": f"evt_{n}", "instruction": f"b{n}", "body": "x" * size}
        for n, size in enumerate(sizes, start=1)
    ]
    with room.engine.begin() as db:
        db.execute(_e.insert(), rows)
        shelf = ErpShelf(endpoint=endpoint(), most=100)
        assert [it.sequence for it in shelf.ready(db, 0, 1, 100)] == [1, 2]
        db.execute(_e.delete().where(_e.c.sequence < 4))
        assert [it.sequence for it in shelf.ready(db, 0, 1, 100)] == [4]


def test_what_is_of_no_payment_is_listed_for_whoever_may_not_see_all(made):
    room = made(webhooks=[], outlets=file_outlets(Box()))
    room.instructions(1)
    story(room, 1, State.SETTLED)
    room.until(lambda: all_taken(room))
    (status,) = room.rows()
    table = tables.webhook_event
    of_feed = dict(status._mapping) | {
        "sequence": 2,
        "id": "evt_feed",
        "instruction": "cre_x",
        "kind": "credit",
        "state": "",
    }
    refused = of_feed | {"sequence": 3, "id": "evt_no", "instruction": "ref_x", "kind": "status"}
    with room.engine.begin() as db:
        db.execute(table.insert(), [of_feed, refused | {"state": "REFUSED"}])
    desk, found = Deliveries(room.life.store, room.life.webhooks._runtime), []

    async def work() -> None:
        nothing = tables.instruction.c.id == "none"
        found.extend(await desk.listed(tenant(system()), Delivery.DELIVERED, "", lambda _: nothing))
        found.append(None)

    room.scheduler.spawn(room.life.process, work())
    room.until(lambda: None in found)
    assert [it.id for it in found if it] == ["evt_feed", "evt_no"]
