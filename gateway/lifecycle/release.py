"""Where intake meets controls: what was accepted is handed to whoever may release it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final, Protocol

import msgspec

from gateway.domain.errors import NotPermitted
from gateway.lifecycle.rows import NewInstruction, Standing
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.uow import Uow

_i = tables.instruction


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """What a release check must know of an accepted instruction.

    ``erp_reference`` is the name people know it by; ``pay_day`` the day it is meant to be paid,
    ``execution_date`` the one the ERP asked for (None: at once); ``business`` a BusinessType.
    """

    standing: Standing
    erp_reference: str
    connection: str
    creditor_account: str
    amount_minor: int
    pay_day: date
    execution_date: date | None
    erp: str
    company: str
    debtor_account: str
    currency: str
    business: str
    own_bank: bool
    budget_item: str
    creditor_name: str


CANDIDATE: Final = (
    *(_i.c.erp_reference, _i.c.connection, _i.c.creditor_account, _i.c.amount_minor),
    *(_i.c.pay_day, _i.c.execution_date, _i.c.erp, _i.c.company, _i.c.debtor_account),
    *(_i.c.currency, _i.c.business_type, _i.c.own_bank, _i.c.budget_item),
    _i.c.creditor_name,
)
"""The columns of a candidate, without its standing."""
_day: Final = lru_cache(maxsize=512)(date.fromisoformat)


def candidate_at(standing: Standing, row: Sequence[Any]) -> Candidate:
    """A stored instruction as a candidate; the columns of ``row`` are ``CANDIDATE``."""
    reference, connection, creditor, minor, pay, execution, *rest = row
    erp, company, debtor, currency, business, own_bank, budget_item, name = rest
    return Candidate(
        standing,
        reference,
        connection,
        creditor,
        minor,
        _day(pay),
        _day(execution) if execution else None,
        erp,
        company,
        debtor,
        currency,
        business,
        bool(own_bank),  # SQLite's drivers tell 0 and 1
        budget_item,
        name,
    )


class Made(msgspec.Struct, frozen=True, gc=False):
    """Whether somebody may make an instruction: ``refusal`` says why not.

    ``makers`` is what is stored of whoever stands behind it, '' for its maker alone; ``version``
    the number of the rules that say so.
    """

    makers: str = ""
    refusal: NotPermitted | None = None
    version: int = 0


class Leaving(msgspec.Struct, frozen=True, gc=False):
    """What is about to be sent: its recomputed digest, its seal and the rules it was made under."""

    id: str
    digest: str
    seal: str
    version: int


class SendCheck(Protocol):
    """Asked in the unit of work that lets payments leave."""

    def refused(self, uow: Uow, tenant: Tenant, leaving: Sequence[Leaving]) -> Mapping[str, str]:
        """Those that must not leave, by id, each with the reason to hold it."""
        ...


Screened = Mapping[str, Sequence[str]]
"""By instruction id: references that it looks like. It goes back to the check that made it."""


class ReleaseCheck(Protocol):
    """Decides, in the caller's unit of work, whether accepted instructions are held or released."""

    def may_make(
        self, uow: Uow, tenant: Tenant, news: Sequence[NewInstruction]
    ) -> Sequence[Made] | None:
        """Whether each may be made by its maker, before it is stored; None: every one may."""
        ...

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


def release(check: ReleaseCheck, uow: Uow, tenant: Tenant, received: Sequence[Candidate]) -> None:
    """Hand stored instructions to the release check."""
    check.release(uow, tenant, received, check.screen(uow, tenant, received))
