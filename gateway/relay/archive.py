"""The wire archive: exact bytes out before the socket is touched, bytes in before states change.

Secret segments (FOX carries the operator's password in every request) are cut out of the
stored bytes: sealed in a row of their own, and present in the digest only as a salted
commitment. What remains verifies without them and can be shown.
"""

from __future__ import annotations

import json
from typing import Final

import msgspec

from gateway.domain.chain import SALT_BYTES, commitment
from gateway.domain.message import Segment, WireMessage, WireReply
from gateway.ports.runtime import Runtime
from gateway.signing.vault import Vault
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.journal import Record
from gateway.store.uow import Uow
from gateway.store.wires import wire_digest

OUT: Final = "out"
IN: Final = "in"


class Envelope(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is archived about a wire message beside its bytes."""

    tenant: str
    connection: str
    purpose: str
    serial: str
    message: str = ""


class Wire(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Archived bytes: the id of their row, and the digest the journal vouches for."""

    id: str
    digest: str


class Archive:
    """Writes wire rows. One per process; it holds the vault.

    The caller journals the returned digest with the evidence the bytes belong to, or says
    ``alone`` where there is none: then the bytes get a record of their own.
    """

    def __init__(self, runtime: Runtime, vault: Vault) -> None:
        self._runtime = runtime
        self._vault = vault

    def store_out(
        self, uow: Uow, envelope: Envelope, message: WireMessage, *, alone: bool = False
    ) -> Wire:
        """Archive bytes that are about to be sent."""
        wire_id = self._runtime.ids.new("wir")
        layout: list[int | str] = []
        for position, segment in enumerate(message.segments):
            if not segment.secret:
                layout.append(len(segment.content))
                continue
            salt = self._runtime.random.bytes(SALT_BYTES)
            # Without the commitment nobody could verify without the secret.
            layout.append(commitment(salt, segment.content).hex())
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
        public = b"".join(segment.content for segment in message.segments if not segment.secret)
        reply = WireReply(0, message.content_type, public)
        wire = Wire(id=wire_id, digest=wire_digest(public, layout))
        self._row(uow, envelope, wire, OUT, reply, layout, alone=alone)
        return wire

    def store_in(
        self, uow: Uow, envelope: Envelope, reply: WireReply, *, alone: bool = False
    ) -> Wire:
        """Archive received bytes."""
        layout: list[int | str] = [len(reply.body)]
        wire = Wire(id=self._runtime.ids.new("wir"), digest=wire_digest(reply.body, layout))
        self._row(uow, envelope, wire, IN, reply, layout, alone=alone)
        return wire

    def _row(  # noqa: PLR0913, PLR0917 - one row's columns
        self,
        uow: Uow,
        envelope: Envelope,
        wire: Wire,
        direction: str,
        stored: WireReply,
        layout: list[int | str],
        *,
        alone: bool,
    ) -> None:
        at_us = to_us(self._runtime.clock.now())
        uow.add(
            tables.wire,
            {
                "tenant": envelope.tenant,
                "id": wire.id,
                "message": envelope.message,
                "connection": envelope.connection,
                "direction": direction,
                "purpose": envelope.purpose,
                "serial": envelope.serial,
                "at_us": at_us,
                "status": stored.status,
                "content_type": stored.content_type[:200],
                "content": stored.body,
                "layout": json.dumps(layout),
                "digest": wire.digest,
            },
        )
        if alone:
            uow.journal(
                Record(
                    tenant=envelope.tenant,
                    kind="wire",
                    subject=envelope.message or wire.id,
                    at_us=at_us,
                    content={
                        "direction": direction,
                        "purpose": envelope.purpose,
                        "wire": wire.id,
                        "wire_digest": wire.digest,
                    },
                )
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
