"""Hearing what other processes committed (PostgreSQL's LISTEN), on a thread of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from sqlalchemy import make_url

from gateway.ports.runtime import Tasks
from gateway.store.notify import CHANNEL

_TURN_S: Final = 1.0
"""How long one wait may hold its thread, so that a process that ends is not kept."""
_AGAIN_S: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What other processes told. ``any_*``: something that is not named changed too."""

    roused: tuple[tuple[str, str], ...] = ()
    touched: tuple[tuple[str, str], ...] = ()
    any_roused: bool = False
    any_touched: bool = False


class Ear:
    """Hears what other processes tell. Used by one thread; it blocks that thread while it waits."""

    def __init__(self, url: str, lane: str) -> None:
        self._address = (
            make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        )
        self._lane = lane
        self._connection: psycopg.Connection[Any] | None = None

    def hear(self, longest_s: float) -> Heard:
        """What was told within ``longest_s`` seconds at most.

        A connection that was lost may have missed anything: that is told as "any". Raises
        psycopg.OperationalError while the server cannot be had.
        """
        if self._connection is None:
            self._connection = psycopg.connect(self._address, autocommit=True, connect_timeout=5)
            self._connection.execute(f"LISTEN {CHANNEL}")
            return Heard(any_roused=True, any_touched=True)
        try:
            payloads = [
                told.payload for told in self._connection.notifies(timeout=longest_s, stop_after=1)
            ]
        except psycopg.OperationalError:
            self.close()
            raise
        return self._heard(payloads)

    def close(self) -> None:
        """Hear nothing more."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _heard(self, payloads: Sequence[str]) -> Heard:
        told = [it for it in map(json.loads, payloads) if it["lane"] != self._lane]
        return Heard(
            roused=_keys(told, "roused"),
            touched=_keys(told, "touched"),
            any_roused=any(it["roused"] is None for it in told),
            any_touched=any(it["touched"] is None for it in told),
        )


def _keys(told: Sequence[dict[str, Any]], name: str) -> tuple[tuple[str, str], ...]:
    return tuple((tenant, subject) for it in told for tenant, subject in it[name] or ())


async def keep_hearing(tasks: Tasks, ear: Ear, told: Callable[[Heard], None]) -> None:
    """Hear for ever, on the loop's thread telling each time something was said.

    While the server is away nobody is told anything; what was missed counts as "any" afterwards.
    """
    reader = tasks.reader("hearing")
    try:
        while True:
            try:
                heard = await reader.read(lambda: ear.hear(_TURN_S))
            except psycopg.OperationalError:
                await tasks.sleep(_AGAIN_S)
                continue
            if heard != Heard():
                told(heard)
    finally:
        reader.close(ear.close)
