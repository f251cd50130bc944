"""Accepting instructions: what gets a 2xx is durable, and the same request gets the same answer.

One transaction stores the instruction, its history and journal record, and hands it to the
release check. Calls that come while the last commit is under way are done together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from msgspec.structs import replace

from gateway.domain.errors import (
    DocumentTaken,
    Fault,
    GatewayError,
    InvalidInstruction,
    NotFound,
    ReusedReference,
)
from gateway.domain.ids import InstructionId
from gateway.domain.instruction import BusinessType, Instruction, State
from gateway.domain.outcome import Grade
from gateway.intake.claimed import Claims, guard
from gateway.intake.examine import Examiner
from gateway.intake.known import Accepted, Caller, Remembered, existing, remembered, stored
from gateway.intake.merging import stored_source
from gateway.intake.own_numbers import in_our_numbers
from gateway.intake.reconciling import Coder, coder
from gateway.intake.resent import Resent
from gateway.intake.validate import validate
from gateway.lifecycle.altered import AlteredCheck
from gateway.lifecycle.apply import receive
from gateway.lifecycle.release import Candidate, Made, ReleaseCheck, release
from gateway.lifecycle.rows import NewInstruction, Standing
from gateway.ports.bank import BankDialect
from gateway.ports.erp import Draft
from gateway.ports.reference import OfficeSource
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.journal import Record
from gateway.store.store import Store
from gateway.store.uow import Uow

__all__ = [
    "Accepted",
    "Caller",
    "Intake",
    "Remembered",
    "candidate_of",
    "existing",
    "remembered",
    "with_makers",
]

_RECEIVED: Final = State.RECEIVED
_BUSINESSES: Final = {it: it.value for it in BusinessType}
_UNGRADED: Final = Grade.NONE
KEY_SCOPE: Final = "key"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One call for one instruction, examined."""

    caller: Caller
    new: NewInstruction
    key: str
    body_digest: str


