"""Where intake meets controls: what was accepted is handed to whoever may release it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from gateway.lifecycle.rows import Standing
from gateway.ports.tenancy import Tenant
from gateway.store.uow import Uow


class Candidate(Protocol):
    """What a release check must know of an accepted instruction."""

    @property
    def standing(self) -> Standing:
        """Its state and version, as evidence is applied to them."""
        ...

    @property
    def erp_reference(self) -> str:
        """What the ERP calls it: the name people know it by."""
        ...

    @property
    def connection(self) -> str:
        """The bank connection it would leave by."""
        ...

    @property
    def creditor_account(self) -> str:
        """The payee's full account number."""
        ...

    @property
    def amount_minor(self) -> int:
        """The amount in minor units of its currency."""
        ...

    @property
    def pay_day(self) -> date:
        """The day it is meant to be paid, for finding look-alikes."""
        ...

    @property
    def execution_date(self) -> date | None:
        """The day the ERP asked for; None means at once."""
        ...


Screened = Mapping[str, Sequence[str]]
"""By instruction id: references that it looks like."""


class ReleaseCheck(Protocol):
    """Decides, in the caller's unit of work, whether accepted instructions are held or released."""

    def screen(self, uow: Uow, tenant: Tenant, candidates: Sequence[Candidate]) -> Screened:
        """Look for reasons to hold candidates.

        It only reads, so it comes before they are stored: a read makes what was gathered be
        written, and then it can no longer be written together with what follows.
        """
        ...

    def release(
        self, uow: Uow, tenant: Tenant, candidates: Sequence[Candidate], screened: Screened
    ) -> None:
        """Move each RECEIVED candidate on, and plan the sending of what is released."""
        ...
