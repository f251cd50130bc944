"""One event as one line of bytes: JSON for machines, words for people.

Rule kept here: a line is one line, and shorter than what a pipe takes in one piece.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import msgspec

from gateway.observe.options import Form
from gateway.observe.words import Fact, cleaned
from gateway.ports.events import Event, Level

_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/+-*")
_MICRO: Final = 1_000_000
_LEVELS: Final = {level: level.name.lower() for level in Level}

Render = Callable[["Told"], bytes]


class Told(msgspec.Struct, frozen=True, gc=False):
    """An event with its facts, as it was told. ``at_us`` is the machine's time."""

    at_us: int
    event: Event
    common: Mapping[str, Fact]
    """Facts of every line, fit to be written."""
    facts: Mapping[str, object]


def renderer(form: Form) -> Render:
    """What makes a line of an event."""
    return _json if form is Form.JSON else _text


def _json(told: Told) -> bytes:
    head: dict[str, Fact] = {
        "ts": _instant(told.at_us),
        "level": _LEVELS[told.event.level],
        "event": told.event.name,
    }
    head.update(told.common)
    head.update(cleaned(told.facts))
    return msgspec.json.encode(head) + b"\n"


def _text(told: Told) -> bytes:
    event = told.event
    facts = {**told.common, **cleaned(told.facts)}
    shown = "".join(f"  {name}={_quoted(value)}" for name, value in facts.items())
    level = event.level.name
    line = f"{_instant(told.at_us)} {level:<7} {event.name}  {event.zh} / {event.en}{shown}\n"
    return line.encode("utf-8", "replace")


def _quoted(value: Fact) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text if text and _PLAIN.issuperset(text) else msgspec.json.encode(text).decode()


def _instant(at_us: int) -> str:
    seconds, micros = divmod(at_us, _MICRO)
    return f"{_second(seconds)}.{micros:06d}Z"


@lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    """Most lines of a second share it."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"
