"""What an ERP sends again is judged by what it sent, not by what the gateway derives from it now.

Own bank and same city come from directories and settings, and what is a day to come today is past
tomorrow. Rule kept here: the same content gets the same answer whatever was imported since; only
where the sender's own words differ has something been altered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final
from unicodedata import normalize

import msgspec
from sqlalchemy import Connection, bindparam, select

from gateway.domain.errors import Fault, InvalidInstruction, ReusedReference
from gateway.domain.instruction import BusinessType, Instruction
from gateway.domain.party import masked
from gateway.intake.known import Accepted, Caller
from gateway.intake.payee_bank import Route
from gateway.intake.reconciling import bare
from gateway.intake.refused_lines import REPEATED, RefusedLine, accepted_before
from gateway.intake.validate import validate
from gateway.lifecycle.altered import Altered, AlteredCheck
from gateway.lifecycle.rows import CONTENT, NewInstruction, instruction_at
from gateway.ports.bank import BankDialect
from gateway.ports.erp import Draft
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.instants import from_us
from gateway.store.prepared import Prepared, among, prepare
from gateway.store.store import Store
from gateway.store.uow import Uow

_i = tables.instruction
_MET: Final = prepare(
    select(*CONTENT, _i.c.digest, _i.c.created_us).where(
        _i.c.tenant == bindparam("of_tenant"),
        _i.c.erp == bindparam("of_erp"),
        among(_i.c.erp_reference, "of_references"),
    )
)
_DEBTOR: Final = [it.name for it in CONTENT].index("debtor_account")
_ACCOUNTS: Final = ("creditor_account", "debtor_account")
_OPEN: Final = ("currency", "execution_date", "urgency", "business_type")
"""Fields whose words anybody may see who sees the payment at all."""
Rows = Callable[[Prepared, Mapping[str, object]], Sequence[Sequence[Any]]]
"""Runs a query: in a unit of work, or for those who only read."""


class Met(msgspec.Struct, frozen=True, gc=False):
    """An instruction that is stored, as it was accepted."""

    instruction: Instruction
    digest: str
    created_us: int


class Resent:
    """Looks a second time at what is about to be refused: it may have been accepted before."""

    def __init__(
        self,
        store: Store,
        dialects: Mapping[str, BankDialect],
        check: AlteredCheck | None,
    ) -> None:
        self._store = store
        self._dialects = dialects
        self._check = check

    async def look(
        self, caller: Caller, draft: Draft, refusal: InvalidInstruction | ReusedReference
    ) -> Instruction | None:
        """What was accepted before where the sender's words are the same.

        None where the refusal stands; then what has been altered is held.
        """
        stored = (await self._met(caller, [reference_of(draft)])).get(reference_of(draft))
        if stored is None:
            return None
        sent = self.judged_then(caller, draft, stored)
        if not isinstance(sent, Instruction):
            return None
        digest = sent.digest()
        by_reference = True
        if isinstance(refusal, ReusedReference):
            by_reference = refusal.stored_digest == stored.digest
            digest = refusal.sent_digest if by_reference else digest
        if same(sent, stored):
            return as_derived(sent, stored) if by_reference else None
        await self.hold(caller.tenant, [altered(sent, digest, stored)])
        return None

    async def hold(self, tenant: Tenant, found: Sequence[Altered]) -> None:
        """Have those held that were altered; before the caller hears of it."""
        check = self._check
        if check is not None and found:
            await self._store.write(lambda uow: check.hold(uow, tenant, found))

    async def watches(self, tenant: Tenant) -> bool:
        """Whether anything comes of what was altered."""
        check = self._check
        if check is None:
            return False
        return await self._store.write(lambda uow: check.watches(uow, tenant))

    async def lines(
        self, caller: Caller, drafts: Mapping[int, Draft], refused: Sequence[RefusedLine]
    ) -> list[RefusedLine]:
        """Refused lines of these drafts; what was accepted earlier, with its words, says so."""
        asked = {
            it.line: drafts[it.line] for it in refused if it.line in drafts and not it.has(REPEATED)
        }
        found = await self._met(caller, [reference_of(it) for it in asked.values()])
        again = {line: found.get(reference_of(draft)) for line, draft in asked.items()}
        return [
            accepted_before(it, stored.instruction.id)
            if (stored := again.get(it.line)) is not None
            and isinstance(sent := self.judged_then(caller, drafts[it.line], stored), Instruction)
            and same(sent, stored)
            else it
            for it in refused
        ]

    def others(
        self,
        uow: Uow,
        caller: Caller,
        news: Sequence[NewInstruction],
        known: Mapping[str, Accepted],
    ) -> frozenset[str]:
        """Those references that were accepted with other words."""
        unlike = [it for it in news if known[it.instruction.erp_reference].digest != it.digest]
        names = [it.instruction.erp_reference for it in unlike]
        found = met(uow.tuples, caller.tenant, caller.erp, names) if names else {}
        return frozenset(
            name
            for name, it in zip(names, unlike, strict=True)
            if name not in found or not same(it.instruction, found[name])
        )

    async def compare(self, caller: Caller, news: Sequence[NewInstruction]) -> None:
        """Have those held whose stored content is not what these say."""
        found = await self._met(caller, [it.instruction.erp_reference for it in news])
        await self.hold(caller.tenant, differing(news, found))

    def judged_then(
        self, caller: Caller, draft: Draft, stored: Met
    ) -> Instruction | tuple[Fault, ...]:
        """A draft judged as on the day of its acceptance, with what was derived then."""
        before = stored.instruction
        return validate(
            draft,
            tenant=caller.tenant,
            erp=caller.erp,
            dialect_of=self._dialects.__getitem__,
            today=from_us(stored.created_us).date(),
            new_id=lambda: before.id,
            derived=Route(before.own_bank, before.local),
        )

    async def _met(self, caller: Caller, references: Sequence[str]) -> dict[str, Met]:
        return await self._store.read(
            lambda db: met(partial(_run, db), caller.tenant, caller.erp, references)
        )


def _run(
    db: Connection, statement: Prepared, values: Mapping[str, object]
) -> Sequence[Sequence[Any]]:
    return statement.tuples(db, values)


def met(rows: Rows, tenant: Tenant, erp: str, references: Sequence[str]) -> dict[str, Met]:
    """What is stored under references of an ERP, where its account is still configured."""
    found = rows(_MET, {"of_tenant": tenant.id, "of_erp": erp, "of_references": list(references)})
    read = [
        Met(instruction_at(content, tenant), digest, created_us)
        for *content, digest, created_us in found
        if content[_DEBTOR] in tenant.accounts
    ]
    return {it.instruction.erp_reference: it for it in read}


def reference_of(draft: Draft) -> str:
    """A draft's reference as it would be stored."""
    return normalize("NFC", draft.erp_reference)


