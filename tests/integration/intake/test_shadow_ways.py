"""A new mapping beside the old one on every way in: told where it differs, and nothing else.

Whatever it does, live traffic is as it would be without it: the same payments, the same calls,
the same answers, and nobody waits.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from dataclasses import replace as changed
from pathlib import Path
from types import SimpleNamespace

import pytest

from adapters.erp.byte import DIALECT as BYTE
from gateway.domain.errors import Corrupt
from gateway.intake import shadow as module
from gateway.intake.exchange import Exchange
from gateway.intake.picking import Desk
from gateway.intake.rows import Rows
from gateway.intake.shadow import Shadows
from gateway.intake.taking import Sender
from gateway.ports.erp_api import Pulled
from gateway.store import tables
from gateway.transport.tables import open_tables
from tests.integration.intake.ground import nodes
from tests.integration.intake.test_pulling import Pulled1, draft
from tests.records import replace
from tests.shared_rows_ground import SYSTEM, order, results, statuses
from tests.shared_tables_ground import shared_database
from tests.unit.intake.sample import DRAFT
from tests.ways_in_ground import WORDS, Ground, grounds


class Log:
    """Remembers what operators are told."""

    def __init__(self):
        self.told = []

    def tell(self, event, **words):
        self.told.append((event.name, words.get("code")))


def dearer(found: Pulled) -> Pulled:
    """The same page, read with other amounts."""
    return Pulled(
        drafts=tuple(replace(it, amount="7.77") for it in found.drafts), cursor=found.cursor
    )


def candidate(make):
    """A language whose pages are read by what ``make`` gives from the old one's."""
    return lambda vendor: replace_pull(vendor, make)


def replace_pull(vendor, make):
    def api(_options):
        old = vendor.api()
        return changed(old, pull=changed(old.pull, **make(old.pull)))

    return changed(WORDS, name="words/new", api=api)


def shaded(it: Ground, new) -> None:
    """Let the ground's system have a shadow."""
    it.sender = changed(it.sender, shadow=new)
    it.node.runtime.log = it.log = Log()
    it.desk = changed(it.desk, shadows=Shadows(it.node.store, it.node.runtime))


def compared(it):
    rows = sorted(it.node.rows(tables.erp_shadow), key=lambda row: row.id)
    return [(row.lines, row.different, json.loads(row.differences)) for row in rows]


async def quiet(it):
    """Wait until every comparison is over."""
    await it.node.until(lambda: not it.desk.shadows._waiting)


@pytest.fixture
def play(database, tmp_path):
    """Pulling beside a new language, made of the vendor."""

    def run(new, story):
        async def whole():
            async with grounds(database, tmp_path) as (ground,):
                made = Pulled1(ground)
                shaded(ground, new(made.vendor))
                made = Pulled1(ground)
                await story(ground, made.vendor, made.pulling)
                assert not ground.node.deaths

        asyncio.run(whole())

    def with_vendor(make, story):
        run(candidate(make), story)

    return with_vendor


# ── pages of a vendor's API ───────────────────────────────────────────────────────────────────


def of_vendor(make_page):
    """Decode a page of the vendor as the old one does, then otherwise."""
    return lambda old: {
        "decode": lambda access, reply: make_page(old.decode(access, reply)),
    }


PAGES = {
    "": Pulled(drafts=(draft("A"), draft("B", amount="0.001")), cursor="2"),
    "2": Pulled(drafts=(draft("C"),)),
}


async def looked(it, vendor, pulling, times=1):
    """Look, and see to it that live traffic is as it is without a shadow."""
    vendor.pages = PAGES
    for _ in range(times):
        await pulling.look()
    await quiet(it)
    assert vendor.asked == ["", "2"] * times, "the shadow asks for nothing"
    assert vendor.log_ins == 0
    assert it.references() == ["A", "C"]
    assert {row.amount_minor for row in it.node.rows(tables.instruction)} == {120050}
    assert [told.erp_reference for told in it.outbox.told] == ["B"]
    assert it.outbox.told[0].code == "amount_decimals"


def pages_of(vendor_pages):
    def read(old):
        del old

        def decode(_access, reply):
            return vendor_pages(PAGES[reply.body.decode()])

        return {"decode": decode}

    return read


