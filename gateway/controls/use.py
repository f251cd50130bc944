"""What was used of a tenant's limits and plan lines, read beside the work that uses them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, bindparam, select

from gateway.controls.in_force import Controls
from gateway.controls.rules.limits import Key
from gateway.controls.rules.use import Question, Used, may_be_told, uses
from gateway.domain.decision import Actor
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.prepared import among, prepare

USES_MAX: Final = 1000
"""Most counters that one answer tells of."""
_u = tables.limit_use
_USED: Final = prepare(
    select(_u.c.of, _u.c.subject, _u.c.period, _u.c.over, _u.c.currency, _u.c.used_minor)
    .where(_u.c.tenant == bindparam("tenant"), among(_u.c.period, "periods"))
    .order_by(_u.c.of, _u.c.subject, _u.c.period, _u.c.over, _u.c.currency)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InUse:
    """By which version, and what may be told of; ``more`` when there would be more to tell."""

    version: int
    uses: tuple[Used, ...]
    more: bool


def in_use(  # noqa: PLR0913 - keyword-only, who asks what of whom
    db: Connection,
    *,
    controls: Controls,
    tenant: Tenant,
    actor: Actor,
    asked: Question,
    today: date,
) -> InUse:
    """What was used of the counters asked about, of those that an actor may know."""
    found = controls.seen(db, tenant)
    rows = _USED.tuples(db, {"tenant": tenant.id, "periods": list(asked.periods)})
    used = {Key(*row[:5]): int(row[5]) for row in rows}
    companies = {number: it.company for number, it in tenant.accounts.items()}
    told = [
        it
        for it in uses(found.rules, used, asked, companies)
        if may_be_told(found.rules, actor, it.counter.key, companies, today)
    ]
    return InUse(version=found.version, uses=tuple(told[:USES_MAX]), more=len(told) > USES_MAX)
