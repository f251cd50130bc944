"""What sends and enquiries brought is written together, and each finding counts alone."""

# ruff: noqa: S608 - tampering is written as SQL

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from gateway.domain.errors import Corrupt
from gateway.domain.instruction import State
from gateway.domain.message import Fate, WireReply
from gateway.domain.outcome import Outcome, Stage, Verdict
from gateway.relay import messages, outcome_rows
from gateway.relay.outcome_rows import Answered, Enquired, Findings, InDoubt, Unsent
from gateway.relay.plan import plan
from gateway.relay.takeover import take_over
from gateway.store import tables
from gateway.store.groups import Item
from tests.records import replace
from tests.relay_ground import LINK, TENANT, at_work

PAID = Outcome(verdict=Verdict.SETTLED, stage=Stage.EXECUTION, code="0")
NO = Outcome(verdict=Verdict.REJECTED, stage=Stage.EXECUTION, code="3")
NOT_FOUND = Outcome(verdict=Verdict.NOT_FOUND, stage=Stage.VALIDATION)
BYTES = WireReply(200, "application/x-fox", b"<told/>")


async def under_way(it, count: int) -> list[messages.StoredMessage]:
    """Messages that are between their commit and their answer."""
    for number in range(count):
        await it.post(erp_reference=f"R{number}", amount=f"{number + 1}.00")
    found = await it.store.write(lambda uow: plan(it.link, uow, count, 1e12))
    return [planned.message for planned in found.planned]


def together(it, *findings) -> list[object]:
    """Write findings as one group of the store."""
    work = Findings(it.link).write_many
    return list(it.store._run_group([Item(work, finding) for finding in findings]))


def test_findings_of_every_kind_are_written_together(tmp_path):
    async def story(it, far):
        paid, refused, doubtful, unsent = sent = await under_way(it, 4)
        before = len(it.rows(tables.journal))
        told = together(
            it,
            Answered(message=paid, reply=BYTES, outcome=PAID),
            Answered(message=refused, reply=BYTES, outcome=NO),
            InDoubt(message=doubtful, why="no_answer"),
            Unsent(message=unsent, why="refused"),
        )
        assert told == [None] * 4
        states = [it.row(one.instructions[0]).state for one in sent]
        assert states == ["SETTLED", "REJECTED", "UNCONFIRMED", "QUEUED"]
        fates = {row.id: (row.fate, row.in_flight, row.sends) for row in it.rows(tables.message)}
        assert [fates[one.id] for one in sent] == [
            ("closed", False, 1),
            ("closed", False, 1),
            ("open", False, 1),
            ("planned", False, 0),
        ]
        works = {row.subject: row.kind for row in it.rows(tables.work)}
        assert works == {doubtful.id: "enquire", unsent.instructions[0]: "send"}
        assert len(it.rows(tables.journal)) - before == 4, "one record for each"

    at_work(tmp_path, story, start=False, slots=8, books=False)


def test_a_finding_that_cannot_be_written_fails_alone(tmp_path):
    async def story(it, far):
        paid, altered = await under_way(it, 2)
        lost = replace(altered, instructions=("ins_unknown",))
        told = together(
            it,
            Answered(message=paid, reply=BYTES, outcome=PAID),
            Answered(message=lost, reply=BYTES, outcome=PAID),
        )
        assert told[0] is None
        assert isinstance(told[1], Corrupt)
        assert it.row(paid.instructions[0]).state == "SETTLED"
        assert it.row(altered.instructions[0]).state == "SENDING"

    at_work(tmp_path, story, start=False, slots=8, books=False)


def test_of_two_findings_about_one_message_the_second_sees_the_first(tmp_path):
    async def story(it, far):
        (message,) = await under_way(it, 1)
        now_us = it.link.now_us()
        asked = Enquired(message=message, outcome=NO, asked_us=now_us, due_us=now_us)
        assert together(it, InDoubt(message=message, why="no_answer"), asked) == [None, None]
        after = [after for after, _ in it.steps(message.instructions[0])]
        assert after[-3:] == ["SENDING", "UNCONFIRMED", "REJECTED"]
        assert [row.fate for row in it.rows(tables.message)] == ["closed"]
        assert it.rows(tables.work) == []

    at_work(tmp_path, story, start=False, books=False)


