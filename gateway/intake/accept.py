"""Accepting instructions: what gets a 2xx is durable, and the same request gets the same answer.

One transaction stores the instruction, its history and journal record, and hands it to the
release check.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import bindparam, select

from gateway.domain.decision import Actor
from gateway.domain.errors import Fault, InvalidInstruction, NotFound, ReusedReference
from gateway.domain.ids import InstructionId, TenantId
from gateway.domain.instruction import Instruction, State
from gateway.domain.outcome import Grade
from gateway.intake.validate import validate
from gateway.lifecycle.apply import receive
from gateway.lifecycle.release import ReleaseCheck
from gateway.lifecycle.rows import NewInstruction, Standing
from gateway.ports.bank import BankDialect
from gateway.ports.erp import Draft
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.journal import Record
from gateway.store.store import Store
from gateway.store.uow import Uow

_i = tables.instruction
KEY_SCOPE: Final = "key"
_EXISTING: Final = select(_i.c.id, _i.c.erp_reference, _i.c.digest).where(
    _i.c.tenant == bindparam("of_tenant"),
    _i.c.erp == bindparam("of_erp"),
    _i.c.erp_reference.in_(bindparam("of_references", expanding=True)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, for which tenant and ERP."""

    tenant: Tenant
    actor: Actor
    erp: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """An accepted instruction, new or met again: what the acceptance body is made of."""

    id: InstructionId
    erp_reference: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A just stored instruction as the release check sees it."""

    standing: Standing
    erp_reference: str
    connection: str
    creditor_account: str
    amount_minor: int
    pay_day: date
    execution_date: date | None


class Intake:
    """The use cases of taking instructions in."""

    def __init__(
        self,
        store: Store,
        runtime: Runtime,
        dialects: Mapping[str, BankDialect],
        release: ReleaseCheck,
    ) -> None:
        self.store = store
        self.runtime = runtime
        self._dialects = dialects
        self._release = release

    async def accept(self, caller: Caller, draft: Draft, *, key: str, body_digest: str) -> Accepted:
        """Accept one instruction; ``key`` is the Idempotency-Key or ''.

        Raises InvalidInstruction with every fault, or ReusedReference with both digests.
        """
        instruction = self.examine(caller, draft)
        if not isinstance(instruction, Instruction):
            raise InvalidInstruction(faults=instruction)
        new = self.new(caller, instruction, draft)
        return await self.store.write(
            lambda uow: self._accept(uow, caller, new, key, body_digest), may_refuse=True
        )

    def examine(self, caller: Caller, draft: Draft) -> Instruction | tuple[Fault, ...]:
        """Validate one draft: the instruction, or every fault."""
        return validate(
            draft,
            tenant=caller.tenant,
            erp=caller.erp,
            dialect_of=self._dialects.__getitem__,
            today=self.runtime.clock.now().date(),
            new_id=lambda: InstructionId(self.runtime.ids.new("ins")),
        )

    def new(self, caller: Caller, instruction: Instruction, draft: Draft) -> NewInstruction:
        """The row-to-be of an instruction."""
        account = caller.tenant.accounts[instruction.debtor.account.number]
        source = json.dumps(dict(draft.source), ensure_ascii=False) if draft.source else ""
        return NewInstruction(
            instruction=instruction,
            digest=instruction.digest(),
            maker=caller.actor.label(),
            connection=account.connection,
            pay_day=instruction.execution_date or self.runtime.clock.now().date(),
            source=source,
        )

    def _accept(
        self, uow: Uow, caller: Caller, new: NewInstruction, key: str, body_digest: str
    ) -> Accepted:
        if key:
            again = remembered(uow, caller, KEY_SCOPE, key, body_digest)
            if again is not None:
                return _stored(uow, caller, again)
        known = existing(uow, caller, [new.instruction.erp_reference]).get(
            new.instruction.erp_reference
        )
        if known is not None:
            if known.digest != new.digest:
                raise ReusedReference(stored_digest=known.digest, sent_digest=new.digest)
            if key:
                self.remember(uow, caller, KEY_SCOPE, key, body_digest, known.id)
            return known
        candidates = [received_of(new)]
        screened = self._release.screen(uow, caller.tenant, candidates)
        self.store_new(uow, caller, [new])
        self._release.release(uow, caller.tenant, candidates, screened)
        if key:
            self.remember(uow, caller, KEY_SCOPE, key, body_digest, new.instruction.id)
        return Accepted(
            id=new.instruction.id, erp_reference=new.instruction.erp_reference, digest=new.digest
        )

    def store_new(self, uow: Uow, caller: Caller, news: Sequence[NewInstruction]) -> None:
        """Store accepted instructions and journal the acceptance, one record for all of them."""
        at_us = to_us(self.runtime.clock.now())
        receive(uow, news, at_us)
        first = news[0]
        uow.journal(
            Record(
                tenant=caller.tenant.id,
                kind="accepted",
                subject=first.batch or first.instruction.id,
                at_us=at_us,
                content={
                    "erp": caller.erp,
                    "maker": caller.actor.label(),
                    "lines": [[new.instruction.id, new.digest] for new in news],
                },
            )
        )

    def release(self, uow: Uow, tenant: Tenant, received: Sequence[Received]) -> None:
        """Hand stored instructions to the release check."""
        screened = self._release.screen(uow, tenant, received)
        self._release.release(uow, tenant, received, screened)

    def remember(  # noqa: PLR0913, PLR0917 - one row's columns
        self, uow: Uow, caller: Caller, scope: str, key: str, digest: str, subject: str
    ) -> None:
        """Remember which answer belongs to a key."""
        uow.add(
            tables.acceptance,
            {
                "tenant": caller.tenant.id,
                "scope": scope,
                "key": key,
                "digest": digest,
                "subject": subject,
                "at_us": to_us(self.runtime.clock.now()),
            },
        )


def remembered(uow: Uow, caller: Caller, scope: str, key: str, digest: str) -> str | None:
    """The subject remembered for a key; raises ReusedReference when the content differs."""
    row = uow.first(
        select(tables.acceptance.c.digest, tables.acceptance.c.subject).where(
            tables.acceptance.c.tenant == caller.tenant.id,
            tables.acceptance.c.scope == scope,
            tables.acceptance.c.key == key,
        )
    )
    if row is None:
        return None
    if row.digest != digest:
        raise ReusedReference(stored_digest=row.digest, sent_digest=digest)
    return str(row.subject)


def existing(uow: Uow, caller: Caller, references: Sequence[str]) -> dict[str, Accepted]:
    """Instructions of this ERP that exist already (accepted or being staged), by reference."""
    found: dict[str, Accepted] = {}
    for start in range(0, len(references), 400):
        values = {
            "of_tenant": caller.tenant.id,
            "of_erp": caller.erp,
            "of_references": list(references[start : start + 400]),
        }
        for row in uow.rows(_EXISTING, values):
            found[row.erp_reference] = Accepted(
                id=InstructionId(row.id), erp_reference=row.erp_reference, digest=row.digest
            )
    return found


def _stored(uow: Uow, caller: Caller, instruction: str) -> Accepted:
    row = uow.first(
        select(_i.c.id, _i.c.erp_reference, _i.c.digest).where(
            _i.c.tenant == caller.tenant.id, _i.c.id == instruction
        )
    )
    if row is None:
        raise NotFound
    return Accepted(id=InstructionId(row.id), erp_reference=row.erp_reference, digest=row.digest)


def received_of(new: NewInstruction) -> Received:
    """A new instruction as the release check sees it."""
    it = new.instruction
    return Received(
        standing=Standing(
            tenant=TenantId(it.tenant),
            id=it.id,
            state=State.RECEIVED,
            version=0,
            grade=Grade.NONE,
            message="",
            maker=new.maker,
            digest=new.digest,
            batch=new.batch,
        ),
        erp_reference=it.erp_reference,
        connection=new.connection,
        creditor_account=it.creditor.account.number,
        amount_minor=it.amount.minor,
        pay_day=new.pay_day,
        execution_date=it.execution_date,
    )
