"""Does the simulation have teeth? Each planted fault must be found within a few seeds."""

from __future__ import annotations

import contextlib
import gc

import pytest
from sqlalchemy import update

from adapters.bank.cib import DIALECT
from gateway.domain.errors import NotSent
from gateway.domain.evidence import target_of
from gateway.domain.instruction import Cause, State
from gateway.domain.outcome import Grade, Outcome, Stage, Verdict
from gateway.lifecycle.rows import standings
from gateway.relay import enquiry, lines, messages, outcome_rows, relay, sender, timing
from gateway.relay.answer import Reading
from gateway.relay.archive import Wire
from gateway.relay.plan import plan
from gateway.sandbox import schema
from gateway.sandbox.bank import SandboxBank
from gateway.schedule import work
from gateway.schedule.work import WorkKind
from gateway.simulation.bank_end import world
from gateway.simulation.plan import Result
from gateway.store import tables
from tests.records import replace

SEEDS = range(1_000, 1_040)
PAYMENTS = 25


@pytest.fixture(autouse=True)
def quick_collector():
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 20)
    yield
    gc.set_threshold(*before)


def run(seed: int) -> Result:
    return world(seed, PAYMENTS, DIALECT).run()


def found(monkeypatch, kind: str) -> None:
    """A world complains of ``kind`` within a few seeds; without the fault none of these does."""
    tried: list[int] = []
    for seed in SEEDS:
        tried.append(seed)
        if any(it.startswith(kind) for it in run(seed).broken):
            break
    else:
        pytest.fail(f"the planted fault was not found in {len(SEEDS)} seeds")
    monkeypatch.undo()
    assert {seed: run(seed).broken for seed in tried} == dict.fromkeys(tried, ())


# ── a take-over sends again under a new serial instead of asking ────────────────────────────


def _resending_takeover(links, uow) -> int:
    count = 0
    for tenant, connection in messages.orphaned(uow):
        link = links[tenant, connection]
        for message in messages.left_behind(uow, tenant, connection, 100):
            unsent = outcome_rows.Unsent(message=message, why="process restarted")
            outcome_rows.write(link, uow, [unsent])
            messages.close(uow, tenant, [message.id])
            count += 1
    return count


def test_a_takeover_that_sends_again_under_a_new_serial(monkeypatch):
    monkeypatch.setattr(relay, "take_over", _resending_takeover)
    found(monkeypatch, "I1")


# ── an answer that nobody can read is taken for a refusal ───────────────────────────────────


_READ = sender.read_reply


def _hasty_reading(link, planned, reply) -> Outcome:
    outcome = _READ(link, planned, reply)
    if outcome.reason.startswith(("unreadable_", "http_")):
        return Outcome(verdict=Verdict.REJECTED, stage=Stage.EXECUTION, reason=outcome.reason)
    return outcome


def test_an_unreadable_answer_taken_for_a_refusal(monkeypatch):
    monkeypatch.setattr(sender, "read_reply", _hasty_reading)
    found(monkeypatch, "I5")


# ── "not found" is taken for a failure, at once ─────────────────────────────────────────────


def _not_found_fails(outcome: Outcome) -> Reading:
    if outcome.verdict is Verdict.NOT_FOUND:
        return Reading(target=State.REJECTED, cause=Cause.ENQUIRY, grade=Grade.ENQUIRY)
    speaks = outcome.stage is Stage.EXECUTION
    target = target_of(outcome.verdict) if speaks else None
    return Reading(target=target, cause=Cause.ENQUIRY, grade=Grade.ENQUIRY)


def _no_quiet(link, message) -> int:
    sent = message.last_sent_us if message.last_sent_us is not None else link.now_us()
    return sent + link.timeout_us()


def test_not_found_taken_for_a_failure(monkeypatch):
    monkeypatch.setattr(lines, "later_answer", _not_found_fails)
    monkeypatch.setattr(timing, "after_quiet", _no_quiet)
    found(monkeypatch, "I5")