def same(sent: Instruction, stored: Met) -> bool:
    """Whether a sender's words are those that were accepted."""
    return as_derived(sent, stored).digest() == stored.digest


def as_derived(sent: Instruction, stored: Met) -> Instruction:
    """What was sent, with what was derived and added when it was accepted."""
    before = stored.instruction
    told = msgspec.structs.replace(sent, own_bank=before.own_bank, local=before.local)
    if bare(told).content() == bare(before).content():  # but for a code of ours, the same
        return msgspec.structs.replace(
            told,
            memo=before.memo,
            purpose=before.purpose,
            reconciliation_code=before.reconciliation_code,
        )
    return told


def differing(news: Sequence[NewInstruction], found: Mapping[str, Met]) -> list[Altered]:
    """Those of these that are stored with other content."""
    return [
        altered(it.instruction, it.digest, stored)
        for it in news
        if (stored := found.get(it.instruction.erp_reference)) is not None
        and not same(it.instruction, stored)
    ]


def altered(sent: Instruction, sent_digest: str, stored: Met) -> Altered:
    """What differs between what was accepted and what came under its reference."""
    return Altered(
        id=stored.instruction.id,
        stored_digest=stored.digest,
        sent_digest=sent_digest,
        fields=tuple(_differences(stored.instruction, as_derived(sent, stored))),
    )


def _differences(before: Instruction, after: Instruction) -> Sequence[str]:
    old, new = before.content(), after.content()
    told = set(_OPEN)
    if BusinessType.PAYROLL not in (before.business_type, after.business_type):
        told.add("amount")
    found: list[str] = []
    for name in sorted({*old, *new}):
        was, now = old.get(name, ""), new.get(name, "")
        if was == now:
            continue
        if name in _ACCOUNTS:
            found.append(f"{name} {masked(was)} → {masked(now)}")
        elif name in told:
            found.append(f"{name} {was or '-'} → {now or '-'}")
        else:
            found.append(name)
    return found
