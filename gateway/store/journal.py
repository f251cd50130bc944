"""The journal: one lane per writer-process lease, chained, appended in the business commit.

The first record of a lane names the head of the lane before it, so that cutting a whole lane
off shows. Links are computed when the group commits, never per job: a job that fails leaves no
gap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, insert, select

from gateway.domain.chain import GENESIS, SALT_BYTES, commitment, linker
from gateway.store import tables
from gateway.store.inserts import insert_rows

_canonical: Final = msgspec.json.Encoder(order="deterministic").encode
"""Sorted keys, no spaces, UTF-8, nothing escaped that need not be."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One fact for the journal. ``content`` becomes canonical JSON; it must hold no secret."""

    tenant: str
    kind: str
    subject: str
    at_us: int
    content: Mapping[str, object]

    def payload(self) -> bytes:
        """Canonical JSON bytes: what the leaf commits to."""
        full = {
            "at_us": self.at_us,
            "content": self.content,
            "kind": self.kind,
            "subject": self.subject,
            "tenant": self.tenant,
        }
        return _canonical(full)


class Lane:
    """The lane this process writes. The head moves only when a commit succeeded."""

    def __init__(self, lane_id: str, salts: Callable[[int], bytes]) -> None:
        self.id = lane_id
        self._salts = salts
        self._link = linker(lane_id)
        self._seq = 0
        self._hash = GENESIS

    @property
    def seq(self) -> int:
        """The number of its last record that is durable."""
        return self._seq

    def open(self, connection: Connection, at_us: int, role: str = "") -> None:
        """Create the lane in its own transaction, naming the previous holder's head."""
        newest = connection.execute(
            select(tables.lane.c.id).order_by(
                tables.lane.c.opened_us.desc(), tables.lane.c.id.desc()
            )
        ).scalar()
        before = newest or ""
        head = connection.execute(
            select(tables.journal.c.seq, tables.journal.c.hash)
            .where(tables.journal.c.lane == before)
            .order_by(tables.journal.c.seq.desc())
            .limit(1)
        ).first()
        connection.execute(
            insert(tables.lane),
            [{"id": self.id, "opened_us": at_us, "previous": before, "role": role}],
        )
        content = {
            "previous_lane": before,
            "previous_seq": head.seq if head else 0,
            "previous_hash": (head.hash if head else GENESIS).hex(),
        }
        self.append(
            connection,
            [Record(tenant="", kind="lane_opened", subject=self.id, at_us=at_us, content=content)],
        )()

    def append(self, connection: Connection, records: Sequence[Record]) -> Callable[[], None]:
        """Write records after the head; returns what moves the head once the commit succeeded."""
        seq, head = self._seq, self._hash
        rows: list[dict[str, object]] = []
        for record in records:
            seq += 1
            salt, payload = self._salts(SALT_BYTES), record.payload()
            leaf = commitment(salt, payload)
            head = self._link(seq, head, leaf)
            rows.append(
                {
                    "lane": self.id,
                    "seq": seq,
                    "tenant": record.tenant,
                    "kind": record.kind,
                    "subject": record.subject,
                    "at_us": record.at_us,
                    "salt": salt,
                    "payload": payload,
                    "leaf": leaf,
                    "hash": head,
                }
            )
        if rows:
            insert_rows(connection, tables.journal, rows)

        def move() -> None:
            self._seq, self._hash = seq, head

        return move