def test_while_a_resend_is_under_way_an_enquiry_closes_it_but_keeps_its_place(tmp_path):
    async def story(it, far):
        (message,) = await under_way(it, 1)
        together(it, InDoubt(message=message, why="no_answer"))
        now_us = it.link.now_us()
        holder = it.store.lane.id
        await it.store.write(lambda uow: messages.resend(uow, message, holder, now_us))
        together(it, Enquired(message=message, outcome=NO, asked_us=now_us, due_us=now_us))
        (row,) = it.rows(tables.message)
        assert (row.fate, row.in_flight, row.sends) == ("closed", True, 2)
        again = replace(message, sends=2)
        together(it, Answered(message=again, reply=BYTES, outcome=NO))
        (row,) = it.rows(tables.message)
        assert (row.fate, row.in_flight) == ("closed", False)
        assert it.rows(tables.work) == [], "nothing is to be asked about it any more"

    at_work(tmp_path, story, start=False, books=False)


def test_what_was_settled_meanwhile_does_not_wait_again(tmp_path):
    """Taken over and settled; then its sender tells that it never left."""

    async def story(it, far):
        (message,) = await under_way(it, 1)
        together(it, Answered(message=message, reply=BYTES, outcome=PAID))
        together(it, Unsent(message=message, why="refused"))
        assert it.row(message.instructions[0]).state == "SETTLED"
        assert it.rows(tables.work) == []

    at_work(tmp_path, story, start=False, books=False)


@pytest.mark.parametrize("seconds", [-1, 0])
def test_not_found_counts_from_the_end_of_the_quiet_time(tmp_path, seconds):
    async def story(it, far):
        (message,) = await under_way(it, 1)
        together(it, InDoubt(message=message, why="no_answer"))
        quiet_us = it.link.quiet_us() + it.link.timeout_us()
        asked_us = message.last_sent_us + quiet_us + seconds * 1_000_000
        together(it, Enquired(message=message, outcome=NOT_FOUND, asked_us=asked_us, due_us=1))
        (row,) = it.rows(tables.message)
        assert row.not_found_us == (asked_us if seconds == 0 else None)

    at_work(tmp_path, story, start=False, books=False)


# ── taking a batch apart ────────────────────────────────────────────────────────────────────


async def batch_in_doubt(it, *states: State) -> messages.StoredMessage:
    """One message of as many lines as states, each line in its state."""
    sent = await under_way(it, len(states))
    for one in sent:
        together(it, InDoubt(message=one, why="no_answer"))
    lines = [one.instructions[0] for one in sent]
    batch = replace(sent[0], operation="batch", instructions=tuple(lines), rounds=(0,) * len(lines))
    for number, (one, line, state) in enumerate(zip(sent, lines, states, strict=True), start=1):
        it.sql(
            f"UPDATE message_line SET message='{batch.id}', line={number} WHERE message='{one.id}'"
        )
        it.sql(f"UPDATE instruction SET state='{state}' WHERE id='{line}'")
    return batch


def replanned(it, batch: messages.StoredMessage):
    async def run() -> None:
        await it.store.write(lambda uow: outcome_rows.replan(it.link, uow, batch))

    return run()


def test_a_batch_of_which_all_is_unknown_is_taken_apart(tmp_path):
    async def story(it, far):
        batch = await batch_in_doubt(it, State.UNCONFIRMED, State.UNCONFIRMED)
        await replanned(it, batch)
        assert [it.row(line).state for line in batch.instructions] == ["QUEUED", "QUEUED"]
        waiting = {row.subject: row.tries for row in it.rows(tables.work) if row.kind == "send"}
        assert set(waiting) == set(batch.instructions)
        assert min(waiting.values()) > 2, "each travels alone"
        fates = {row.id: row.fate for row in it.rows(tables.message)}
        assert fates[batch.id] == Fate.CLOSED

    at_work(tmp_path, story, start=False, slots=8, books=False)


