"""Whatever is done to the journal past the gateway: verify names the lane and the sequence."""

# ruff: noqa: S608 - tampering is written as SQL

from __future__ import annotations

import json

import pytest

from gateway.audit.verify import verify
from gateway.domain.chain import commitment, link
from gateway.store import tables
from tests.store_ground import mark
from tests.unit.audit.trail import WHERE, Trail, of

# ── an untouched trail ──────────────────────────────────────────────────────────────────────


def test_a_sound_trail(trail):
    second = trail.second()
    assert trail.checkpoint() == 1
    verdict = trail.verdict()
    assert verdict.findings == ()
    assert (verdict.records, verdict.lanes, verdict.checkpoints) == (10, 2, 1)
    assert verdict.unanchored == 0
    second.group(mark("b9"), mark("b8"))
    assert trail.verdict().unanchored == 2


def test_without_a_checkpoint_the_whole_trail_is_unanchored(trail):
    assert trail.verdict().unanchored == 6


def test_nothing_new_makes_no_checkpoint(trail):
    assert trail.checkpoint() == 1
    assert trail.checkpoint() == 0
    trail.first.group(mark("z"))
    assert trail.checkpoint() == 2
    assert trail.verdict().findings == ()


def test_progress_counts_every_record(trail):
    told: list[int] = []
    with trail.first.engine.connect() as db:
        verify(db, None, told.append)
    assert sum(told) == 6


# ── changes inside a lane ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "change",
    [
        "payload = CAST(REPLACE(payload, 'a1', 'a9') AS BLOB)",
        "payload = CAST('{}' AS BLOB)",
        "payload = CAST('no json' AS BLOB)",
        "salt = zeroblob(16)",
        "salt = NULL",
        "tenant = 'another'",
        "subject = 'another'",
        "kind = 'another'",
        "at_us = at_us + 1",
    ],
)
def test_a_changed_record(trail, change):
    trail.sql(f"UPDATE journal SET {change} {WHERE} AND seq = 3", **of(trail))
    assert trail.findings() == {(trail.lane, 3, "payload")}


def test_a_changed_leaf_or_hash(trail):
    trail.sql(f"UPDATE journal SET leaf = zeroblob(32) {WHERE} AND seq = 3", **of(trail))
    assert trail.findings() == {(trail.lane, 3, "payload"), (trail.lane, 3, "link")}


def test_a_changed_hash_breaks_its_own_link_and_the_next(trail):
    trail.sql(f"UPDATE journal SET hash = zeroblob(32) {WHERE} AND seq = 3", **of(trail))
    assert trail.findings() == {(trail.lane, 3, "link"), (trail.lane, 4, "link")}


def test_a_change_with_a_fitting_leaf_breaks_the_link(trail):
    row = trail.row(3)
    payload = row.payload.replace(b"a1", b"a9")
    told = json.loads(payload)
    trail.sql(
        f"UPDATE journal SET payload = :payload, leaf = :leaf, subject = :subject {WHERE}"
        " AND seq = 3",
        payload=payload,
        leaf=commitment(row.salt, payload),
        subject=told["subject"],
        **of(trail),
    )
    assert trail.findings() == {(trail.lane, 3, "link")}


def rewrite(trail: Trail, start: int) -> None:
    """Change record ``start`` and make everything after it fit again, as its owner could."""
    head = trail.row(start - 1).hash
    for row in [it for it in trail.first.journal() if it.lane == trail.lane and it.seq >= start]:
        told = json.loads(row.payload)
        told["content"] = {"of": "something else"} if row.seq == start else told["content"]
        payload = json.dumps(
            told, sort_keys=True, ensure_ascii=False, separators=(",", ":")
        ).encode()
        leaf = commitment(row.salt, payload)
        head = link(trail.lane, row.seq, head, leaf)
        trail.sql(
            f"UPDATE journal SET payload = :p, leaf = :l, hash = :h {WHERE} AND seq = {row.seq}",
            p=payload,
            l=leaf,
            h=head,
            **of(trail),
        )


def test_a_rewritten_lane_differs_from_the_signed_head(trail):
    trail.checkpoint()
    rewrite(trail, 3)
    assert trail.findings() == {(trail.lane, 6, "rewritten")}


def test_a_rewritten_lane_differs_from_what_the_next_lane_names(trail):
    trail.second()
    rewrite(trail, 3)
    assert trail.findings() == {(trail.lane, 6, "previous")}


def test_a_deleted_record(trail):
    trail.sql(f"DELETE FROM journal {WHERE} AND seq = 3", **of(trail))
    assert trail.findings() == {(trail.lane, 3, "gap")}


def test_several_deleted_records(trail):
    trail.sql(f"DELETE FROM journal {WHERE} AND seq IN (2, 5)", **of(trail))
    assert trail.findings() == {(trail.lane, 2, "gap"), (trail.lane, 5, "gap")}


def test_a_deleted_record_whose_place_was_closed(trail):
    trail.sql(f"DELETE FROM journal {WHERE} AND seq = 3", **of(trail))
    for seq in (4, 5, 6):
        trail.sql(f"UPDATE journal SET seq = {seq - 1} {WHERE} AND seq = {seq}", **of(trail))
    assert (trail.lane, 3, "link") in trail.findings()


