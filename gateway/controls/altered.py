"""An ERP that sends a reference again with other content: which of the two is right?

Rule kept here: the gateway keeps what it accepted first and answers 409 as ever, but what has not
left waits for people. One hold per altered content, however often it is sent; what people have
decided once is not asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Final

from sqlalchemy import bindparam, select

from gateway.controls import holds
from gateway.controls.cancel import DECIDED_ON, STOPPABLE, Withdraw, forget_sending
from gateway.controls.holds import APPROVAL, Finding
from gateway.controls.release import Releaser
from gateway.controls.rules.document import HoldRule
from gateway.domain.evidence import Evidence
from gateway.domain.instruction import Cause, State
from gateway.lifecycle.altered import Altered
from gateway.lifecycle.apply import apply
from gateway.lifecycle.release import CANDIDATE, candidate_at
from gateway.lifecycle.rows import standing, standings
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.prepared import prepare
from gateway.store.uow import Uow

_h = tables.hold
_RULE: Final = HoldRule.ERP_ALTERED.value
_TOLD: Final = prepare(
    select(_h.c.en).where(
        _h.c.tenant == bindparam("of_tenant"),
        _h.c.instruction == bindparam("of_id"),
        _h.c.rule == _RULE,
    )
)
_candidate_columns: Final = attrgetter(*(it.name for it in CANDIDATE))


class ErpAltered:
    """Holds what an ERP altered, for tenants with a document in force."""

    def __init__(self, releaser: Releaser, runtime: Runtime, withdraw: Withdraw) -> None:
        self._releaser = releaser
        self._runtime = runtime
        self._withdraw = withdraw

    def watches(self, uow: Uow, tenant: Tenant) -> bool:
        """Whether the tenant has a document."""
        return self._releaser.in_force(uow, tenant) is not None

    def hold(self, uow: Uow, tenant: Tenant, altered: Sequence[Altered]) -> None:
        """Hold those that have not left, each until people lift or reject it."""
        if self.watches(uow, tenant):
            # All at first, in one order: two who do so never wait for each other, nor does who is
            # inside the release guard wait for a row of whoever waits for the guard.
            standings(uow, tenant.id, [it.id for it in altered])
            for it in altered:
                self._hold(uow, tenant, it)

    def _hold(self, uow: Uow, tenant: Tenant, it: Altered) -> None:
        of_one = {"of_tenant": tenant.id, "of_id": it.id}
        row = uow.first(DECIDED_ON, of_one)
        if row is None or State(row.state) not in STOPPABLE:
            return
        if any(it.sent_digest in told for (told,) in uow.tuples(_TOLD, of_one)):
            return
        if State(row.state) is State.RECEIVED:
            # A line of a large batch that waits for its turn: it meets every other rule first,
            # or whoever lifts this hold would be the only one to be asked.
            candidate = candidate_at(standing(row), _candidate_columns(row))
            screened = self._releaser.screen(uow, tenant, [candidate])
            self._releaser.release(uow, tenant, [candidate], screened)
            row = uow.first(DECIDED_ON, of_one)
        now = self._runtime.clock.now()
        if row is not None and State(row.state) is not State.HELD:
            evidence = Evidence(
                cause=Cause.POLICY,
                target=State.HELD,
                actor=f"policy:{_RULE}",
                at=now,
                reason=_RULE,
            )
            apply(uow, self._runtime.ids, [standing(row)], evidence)
            forget_sending(uow, tenant.id, it.id, self._withdraw)
        findings = [_finding(it)]
        was_held = row is not None and State(row.state) is State.HELD
        if row is not None and was_held and not holds.open_holds(uow, tenant.id, it.id):
            # Held where it was about to leave: that needs its approval too.
            findings.insert(0, Finding(APPROVAL, row.reason, row.reason))
        holds.raise_more(uow, tenant.id, it.id, findings, to_us(now))


def _finding(it: Altered) -> Finding:
    fields = ", ".join(it.fields)
    return Finding(
        _RULE,
        f"ERP 以同一业务参考号再次发来不同内容（已受理 {it.stored_digest}，再次发来 "
        f"{it.sent_digest}），不同之处：{fields}；已受理的内容正确则解除，否则否决",
        f"the ERP sent this reference again with other content (accepted {it.stored_digest}, "
        f"sent again {it.sent_digest}), differing in {fields}; lift this if what was accepted is "
        "right, else reject it",
    )
