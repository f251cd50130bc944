"""A message to the bank: what carries instructions, under one serial for ever."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from gateway.domain.ids import InstructionId, MessageId, Serial, TenantId


class Fate(StrEnum):
    """Whether a message of ours may still move money."""

    PLANNED = "planned"
    """Serial and bytes are durable; no byte has left (yet, or provably)."""
    OPEN = "open"
    """It may have left and its result is not final."""
    CLOSED = "closed"
    """Every line has a final result, or it is proven that nothing was executed."""


class Message(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A planned or sent message. ``sends`` counts attempts in which a byte may have left."""

    tenant: TenantId
    id: MessageId
    connection: str
    serial: Serial
    operation: str
    fate: Fate
    instructions: tuple[InstructionId, ...]
    sends: int = 0
    first_sent_at: datetime | None = None
    last_sent_at: datetime | None = None


class Segment(msgspec.Struct, frozen=True, gc=False):
    """A run of message bytes. A secret one (a password) is stored encrypted and never shown."""

    content: bytes
    secret: bool = False

    def __repr__(self) -> str:
        shown = "***" if self.secret else repr(self.content)
        return f"Segment({shown})"


class WireMessage(msgspec.Struct, frozen=True, gc=False):
    """The exact bytes of a message, in runs, so that secrets can be kept apart."""

    segments: tuple[Segment, ...]
    content_type: str

    def body(self) -> bytes:
        """The bytes as they go onto the wire."""
        return b"".join(segment.content for segment in self.segments)


class WireReply(msgspec.Struct, frozen=True, gc=False):
    """What came back: HTTP status, declared content type and the bytes as received."""

    status: int
    content_type: str
    body: bytes
