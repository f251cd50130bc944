"""Lanes: chained, named by their successor, the same bytes for the same facts."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select

from gateway.domain.chain import GENESIS, commitment, link
from gateway.store import tables
from gateway.store.journal import Record
from tests.store_ground import Bench, CountedIds, bench, mark


@pytest.fixture
def at():
    with bench() as it:
        yield it


def test_payloads_are_canonical():
    content = {"z": 1, "a": "付款"}
    it = Record(tenant="t", kind="k", subject="s", at_us=5, content=content)
    assert it.payload().decode() == (
        '{"at_us":5,"content":{"a":"付款","z":1},"kind":"k","subject":"s","tenant":"t"}'
    )
    backwards = dict(reversed(list(content.items())))
    assert (
        it.payload()
        == Record(tenant="t", kind="k", subject="s", at_us=5, content=backwards).payload()
    )


def test_every_record_follows_the_one_before(at):
    at.group(mark("a"), mark("b"))
    at.group(mark("c"))
    rows = at.journal()
    assert [row.seq for row in rows] == [1, 2, 3, 4]
    head = GENESIS
    for row in rows:
        assert row.leaf == commitment(row.salt, row.payload)
        assert row.hash == link(row.lane, row.seq, head, row.leaf)
        head = row.hash
    assert len({row.salt for row in rows}) == len(rows), "no salt is used twice"


def test_the_first_lane_follows_nothing(at):
    opened = json.loads(at.journal()[0].payload)
    assert opened["kind"] == "lane_opened"
    assert opened["content"] == {
        "previous_lane": "",
        "previous_seq": 0,
        "previous_hash": GENESIS.hex(),
    }


def test_the_next_lane_names_the_head_of_the_lane_before(at):
    at.group(mark("a"), mark("b"))
    head = at.journal()[-1]
    following = Bench(at.engine, ids=at.runtime.ids, seed="second")
    with at.engine.connect() as db:
        row = db.execute(
            select(tables.journal.c.payload).where(tables.journal.c.lane == following.store.lane.id)
        ).one()
    assert json.loads(row.payload)["content"] == {
        "previous_lane": at.store.lane.id,
        "previous_seq": head.seq,
        "previous_hash": head.hash.hex(),
    }
    following.store._writer.close()


def test_lanes_of_one_instant_still_follow_each_other():
    """Restarts within one tick of a clock that stands still: ids decide."""
    with bench() as first:
        ids: CountedIds = first.runtime.ids
        for _ in range(3):
            Bench(first.engine, ids=ids, seed="x").store._writer.close()
        with first.engine.connect() as db:
            named = [
                json.loads(payload)["content"]["previous_lane"]
                for payload in db.execute(
                    select(tables.journal.c.payload)
                    .where(tables.journal.c.seq == 1)
                    .order_by(tables.journal.c.lane)
                ).scalars()
            ]
            lanes = db.execute(select(tables.lane.c.id).order_by(tables.lane.c.id)).scalars().all()
    assert named == ["", *lanes[:-1]]


def test_groups_without_records_leave_the_lane_alone(at):
    at.group(mark("a", journal=False))
    with at.engine.connect() as db:
        assert db.execute(select(func.count()).select_from(tables.journal)).scalar() == 1
