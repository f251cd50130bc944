"""Files from an ERP's folder: taken once, answered, put away; whatever is in them, whoever dies."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.exc import SQLAlchemyError

from gateway.domain.errors import NotSent, Overloaded, Unconfirmed
from gateway.intake.arrivals import FileOutcome
from gateway.intake.picking import Picking
from gateway.intake.shadow import Shadows
from gateway.ports.erp import Draft
from gateway.ports.webhooks import UrlForbidden
from gateway.store import tables
from tests.records import replace
from tests.unit.intake.sample import OWN_NUMBER
from tests.ways_in_ground import Ground, broken, grounds, read


@pytest.fixture
def play(database, tmp_path):
    def run(story, **changes):
        async def whole():
            async with grounds(database, tmp_path, **changes) as (ground,):
                await story(ground)
                assert not ground.node.deaths

        asyncio.run(whole())

    return run


def test_a_file_becomes_payments_and_its_reply_says_where_each_line_stands(play):
    async def story(it: Ground):
        it.drop("pay.csv", "A|1.00", "B|2.00", "C|0.001")
        await it.picking.look()
        assert it.references() == ["A", "B"]
        (reply,) = it.replies()
        assert sorted(reply.splitlines()) == [
            "A QUEUED ",
            "B QUEUED ",
            "C REFUSED amount_decimals",
        ]
        (row,) = it.listed()
        assert (row.system, row.name, row.outcome) == ("sap", "pay.csv", FileOutcome.ACCEPTED)
        (batch,) = it.node.rows(tables.batch)
        assert (row.batch, row.digest, batch.maker) == (batch.id, batch.digest, "machine:sap")
        assert set(it.files()) == {"processed/pay.csv", f"out/pay.{batch.id}.csv"}

    play(story)


def test_the_same_file_again_changes_nothing_and_is_answered_again(play):
    async def story(it: Ground):
        for _ in range(2):
            it.drop("pay.csv", "A|1.00")
            await it.picking.look()
        assert it.references() == ["A"]
        assert len(it.listed()) == len(it.replies()) == 1
        assert sum(name.startswith("processed/") for name in it.files()) == 2

    play(story)


def test_a_used_message_id_with_other_content_is_refused_as_a_whole(play):
    async def story(it: Ground):
        it.drop("a.csv", "A|1.00", head="HEAD M1")
        it.drop("b.csv", "B|1.00", head="HEAD M1")
        await it.picking.look()
        assert it.references() == ["A"]
        assert any(text.startswith("NO reused_reference") for text in it.replies())
        assert "refused/b.csv" in it.files()
        (row,) = it.listed(outcome="refused")
        assert (row.name, [fault.code for fault in row.faults]) == ("b.csv", ["reused_reference"])

    play(story)


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (("A|1.00", "BAD"), "NO malformed /line 3"),
        (("A|1.00", "BOOM"), "NO unrecognised / None"),
        (("A|0.001",), "NO amount_decimals line 2 2"),
        (("A|1.00", "A|1.00"), None),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_its_own_words(play, lines, wanted):
    async def story(it: Ground):
        it.drop("pay.csv", *lines)
        it.drop("zzz.csv", "Z|9.00")  # a bad file keeps no other waiting
        await it.picking.look()
        if wanted is None:
            assert it.references() == ["A", "Z"]
            return
        assert it.references() == ["Z"]
        (name,) = (it for it in it.files() if it.startswith("out/pay."))
        assert name.endswith(".refused.csv")
        assert it.files()[name].splitlines() == [wanted]
        assert "refused/pay.csv" in it.files()

    play(story)


def test_a_language_without_refusals_gets_a_text_for_people(play):
    async def story(it: Ground):
        it.drop("pay.csv", "BAD")
        await it.picking.look()
        (reply,) = it.replies()
        assert "整份未受理 / nothing of this was accepted" in reply
        assert "第2行 line 2 /line malformed" in reply

    play(story, refuse=None)


def test_a_writer_that_stumbles_ends_nothing_and_leaves_no_half_reply(play):
    async def story(it: Ground):
        it.drop("a.csv", "A|1.00")
        it.drop("b.csv", "BAD")
        await it.picking.look()
        assert it.references() == ["A"]
        assert it.replies() == []
        assert [row.outcome for row in it.listed()].count(FileOutcome.REFUSED) == 1
        assert {"processed/a.csv", "refused/b.csv"} == set(it.files())

    play(story, report=broken, refuse=broken)


def test_a_file_that_is_too_long_is_refused_unread(play):
    async def story(it: Ground):
        it.drop("pay.csv", "A|1.00" + " " * (1 << 20))
        await it.picking.look()
        assert it.references() == []
        (reply,) = it.replies()
        assert reply.startswith("NO file_too_large")

    play(story)


def test_a_language_that_reads_nothing_says_so(play):
    async def story(it: Ground):
        it.drop("pay.csv", "A|1.00")
        await it.picking.look()
        (reply,) = it.replies()
        assert reply.startswith("NO not_offered")

    play(story, read=None)


def test_accounts_as_the_erp_writes_them_are_ours(play):
    async def story(it: Ground):
        it.drop("pay.csv", "A|1.00|CN00IBAN", f"B|1.00|{OWN_NUMBER}", "C|1.00|UNKNOWN")
        await it.picking.look()
        rows = it.node.rows(tables.instruction, tables.instruction.c.erp_reference)
        assert [(row.erp_reference, row.debtor_account) for row in rows] == [
            ("A", OWN_NUMBER),
            ("B", OWN_NUMBER),
        ]
        # Sent again with our own number by another way, it is the same payment.
        same = await it.node.intake.accept(
            it.sender.caller, one(it, "A", "CN00IBAN"), key="", body_digest=""
        )
        ours = await it.node.intake.accept(
            it.sender.caller, one(it, "A", OWN_NUMBER), key="", body_digest=""
        )
        assert same == ours
        assert same.id == rows[0].id

    play(story, system={"aliases": {"CN00IBAN": OWN_NUMBER}})


def one(it: Ground, reference: str, account: str):
    read = it.sender.dialect.read([f"HEAD x\n{reference}|1.00|{account}".encode()])
    return list(read)[1]


# ── crashes and stops ──


class Dies(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("step", ["put", "finish"])
def test_after_a_crash_the_file_is_taken_again_and_changes_nothing(play, step, monkeypatch):
    async def story(it: Ground):
        async def die(*_, **__):
            raise Dies

        it.drop("pay.csv", "A|1.00")
        with monkeypatch.context() as patch:
            patch.setattr(it.box, step, die)
            with pytest.raises(Dies):
                await it.picking.look()
        assert "work/pay.csv" in it.files()
        fresh = Ground(it.node, it.root.parent, 7)
        await fresh.picking.look()
        assert it.references() == ["A"]
        assert len(it.listed()) == len(it.replies()) == len(it.node.rows(tables.batch)) == 1
        assert "processed/pay.csv" in it.files()

    play(story)


def test_a_file_waits_while_the_database_is_away(play, monkeypatch):
    async def story(it: Ground):
        async def away(*_):
            raise Overloaded

        it.drop("a.csv", "A|1.00")
        it.drop("b.csv", "B|1.00")
        with monkeypatch.context() as patch:
            patch.setattr(it.node.bulk, "accept_file", away)
            await it.picking.look()
        assert set(it.files()) == {"work/a.csv", "in/b.csv"}
        await it.picking.look()
        assert it.references() == ["A", "B"]

    play(story)


@pytest.mark.parametrize("step", ["put", "finish"])
@pytest.mark.parametrize("error", [NotSent(), SQLAlchemyError()])
def test_what_could_not_be_finished_is_finished_by_the_next_look(play, step, error, monkeypatch):
    async def story(it: Ground):
        async def fail(*_, **__):
            raise error

        it.drop("pay.csv", "A|1.00")
        with monkeypatch.context() as patch:
            patch.setattr(it.box, step, fail)
            with pytest.raises(type(error)):
                await it.picking.look()
        await it.picking.look()
        assert it.references() == ["A"]
        assert len(it.replies()) == len(it.listed()) == 1
        assert "processed/pay.csv" in it.files()

    play(story)


def test_nothing_new_is_begun_while_the_process_stops(play):
    async def story(it: Ground):
        it.drop("a.csv", "A|1.00")
        it.stopping = True
        await it.picking.look()
        assert set(it.files()) == {"in/a.csv"}

    play(story)


def test_a_folder_that_is_away_is_told_and_loses_nothing(play):
    async def story(it: Ground):
        it.drop("a.csv", "A|1.00")
        (it.root).rename(it.root.parent / "unmounted")
        with pytest.raises(NotSent):
            await it.picking.look()
        (it.root.parent / "unmounted").rename(it.root)
        await it.picking.look()
        assert it.references() == ["A"]

    play(story)


# ── questions ──


async def answered(it: Ground):
    await it.node.until(lambda: not any(name.startswith("work/") for name in it.files()))


def test_questions_are_answered_through_the_outbox(play):
    async def story(it: Ground):
        it.drop("ask.csv", "acc1", "acc2", head="ASK")
        await it.picking.look()
        await answered(it)
        assert [told.account for told in it.outbox.told] == ["acc1", "acc2"]
        assert set(it.files()) == {"processed/ask.csv"}
        (row,) = it.listed()
        assert row.outcome is FileOutcome.ANSWERED

    play(story)


def test_a_question_without_an_answer_is_told_as_such_and_keeps_no_other_waiting(play):
    async def story(it: Ground):
        it.answers.errors["acc1"] = Unconfirmed()
        it.drop("ask.csv", "acc1", "acc2", head="ASK")
        await it.picking.look()
        await answered(it)
        assert [told.account for told in it.outbox.told] == ["acc2"]
        (reply,) = it.replies()
        assert reply.startswith("NO unconfirmed")
        assert "processed/ask.csv" in it.files()

    play(story)


def test_questions_of_which_none_has_an_answer_are_refused(play):
    async def story(it: Ground):
        it.outbox.takes = False  # its language has no such message
        it.drop("ask.csv", "acc1", head="ASK")
        await it.picking.look()
        await answered(it)
        (reply,) = it.replies()
        assert reply.startswith("NO not_offered")
        assert "refused/ask.csv" in it.files()

    play(story)


def test_payments_do_not_wait_for_a_bank_that_is_asked(play):
    async def story(it: Ground):
        it.answers.gate = asyncio.Event()
        it.drop("ask.csv", "acc1", head="ASK")
        it.drop("pay.csv", "A|1.00")
        await it.picking.look()
        assert it.references() == ["A"]
        assert "work/ask.csv" in it.files()
        it.answers.gate.set()
        await answered(it)
        assert "processed/ask.csv" in it.files()

    play(story)


@pytest.mark.parametrize("error", [NotSent(), UrlForbidden(), SQLAlchemyError()])
def test_an_answer_that_cannot_be_put_away_is_tried_again(play, error, monkeypatch):
    async def story(it: Ground):
        async def fail(*_, **__):
            raise error

        it.drop("ask.csv", "acc1", head="ASK")
        with monkeypatch.context() as patch:
            patch.setattr(it.box, "finish", fail)
            await it.picking.look()
            await it.node.until(lambda: it.answers.asked and not it.box._held)
        await it.picking.look()
        await answered(it)
        assert "processed/ask.csv" in it.files()

    play(story)


def test_a_file_of_questions_that_cannot_be_read_is_refused(play):
    async def story(it: Ground):
        it.drop("ask.csv", "BAD", head="ASK")
        await it.picking.look()
        (reply,) = it.replies()
        assert reply.startswith("NO missing /ASK")
        assert it.answers.asked == []

    play(story)


# ── a new mapping beside the old one ──


def other(pieces):
    for part in read(pieces):
        yield replace(part, purpose="别的用途") if isinstance(part, Draft) else part


def test_a_new_mapping_reads_the_same_file_and_its_differences_are_kept(play):
    async def story(it: Ground):
        shadow = replace(it.sender.dialect, name="words/new", read=other)
        sender = replace(it.sender, shadow=shadow)
        desk = replace(it.desk, shadows=Shadows(it.node.store, it.node.runtime))
        it.drop("pay.csv", "A|1.00", "B|2.00")
        await Picking(sender, it.box, desk, lambda: False).look()
        await it.node.until(lambda: it.node.rows(tables.erp_shadow))
        (seen,) = it.node.rows(tables.erp_shadow)
        (batch,) = it.node.rows(tables.batch)
        assert (seen.dialect, seen.batch) == ("words/new", batch.id)
        assert (seen.lines, seen.different) == (2, 2)
        assert {row.purpose for row in it.node.rows(tables.instruction)} == {"货款"}

    play(story)