def test_pages_are_read_again_and_each_document_is_told_once(play):
    async def story(it, vendor, pulling):
        await looked(it, vendor, pulling, times=3)
        first, second = compared(it)
        assert first[:2] == (2, 2)
        assert [(line, field, number) for line, field, _, _, number in first[2]] == [
            (1, "amount", "A"),
            (2, "amount", "B"),
        ]
        assert second[:2] == (1, 1)
        assert "7.77" not in repr(compared(it))
        assert it.log.told.count(("erp_shadow", "different")) == 2

    play(pages_of(dearer), story)


def test_a_mapping_that_agrees_is_seen_to_have_read_them(play):
    async def story(it, vendor, pulling):
        await looked(it, vendor, pulling, times=2)
        assert [one[:2] for one in compared(it)] == [(2, 0), (1, 0)]
        assert ("erp_shadow", "different") not in it.log.told

    play(pages_of(lambda page: page), story)


def failing(error):
    def fail(*_):
        raise error

    return fail


@pytest.mark.parametrize("where", ["api", "encode", "decode", "draft"])
@pytest.mark.parametrize("error", [ZeroDivisionError(), Corrupt("x", "x")], ids=repr)
def test_a_mapping_that_stumbles_disturbs_nobody(database, tmp_path, where, error):
    spoilt = Pulled(drafts=(replace(draft("A"), merged=None),))
    broken = {
        "encode": {"encode": failing(error)},
        "decode": {"decode": failing(error)},
        "draft": {"decode": lambda *_: spoilt},
    }

    async def whole():
        async with grounds(database, tmp_path) as (ground,):
            made = Pulled1(ground)
            if where == "api":
                new = changed(WORDS, name="words/new", api=failing(error))
            else:
                new = replace_pull(made.vendor, lambda _: broken[where])
            shaded(ground, new)
            made = Pulled1(ground)
            await looked(ground, made.vendor, made.pulling)
            assert not ground.node.deaths
            assert [it for it in ground.log.told if it[0] == "erp_shadow"]

    asyncio.run(whole())


def test_nobody_waits_for_a_slow_mapping_and_what_does_not_fit_is_named(play, monkeypatch):
    monkeypatch.setattr(module, "WAITING_MAX", 1)
    gate = threading.Event()

    def slow(page):
        assert gate.wait(60)
        return page

    async def story(it, vendor, pulling):
        vendor.pages = PAGES
        await pulling.look()
        assert it.references() == ["A", "C"], "taken, while the shadow has read nothing"
        assert compared(it) == []
        assert ("erp_shadow", "busy") in it.log.told
        gate.set()
        await quiet(it)
        assert [one[:2] for one in compared(it)] == [(2, 0)]

    play(pages_of(slow), story)


def test_memory_that_waiting_pages_hold_is_bounded(play, monkeypatch):
    monkeypatch.setattr(module, "BYTES_MAX", 0)

    async def story(it, vendor, pulling):
        await looked(it, vendor, pulling)
        assert [one[:2] for one in compared(it)] == [(2, 0)], "the first page has an empty body"
        assert ("erp_shadow", "busy") in it.log.told

    play(pages_of(lambda page: page), story)


def test_only_the_newest_comparisons_are_kept(play, monkeypatch):
    monkeypatch.setattr(module, "STORED_MAX", 3)

    async def story(it, vendor, pulling):
        for number in range(6):
            vendor.pages = {"": Pulled(drafts=(draft(f"N{number}"),))}
            await pulling.look()
            await quiet(it)
        kept = [one[2][0][4] for one in compared(it)]
        assert kept == ["N3", "N4", "N5"]

    def decode(_access, _reply):
        raise ZeroDivisionError

    play(lambda _: {"decode": decode}, story)


# ── rows of shared tables ─────────────────────────────────────────────────────────────────────


@pytest.fixture
def shared(request, database, tmp_path):
    kind = "postgresql" if database.postgresql else "sqlite"
    with shared_database(request, kind, tmp_path) as url:
        yield url


class Counted:
    """A table box that counts what it is asked."""

    def __init__(self, box):
        self.box, self.calls = box, []

    def __getattr__(self, name):
        found = getattr(self.box, name)
        if name != "aclose":
            self.calls.append(name)
        return found