@pytest.mark.parametrize("state", [State.PROCESSING, State.ACKNOWLEDGED, State.BANK_APPROVAL])
def test_a_batch_of_which_the_bank_knows_a_line_is_not(tmp_path, state):
    async def story(it, far):
        batch = await batch_in_doubt(it, State.UNCONFIRMED, state, State.SETTLED)
        await replanned(it, batch)
        assert [it.row(line).state for line in batch.instructions] == [
            "UNCONFIRMED",
            state,
            "SETTLED",
        ]
        assert not [row for row in it.rows(tables.work) if row.kind == "send"]
        fates = {row.id: row.fate for row in it.rows(tables.message)}
        assert fates[batch.id] == Fate.OPEN

    at_work(tmp_path, story, start=False, slots=8, books=False)


def test_final_lines_of_a_batch_taken_apart_stay_as_they_are(tmp_path):
    async def story(it, far):
        batch = await batch_in_doubt(it, State.UNCONFIRMED, State.REJECTED)
        await replanned(it, batch)
        assert [it.row(line).state for line in batch.instructions] == ["QUEUED", "REJECTED"]
        (waiting,) = [row for row in it.rows(tables.work) if row.kind == "send"]
        assert waiting.subject == batch.instructions[0]

    at_work(tmp_path, story, start=False, slots=8, books=False)


# ── taking over ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("hours", [-2, 0, 2])
def test_a_take_over_counts_the_quiet_time_from_the_latest_possible_send(tmp_path, hours):
    """Whatever the shared clock did meanwhile: a send never looks older than it can be."""

    async def story(it, far):
        (message,) = await under_way(it, 1)
        it.clock.at += timedelta(hours=hours)
        it.sql("UPDATE lane SET ended_us = 1")
        taken = await it.store.write(lambda uow: take_over({(TENANT, LINK): it.link}, uow))
        assert taken == 1
        (row,) = it.rows(tables.message)
        latest = max(message.last_sent_us, it.link.now_us())
        assert (row.last_sent_us, row.in_flight, row.fate) == (latest, False, "open")
        (appointed,) = it.rows(tables.work)
        assert appointed.due_us == latest + it.link.quiet_us() + it.link.timeout_us()
        assert it.history(message.instructions[0])[-1].reason == "taken_over"
        told = [json.loads(r.payload)["content"] for r in it.rows(tables.journal) if r.payload]
        assert any(content.get("reason") == "taken_over" for content in told)

    at_work(tmp_path, story, start=False, books=False)


def test_nothing_of_a_living_process_is_taken_over(tmp_path):
    async def story(it, far):
        (message,) = await under_way(it, 1)
        for _ in range(2):
            taken = await it.store.write(lambda uow: take_over({(TENANT, LINK): it.link}, uow))
            assert taken == 0
        assert it.row(message.instructions[0]).state == "SENDING"

    at_work(tmp_path, story, start=False, books=False)


def test_a_strangers_connection_is_left_to_those_who_know_it(tmp_path):
    async def story(it, far):
        (message,) = await under_way(it, 1)
        it.sql("UPDATE lane SET ended_us = 1")
        assert await it.store.write(lambda uow: take_over({}, uow)) == 0
        assert it.row(message.instructions[0]).state == "SENDING"

    at_work(tmp_path, story, start=False, books=False)


def test_answers_that_come_in_during_a_commit_share_the_next_one(tmp_path):
    async def story(it, far):
        sent = await under_way(it, 6)
        seen: list[int] = []
        findings = Findings(it.link)
        real = findings.write_many

        def counted(uow, items):
            seen.append(len(items))
            return real(uow, items)

        findings.write_many = counted  # type: ignore[method-assign]
        writing = [findings.write(Answered(message=one, reply=BYTES, outcome=PAID)) for one in sent]
        await asyncio.gather(*writing)
        assert sum(seen) == 6
        assert {it.row(one.instructions[0]).state for one in sent} == {"SETTLED"}

    at_work(tmp_path, story, start=False, slots=8, books=False)
