"""Checkpoints: forged, changed, deleted, signed by somebody else; and the local key."""

# ruff: noqa: S608 - tampering is written as SQL

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.audit.checkpoint import key_name, load_key
from gateway.audit.findings import _WORDS, Finding
from gateway.audit.verify import checkpoint_text
from gateway.domain.chain import LaneHead, merkle_root
from gateway.store import tables
from tests.store_ground import mark
from tests.unit.audit.trail import FOREIGN, KEY, WHERE, Trail, of


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
    last = max(
        (row for row in trail.first.journal() if row.lane == trail.lane), key=lambda r: r.seq
    )
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