def beside(make):
    """The live mapping of the tables, its drafts made otherwise."""

    def made(options):
        live = BYTE.tables(options)
        return changed(live, draft=lambda row: make(live.draft, row))

    return changed(BYTE, name="byte/new", tables=made)


def rows_played(database, url, new, story):
    async def whole():
        async with nodes(database, 1) as (node,):
            node.runtime.log = log = Log()
            shadows = Shadows(node.store, node.runtime)
            desk = Desk(
                **dict.fromkeys(Desk.__dataclass_fields__)
                | {"store": node.store, "runtime": node.runtime, "intake": node.intake}
                | {"shadows": shadows}
            )
            box = Counted(open_tables(url, node.runtime.clock.now))
            sender = Sender(system=SYSTEM, tenant=node.tenant, dialect=BYTE, shadow=new)
            rows = Rows(sender, BYTE.tables({}), box, desk, lambda: False)
            try:
                await story(SimpleNamespace(node=node, desk=desk, log=log, box=box), rows)
            finally:
                await rows.aclose()
            assert not node.deaths

    asyncio.run(whole())


def dearer_row(read, row):
    return replace(read(row), amount="7.77")


def stumbling_row(read, row):
    raise ZeroDivisionError


@pytest.mark.parametrize(("make", "field"), [(dearer_row, "amount"), (stumbling_row, "line")])
def test_rows_are_read_again_and_nothing_is_claimed_or_answered(database, shared, make, field):
    order(shared, "A1", amount="1234.50")
    order(shared, "A2", amount="7.00", payee_acct="中文")

    async def story(it, rows):
        for _ in range(2):
            await rows.look()
        await quiet(it)
        assert it.box.calls == ["claim", "answer", "claim"]
        (row,) = it.node.rows(tables.instruction)
        assert row.amount_minor == 123450
        assert statuses(shared) == ["3", "3"]
        assert [told["status"] for told in results(shared)] == ["ACCEPTED", "REFUSED"]
        ((lines, different, found),) = compared(it)
        assert (lines, different) == (2, 2)
        assert [(one[0], one[1], one[4]) for one in found] == [
            (1, field, "A1/1"),
            (2, field, "A2/1"),
        ]

    rows_played(database, shared, beside(make), story)


def test_rows_of_a_language_without_tables_are_taken_all_the_same(database, shared):
    order(shared, "A1")

    async def story(it, rows):
        await rows.look()
        await quiet(it)
        assert len(it.node.rows(tables.instruction)) == 1
        assert ("erp_shadow", "not_offered") in it.log.told

    rows_played(database, shared, changed(WORDS, name="words/new"), story)


# ── envelopes and files ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("read", ["other", "stumbles", "corrupt"])
def test_an_envelope_is_answered_by_the_old_mapping_alone(database, tmp_path, read):
    def other(pieces):
        for part in WORDS.read(pieces):
            yield replace(part, purpose="x") if type(part) is type(DRAFT) else part

    new = changed(
        WORDS,
        name="words/new",
        read={
            "other": other,
            "stumbles": failing(ZeroDivisionError()),
            "corrupt": failing(Corrupt("x", "x")),
        }[read],
    )

    async def whole():
        async with grounds(database, tmp_path) as (it,):
            shaded(it, new)
            body = b"HEAD M1\nA|1.00\nB|0.001"
            digest = hashlib.sha256(body).hexdigest()
            exchange = Exchange(it.desk, it.answers)
            replied = await exchange.reply(it.sender, it.sender.caller, body, digest)
            answer = b"".join(replied.pieces).decode()
            assert answer == "A QUEUED \nB REFUSED amount_decimals\n"
            await quiet(it)
            assert it.references() == ["A"]
            assert {row.purpose for row in it.node.rows(tables.instruction)} == {DRAFT.purpose}
            assert not it.node.deaths
            assert [told for told in it.log.told if told[0] == "erp_shadow"]

    asyncio.run(whole())


def test_a_file_that_cannot_be_opened_again_is_named_and_stops_nobody(database, tmp_path):
    async def whole():
        async with grounds(database, tmp_path) as (it,):
            shaded(it, changed(WORDS, name="words/new"))
            it.desk.shade(it.sender, Path(tmp_path / "gone"), "bat_1")
            await quiet(it)
            assert it.log.told == [("erp_shadow", "unreadable")]

    asyncio.run(whole())
