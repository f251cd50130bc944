"""Arithmetic of the audit trail: commitments, lane links, the Merkle root over lane heads.

A leaf commits to a payload under a salt, so that a chain can be shown without the payload
and still verifies after the payload was archived or erased. Domain-separation bytes keep a
leaf from ever being read as a node.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

SALT_BYTES: Final = 16
GENESIS: Final = b"\x00" * 32
_COMMIT, _LINK, _LEAF, _NODE = b"\x01", b"\x02", b"\x03", b"\x04"


def commitment(salt: bytes, payload: bytes) -> bytes:
    """Salted SHA-256 commitment (32 bytes) to a payload."""
    return hashlib.sha256(_COMMIT + salt + payload).digest()


def link(lane: str, seq: int, previous: bytes, leaf: bytes) -> bytes:
    """Hash (32 bytes) of record ``seq`` of ``lane``, chained to the hash before it."""
    return linker(lane)(seq, previous, leaf)


def linker(lane: str) -> Callable[[int, bytes, bytes], bytes]:
    """``link`` for many records of one lane: called with sequence, previous hash and leaf."""
    start = _LINK + f"{lane}\n".encode()
    sha256 = hashlib.sha256

    def linked(seq: int, previous: bytes, leaf: bytes) -> bytes:
        return sha256(b"%b%d\n%b%b" % (start, seq, previous, leaf)).digest()

    return linked


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneHead:
    """The last record of a lane: its sequence number (from 1; 0 = empty) and hash."""

    lane: str
    seq: int
    hash: bytes


def merkle_root(heads: Sequence[LaneHead]) -> bytes:
    """Root over lane heads ordered by lane name; an odd node moves up unchanged."""
    level = [
        hashlib.sha256(_LEAF + f"{head.lane}\n{head.seq}\n".encode() + head.hash).digest()
        for head in sorted(heads, key=lambda head: head.lane)
    ]
    if not level:
        return GENESIS
    while len(level) > 1:
        paired = [
            hashlib.sha256(_NODE + left + right).digest()
            for left, right in zip(level[::2], level[1::2], strict=False)
        ]
        level = [*paired, level[-1]] if len(level) % 2 else paired
    return level[0]
