"""Release: look-alikes are held for a person, the rest goes on by the tenant's policy.

The same money to the same payee on the same day under another reference may be a second
payment of one debt: nobody can tell but a person, so a person must.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from functools import lru_cache
from typing import Final

import msgspec
from sqlalchemy import Text, and_, bindparam, func, select

from gateway.domain.evidence import Evidence
from gateway.domain.instruction import Cause, State
from gateway.lifecycle.apply import apply, apply_all, apply_through
from gateway.lifecycle.release import Candidate, Screened
from gateway.lifecycle.rows import Standing
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import Tenant
from gateway.schedule import work
from gateway.schedule.work import Work, WorkKind
from gateway.store import tables
from gateway.store.elements import elements, number_at, text_at
from gateway.store.instants import BEIJING, to_us
from gateway.store.prepared import prepare
from gateway.store.uow import Uow

STP: Final = "policy:stp"
DUPLICATE: Final = "duplicate"
_NO_RIVAL: Final = (
    State.RECEIVED.value,  # not released yet: whichever is released first is free
    State.REJECTED.value,
    State.CANCELLED.value,
    State.EXPIRED.value,
)

_SEND: Final = WorkKind.SEND
_AT_ONCE: Final = {None}
_i = tables.instruction
_Key = tuple[str, int, str]
"""What makes two payments look alike: payee, amount and day."""
_wanted: Final = elements(bindparam("wanted", type_=Text()), "wanted")
_LIKENESS: Final = prepare(
    select(_i.c.id, _i.c.erp_reference, _i.c.creditor_account, _i.c.amount_minor, _i.c.pay_day)
    # An outer join: of an inner one SQLite would walk every payment there ever was. For the same
    # reason the rows of nothing, of keys without a payment like them, are left out in a way
    # that it does not see through.
    .select_from(
        _wanted.outerjoin(
            _i,
            and_(
                _i.c.tenant == bindparam("of_tenant"),
                _i.c.creditor_account == text_at(_wanted, 0),
                _i.c.amount_minor == number_at(_wanted, 1),
                _i.c.pay_day == text_at(_wanted, 2),
                _i.c.state.not_in(_NO_RIVAL),
            ),
        )
    )
    .where(func.coalesce(_i.c.id, "") != "")
)


class Releaser:
    """The release check of this deployment."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def screen(self, uow: Uow, tenant: Tenant, candidates: Sequence[Candidate]) -> Screened:
        """Which candidates look like another payment.

        From here to the commit no other process lets a payment of this tenant pass: of two
        alike that are released at the same time, one sees the other.
        """
        uow.guard(f"release/{tenant.id}")
        return look_alikes(uow, tenant, candidates)

    def release(
        self, uow: Uow, tenant: Tenant, candidates: Sequence[Candidate], screened: Screened
    ) -> None:
        """Hold or release what intake accepted, in intake's own transaction."""
        if not screened and not tenant.policy.release_people:
            self._pass(uow, tenant, candidates)
            return
        held: dict[tuple[str, str], list[Standing]] = {}
        free: list[Candidate] = []
        for candidate in candidates:
            others = screened.get(candidate.standing.id)
            if others:
                why = ("look_alike", f"{DUPLICATE}: {', '.join(others)}")
                held.setdefault(why, []).append(candidate.standing)
            elif tenant.policy.release_people:
                held.setdefault(("approval", "approval"), []).append(candidate.standing)
            else:
                free.append(candidate)
        apply_all(
            uow,
            self._runtime.ids,
            [(some, self._evidence(State.HELD, *why)) for why, some in held.items()],
        )
        self._pass(uow, tenant, free)

    def release_approved(self, uow: Uow, tenant: Tenant, candidate: Candidate) -> None:
        """Send on what people approved (it is APPROVED already)."""
        self._schedule(uow, tenant, candidate)

    def _pass(self, uow: Uow, tenant: Tenant, free: Sequence[Candidate]) -> None:
        """Straight through: approved by the policy, named as the actor."""
        for later, some in self._by_day(free).items():
            course = [self._evidence(State.APPROVED, "stp"), self._planned(later=later)]
            apply_through(uow, self._runtime.ids, [it.standing for it in some], course)
        self._plan_sending(uow, tenant, free)

    def _schedule(self, uow: Uow, tenant: Tenant, approved: Candidate) -> None:
        for later, some in self._by_day([approved]).items():
            apply(uow, self._runtime.ids, [it.standing for it in some], self._planned(later=later))
        self._plan_sending(uow, tenant, [approved])

    def _by_day(self, candidates: Sequence[Candidate]) -> dict[bool, list[Candidate]]:
        """Those whose day is yet to come (True) and those that may leave now (False)."""
        today = self._runtime.clock.now().date()
        days = {candidate.execution_date for candidate in candidates}
        if days == _AT_ONCE:
            return {False: list(candidates)}
        groups: dict[bool, list[Candidate]] = {}
        for candidate in candidates:
            day = candidate.execution_date
            groups.setdefault(day is not None and day > today, []).append(candidate)
        return groups

    def _planned(self, *, later: bool) -> Evidence:
        return self._evidence(State.SCHEDULED if later else State.QUEUED, "stp")

    def _plan_sending(self, uow: Uow, tenant: Tenant, candidates: Sequence[Candidate]) -> None:
        now_us = to_us(self._runtime.clock.now())
        work.add(
            uow,
            *[
                Work(
                    tenant=tenant.id,
                    kind=_SEND,
                    subject=candidate.standing.id,
                    lane=candidate.connection,
                    due_us=max(now_us, _beginning_us(candidate.execution_date)),
                )
                for candidate in candidates
            ],
        )
        for connection in {candidate.connection for candidate in candidates}:
            uow.rouse(tenant.id, connection)

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
    keys: list[_Key] = [
        (it.creditor_account, it.amount_minor, _written(it.pay_day)) for it in candidates
    ]
    # Each key once: alike candidates would otherwise each bring the same rivals.
    wanted = list(dict.fromkeys(keys))
    values = {"of_tenant": tenant.id, "wanted": msgspec.json.encode(wanted).decode()}
    rows = uow.rows(_LIKENESS, values)
    if not rows and len(wanted) == len(keys):
        return {}
    ours = {candidate.standing.id for candidate in candidates}
    seen: dict[_Key, list[str]] = {}
    for row in rows:
        if row.id not in ours:
            key = (row.creditor_account, row.amount_minor, row.pay_day)
            seen.setdefault(key, []).append(row.erp_reference)
    found: dict[str, list[str]] = {}
    for candidate, key in zip(candidates, keys, strict=True):
        others = seen.get(key)
        if others:
            found[candidate.standing.id] = others[:3]
            others.append(candidate.erp_reference)
        else:
            seen[key] = [candidate.erp_reference]
    return found


_written: Final = lru_cache(maxsize=512)(date.isoformat)


@lru_cache(maxsize=512)
def _beginning_us(day: date | None) -> int:
    """The beginning of a day in Beijing; 0 for none."""
    return to_us(datetime.combine(day, time.min, BEIJING)) if day else 0
