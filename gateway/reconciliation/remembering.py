"""Remembering what people match, and forgetting it.

Rule kept here: only a match that a person made or accepted teaches, only where each side names one
party or one text, and only what the engine does not see by itself. Taken apart, it is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from gateway.domain.balance_sheet import Side
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import NotFound, NotPermitted
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import OwnAccount, Tenant
from gateway.reconciliation import memory_rows as rows
from gateway.reconciliation.gathering import told_of
from gateway.reconciliation.match_rows import ACCEPTED, MANUAL, Match, guard_of
from gateway.reconciliation.memory import (
    BookingSide,
    Memory,
    contradictions,
    pair_id,
    same,
    side_of,
)
from gateway.reconciliation.things import Ask, Thing, asking, named_things
from gateway.store.instants import to_us
from gateway.store.journal import Record
from gateway.store.store import Store
from gateway.store.uow import Uow

_TEACHING: Final = frozenset({MANUAL, ACCEPTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A memory, and those that say otherwise of the same side of the bank."""

    memory: Memory
    against: tuple[Memory, ...]


class Remembering:
    """The use cases behind ``/v1/reconciliations/{account}/memories``."""

    def __init__(self, store: Store, runtime: Runtime) -> None:
        self._store = store
        self._runtime = runtime

    async def listed(self, account: tuple[str, str]) -> list[Remembered]:
        """What is remembered of an account (tenant, number), the newest first."""
        return await self._store.read(lambda db: _listed(db, account))

    async def forget(
        self, of: tuple[Tenant, OwnAccount], actor: Actor, memory: str, reason: str
    ) -> None:
        """Forget a pair for good; a later match may teach it anew. Repeated, nothing changes.

        Raises NotFound, NotPermitted for a machine.
        """
        if actor.kind is not ActorKind.PERSON:
            raise NotPermitted("only a named person may do this", "只有实名人员可以操作")

        def work(uow: Uow) -> None:
            self._forget(uow, (of[0].id, of[1].number), actor, (memory, reason))

        await self._store.write(work, at_once=True)

    def _forget(
        self, uow: Uow, place: tuple[str, str], actor: Actor, what: tuple[str, str]
    ) -> None:
        memory, reason = what
        uow.guard(guard_of(place))
        known = rows.taught(uow.rows, place, memory)
        if not known:
            raise NotFound("nothing of that name is remembered", "没有该记忆")
        if all(it.state != rows.HELD for it in known):
            return
        at_us = to_us(self._runtime.clock.now())
        rows.forget_pair(uow, place, memory, (actor.label(), at_us, reason))
        told = {"account": place[1], "memory": memory, "actor": actor.label(), "reason": reason}
        kind = "match_memory_forgotten"
        record = Record(tenant=place[0], kind=kind, subject=memory, at_us=at_us, content=told)
        uow.journal(record)


def learn(uow: Uow, place: tuple[str, str], made: Match, said: tuple[str, int]) -> None:
    """Remember what a match teaches, if anything; in its own commit, under its guard."""
    if made.kind not in _TEACHING:
        return
    refs = {side: [it.ref for it in made.parts if it.side == side.value] for side in Side}
    bank, book = (_one(named_things(uow.rows, place, it, refs[it])) for it in Side)
    if bank and book and not same(bank, book):
        rows.put(uow, place, made.id, said, bank, book)


def recalled(ask: Ask, account: tuple[str, str]) -> Sequence[Remembered]:
    """What is remembered, for a run."""
    memories = rows.held(ask, account)
    against = contradictions(memories)
    return [Remembered(memory=it, against=against.get(it.id, ())) for it in memories]


def _listed(db: Connection, account: tuple[str, str]) -> list[Remembered]:
    return list(recalled(asking(db), account))


def _one(things: Mapping[str, Thing]) -> BookingSide:
    """The one party or text of all things of a side; nothing where they are of several."""
    sides = [side_of(*told_of(it)) for it in things.values()]
    if not sides or not all(sides):
        return BookingSide()
    first = sides[0]
    alone = all(pair_id(it, it) == pair_id(first, first) for it in sides)
    return first if alone else BookingSide()
