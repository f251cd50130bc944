"""A connection whose sign-on the bank refused sends nothing more until a person lifts that.

Banks lock an operator after a few wrong passwords, so one refusal is enough to stop.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Connection, bindparam, select, update

from gateway.domain.outcome import Outcome
from gateway.relay.context import Link
from gateway.store import tables
from gateway.store.journal import Record
from gateway.store.prepared import prepare
from gateway.store.uow import Uow

_b = tables.blockade
_OF: Final = (
    _b.c.tenant == bindparam("of_tenant"),
    _b.c.connection == bindparam("of_connection"),
    _b.c.lifted_us.is_(None),
)
_STANDING: Final = prepare(select(_b.c.reason).where(*_OF))
_LIFT: Final = prepare(
    update(_b)
    .where(*_OF)
    .values(lifted_us=bindparam("to_at", type_=BigInteger()), lifted_by=bindparam("to_actor"))
)


def block(uow: Uow, link: Link, outcome: Outcome) -> None:
    """Stop the connection; a second refusal while it is stopped adds nothing."""
    tenant, connection, at_us = link.tenant.id, link.connection.id, link.now_us()
    if standing(uow, tenant, connection):
        return
    uow.add(
        _b,
        {
            "tenant": tenant,
            "connection": connection,
            "at_us": at_us,
            "reason": f"{outcome.code} {outcome.text}".strip(),
            "lifted_us": None,
            "lifted_by": "",
        },
    )
    uow.journal(
        Record(
            tenant=tenant,
            kind="connection_blocked",
            subject=connection,
            at_us=at_us,
            content={"code": outcome.code},
        )
    )


def standing(uow: Uow, tenant: str, connection: str) -> bool:
    """Whether the connection is stopped, as this transaction sees it."""
    return uow.first(_STANDING, _of(tenant, connection)) is not None


def blocked(db: Connection, tenant: str, connection: str) -> str:
    """Why the connection is stopped, or ''."""
    found = _STANDING.rows(db, _of(tenant, connection))
    return str(found[0].reason) or "sign-on refused" if found else ""


def lift(uow: Uow, tenant: str, connection: str, actor: str, at_us: int) -> int:
    """Let the connection send again; returns 0 when it was not stopped."""
    lifted = uow.change(_LIFT, _of(tenant, connection) | {"to_at": at_us, "to_actor": actor})
    if lifted:
        uow.journal(
            Record(
                tenant=tenant,
                kind="connection_unblocked",
                subject=connection,
                at_us=at_us,
                content={"actor": actor},
            )
        )
        uow.rouse(tenant, connection)
    return lifted


def _of(tenant: str, connection: str) -> dict[str, object]:
    return {"of_tenant": tenant, "of_connection": connection}
