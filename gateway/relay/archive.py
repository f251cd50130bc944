"""The wire archive: exact bytes out before the socket is touched, bytes in before states change.

Secret segments (FOX carries the operator's password in every request) are cut out of the
stored bytes: sealed in a row of their own, and present in the digest only as a salted
commitment. What remains verifies without them and can be shown.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Final

from gateway.domain.chain import SALT_BYTES, commitment
from gateway.domain.message import Segment, WireMessage, WireReply
from gateway.ports.runtime import Runtime
from gateway.signing.vault import Vault
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.uow import Uow

OUT: Final = "out"
IN: Final = "in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What is archived about a wire message beside its bytes."""

    tenant: str
    connection: str
    purpose: str
    serial: str
    message: str = ""


class Archive:
    """Writes wire rows. One per process; it holds the vault."""

    def __init__(self, runtime: Runtime, vault: Vault) -> None:
        self._runtime = runtime
        self._vault = vault

    def store_out(self, uow: Uow, envelope: Envelope, message: WireMessage) -> str:
        """Archive bytes that are about to be sent; returns the wire id."""
        wire_id = self._runtime.ids.new("wir")
        digest = hashlib.sha256()
        layout: list[int | str] = []
        for position, segment in enumerate(message.segments):
            if segment.secret:
                salt = self._runtime.random.bytes(SALT_BYTES)
                committed = commitment(salt, segment.content)
                digest.update(b"S" + committed)
                layout.append(committed.hex())  # without it nobody could verify without the secret
                uow.add(
                    tables.wire_secret,
                    {
                        "tenant": envelope.tenant,
                        "wire": wire_id,
                        "position": position,
                        "salt": salt,
                        "sealed": self._vault.seal(segment.content, f"{wire_id}/{position}"),
                    },
                )
            else:
                digest.update(b"P" + hashlib.sha256(segment.content).digest())
                layout.append(len(segment.content))
        public = b"".join(segment.content for segment in message.segments if not segment.secret)
        self._row(uow, envelope, wire_id, OUT, public, message.content_type, 0, layout, digest)
        return wire_id

    def store_in(self, uow: Uow, envelope: Envelope, reply: WireReply) -> str:
        """Archive received bytes; returns the wire id."""
        wire_id = self._runtime.ids.new("wir")
        digest = hashlib.sha256(b"P" + hashlib.sha256(reply.body).digest())
        layout: list[int | str] = [len(reply.body)]
        self._row(
            uow, envelope, wire_id, IN, reply.body, reply.content_type, reply.status, layout, digest
        )
        return wire_id

    def _row(  # noqa: PLR0913, PLR0917 - one row's columns
        self,
        uow: Uow,
        envelope: Envelope,
        wire_id: str,
        direction: str,
        content: bytes,
        content_type: str,
        status: int,
        layout: list[int | str],
        digest: hashlib._Hash,
    ) -> None:
        uow.add(
            tables.wire,
            {
                "tenant": envelope.tenant,
                "id": wire_id,
                "message": envelope.message,
                "connection": envelope.connection,
                "direction": direction,
                "purpose": envelope.purpose,
                "serial": envelope.serial,
                "at_us": to_us(self._runtime.clock.now()),
                "status": status,
                "content_type": content_type[:200],
                "content": content,
                "layout": json.dumps(layout),
                "digest": digest.hexdigest(),
            },
        )


def visible(content: bytes, layout: str) -> WireMessage:
    """Stored bytes as segments again, with every secret replaced by asterisks."""
    segments: list[Segment] = []
    start = 0
    for length in json.loads(layout):
        if isinstance(length, str):
            segments.append(Segment(b"******", secret=True))
        else:
            segments.append(Segment(content[start : start + length]))
            start += length
    return WireMessage(tuple(segments), "")
