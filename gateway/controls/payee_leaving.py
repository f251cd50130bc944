"""A payee that was blocked after a payment to it was released: the payment does not leave.

Rule kept here: only what people let go after the block passes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import and_, bindparam, func, literal_column, select, text

from gateway.controls import holds
from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.document import HoldRule
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

_i, _p, _h = tables.instruction, tables.payee, tables.hold
_LISTED: Final = HoldRule.LISTED.value
_BLOCKED: Final = prepare(
    select(_i.c.id, _p.c.account, _p.c.name, _p.c.changed_us)
    .select_from(
        _i.join(_p, and_(_p.c.tenant == _i.c.tenant, _p.c.account == _i.c.creditor_account))
    )
    .where(
        _i.c.tenant == bindparam("of_tenant"),
        among(_i.c.id, "of_ids"),
        # Written out, so that the partial index is seen to serve: mostly there are no such rows.
        # In no order, or SQLite would rather read every payee in the order of another index.
        text("payee.state = 'blocked'"),
    )
)
# Mostly nobody is: then it is one look-up instead of one for each payment.
_ANY: Final = prepare(
    select(_p.c.id)
    .where(_p.c.tenant == bindparam("of_tenant"), text("payee.state = 'blocked'"))
    .limit(literal_column("1"))
)
_LET_GO: Final = prepare(
    select(func.coalesce(func.max(_h.c.lifted_us), 0)).where(
        _h.c.tenant == bindparam("of_tenant"),
        _h.c.instruction == bindparam("of_id"),
        _h.c.rule == _LISTED,
        _h.c.lifted_us.is_not(None),
    )
)


class BlockedPayees:
    """Keeps back what is about to leave to a blocked payee; a ``LeavingGuard``."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def at_leaving(
        self, uow: Uow, tenant: Tenant, rules: Rules, names: Sequence[str]
    ) -> Mapping[str, str]:
        """See ``LeavingGuard``. A block holds under every document."""
        del rules
        refused: dict[str, str] = {}
        if not names:
            return refused
        if not uow.tuples(_ANY, {"of_tenant": tenant.id}):
            return refused
        rows = uow.tuples(_BLOCKED, {"of_tenant": tenant.id, "of_ids": list(names)})
        for instruction, account, name, changed_us in sorted(map(tuple, rows)):
            if account in tenant.accounts or instruction in refused:
                continue
            of_one = {"of_tenant": tenant.id, "of_id": instruction}
            if uow.tuples(_LET_GO, of_one)[0][0] < changed_us:
                from gateway.controls.payee_checks import blocked  # noqa: PLC0415 - costs a start

                finding = blocked(account, name, changed_us)
                holds.raise_more(uow, tenant.id, instruction, [finding], to_us(self._now()))
                refused[instruction] = _LISTED
        return refused
