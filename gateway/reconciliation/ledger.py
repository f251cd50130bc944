"""The book side taken in: items once each, balances restated until their period is closed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from gateway.domain.decision import Actor
from gateway.domain.errors import Fault, NotPermitted, ReusedReference
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import Tenant
from gateway.reconciliation import ledger_rows as rows
from gateway.reconciliation.ledger_reading import Balance, Item
from gateway.reconciliation.match_rows import guard_of
from gateway.reconciliation.sheet_rows import Closed, closed_until
from gateway.reconciliation.things import asking
from gateway.store.instants import to_us
from gateway.store.journal import Record
from gateway.store.store import Store
from gateway.store.uow import Uow

_FAULTS_MAX: Final = 20


class Taken(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An item that is kept. ``counted_day`` is the day in whose period it counts."""

    item_id: str
    digest: str
    counted_day: str


class Ledger:
    """The use cases behind ``/v1/ledger-items`` and ``/v1/ledger-balances``."""

    def __init__(self, store: Store, runtime: Runtime) -> None:
        self._store = store
        self._runtime = runtime

    async def take_items(self, tenant: Tenant, actor: Actor, items: Sequence[Item]) -> list[Taken]:
        """Keep items, all or none; one that is there with the same content is left as it is.

        Raises ReusedReference, naming them, where an id was used for other content.
        """
        return await self._store.write(lambda uow: self._take(uow, tenant.id, actor, items))

    async def take_balances(
        self, tenant: Tenant, actor: Actor, balances: Sequence[Balance]
    ) -> list[str]:
        """Keep the books' balances; of each ``added``, ``changed`` or ``same``.

        Raises NotPermitted for another balance of a day in a closed period.
        """
        return await self._store.write(lambda uow: self._state(uow, tenant.id, actor, balances))

    async def items(self, account: tuple[str, str], after: str, most: int) -> Sequence[Any]:
        """Items of an account (tenant, number) by id."""
        return await self._store.read(lambda db: rows.items_of(asking(db), account, after, most))

    async def balances(self, account: tuple[str, str], most: int) -> Sequence[Any]:
        """Balances of an account, the latest day first."""

        def read(db: Connection) -> Sequence[Any]:
            return rows.balances_of(asking(db), account, most)

        return await self._store.read(read)

    def _take(self, uow: Uow, tenant: str, actor: Actor, items: Sequence[Item]) -> list[Taken]:
        closed = _closed(uow, tenant, (it.account for it in items))
        uow.guard(f"ledger:{tenant}")
        known = rows.known_items(uow.rows, tenant, [it.item_id for it in items])
        _refuse_reused(items, known)
        at_us = to_us(self._runtime.clock.now())
        taken, new = [], []
        for item in items:
            stored = known.get(item.item_id)
            if stored is None:
                counted = _counted(item.day, closed[item.account])
                rows.put_item(uow, tenant, item, counted, (actor.label(), at_us))
                stored = (item.digest, counted.isoformat())
                new.append(item.digest)
            taken.append(Taken(item_id=item.item_id, digest=stored[0], counted_day=stored[1]))
        if new:
            told = {"items": len(new), "digest": _digest(new), "actor": actor.label()}
            uow.journal(_record(tenant, "ledger_items_taken", at_us, told))
        return taken

    def _state(self, uow: Uow, tenant: str, actor: Actor, balances: Sequence[Balance]) -> list[str]:
        closed = _closed(uow, tenant, (it.account for it in balances))
        at_us = to_us(self._runtime.clock.now())
        done = []
        for told in balances:
            became = rows.put_balance(uow, tenant, told, (actor.label(), at_us))
            until = closed[told.account]
            if became != "same" and until is not None and told.day <= until.day:
                day = until.day.isoformat()
                raise NotPermitted(
                    f"the period up to {day} is closed: its balances stay",
                    f"截至 {day} 的期间已结账，余额不能再改",
                )
            done.append(became)
        changed = [it for it, became in zip(balances, done, strict=True) if became != "same"]
        if changed:
            said = [f"{it.account}/{it.day}/{it.amount.text()}" for it in changed]
            content = {"balances": len(changed), "digest": _digest(said), "actor": actor.label()}
            uow.journal(_record(tenant, "ledger_balances_taken", at_us, content))
        return done


def _closed(uow: Uow, tenant: str, accounts: Iterable[str]) -> dict[str, Closed | None]:
    """The closed period of each account; none of them closes another one meanwhile."""
    wanted = sorted(set(accounts))
    uow.guard(*(guard_of((tenant, it)) for it in wanted))
    return {it: closed_until(uow.rows, (tenant, it)) for it in wanted}


def _counted(day: date, closed: Closed | None) -> date:
    """What comes for a closed period counts from the first day after it."""
    return day if closed is None else max(day, closed.first_open)


def _refuse_reused(items: Sequence[Item], known: dict[str, tuple[str, str]]) -> None:
    faults, digests = [], ("", "")
    for at, item in enumerate(items):
        stored = known.get(item.item_id)
        if stored is not None and stored[0] != item.digest:
            digests = digests if digests[0] else (stored[0], item.digest)
            faults.append(
                Fault(
                    path=f"/items/{at}/item_id",
                    code="reused_item",
                    zh="该 item_id 已用于不同内容；更正请发红字冲销加新 item_id",
                    en="this item_id has other content: correct with a red-letter item, a new id",
                )
            )
    if faults:
        raise ReusedReference(
            stored_digest=digests[0], sent_digest=digests[1], faults=faults[:_FAULTS_MAX]
        )


def _digest(said: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _record(tenant: str, kind: str, at_us: int, content: dict[str, Any]) -> Record:
    return Record(tenant=tenant, kind=kind, subject="ledger", at_us=at_us, content=content)
