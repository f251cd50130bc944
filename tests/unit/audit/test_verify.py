"""Whatever is done to the trail past the gateway: verify names the lane and the sequence."""

from __future__ import annotations

import asyncio
import json
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from gateway.audit.checkpoint import Checkpoints, key_name, load_key
from gateway.audit.verify import _WORDS, Finding, checkpoint_text, verify
from gateway.domain.chain import LaneHead, commitment, link, merkle_root
from gateway.store import tables
from tests.store_ground import Bench, bench, mark

KEY = Ed25519PrivateKey.from_private_bytes(sha256(b"ours").digest())
FOREIGN = Ed25519PrivateKey.from_private_bytes(sha256(b"theirs").digest())


class Trail:
    """Two lanes: the first with records 1…6, the second (which names it) with 1…4."""

    def __init__(self, first: Bench) -> None:
        self.first = first
        self.benches = [first]
        first.group(*(mark(f"a{n}") for n in range(5)))

    def second(self) -> Bench:
        """The next process's lane."""
        it = Bench(self.first.engine, ids=self.first.runtime.ids, seed="second")
        self.benches.append(it)
        it.group(*(mark(f"b{n}") for n in range(3)))
        return it

    def checkpoint(self, at: Bench | None = None, key: Ed25519PrivateKey = KEY) -> int:
        it = at or self.first
        return asyncio.run(Checkpoints(it.store, it.runtime, key).write())

    def sql(self, statement: str, **values: object) -> None:
        with self.first.engine.connect() as db:
            done = db.execute(text(statement), values)
            assert done.rowcount > 0, "the test changes nothing"
            db.commit()

    def verdict(self, key: Ed25519PrivateKey | None = KEY):
        with self.first.engine.connect() as db:
            return verify(db, key.public_key() if key else None)

    def findings(self) -> set[tuple[str, int, str]]:
        return {(it.lane, it.seq, it.kind) for it in self.verdict().findings}

    @property
    def lane(self) -> str:
        return self.first.store.lane.id

    def row(self, seq: int, lane: str = ""):
        return next(
            row for row in self.first.journal() if (row.lane, row.seq) == (lane or self.lane, seq)
        )


@pytest.fixture
def trail():
    with bench() as first:
        it = Trail(first)
        yield it
        for other in it.benches[1:]:
            other.store._writer.close()


def of(trail: Trail) -> dict[str, str]:
    return {"lane": trail.lane}


WHERE = "WHERE lane = :lane"


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


# ── checkpoints ─────────────────────────────────────────────────────────────────────────────


def test_a_key_that_is_not_ours(trail):
    trail.checkpoint(key=FOREIGN)
    assert trail.findings() == {("checkpoint", 1, "signature")}
    assert trail.verdict(FOREIGN).findings == ()
    assert trail.verdict(None).findings == (), "without a key only signatures go unchecked"


@pytest.mark.parametrize(
    "change",
    ["at_us = at_us + 1", "signature = 'zz'", "signature = ''", "signature = substr(signature, 3)"],
)
def test_a_changed_checkpoint(trail, change):
    trail.checkpoint()
    trail.sql(f"UPDATE checkpoint SET {change}")
    assert trail.findings() == {("checkpoint", 1, "signature")}


@pytest.mark.parametrize("heads", ["[]", "no json", "[[1]]", "{}", '[["a", 1, "zz"]]', "null"])
def test_heads_that_do_not_make_the_root(trail, heads):
    trail.checkpoint()
    trail.sql("UPDATE checkpoint SET heads = :heads", heads=heads)
    assert ("checkpoint", 1, "root") in trail.findings()


def test_heads_of_another_type_change_nothing(trail):
    trail.checkpoint()
    trail.sql("UPDATE checkpoint SET heads = REPLACE(heads, ', 6,', ', \"6\",')")
    trail.sql(f"DELETE FROM journal {WHERE} AND seq > 4", **of(trail))
    assert trail.findings() == {(trail.lane, 4, "cut")}


def forged(trail: Trail, key: Ed25519PrivateKey) -> None:
    """A checkpoint over the lane as it stands now, put in place of the real one."""
    last = max((row for row in trail.first.journal() if row.lane == trail.lane), key=lambda r: r.seq)
    root = merkle_root([LaneHead(lane=trail.lane, seq=last.seq, hash=last.hash)]).hex()
    (old,) = trail.first.rows(tables.checkpoint)
    trail.sql(
        "UPDATE checkpoint SET heads = :heads, root = :root, signature = :signature, key = :key",
        heads=json.dumps([[trail.lane, last.seq, last.hash.hex()]]),
        root=root,
        signature=key.sign(checkpoint_text(1, old.at_us, root)).hex(),
        key=key_name(key.public_key()),
    )


def test_a_forged_checkpoint_over_a_cut_lane(trail):
    trail.checkpoint()
    trail.sql(f"DELETE FROM journal {WHERE} AND seq > 4", **of(trail))
    forged(trail, FOREIGN)
    assert trail.findings() == {("checkpoint", 1, "signature")}, "the key comes from outside"


def test_the_forger_would_need_the_key(trail):
    trail.checkpoint()
    trail.sql(f"DELETE FROM journal {WHERE} AND seq > 4", **of(trail))
    forged(trail, KEY)
    assert trail.findings() == set()


def test_a_deleted_checkpoint_leaves_a_gap(trail):
    trail.checkpoint()
    for name in "xy":
        trail.first.group(mark(name))
        trail.checkpoint()
    trail.sql("DELETE FROM checkpoint WHERE seq = 2")
    assert trail.findings() == {("checkpoint", 2, "gap")}
    trail.sql("DELETE FROM checkpoint WHERE seq = 1")
    assert trail.findings() == {("checkpoint", 1, "gap")}


def test_a_checkpoint_over_several_lanes(trail):
    second = trail.second()
    trail.checkpoint(second)
    trail.sql(f"DELETE FROM journal {WHERE} AND seq = 4", lane=second.store.lane.id)
    assert trail.findings() == {(second.store.lane.id, 3, "cut")}


# ── words and keys ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", _WORDS)
def test_findings_say_where_in_both_languages(kind):
    it = Finding(lane="lan_1", seq=7, kind=kind)
    assert it.text("en").endswith("(lane lan_1 seq 7)")
    assert it.text("zh").endswith("（lane lan_1 seq 7）")
    assert it.text("zh") != it.text("en")


def test_the_local_key_is_made_once_and_is_private(tmp_path):
    path = tmp_path / "checkpoint.pem"
    key = load_key(path)
    assert path.stat().st_mode & 0o077 == 0
    assert key_name(load_key(path).public_key()) == key_name(key.public_key())


def test_another_kind_of_key_is_refused(tmp_path):
    path = tmp_path / "other.pem"
    path.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    with pytest.raises(TypeError):
        load_key(path)


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