class Intake:
    """The use cases of taking instructions in."""

    def __init__(  # noqa: PLR0913 - the last two by keyword, absent in most tests
        self,
        store: Store,
        runtime: Runtime,
        dialects: Mapping[str, BankDialect],
        release: ReleaseCheck,
        *,
        offices: OfficeSource | None = None,
        altered: AlteredCheck | None = None,
    ) -> None:
        self.store = store
        self.resent = Resent(store, dialects, altered)
        self.runtime = runtime
        self._dialects = dialects
        self._release = release
        self._offices = offices

    async def accept(self, caller: Caller, draft: Draft, *, key: str, body_digest: str) -> Accepted:
        """Accept one instruction; ``key`` is the Idempotency-Key or ''.

        Raises InvalidInstruction with every fault, or ReusedReference with both digests.
        """
        await self.ready()
        draft = in_our_numbers(caller, draft)

        async def take(examined: Instruction | tuple[Fault, ...]) -> Accepted:
            if not isinstance(examined, Instruction):
                raise InvalidInstruction(faults=examined)
            asked = _Asked(
                caller=caller,
                new=self.new(caller, examined, draft),
                key=key,
                body_digest=body_digest,
            )
            accepted: Accepted = await self.store.gather(self._accept, asked, may_refuse=True)
            return accepted

        try:
            return await take(self._coded(caller, self.examine(caller, draft)))
        except (InvalidInstruction, ReusedReference) as refusal:
            again = await self.resent.look(caller, draft, refusal)
            if again is None:
                raise
        return await take(again)

    async def ready(self) -> None:
        """See that what drafts are judged by is there, and as it was imported last."""
        if self._offices is not None:
            await self._offices.ready()

    def today(self) -> date:
        """The shared clock's day."""
        return self.runtime.clock.now().date()

    def examine(self, caller: Caller, draft: Draft) -> Instruction | tuple[Fault, ...]:
        """Validate one draft: the instruction, or every fault."""
        return validate(
            draft,
            tenant=caller.tenant,
            erp=caller.erp,
            dialect_of=self._dialects.__getitem__,
            today=self.today(),
            new_id=self._new_id,
            offices=self._offices.now if self._offices is not None else None,
        )

    def coder(self, caller: Caller, today: date) -> Coder:
        """What gives the caller's instructions their reconciliation codes."""
        return coder(caller, self._dialects.__getitem__, today)

    def _coded(
        self, caller: Caller, examined: Instruction | tuple[Fault, ...]
    ) -> Instruction | tuple[Fault, ...]:
        if not isinstance(examined, Instruction):
            return examined
        return self.coder(caller, self.today())(examined)

    def examiner(self, caller: Caller, today: date) -> Examiner:
        """The same for many drafts of one caller."""
        return Examiner(
            tenant=caller.tenant,
            erp=caller.erp,
            dialect_of=self._dialects.__getitem__,
            today=today,
            new_id=self._new_id,
            offices=self._offices.now if self._offices is not None else None,
        )

    def _new_id(self) -> InstructionId:
        return InstructionId(self.runtime.ids.new("ins"))

    def new(  # noqa: PLR0913 - the last three by keyword
        self,
        caller: Caller,
        instruction: Instruction,
        draft: Draft,
        *,
        batch: str = "",
        line: int = 0,
        today: date | None = None,
    ) -> NewInstruction:
        """The row-to-be of an instruction; ``line`` of a ``batch`` read ``today``, or alone."""
        account = caller.tenant.accounts[instruction.debtor.account.number]
        source = stored_source(draft)
        return NewInstruction(
            instruction=instruction,
            digest=instruction.digest(),
            maker=caller.maker,
            connection=account.connection,
            pay_day=instruction.execution_date or today or self.today(),
            source=source,
            batch=batch,
            line=line,
        )

    def _accept(self, uow: Uow, asked: Sequence[_Asked]) -> list[Accepted | GatewayError]:
        """Accept what many callers asked for, in their order."""
        groups: dict[tuple[str, str, str], list[int]] = {}
        for place, it in enumerate(asked):
            caller = it.caller
            key = (caller.tenant.id, caller.erp, it.new.maker)
            groups.setdefault(key, []).append(place)
        results: dict[int, Accepted | GatewayError] = {}
        guard(uow, [(it.caller, bool(it.new.instruction.merged)) for it in asked])
        for places in groups.values():
            of_one = self._accept_of_one(uow, [asked[place] for place in places])
            results.update(zip(places, of_one, strict=True))
        return [results[place] for place in range(len(asked))]

    def _accept_of_one(self, uow: Uow, asked: Sequence[_Asked]) -> list[Accepted | GatewayError]:
        """The same for one maker: what repeats something gets the answer of the first."""
        caller = asked[0].caller
        met = _Met(uow, caller, asked)
        made = self._release.may_make(uow, caller.tenant, [it.new for it in asked])
        if made is None:
            results = [met.answer(it) for it in asked]
        else:
            results = [met.answer(it, by) for it, by in zip(asked, made, strict=True)]
        if met.fresh:
            step = self.runtime.ids.new("his")
            candidates = [candidate_of(new, step) for new in met.fresh]
            screened = self._release.screen(uow, caller.tenant, candidates)
            self.store_new(uow, caller, met.fresh, step)
            self._release.release(uow, caller.tenant, candidates, screened)
        for it, known in met.keyed:
            self.remember(uow, caller, KEY_SCOPE, it.key, it.body_digest, known.id)
        return results

    def store_new(
        self, uow: Uow, caller: Caller, news: Sequence[NewInstruction], step: str
    ) -> None:
        """Store one maker's accepted instructions; ``step`` records their arrival.

        The journal gets one record of it: of a chunk of a batch, or of each single instruction.
        """
        at_us = to_us(self.runtime.clock.now())
        receive(uow, news, at_us, step)
        told = [news] if news[0].batch else [[new] for new in news]
        for some in told:
            uow.journal(
                Record(
                    tenant=caller.tenant.id,
                    kind="accepted",
                    subject=some[0].batch or some[0].instruction.id,
                    at_us=at_us,
                    content={
                        "erp": caller.erp,
                        "maker": caller.maker,
                        "lines": [[new.instruction.id, new.digest] for new in some],
                    },
                )
            )

    def may_make(
        self, uow: Uow, tenant: Tenant, news: Sequence[NewInstruction]
    ) -> Sequence[Made] | None:
        """See ``ReleaseCheck.may_make``."""
        return self._release.may_make(uow, tenant, news)

    def release(self, uow: Uow, tenant: Tenant, received: Sequence[Candidate]) -> None:
        """Hand stored instructions to the release check."""
        release(self._release, uow, tenant, received)

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


