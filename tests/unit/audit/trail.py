"""A trail of two lanes to be tampered with."""

from __future__ import annotations

import asyncio
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from gateway.audit.checkpoint import Checkpoints
from gateway.audit.verify import verify
from tests.store_ground import Bench, mark

KEY = Ed25519PrivateKey.from_private_bytes(sha256(b"ours").digest())
FOREIGN = Ed25519PrivateKey.from_private_bytes(sha256(b"theirs").digest())
WHERE = "WHERE lane = :lane"


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


def of(trail: Trail) -> dict[str, str]:
    return {"lane": trail.lane}
