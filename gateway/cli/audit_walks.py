"""Walking the journal on all cores: each span in a process of its own.

A process is worth its start from some ten thousand records on, so a short trail is verified
without any.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final

from gateway.audit.walk import Progress, Span, Walked, walk
from gateway.store.engine import Database, open_engine

if TYPE_CHECKING:  # each process would read it in, and needs nothing of it
    from gateway.audit.verify import Walks

WORTH: Final = 50_000
"""From so many records on more processes are faster than one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """So many processes, each with a connection to the database of its own."""

    database: Database
    parts: int

    def walked(self, spans: Sequence[Span], progress: Progress) -> Iterator[Walked]:
        """What each span's walk found, in the order of the spans."""
        # Not forked: what is open here, the database above all, must not be open there.
        with ProcessPoolExecutor(self.parts, mp_context=get_context("spawn")) as pool:
            for found in pool.map(partial(_walk, self.database), spans):
                progress(found.records)
                yield found


def walks(database: Database, records: int) -> Walks | None:
    """How a trail of so many records is walked; None: here, in one go."""
    cores = len(os.sched_getaffinity(0))
    if records < WORTH or cores == 1:
        return None
    return SideBySide(database=database, parts=cores)


def _walk(database: Database, span: Span) -> Walked:
    engine = open_engine(database)
    try:
        with engine.connect() as db:
            return walk(db, span)
    finally:
        engine.dispose()
