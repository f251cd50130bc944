"""Envelopes answered at once: payments, questions and everything that is wrong with either."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from gateway.domain.errors import InvalidInstruction, NotOffered, Overloaded, Unconfirmed, WireError
from gateway.intake.arrivals import FileOutcome
from gateway.intake.exchange import Exchange
from tests.ways_in_ground import Ground, broken, grounds


@pytest.fixture
def play(database, tmp_path):
    def run(story, **changes):
        async def whole():
            async with grounds(database, tmp_path, **changes) as (ground,):
                await story(ground)

        asyncio.run(whole())

    return run


async def said(it: Ground, *lines: str) -> str:
    body = "\n".join(lines).encode()
    exchange = Exchange(it.desk, it.answers)
    digest = hashlib.sha256(body).hexdigest()
    replied = await exchange.reply(it.sender, it.sender.caller, body, digest)
    assert replied.content_type == "text/csv"
    return b"".join(replied.pieces).decode()


def test_an_envelope_is_taken_once_and_answered_as_often_as_it_comes(play):
    async def story(it: Ground):
        for _ in range(2):
            assert await said(it, "HEAD M1", "A|1.00", "B|0.001") == (
                "A QUEUED \nB REFUSED amount_decimals\n"
            )
        assert it.references() == ["A"]
        (row,) = it.listed()
        assert (row.name, row.outcome) == ("exchange", FileOutcome.ACCEPTED)

    play(story)


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (("HEAD M1", "BAD"), "NO malformed /line 2\n"),
        (("HEAD M1", "BOOM"), "NO unrecognised / None\n"),
        (("nonsense",), "NO root /HEAD 1\n"),
        (("HEAD M1", "A|0.001"), "NO amount_decimals line 2 2\n"),
    ],
)
def test_a_refusal_is_in_the_senders_words(play, lines, wanted):
    async def story(it: Ground):
        assert await said(it, *lines) == wanted
        assert it.references() == []
        (row,) = it.listed()
        assert row.outcome is FileOutcome.REFUSED

    play(story)


def test_without_refusals_of_its_own_the_call_fails(play):
    async def story(it: Ground):
        with pytest.raises(WireError):
            await said(it, "nonsense")

    play(story, refuse=None)


def test_a_language_that_cannot_answer_is_found_out_before_anything_is_taken(play):
    async def story(it: Ground):
        assert (await said(it, "HEAD M1", "A|1.00")).startswith("NO not_offered")
        assert it.references() == []

    play(story, report=None)


def test_a_reply_that_breaks_off_is_no_answer_and_the_payments_stand(play):
    async def story(it: Ground):
        with pytest.raises(WireError):
            await said(it, "HEAD M1", "A|1.00")
        assert it.references() == ["A"]

    play(story, report=broken)


def test_while_the_database_is_away_nothing_is_called_refused(play, monkeypatch):
    async def story(it: Ground):
        async def away(*_):
            raise Overloaded

        monkeypatch.setattr(it.node.bulk, "accept_file", away)
        with pytest.raises(Overloaded):
            await said(it, "HEAD M1", "A|1.00")
        assert it.listed() == []

    play(story)


# ── questions ──


def test_a_question_is_answered_in_the_reply(play):
    async def story(it: Ground):
        assert await said(it, "ASK", "acc1") == "acc1 1.00\n"
        assert it.outbox.told == []

    play(story)


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (("ASK",), "NO too_many"),
        (("ASK", *(f"a{number}" for number in range(21))), "NO too_many"),
        (("ASK", "acc1", "acc2"), "NO one_at_a_time"),
        (("ASK", "BAD"), "NO missing /ASK"),
        (("ASK", "none"), "NO invalid_instruction"),
    ],
)
def test_questions_that_cannot_be_answered_are_refused(play, lines, wanted):
    async def story(it: Ground):
        it.answers.errors["none"] = InvalidInstruction()
        assert (await said(it, *lines)).startswith(wanted)

    play(story)


def test_a_bank_that_does_not_answer_is_no_refusal(play):
    async def story(it: Ground):
        it.answers.errors["acc1"] = Unconfirmed()
        with pytest.raises(Unconfirmed):
            await said(it, "ASK", "acc1")

    play(story)


def test_an_answer_without_a_message_for_it_is_not_offered(play):
    async def story(it: Ground):
        assert (await said(it, "ASK", "acc1")).startswith("NO not_offered")

    play(story, files={})


def test_a_language_without_questions_says_so(play):
    async def story(it: Ground):
        with pytest.raises(NotOffered):
            await said(it, "ASK", "acc1")

    play(story, questions=None, refuse=None)