class _Met:
    """What was met before, in the database or earlier in the same group of calls."""

    def __init__(self, uow: Uow, caller: Caller, asked: Sequence[_Asked]) -> None:
        self.fresh: list[NewInstruction] = []
        self.keyed: list[tuple[_Asked, Accepted]] = []
        """Keys to be remembered, each with its answer."""
        keys = [it.key for it in asked if it.key]
        self._keys = remembered(uow, caller, KEY_SCOPE, keys)
        self._of_keys = stored(uow, caller, [it.subject for it in self._keys.values()])
        self._known = existing(uow, caller, [it.new.instruction.erp_reference for it in asked])
        unknown = [it.new for it in asked if it.new.instruction.erp_reference not in self._known]
        self._claims = Claims(uow, caller, unknown)

    def answer(self, it: _Asked, made: Made | None = None) -> Accepted | GatewayError:
        """The acceptance of one call, or why there is none.

        What was accepted before gets its answer whether or not it might be made now.
        """
        again = self._keys.get(it.key) if it.key else None
        if again is not None:
            if again.digest != it.body_digest:
                return ReusedReference(stored_digest=again.digest, sent_digest=it.body_digest)
            return self._of_keys.get(again.subject) or NotFound()
        new = it.new
        reference = new.instruction.erp_reference
        known = self._known.get(reference)
        if known is None:
            if made is not None:
                if made.refusal is not None:
                    return made.refusal
                new = with_makers(new, made)
            clash = self._claims.clash(new)
            if clash is not None:
                return DocumentTaken(faults=(clash,))
            known = Accepted(id=new.instruction.id, erp_reference=reference, digest=new.digest)
            self._known[reference] = known
            self.fresh.append(new)
        elif known.digest != new.digest:
            return ReusedReference(stored_digest=known.digest, sent_digest=new.digest)
        if it.key:
            self.keyed.append((it, known))
            self._keys[it.key] = Remembered(digest=it.body_digest, subject=known.id)
            self._of_keys[known.id] = known
        return known


def with_makers(new: NewInstruction, made: Made) -> NewInstruction:
    """The same with everybody who stands behind it, and the rules it was made under."""
    if not made.makers and not made.version:
        return new
    return replace(new, makers=made.makers, control_version=made.version)


def candidate_of(new: NewInstruction, step: str) -> Candidate:
    """A new instruction as the release check sees it."""
    it = new.instruction
    return Candidate(
        Standing(
            it.tenant,
            it.id,
            _RECEIVED,
            0,
            _UNGRADED,
            "",
            new.maker,
            new.digest,
            new.batch,
            step,
        ),
        it.erp_reference,
        new.connection,
        it.creditor.account.number,
        it.amount.minor,
        new.pay_day,
        it.execution_date,
        it.erp,
        it.company,
        it.debtor.account.number,
        it.amount.currency.code,
        _BUSINESSES[it.business_type],
        it.own_bank,
        it.budget_item,
        it.creditor.name,
    )
