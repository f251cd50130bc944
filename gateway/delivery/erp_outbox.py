"""What goes to an ERP system without being a change of an instruction: put beside the changes.

Statements, balances, credits and receipts, answers to questions, and refusals of documents that
never became instructions. See ``gateway.lifecycle.telling``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from msgspec.structs import replace
from sqlalchemy import BigInteger, bindparam, select, update

from gateway.delivery import webhook_rows
from gateway.delivery.endpoints import Endpoint, ErpEndpoint
from gateway.delivery.webhook_event import Envelope
from gateway.delivery.webhook_rows import Delivery, Said
from gateway.lifecycle.outbox import LANE
from gateway.lifecycle.telling import Say
from gateway.ports.erp_told import (
    KIND_OF,
    MatchTold,
    OpenItemsTold,
    StatusTold,
    Told,
    encoded,
)
from gateway.ports.runtime import Runtime
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

_e = tables.webhook_event
_KNOWN: Final = prepare(
    select(_e.c.instruction, _e.c.version, _e.c.delivery, _e.c.state).where(
        _e.c.tenant == bindparam("of_tenant"),
        _e.c.endpoint == bindparam("of_endpoint"),
        among(_e.c.instruction, "of_subjects"),
    )
)
_WITHDRAW: Final = prepare(
    update(_e)
    .where(
        _e.c.tenant == bindparam("of_tenant"),
        _e.c.endpoint == bindparam("of_endpoint"),
        among(_e.c.instruction, "of_subjects"),
        _e.c.delivery.in_((Delivery.PENDING.value, Delivery.DEAD.value)),
    )
    .values(delivery=Delivery.SUPERSEDED.value, changed_us=bindparam("now_us", type_=BigInteger()))
)


class Outbox:
    """The outboxes of the ERP systems of a deployment. See ``ErpOutbox``."""

    def __init__(self, runtime: Runtime, endpoints: Iterable[ErpEndpoint]) -> None:
        self._runtime = runtime
        self._endpoints: Mapping[tuple[str, str], ErpEndpoint] = {
            (it.tenant, it.system.id): it for it in endpoints
        }

    def tell(self, uow: Uow, tenant: str, system: str, says: Sequence[Say]) -> int:
        """Put records into a system's outbox; returns how many were new."""
        endpoint = self._endpoints.get((tenant, system))
        if endpoint is None:
            return 0
        wanted = {
            (it.subject, it.version): it for it in says if KIND_OF[type(it.told)] in endpoint.kinds
        }
        if not wanted:
            return 0
        # As those who make events of changes: sequence numbers have no gaps and no twins.
        uow.guard(f"outbox:{tenant}")
        known = uow.rows(_KNOWN, _named(endpoint, [subject for subject, _ in wanted]))
        before = {(it.instruction, it.version) for it in known}
        waiting = {it.instruction for it in known if it.delivery == Delivery.PENDING.value}
        last = _last(known)
        new = [
            it
            for it in (
                following(one, last.get(one.subject))
                for key, one in wanted.items()
                if one.following or key not in before
            )
            if it is not None and not (it.unless_waiting and it.subject in waiting)
        ]
        if new:
            self._add(uow, endpoint, new)
        return len(new)

    def withdraw(self, uow: Uow, tenant: str, system: str, subjects: Sequence[str]) -> int:
        """Tell no more what still waits under these subjects; returns how many records."""
        endpoint = self._endpoints.get((tenant, system))
        if endpoint is None or not subjects:
            return 0
        now_us = to_us(self._runtime.clock.now())
        values = webhook_rows.of(endpoint) | {"of_subjects": sorted(subjects), "now_us": now_us}
        return uow.change(_WITHDRAW, values)

    def _add(self, uow: Uow, endpoint: ErpEndpoint, says: Sequence[Say]) -> None:
        now_us = to_us(self._runtime.clock.now())
        said = [
            Said(
                subject=it.subject,
                version=it.version,
                state=it.told.state if isinstance(it.told, StatusTold) else it.standing,
                kind=KIND_OF[type(it.told)].value,
                body=partial(_text, it.told, endpoint),
            )
            for it in says
        ]
        webhook_rows.add(uow, endpoint, self._runtime.ids, said, now_us)
        uow.rouse(endpoint.tenant, LANE)


def following(say: Say, last: tuple[int, str] | None) -> Say | None:
    """A record with the version that it gets; None where nothing new is said.

    ``last`` is the version and the standing that was told last of its subject.
    """
    if not say.following or last is None:
        return say
    if say.standing and say.standing == last[1]:
        return None
    version = max(say.version, last[0] + 1)
    told = say.told
    if isinstance(told, MatchTold | OpenItemsTold):
        told = replace(told, version=version)
    return dataclasses.replace(say, told=told, version=version)


def last_told(
    uow: Uow, endpoint: Endpoint, subjects: Iterable[str]
) -> Mapping[str, tuple[int, str]]:
    """By subject, version and standing of what an endpoint was told last; inside its guard."""
    return _last(uow.rows(_KNOWN, _named(endpoint, subjects)))


def _last(known: Sequence[Any]) -> dict[str, tuple[int, str]]:
    found: dict[str, tuple[int, str]] = {}
    for it in known:
        found[it.instruction] = max(found.get(it.instruction, (0, "")), (it.version, it.state))
    return found


def _named(endpoint: Endpoint, subjects: Iterable[str]) -> dict[str, object]:
    return webhook_rows.of(endpoint) | {"of_subjects": sorted(set(subjects))}


def _text(told: Told, endpoint: ErpEndpoint, _: Envelope) -> str:
    """How an ERP's event says it: the whole record, which needs no envelope."""
    return encoded(_as_written(told, endpoint))


def _as_written(told: Told, endpoint: ErpEndpoint) -> Told:
    """The record with our account as this ERP writes it."""
    if isinstance(told, StatusTold):
        written = endpoint.written(told.debtor_account)
        return told if written == told.debtor_account else replace(told, debtor_account=written)
    written = endpoint.written(told.account)
    return told if written == told.account else replace(told, account=written)