def _insert(trail: Trail, seq: int, lane: str = "") -> None:
    row = trail.row(2)._mapping
    columns = ", ".join(column.name for column in tables.journal.c)
    values = ", ".join(f":{column.name}" for column in tables.journal.c)
    trail.sql(
        f"INSERT INTO journal ({columns}) VALUES ({values})",
        **{**row, "seq": seq, "lane": lane or row["lane"]},
    )


def test_an_inserted_record(trail):
    for seq in (6, 5, 4):
        trail.sql(f"UPDATE journal SET seq = {seq + 1} {WHERE} AND seq = {seq}", **of(trail))
    _insert(trail, 4)
    assert (trail.lane, 4, "link") in trail.findings()


@pytest.mark.parametrize("seq", [0, -7])
def test_a_record_before_the_first(trail, seq):
    _insert(trail, seq)
    assert (trail.lane, 1, "gap") in trail.findings()


def test_an_appended_record(trail):
    _insert(trail, 7)
    assert trail.findings() == {(trail.lane, 7, "link")}


def test_swapped_records(trail):
    for old, new in ((3, 100), (4, 3), (100, 4)):
        trail.sql(f"UPDATE journal SET seq = {new} {WHERE} AND seq = {old}", **of(trail))
    assert {(lane, seq) for lane, seq, _ in trail.findings()} >= {(trail.lane, 3), (trail.lane, 4)}


def test_records_of_a_lane_that_was_never_opened(trail):
    _insert(trail, 2, "lan_forged")
    assert ("lan_forged", 1, "gap") in trail.findings()
    assert trail.verdict().lanes == 2


# ── ends cut off, lanes gone ────────────────────────────────────────────────────────────────


def test_a_cut_end_is_found_against_the_last_checkpoint(trail):
    trail.checkpoint()
    trail.sql(f"DELETE FROM journal {WHERE} AND seq > 4", **of(trail))
    assert trail.findings() == {(trail.lane, 4, "cut")}


def test_a_cut_end_of_an_earlier_lane_is_found_without_any_checkpoint(trail):
    trail.second()
    trail.sql(f"DELETE FROM journal {WHERE} AND seq > 4", **of(trail))
    assert trail.findings() == {(trail.lane, 4, "cut")}


def test_what_was_never_anchored_can_only_be_counted(trail):
    """Honest: a cut of the newest records before any checkpoint leaves no trace but the count."""
    before = trail.verdict().unanchored
    trail.sql(f"DELETE FROM journal {WHERE} AND seq > 4", **of(trail))
    verdict = trail.verdict()
    assert verdict.findings == ()
    assert verdict.unanchored == before - 2


def test_a_lane_emptied(trail):
    trail.checkpoint()
    trail.sql(f"DELETE FROM journal {WHERE}", **of(trail))
    assert trail.findings() == {(trail.lane, 0, "cut")}


def test_a_lane_deleted_whole(trail):
    trail.checkpoint()
    trail.sql(f"DELETE FROM journal {WHERE}", **of(trail))
    trail.sql("DELETE FROM lane WHERE id = :lane", **of(trail))
    assert trail.findings() == {(trail.lane, 6, "lane_missing")}


def test_a_lane_deleted_whole_is_missed_by_the_next(trail):
    trail.second()
    trail.sql(f"DELETE FROM journal {WHERE}", **of(trail))
    trail.sql("DELETE FROM lane WHERE id = :lane", **of(trail))
    assert trail.findings() == {(trail.lane, 0, "lane_missing")}


@pytest.mark.parametrize("payload", ["NULL", "CAST('{}' AS BLOB)", "CAST('x' AS BLOB)"])
def test_the_name_of_the_lane_before_is_never_erased(trail, payload):
    """Else a whole lane could be cut unseen."""
    second = trail.second().store.lane.id
    trail.sql(f"DELETE FROM journal {WHERE} AND seq > 4", **of(trail))
    trail.sql(f"UPDATE journal SET payload = {payload} {WHERE} AND seq = 1", lane=second)
    assert (second, 1, "previous") in trail.findings()


# ── erased content ──────────────────────────────────────────────────────────────────────────


def test_erased_payloads_still_verify(trail):
    trail.checkpoint()
    trail.sql(f"UPDATE journal SET payload = NULL, salt = NULL {WHERE} AND seq > 1", **of(trail))
    verdict = trail.verdict()
    assert verdict.findings == ()
    assert verdict.records == 6


def test_an_erased_payload_cannot_come_back_as_another(trail):
    trail.sql(f"UPDATE journal SET payload = NULL, salt = NULL {WHERE} AND seq = 3", **of(trail))
    trail.sql(
        f"UPDATE journal SET payload = :p, salt = :s {WHERE} AND seq = 3",
        p=trail.row(2).payload,
        s=trail.row(2).salt,
        **of(trail),
    )
    assert trail.findings() == {(trail.lane, 3, "payload")}


def test_every_change_of_a_single_bit_is_found(trail):
    trail.checkpoint()
    for row in trail.first.journal():
        for column in ("payload", "salt", "leaf", "hash"):
            value = getattr(row, column)
            change = f"UPDATE journal SET {column} = :value {WHERE} AND seq = {row.seq}"
            trail.sql(change, value=bytes([value[0] ^ 1]) + value[1:], **of(trail))
            assert any(seq == row.seq for _, seq, _ in trail.findings()), (row.seq, column)
            trail.sql(change, value=value, **of(trail))
    assert trail.findings() == set()
