"""What a group commit made true, for whoever tells operators of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from gateway.store.journal import Record


class Committed(msgspec.Struct, frozen=True, kw_only=True):
    """One group commit that is durable. ``seq`` is the first record's number in the lane."""

    lane: str
    seq: int
    records: Sequence[Record]
    jobs: int
    seconds: float


Reporter = Callable[[Committed], None]
"""Told on the writer's thread after every commit. It must be quick and must not fail."""


def nobody(commit: Committed) -> None:
    """Until somebody reports."""
    del commit
