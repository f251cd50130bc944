"""Release: look-alikes are held for a person, the rest goes on by the tenant's policy.

The same money to the same payee on the same day under another reference may be a second
payment of one debt: nobody can tell but a person, so a person must.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, time
from functools import partial
from typing import Final

from sqlalchemy import bindparam, select

from gateway.domain.evidence import Evidence
from gateway.domain.instruction import Cause, State
from gateway.lifecycle.apply import apply_all
from gateway.lifecycle.release import Candidate, Screened
from gateway.lifecycle.rows import Standing
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import Tenant
from gateway.schedule import work
from gateway.schedule.work import Work, WorkKind
from gateway.store import tables
from gateway.store.instants import BEIJING, to_us
from gateway.store.uow import Uow

STP: Final = "policy:stp"
DUPLICATE: Final = "duplicate"
_NO_RIVAL: Final = (
    State.RECEIVED.value,  # not released yet: whichever is released first is free
    State.REJECTED.value,
    State.CANCELLED.value,
    State.EXPIRED.value,
)

_i = tables.instruction
_Key = tuple[str, int, str]
_ACCOUNTS_MAX: Final = 400
_LIKENESS: Final = select(
    _i.c.id, _i.c.erp_reference, _i.c.creditor_account, _i.c.amount_minor, _i.c.pay_day
).where(
    _i.c.tenant == bindparam("of_tenant"),
    _i.c.creditor_account.in_(bindparam("of_accounts", expanding=True)),
    _i.c.pay_day.in_(bindparam("of_days", expanding=True)),
    _i.c.state.not_in(_NO_RIVAL),
)


class Releaser:
    """The release check of this deployment. ``wake`` is told which connection has new work."""

    def __init__(self, runtime: Runtime, wake: Callable[[str, str], None]) -> None:
        self._runtime = runtime
        self._wake = wake

    def screen(self, uow: Uow, tenant: Tenant, candidates: Sequence[Candidate]) -> Screened:
        """Which candidates look like another payment."""
        return look_alikes(uow, tenant, candidates)

    def release(
        self, uow: Uow, tenant: Tenant, candidates: Sequence[Candidate], screened: Screened
    ) -> None:
        """Hold or release what intake accepted, in intake's own transaction."""
        held: list[tuple[Sequence[Standing], Evidence]] = []
        free: list[Candidate] = []
        for candidate in candidates:
            others = screened.get(candidate.standing.id)
            if others:
                reason = f"{DUPLICATE}: {', '.join(others)}"
                held.append(
                    ((candidate.standing,), self._evidence(State.HELD, "look_alike", reason))
                )
            elif tenant.policy.release_people:
                evidence = self._evidence(State.HELD, "approval", "approval")
                held.append(((candidate.standing,), evidence))
            else:
                free.append(candidate)
        apply_all(uow, self._runtime.ids, held)
        self._pass(uow, tenant, free)

    def release_approved(self, uow: Uow, tenant: Tenant, candidate: Candidate) -> None:
        """Send on what people approved (it is APPROVED already)."""
        self._schedule(uow, tenant, [(candidate, candidate.standing)])

    def _pass(self, uow: Uow, tenant: Tenant, free: Sequence[Candidate]) -> None:
        """Straight through: approved by the policy, named as the actor."""
        if not free:
            return
        subjects = [candidate.standing for candidate in free]
        approved = apply_all(
            uow, self._runtime.ids, [(subjects, self._evidence(State.APPROVED, "stp"))]
        )[0].moved
        self._schedule(uow, tenant, list(zip(free, approved, strict=True)))

    def _schedule(
        self, uow: Uow, tenant: Tenant, approved: Sequence[tuple[Candidate, Standing]]
    ) -> None:
        now = self._runtime.clock.now()
        today = now.date()
        groups: dict[State, list[Standing]] = {State.QUEUED: [], State.SCHEDULED: []}
        for candidate, standing in approved:
            day = candidate.execution_date
            groups[State.SCHEDULED if day and day > today else State.QUEUED].append(standing)
        items: list[tuple[Sequence[Standing], Evidence]] = [
            (group, self._evidence(state, "stp")) for state, group in groups.items() if group
        ]
        apply_all(uow, self._runtime.ids, items)
        for candidate, standing in approved:
            day = candidate.execution_date
            due = datetime.combine(day, time.min, BEIJING) if day and day > today else now
            work.add(
                uow,
                Work(
                    tenant=tenant.id,
                    kind=WorkKind.SEND,
                    subject=standing.id,
                    lane=candidate.connection,
                    due_us=to_us(due),
                ),
            )
        for connection in {candidate.connection for candidate, _ in approved}:
            uow.wake(partial(self._wake, tenant.id, connection))

    def _evidence(self, target: State, policy: str, reason: str = "") -> Evidence:
        return Evidence(
            cause=Cause.POLICY,
            target=target,
            actor=f"policy:{policy}",
            at=self._runtime.clock.now(),
            reason=reason,
        )


def look_alikes(uow: Uow, tenant: Tenant, candidates: Sequence[Candidate]) -> dict[str, list[str]]:
    """For each candidate that looks like another payment: the references it looks like.

    Of several alike in one call the first is free: it is the later ones that repeat it.
    """
    accounts = sorted({candidate.creditor_account for candidate in candidates})
    days = sorted({candidate.pay_day.isoformat() for candidate in candidates})
    ours = {candidate.standing.id for candidate in candidates}
    seen: dict[_Key, list[str]] = {}
    for start in range(0, len(accounts), _ACCOUNTS_MAX):
        values = {
            "of_tenant": tenant.id,
            "of_accounts": accounts[start : start + _ACCOUNTS_MAX],
            "of_days": days,
        }
        for row in uow.rows(_LIKENESS, values):
            if row.id not in ours:
                key = (row.creditor_account, row.amount_minor, row.pay_day)
                seen.setdefault(key, []).append(row.erp_reference)
    found: dict[str, list[str]] = {}
    for candidate in candidates:
        key = (candidate.creditor_account, candidate.amount_minor, candidate.pay_day.isoformat())
        others = seen.setdefault(key, [])
        if others:
            found[candidate.standing.id] = others[:3]
        seen[key] = [*others, candidate.erp_reference]
    return found
