"""Chain arithmetic against a second, plain writing of the same rules."""

from __future__ import annotations

from hashlib import sha256

from gateway.domain.chain import GENESIS, LaneHead, commitment, link, merkle_root

SALT = bytes(range(16))


def head(lane: str, seq: int = 1) -> LaneHead:
    return LaneHead(lane=lane, seq=seq, hash=sha256(lane.encode()).digest())


def leaf_of(it: LaneHead) -> bytes:
    return sha256(b"\x03" + f"{it.lane}\n{it.seq}\n".encode() + it.hash).digest()


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x04" + left + right).digest()


def test_fixed_values():
    """The trail is checked by others: these bytes are forever."""
    leaf = commitment(SALT, b"payload")
    assert leaf == sha256(b"\x01" + SALT + b"payload").digest()
    assert link("lan_1", 1, GENESIS, leaf) == sha256(b"\x02lan_1\n1\n" + bytes(32) + leaf).digest()
    assert leaf.hex() == "dce24aab7b4df257a78c3214a5426e7bb72021580266d7e3124a81f23f6cbd88"


def test_every_part_of_a_link_counts():
    leaf = commitment(SALT, b"x")
    same = link("a", 1, GENESIS, leaf)
    others = [
        link("b", 1, GENESIS, leaf),
        link("a", 2, GENESIS, leaf),
        link("a", 1, b"\x01" * 32, leaf),
        link("a", 1, GENESIS, commitment(SALT, b"y")),
        link("a", 1, GENESIS, commitment(bytes(16), b"x")),
    ]
    assert len({same, *others}) == len(others) + 1


def test_lane_and_sequence_cannot_run_into_each_other():
    leaf = commitment(SALT, b"x")
    assert link("a1", 1, GENESIS, leaf) != link("a", 11, GENESIS, leaf)


def test_root_of_nothing_and_of_one():
    assert merkle_root([]) == GENESIS
    assert merkle_root([head("a")]) == leaf_of(head("a"))


def test_odd_heads_move_up_unchanged():
    a, b, c, d, e = (leaf_of(head(name)) for name in "abcde")
    assert merkle_root([head(name) for name in "ab"]) == node(a, b)
    assert merkle_root([head(name) for name in "abc"]) == node(node(a, b), c)
    assert merkle_root([head(name) for name in "abcde"]) == node(node(node(a, b), node(c, d)), e)


def test_a_leaf_is_never_read_as_a_node():
    assert (
        merkle_root([head("a"), head("b")])
        != sha256(b"\x03" + leaf_of(head("a")) + leaf_of(head("b"))).digest()
    )
