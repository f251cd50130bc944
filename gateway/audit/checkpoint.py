"""Checkpoints: at most every minute a signed Merkle root over all lane heads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import func, select

from gateway.audit.verify import checkpoint_text
from gateway.domain.chain import LaneHead, merkle_root
from gateway.ports.events import CHECKPOINT
from gateway.ports.runtime import Runtime
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.own_file import own_file
from gateway.store.store import Store
from gateway.store.tenancy import EVERYONE, acting_for
from gateway.store.uow import Uow

EVERY_S: Final = 60
_j = tables.journal


class Checkpoints:
    """Writes checkpoints with a local key."""

    def __init__(self, store: Store, runtime: Runtime, key: Ed25519PrivateKey) -> None:
        self._store = store
        self._runtime = runtime
        self._key = key

    async def run(self) -> None:
        """Write a checkpoint every minute while there is something new."""
        while True:
            await self._runtime.tasks.sleep(EVERY_S)
            await self.write()

    async def write(self, *, at_once: bool = False) -> int:
        """Write a checkpoint now; returns its number, or 0 when nothing is new since the last.

        ``at_once``: raises NoRoom instead of waiting while the disk is full.
        """
        with acting_for(EVERYONE):
            seq = await self._store.write(self._write, at_once=at_once)
        if seq:
            self._runtime.log.tell(CHECKPOINT, checkpoint=seq)
        return seq

    def _write(self, uow: Uow) -> int:
        uow.guard("checkpoint")  # one after the other, whoever writes them
        rows = uow.rows(select(_j.c.lane, func.max(_j.c.seq).label("seq")).group_by(_j.c.lane))
        heads = []
        for row in rows:
            found = uow.first(select(_j.c.hash).where(_j.c.lane == row.lane, _j.c.seq == row.seq))
            if found is not None:
                heads.append(LaneHead(lane=row.lane, seq=row.seq, hash=found.hash))
        last = uow.first(
            select(tables.checkpoint.c.seq, tables.checkpoint.c.root).order_by(
                tables.checkpoint.c.seq.desc()
            )
        )
        root = merkle_root(heads).hex()
        if last is not None and last.root == root:
            return 0
        seq = last.seq + 1 if last is not None else 1
        at_us = to_us(self._runtime.clock.now())
        uow.add(
            tables.checkpoint,
            {
                "seq": seq,
                "at_us": at_us,
                "heads": json.dumps([[it.lane, it.seq, it.hash.hex()] for it in heads]),
                "root": root,
                "key": key_name(self._key.public_key()),
                "signature": self._key.sign(checkpoint_text(seq, at_us, root)).hex(),
            },
        )
        return seq


def key_name(key: Ed25519PublicKey) -> str:
    """The public key itself, as hex: short enough to be its own name."""
    return key.public_bytes_raw().hex()


def load_key(path: Path) -> Ed25519PrivateKey:
    """Load the local checkpoint key, making it on first use (readable by the owner only)."""
    loaded = serialization.load_pem_private_key(own_file(path, _new_key), None)
    if not isinstance(loaded, Ed25519PrivateKey):
        raise TypeError("the checkpoint key must be Ed25519")
    return loaded


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
