"""Looks every so often whether the bank still is as the settings say (drift), and calls people.

Rule kept here: one process at a time looks, a stopped connection is left alone, and no sign-on
is tried for its own sake: after a refused one the connection is stopped and stays so. A bank
that does not answer has not changed; only an answer that differs is drift.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from gateway.lifecycle.cases import open_loose_case
from gateway.onboarding.findings import Finding, Result
from gateway.onboarding.probe import Asking, Subject, probe_accounts
from gateway.ports.events import DRIFT_CHECKED, DRIFT_FOUND
from gateway.ports.runtime import Runtime
from gateway.schedule.rounds import Rounds
from gateway.schedule.work import WorkKind
from gateway.store import tables
from gateway.store.store import Store
from gateway.store.tenancy import acting_for
from gateway.store.uow import Uow

CASE: Final = "drift"
DRIFTS: Final = frozenset({"right", "account", "refused", "clock", "sign_on_refused"})
"""Codes of findings that mean: the bank and the settings have parted."""
_case = tables.case


class DriftWatch:
    """A task that asks the banks whenever ``every`` has passed on the shared clock."""

    def __init__(
        self,
        store: Store,
        runtime: Runtime,
        asking: Asking,
        subjects: Sequence[Subject],
        every: timedelta,
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._asking = asking
        self._subjects = subjects
        self._rounds = Rounds(store, runtime, WorkKind.DRIFT, every)

    async def run(self) -> None:
        """Keep the appointment for ever; with ``every`` 0 there is none."""
        await self._rounds.keep(self.look)

    async def look(self) -> list[Finding]:
        """Ask every connection now; opens a case where bank and settings have parted."""
        drifted: list[Finding] = []
        for subject in self._subjects:
            with acting_for((subject.tenant,)):
                found = [
                    it
                    for it in await probe_accounts(subject, self._asking, self._runtime.clock)
                    if it.result is Result.MISSING and it.code in DRIFTS
                ]
                for finding in found:
                    await self._tell(subject, finding)
            drifted += found
        self._runtime.log.tell(DRIFT_CHECKED, count=len(drifted))
        return drifted

    async def _tell(self, subject: Subject, finding: Finding) -> None:
        await self._store.write(lambda uow: self._open(uow, subject.tenant, finding))
        self._runtime.log.tell(
            DRIFT_FOUND,
            tenant=subject.tenant,
            connection=subject.connection,
            bank=subject.dialect.code,
            code=finding.code,
        )

    def _open(self, uow: Uow, tenant: str, finding: Finding) -> None:
        """One case per difference while it is open; when closed, another not the same day."""
        detail = f"{finding.what}: {finding.zh} / {finding.en}"
        standing = select(_case.c.id).where(
            _case.c.tenant == tenant,
            _case.c.kind == CASE,
            _case.c.detail == detail,
            _case.c.closed_us.is_(None),
        )
        if uow.first(standing) is not None:
            return
        now = self._runtime.clock.now()
        key = hashlib.sha256(f"{detail}\n{now.date()}".encode()).hexdigest()[:24]
        open_loose_case(
            uow, self._runtime.ids, tenant=tenant, key=key, kind=CASE, detail=detail, at=now
        )
