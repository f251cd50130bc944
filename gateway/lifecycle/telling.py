"""Where whoever has something for an ERP puts it: into the outbox, in the same commit.

Rule kept here: what is told once under a subject and version is never told twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from msgspec import UNSET

from gateway.domain.instruction import FINAL, PENDING_REASON
from gateway.domain.merged import echoed_parts
from gateway.domain.money import Money, currency
from gateway.lifecycle.outbox import Told as Change
from gateway.ports.erp_told import StatusTold, Told, ToldKind
from gateway.ports.tenancy import Tenant
from gateway.store.instants import from_us
from gateway.store.uow import Uow


def status_told(row: Any, owner: Tenant, change: Change) -> StatusTold:  # noqa: ANN401 - a row
    """What an ERP is told of an instruction that came to stand so.

    ``row`` has the columns of an instruction that never change, with ``serial`` and what its batch
    is called (None or '' where there is none); state, code and words are those of ``change``. What
    is not known keeps its state and a reason, never a failure.
    """
    own = owner.accounts.get(row.debtor_account)
    source, parts = echoed_parts(row.merged, row.source)
    return StatusTold(
        instruction=row.id,
        version=change.version,
        state=change.state.value,
        erp=row.erp,
        erp_reference=row.erp_reference,
        at=from_us(change.at_us),
        amount=Money(row.amount_minor, currency(row.currency)).text(),
        currency=row.currency,
        final=change.state in FINAL,
        reason=PENDING_REASON.get(change.state, ""),
        code=change.code,
        text=change.text or change.reason,
        bank_reference=change.bank_reference,
        serial=row.serial or "",
        batch=row.batch,
        batch_reference=row.batch_reference or "",
        batch_format=row.batch_format or "",
        batch_lines=row.batch_lines or 0,
        line=row.line,
        debtor_account=row.debtor_account,
        debtor_name=own.party.name if own is not None else "",
        creditor_account=row.creditor_account,
        creditor_name=row.creditor_name,
        purpose=row.purpose,
        business_type=row.business_type,
        end_to_end_id=row.end_to_end_id,
        reconciliation_code=row.reconciliation_code,
        source=source,
        merged=parts or UNSET,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """One record for one ERP system.

    ``subject`` (at most 40 characters) is what it is about; records of one subject go out in the
    order of their ``version``, the next one only once the one before has been taken.
    """

    told: Told
    subject: str
    version: int = 1
    unless_waiting: bool = False
    """Left out while another of its subject still waits: what is told of now and again."""
    following: bool = False
    """Follows whatever was told of its subject: ``version`` is the least that it gets. Left out
    where the last told says the same ``standing``, if it has one."""
    standing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookSay:
    """One record about the books. ``owner`` is the ERP whose item it is, '' for an account."""

    say: Say
    owner: str = ""


class BookOutbox(Protocol):
    """The outboxes of all who asked to be told what happens in the books."""

    def wanted(self, tenant: str) -> frozenset[ToldKind]:
        """What of its books somebody of a tenant is told."""
        ...

    def tell(self, uow: Uow, tenant: str, says: Sequence[BookSay]) -> None:
        """Put records into the outboxes of those whom they concern, in the caller's commit."""
        ...


class ErpOutbox(Protocol):
    """The outboxes of all ERP systems that are told anything at all."""

    def tell(self, uow: Uow, tenant: str, system: str, says: Sequence[Say]) -> int:
        """Put records into a system's outbox; returns how many were new.

        What the system is not told of (its settings, its language) is left out.
        """
        ...

    def withdraw(self, uow: Uow, tenant: str, system: str, subjects: Sequence[str]) -> int:
        """Tell no more what still waits under these subjects; returns how many records.

        A document that was refused and is then put right must not be called refused afterwards.
        """
        ...
