"""Where intake meets controls: what was accepted is handed to whoever may release it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from gateway.lifecycle.rows import Standing
from gateway.ports.tenancy import Tenant
from gateway.store.uow import Uow


class Candidate(Protocol):
    """What a release check must know of an accepted instruction."""

    @property
    def standing(self) -> Standing: ...

    @property
    def connection(self) -> str: ...

    @property
    def creditor_account(self) -> str: ...

    @property
    def amount_minor(self) -> int: ...

    @property
    def pay_day(self) -> date: ...

    @property
    def execution_date(self) -> date | None: ...


class ReleaseCheck(Protocol):
    """Decides, in the caller's unit of work, whether accepted instructions are held or released."""

    def release(self, uow: Uow, tenant: Tenant, candidates: Sequence[Candidate]) -> None:
        """Move each RECEIVED candidate on, and plan the sending of what is released."""
        ...
