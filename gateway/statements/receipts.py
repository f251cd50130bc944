"""Receipts (回单) of payments: asked of the bank, kept once it says that money moved.

Rule kept here: lines of other payments in the same message are left out, and a receipt that may
still change is asked for again each time.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Connection, Row, String, bindparam, select

from gateway.domain.errors import NotFound, NotOffered
from gateway.domain.outcome import Verdict
from gateway.domain.receipt import ReceiptFacts, decoded, encoded
from gateway.ports.bank_batch import InstructionReceipt
from gateway.ports.erp_answers import Asker
from gateway.ports.runtime import Runtime
from gateway.ports.statements import QuestionSource
from gateway.statements.payments import Sent, by_id, sent
from gateway.statements.receipt_rows import paper_of_payment
from gateway.statements.sharing import Shared, Sharing
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.prepared import prepare
from gateway.store.store import Store
from gateway.store.uow import Uow

if TYPE_CHECKING:
    from gateway.statements.answers import Seen

_r, _i = tables.statement_receipt, tables.instruction
_NUMBER_MAX: Final = 128
_ONE: Final = prepare(
    select(_r.c.instruction).where(
        _r.c.tenant == bindparam("of_tenant", type_=String()),
        _r.c.instruction == bindparam("of_instruction", type_=String()),
    )
)


class Found(NamedTuple):
    """A receipt's facts, when the bank was asked, and whether that was for somebody else."""

    facts: ReceiptFacts
    asked_at: datetime
    shared: bool


class Receipts:
    """The use case behind receipts, whoever asks. Build it once: what is shared is in it."""

    def __init__(self, store: Store, runtime: Runtime, bank: QuestionSource, seen: Seen) -> None:
        self._store = store
        self._clock = runtime.clock
        self._bank = bank
        self._seen = seen
        self._asked: Sharing[InstructionReceipt] = Sharing(runtime)

    async def _row(self, asker: Asker, wanted: str) -> Row[Any]:
        def find(db: Connection) -> Row[Any]:
            row = by_id(db, asker, wanted)
            if row is None:
                instruction = _numbered(db, asker.tenant, wanted)
                row = by_id(db, asker, instruction) if instruction else None
            if row is None:
                raise NotFound
            self._seen.instruction(db, asker, row.id)
            return row

        return await self._store.read(find)

    async def get(self, asker: Asker, wanted: str) -> ReceiptFacts:
        """The receipt of an instruction (its id), or the kept one with that number of the bank's.

        Raises NotFound for what is not there or not the asker's, NotOffered for a payment that
        never left or a bank without receipts, and what asking the bank raises.
        """
        return (await self.of(asker.tenant, await self._row(asker, wanted))).facts

    async def bank_file(self, asker: Asker, wanted: str) -> Row[Any] | None:
        """The bank's own paper of the same, as it is kept; None where there is none (yet).

        Raises NotFound as ``get`` does. The bank is not asked.
        """
        row = await self._row(asker, wanted)
        return await self._store.read(lambda db: paper_of_payment(db, asker.tenant, row))

    async def of(self, tenant: str, row: Row[Any]) -> Found:
        """The receipt of a payment that the asker may see. Raises as ``get`` does."""
        kept = await self._store.read(lambda db: _kept(db, tenant, row.id))
        if kept is not None:
            return Found(kept, kept.asked_at, shared=False)
        message = await self._store.read(lambda db: sent(db, tenant, row))
        if message is None:
            raise NotOffered(
                "the payment never left, so the bank has no receipt of it",
                "该付款未发往银行，银行没有其回单",
            )
        found = await self._asked.ask(
            (tenant, message.connection, message.serial),
            self._bank.interval_s(tenant, message.connection),
            lambda: self._bank.receipt(
                tenant, message.connection, message.serial, message.operation
            ),
        )
        facts = _facts(found, message, row)
        if facts.state == Verdict.SETTLED.value:
            await self._store.write(lambda uow: self._keep(uow, tenant, row, facts))
        return Found(facts, found.asked_at, found.shared)

    def _keep(self, uow: Uow, tenant: str, row: Row[Any], facts: ReceiptFacts) -> None:
        """Keep it, unless somebody else just did."""
        uow.guard(f"receipt:{tenant}:{row.id}")
        if uow.rows(_ONE, {"of_tenant": tenant, "of_instruction": row.id}):
            return
        uow.add(
            _r,
            {
                "tenant": tenant,
                "instruction": row.id,
                "account": row.debtor_account,
                "number": facts.receipt_number[:_NUMBER_MAX],
                "content": encoded(facts).decode(),
                "kept_us": to_us(self._clock.now()),
            },
        )


def _kept(db: Connection, tenant: str, instruction: str) -> ReceiptFacts | None:
    statement = select(_r.c.content).where(_r.c.tenant == tenant, _r.c.instruction == instruction)
    found = db.execute(statement).first()
    return decoded(found.content.encode()) if found is not None else None


def _numbered(db: Connection, tenant: str, number: str) -> str:
    """The instruction of the kept receipt with a number; '' where it is none, or not just one.

    All payments of one message stand on one receipt of the bank's.
    """
    statement = select(_r.c.instruction).where(_r.c.tenant == tenant, _r.c.number == number)
    found = db.execute(statement.limit(2)).all()
    return found[0].instruction if number and len(found) == 1 else ""


def _facts(found: Shared[InstructionReceipt], message: Sent, row: Row[Any]) -> ReceiptFacts:
    receipt = found.answer
    lines = [line for line in receipt.lines if line.line == message.line]
    if not lines:
        raise NotFound("the bank's receipt does not name this payment", "银行回单中没有该付款")
    line = lines[0]
    return ReceiptFacts(
        receipt_number=receipt.number,
        bank_reference=receipt.bank_reference,
        asked_at=found.asked_at,
        debtor_name=receipt.debtor.name,
        debtor_account=receipt.debtor.account.number,
        debtor_bank=receipt.debtor.account.agent.name,
        creditor_name=line.creditor.name,
        creditor_account=line.creditor.account.number,
        creditor_bank=line.creditor.account.agent.name,
        amount=line.amount.text(),
        currency=line.amount.currency.code,
        state=line.state,
        maker=receipt.maker,
        checkers=receipt.checkers,
        purpose=row.purpose,
        erp_reference=row.erp_reference,
    )