async def _new_serial(self, message, order) -> None:
    """Puts the payment back, to be sent under another serial."""
    link = self._link
    row = tables.instruction

    def again(uow) -> None:
        subjects = standings(uow, message.tenant, message.instructions)
        if any(it.state is not State.UNCONFIRMED for it in subjects):
            return
        messages.close(uow, message.tenant, [message.id])
        work.done(uow, message.tenant, WorkKind.ENQUIRE, [message.id])
        for it in subjects:
            uow.change(update(row).where(row.c.id == it.id).values(state=State.QUEUED.value))
        rounds = dict.fromkeys(message.instructions, 0)
        work.add(uow, *outcome_rows._queue_again(link, rounds, link.now_us()))
        uow.rouse(link.tenant.id, link.connection.id)

    await link.store.write(again)


def test_not_found_answered_by_a_new_serial(monkeypatch):
    monkeypatch.setattr(enquiry.Enquiries, "_maybe_resend", _new_serial)
    monkeypatch.setattr(timing, "after_quiet", _no_quiet)
    found(monkeypatch, "I1")


# ── the bank executes a serial twice although its dialect claims that it does not ───────────


class _Forgetful:
    """A payment book that knows no serial again."""

    def by_serial(self, customer: str, serial: str) -> None:
        """Nothing, ever."""


def test_a_bank_that_does_not_recognise_a_serial(monkeypatch):
    real = SandboxBank._pay

    def pay(self, *request, **more):
        book, self.book = self.book, _Forgetful()
        try:
            return real(self, *request, **more)
        finally:
            self.book = book

    unique = ",\n    UNIQUE (customer, serial)"
    assert unique in schema.SCHEMA
    monkeypatch.setattr(schema, "SCHEMA", schema.SCHEMA.replace(unique, ""))
    monkeypatch.setattr(SandboxBank, "_pay", pay)
    found(monkeypatch, "I1")


# ── lines of a batch ────────────────────────────────────────────────────────────────────────


_LINES = outcome_rows.read_lines


def _shifted(outcome, rounds, *, first):
    """Every line gets its neighbour's answer."""
    readings = _LINES(outcome, rounds, first=first)
    return (*readings[1:], readings[0]) if len(readings) > 1 else readings


def test_a_line_is_given_its_neighbours_answer(monkeypatch):
    monkeypatch.setattr(outcome_rows, "read_lines", _shifted)
    found(monkeypatch, "I5")


def test_innocent_lines_are_forgotten(monkeypatch):
    monkeypatch.setattr(outcome_rows, "_queue_again", lambda *_: [])
    found(monkeypatch, "I19")


# ── bytes leave before they are archived ────────────────────────────────────────────────────


class _WriteBehind:
    """An archive that keeps payment messages for later."""

    def __init__(self, archive, kept: list) -> None:
        self._archive = archive
        self._kept = kept

    def store_out(self, uow, envelope, wire) -> Wire:
        self._kept.append((envelope, wire))
        return Wire(id="", digest="")


def _archived_behind(link, uow, limit, deadline):
    kept: list = []
    found = plan(replace(link, archive=_WriteBehind(link.archive, kept)), uow, limit, deadline)

    async def write() -> None:
        def job(later) -> None:
            for envelope, wire in kept:
                link.archive.store_out(later, envelope, wire)

        await link.store.write(job)

    if kept:
        # What it writes waits for its turn, which comes after this transaction's commit.
        link.runtime.tasks.spawn("archive", write())
    return found


def test_bytes_archived_only_behind_their_sending(monkeypatch):
    monkeypatch.setattr(sender, "plan", _archived_behind)
    found(monkeypatch, "I7")


def test_bytes_sent_before_their_commit(monkeypatch):
    early: list = []

    def sent_within_the_transaction(link, uow, limit, deadline):
        found = plan(link, uow, limit, deadline)
        for it in found.planned:
            bank = link.connection
            early.append(link.runtime.net.exchange(bank.url, it.wire, bank.timeout_s))
            with contextlib.suppress(NotSent):
                early[-1].send(None)  # as far as the socket
        return found

    monkeypatch.setattr(sender, "plan", sent_within_the_transaction)
    found(monkeypatch, "I7")
    for exchange in early:
        exchange.close()
