"""What a streamed file consists of."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.wire.node import Node


@dataclass(frozen=True, slots=True)
class Open:
    """An element that is no record begins. ``attributes`` are those without a namespace."""

    path: str
    name: str
    namespace: str
    line: int | None
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Close:
    """An element that is no record ended. ``text`` is that of a leaf, '' for a container."""

    path: str
    name: str
    text: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Record:
    """A whole element of one of the names that were asked for."""

    node: Node


@dataclass(frozen=True, slots=True)
class Note:
    """Something was skipped: ``comment``, ``pi`` or ``schema_location``. Told once per code."""

    code: str
    line: int | None


Event = Open | Close | Record | Note
