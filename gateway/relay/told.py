"""Telling operators of an exchange with the bank: how it ended and how long it took."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Final

from gateway.domain.errors import NotSent, Unconfirmed
from gateway.ports.events import Event
from gateway.relay.archive import Envelope
from gateway.relay.context import Link

ANSWERED: Final = "answered"
NOT_SENT: Final = "not_sent"
NO_ANSWER: Final = "no_answer"


class Told:
    """``with Told(link, SENT, envelope): reply = await link.runtime.net.exchange(…)``.

    Told when the block ends, unless what ends it is no outcome of an exchange: a process that is
    stopping cancels its tasks.
    """

    __slots__ = ("_began", "_envelope", "_event", "_instructions", "_link")

    def __init__(
        self, link: Link, event: Event, envelope: Envelope, instructions: Sequence[str] = ()
    ) -> None:
        self._link = link
        self._event = event
        self._envelope = envelope
        self._instructions = instructions
        self._began = 0.0

    def __enter__(self) -> None:
        self._began = self._link.runtime.clock.monotonic()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._tell(ANSWERED, "")
        elif isinstance(error, NotSent):
            self._tell(NOT_SENT, error.en)
        elif isinstance(error, Unconfirmed):
            self._tell(NO_ANSWER, error.en)

    def _tell(self, outcome: str, why: str) -> None:
        link, envelope, lines = self._link, self._envelope, self._instructions
        link.runtime.log.tell(
            self._event,
            tenant=link.tenant.id,
            connection=link.connection.id,
            bank=link.connection.bank,
            purpose=envelope.purpose,
            serial=envelope.serial,
            message=envelope.message,
            instruction=lines[0] if len(lines) == 1 else "",
            lines=len(lines),
            outcome=outcome,
            seconds=link.runtime.clock.monotonic() - self._began,
            why=why,
        )
