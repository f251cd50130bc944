"""Instructions as rows: the one place where columns and the record meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, Select, bindparam, select

from gateway.domain.ids import InstructionId, TenantId
from gateway.domain.instruction import BusinessType, Instruction, State, Urgency
from gateway.domain.money import Money, currency
from gateway.domain.outcome import Grade
from gateway.domain.party import Account, Agent, Party
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

_i = tables.instruction
_STATES = {state.value: state for state in State}
_GRADES = {grade.value: grade for grade in Grade}


class Standing(NamedTuple):
    """Where one instruction stands: enough to judge evidence about it.

    A named tuple, as each step of each line makes one: a frozen record takes five times as long.
    """

    tenant: TenantId
    id: InstructionId
    state: State
    version: int
    grade: Grade
    message: str
    maker: str
    digest: str
    batch: str
    step: str = ""
    """The newest step of its history; '' when that was written before there were steps."""


STANDING: Final = (
    *(_i.c.tenant, _i.c.id, _i.c.state, _i.c.version, _i.c.grade),
    *(_i.c.message, _i.c.maker, _i.c.digest, _i.c.batch, _i.c.step),
)
"""The columns of a standing."""


def standing(row: Row[Any]) -> Standing:
    """The standing in a row that selects at least the standing columns."""
    return Standing(
        tenant=TenantId(row.tenant),
        id=InstructionId(row.id),
        state=_STATES[row.state],
        version=row.version,
        grade=_GRADES[row.grade],
        message=row.message,
        maker=row.maker,
        digest=row.digest,
        batch=row.batch,
        step=row.step,
    )


_STANDINGS: Final = prepare(
    select(*STANDING)
    .where(_i.c.tenant == bindparam("of_tenant"), among(_i.c.id, "of_ids"))
    .order_by(_i.c.id)
    .with_for_update()
)


def standings(uow: Uow, tenant: str, ids: Sequence[str]) -> list[Standing]:
    """Standings of the instructions that exist, to be changed in this unit of work.

    Until it commits no other process changes them (they are locked in the order of their ids).
    """
    return [
        standing(row) for row in uow.rows(_STANDINGS, {"of_tenant": tenant, "of_ids": list(ids)})
    ]


def select_instructions(tenant: str, ids: Sequence[str]) -> Select[Any]:
    """All columns of some instructions."""
    return select(_i).where(_i.c.tenant == tenant, _i.c.id.in_(ids))


def instruction_of(row: Row[Any], tenant: Tenant) -> Instruction:
    """The record in a row. The debtor's name and bank come from the tenant's configuration."""
    return Instruction(
        tenant=TenantId(row.tenant),
        id=InstructionId(row.id),
        erp=row.erp,
        erp_reference=row.erp_reference,
        company=row.company,
        debtor=tenant.accounts[row.debtor_account].party,
        creditor=Party(
            name=row.creditor_name,
            account=Account(
                number=row.creditor_account,
                agent=Agent(
                    name=row.creditor_agent_name,
                    cnaps=row.creditor_agent_cnaps,
                    bic=row.creditor_agent_bic,
                    city=row.creditor_city,
                ),
            ),
        ),
        amount=Money(row.amount_minor, currency(row.currency)),
        purpose=row.purpose,
        memo=row.memo,
        own_bank=row.own_bank,
        local=row.local,
        business_type=BusinessType(row.business_type),
        urgency=Urgency(row.urgency),
        execution_date=date.fromisoformat(row.execution_date) if row.execution_date else None,
        end_to_end_id=row.end_to_end_id,
        reconciliation_code=row.reconciliation_code,
        payroll_purpose=row.payroll_purpose,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInstruction:
    """An accepted instruction with what surrounds it, ready to be stored."""

    instruction: Instruction
    digest: str
    maker: str
    connection: str
    pay_day: date
    source: str
    """JSON of what a reply in the ERP's own format must echo; '' when there is nothing."""
    batch: str = ""
    line: int = 0


def row_of(new: NewInstruction, at_us: int, step: str = "") -> dict[str, object]:
    """The row of a new instruction, in state RECEIVED; ``step`` records its arrival."""
    it = new.instruction
    agent = it.creditor.account.agent
    return {
        "tenant": it.tenant,
        "id": it.id,
        "erp": it.erp,
        "erp_reference": it.erp_reference,
        "digest": new.digest,
        "batch": new.batch,
        "line": new.line,
        "maker": new.maker,
        "company": it.company,
        "connection": new.connection,
        "debtor_account": it.debtor.account.number,
        "amount_minor": it.amount.minor,
        "currency": it.amount.currency.code,
        "creditor_name": it.creditor.name,
        "creditor_account": it.creditor.account.number,
        "creditor_agent_name": agent.name,
        "creditor_agent_cnaps": agent.cnaps,
        "creditor_agent_bic": agent.bic,
        "creditor_city": agent.city,
        "purpose": it.purpose,
        "memo": it.memo,
        "own_bank": it.own_bank,
        "local": it.local,
        "business_type": it.business_type.value,
        "urgency": it.urgency.value,
        "execution_date": it.execution_date.isoformat() if it.execution_date else "",
        "pay_day": new.pay_day.isoformat(),
        "end_to_end_id": it.end_to_end_id,
        "reconciliation_code": it.reconciliation_code,
        "payroll_purpose": it.payroll_purpose,
        "source": new.source,
        "created_us": at_us,
        "state": State.RECEIVED.value,
        "version": 0,
        "grade": 0,
        "message": "",
        "reason": "",
        "code": "",
        "text": "",
        "bank_reference": "",
        "changed_us": at_us,
        "step": step,
    }
