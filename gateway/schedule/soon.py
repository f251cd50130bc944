"""Accounts to be reconciled at once, because lines of them were kept.

Rule kept here: an account waits once, however many imports ask; what is asked while a run is under
way waits for the next one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.schedule import work
from gateway.schedule.work import Queue, Work, WorkKind
from gateway.store.uow import Uow

_LANE: Final = "reconcile:soon"


def queue_of(tenant: str) -> Queue:
    """Where the accounts of a tenant wait."""
    return Queue(tenant=tenant, lane=_LANE, kind=WorkKind.RECONCILE)


def reconcile_soon(uow: Uow, tenant: str, accounts: Iterable[str], now_us: int) -> None:
    """Have accounts reconciled, in the commit that keeps what is new of them."""
    queue = queue_of(tenant)
    work.put(
        uow,
        *(
            Work(tenant=tenant, kind=queue.kind, subject=it, lane=queue.lane, due_us=now_us)
            for it in sorted(set(accounts))
        ),
    )
