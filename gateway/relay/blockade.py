"""A connection whose sign-on the bank refused sends nothing more until a person lifts that.

Banks lock an operator after a few wrong passwords, so one refusal is enough to stop.
"""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select, update

from gateway.domain.outcome import Outcome
from gateway.relay.context import Link
from gateway.store import tables
from gateway.store.journal import Record
from gateway.store.uow import Uow

_b = tables.blockade
_STANDING = select(_b.c.reason).where(
    _b.c.tenant == bindparam("of_tenant"),
    _b.c.connection == bindparam("of_connection"),
    _b.c.lifted_us.is_(None),
)


def block(uow: Uow, link: Link, outcome: Outcome) -> None:
    """Stop the connection; a second refusal while it is stopped adds nothing."""
    tenant, connection, at_us = link.tenant.id, link.connection.id, link.now_us()
    if uow.first(_STANDING, {"of_tenant": tenant, "of_connection": connection}) is not None:
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


def blocked(connection: Connection, tenant: str, link_id: str) -> str:
    """Why the connection is stopped, or ''."""
    reason = connection.execute(_STANDING, {"of_tenant": tenant, "of_connection": link_id}).scalar()
    return "" if reason is None else str(reason) or "sign-on refused"


def lift(uow: Uow, tenant: str, connection: str, actor: str, at_us: int) -> int:
    """Let the connection send again; returns 0 when it was not stopped."""
    lifted = uow.change(
        update(_b)
        .where(_b.c.tenant == tenant, _b.c.connection == connection, _b.c.lifted_us.is_(None))
        .values(lifted_us=at_us, lifted_by=actor)
    )
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
    return lifted
