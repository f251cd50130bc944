"""One group of jobs in one transaction: run them, chain the journal, commit.

A job that fails before it wrote anything is left out of the group. Anything worse undoes the
whole attempt, and the store then runs every job in a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from gateway.domain.errors import GatewayError
from gateway.store.uow import NOTHING_WANTED, Uow, Wanted

Together = Callable[[Uow, Sequence[Any]], Sequence[object]]
"""Does many items of one kind in one unit of work; per item its result, or its own error."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item for work that is done for many together."""

    work: Together
    item: object

    def __call__(self, uow: Uow) -> object:
        """The item alone."""
        result = self.work(uow, [self.item])[0]
        if isinstance(result, GatewayError):
            raise result
        return result


class Undo(Exception):
    """The transaction must be undone because of ``cause``."""

    def __init__(self, cause: GatewayError | SQLAlchemyError) -> None:
        super().__init__(str(cause))
        self.cause = cause


@dataclass(slots=True)
class Done:
    """What a group's jobs returned and what their units of work hold for the commit."""

    results: list[object] = field(default_factory=list)
    uows: list[Uow] = field(default_factory=list)
    wanted: Wanted = field(default_factory=dict)

    @property
    def touched(self) -> list[tuple[str, str]]:
        """(tenant, instruction) with a new version."""
        return [key for uow in self.uows for key in uow.touched]

    @property
    def roused(self) -> list[tuple[str, str]]:
        """(tenant, lane) of queues with new work, each once."""
        return list(dict.fromkeys(key for uow in self.uows for key in uow.roused))


def run_jobs(
    connection: Connection, jobs: Sequence[Callable[..., object]], wanted: Wanted = NOTHING_WANTED
) -> Done:
    """Run jobs in the open transaction. Raises Undo when what was written must be undone."""
    done = Done(results=[None] * len(jobs), wanted=wanted)
    together: dict[Together, list[int]] = {}
    for at, job in enumerate(jobs):
        if isinstance(job, Item):
            together.setdefault(job.work, []).append(at)
        else:
            _one(connection, done, at, job)
    for work, places in together.items():
        items = [job.item for at in places if isinstance(job := jobs[at], Item)]
        _many(connection, done, places, work, items)
    return done


def _one(connection: Connection, done: Done, at: int, job: Callable[..., object]) -> None:
    uow = Uow(connection, done.wanted)
    try:
        done.results[at] = job(uow)
        uow.flush()
    except GatewayError as error:
        if uow.wrote:
            raise Undo(error) from error
        done.results[at] = error
        return
    except SQLAlchemyError as error:
        # After an I/O error SQLite may have undone everybody's rows by itself, and PostgreSQL
        # takes no more statements in this transaction.
        raise Undo(error) from error
    done.uows.append(uow)


def _many(
    connection: Connection,
    done: Done,
    places: Sequence[int],
    work: Together,
    items: Sequence[object],
) -> None:
    uow = Uow(connection, done.wanted)
    try:
        results = work(uow, items)
        uow.flush()
    except GatewayError as error:
        if uow.wrote or len(places) > 1:
            raise Undo(error) from error
        results = [error]
    except SQLAlchemyError as error:
        raise Undo(error) from error
    else:
        done.uows.append(uow)
    for at, result in zip(places, results, strict=True):
        done.results[at] = result
