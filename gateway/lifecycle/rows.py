"""Instructions as rows: the one place where columns and the record meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

import msgspec
from sqlalchemy import Row, bindparam, select

from gateway.domain.ids import InstructionId, TenantId
from gateway.domain.instruction import BusinessType, Instruction, State, Urgency
from gateway.domain.merged import merged_parts
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
_TYPES: Final = {it.value: it for it in BusinessType}
_URGENCIES: Final = {it.value: it for it in Urgency}
_WORDS: Final[Mapping[BusinessType | Urgency, str]] = {
    word: word.value for words in (BusinessType, Urgency) for word in words
}
_RECEIVED: Final = State.RECEIVED.value
_day: Final = lru_cache(maxsize=512)(date.isoformat)


class Standing(msgspec.Struct, frozen=True, gc=False):
    """Where one instruction stands: enough to judge evidence about it.

    Made for each step of each line: a frozen dataclass takes seven times as long.
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
_standing_columns: Final = attrgetter(*(it.name for it in STANDING))


def standing(row: Row[Any]) -> Standing:
    """The standing in a row that selects at least the standing columns."""
    return standing_at(_standing_columns(row))


def standing_at(row: Sequence[Any]) -> Standing:
    """The same for a row whose first columns are ``STANDING``."""
    tenant, name, state, version, grade, message, maker, digest, batch, step = row[:10]
    return Standing(
        tenant, name, _STATES[state], version, _GRADES[grade], message, maker, digest, batch, step
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
        standing_at(row)
        for row in uow.tuples(_STANDINGS, {"of_tenant": tenant, "of_ids": list(ids)})
    ]


CONTENT: Final = (
    *(_i.c.tenant, _i.c.id, _i.c.erp, _i.c.erp_reference, _i.c.company, _i.c.debtor_account),
    *(_i.c.creditor_name, _i.c.creditor_account, _i.c.creditor_agent_name),
    *(_i.c.creditor_agent_cnaps, _i.c.creditor_agent_bic, _i.c.creditor_city),
    *(_i.c.amount_minor, _i.c.currency, _i.c.purpose, _i.c.memo, _i.c.own_bank, _i.c.local),
    *(_i.c.business_type, _i.c.urgency, _i.c.execution_date, _i.c.end_to_end_id),
    *(_i.c.reconciliation_code, _i.c.payroll_purpose, _i.c.budget_item, _i.c.merged),
)
"""The columns of an instruction's record."""
_content_columns: Final = attrgetter(*(it.name for it in CONTENT))


def instruction_of(row: Row[Any], tenant: Tenant) -> Instruction:
    """The record in a row. The debtor's name and bank come from the tenant's configuration."""
    return instruction_at(_content_columns(row), tenant)


def instruction_at(row: Sequence[Any], tenant: Tenant) -> Instruction:
    """The same for a row whose columns are ``CONTENT``."""
    (
        of_tenant,
        name,
        erp,
        erp_reference,
        company,
        debtor_account,
        creditor_name,
        creditor_account,
        agent_name,
        agent_cnaps,
        agent_bic,
        city,
        amount_minor,
        currency_code,
        purpose,
        memo,
        own_bank,
        local,
        business_type,
        urgency,
        execution_date,
        end_to_end_id,
        reconciliation_code,
        payroll_purpose,
        budget_item,
        merged,
    ) = row
    agent = Agent(name=agent_name, cnaps=agent_cnaps, bic=agent_bic, city=city)
    return Instruction(
        tenant=of_tenant,
        id=name,
        erp=erp,
        erp_reference=erp_reference,
        company=company,
        debtor=tenant.accounts[debtor_account].party,
        creditor=Party(name=creditor_name, account=Account(number=creditor_account, agent=agent)),
        amount=Money(amount_minor, currency(currency_code)),
        purpose=purpose,
        memo=memo,
        own_bank=bool(own_bank),  # SQLite's drivers tell 0 and 1
        local=bool(local),
        business_type=_TYPES[business_type],
        urgency=_URGENCIES[urgency],
        execution_date=date.fromisoformat(execution_date) if execution_date else None,
        end_to_end_id=end_to_end_id,
        reconciliation_code=reconciliation_code,
        payroll_purpose=payroll_purpose,
        budget_item=budget_item,
        merged=merged,
    )


class NewInstruction(msgspec.Struct, frozen=True, kw_only=True, gc=False):
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
    makers: str = ""
    """JSON list of the actors who stand behind it; '' when that is its maker alone."""
    control_version: int = 0
    """The rules under which it was made: those that release it are mostly the same, and a row in
    which no indexed column changes is changed where it stands (PostgreSQL's HOT)."""


def row_of(new: NewInstruction, at_us: int, step: str = "") -> dict[str, object]:
    """The row of a new instruction, in state RECEIVED; ``step`` records its arrival."""
    it = new.instruction
    creditor, amount = it.creditor, it.amount
    account = creditor.account
    agent = account.agent
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
        "amount_minor": amount.minor,
        "currency": amount.currency.code,
        "creditor_name": creditor.name,
        "creditor_account": account.number,
        "creditor_agent_name": agent.name,
        "creditor_agent_cnaps": agent.cnaps,
        "creditor_agent_bic": agent.bic,
        "creditor_city": agent.city,
        "purpose": it.purpose,
        "memo": it.memo,
        "own_bank": it.own_bank,
        "local": it.local,
        "business_type": _WORDS[it.business_type],
        "urgency": _WORDS[it.urgency],
        "execution_date": _day(it.execution_date) if it.execution_date else "",
        "pay_day": _day(new.pay_day),
        "end_to_end_id": it.end_to_end_id,
        "reconciliation_code": it.reconciliation_code,
        "payroll_purpose": it.payroll_purpose,
        "source": new.source,
        "created_us": at_us,
        "state": _RECEIVED,
        "version": 0,
        "grade": 0,
        "message": "",
        "reason": "",
        "code": "",
        "text": "",
        "bank_reference": "",
        "changed_us": at_us,
        "step": step,
        "budget_item": it.budget_item,
        "makers": new.makers,
        "seal": "",
        "control_version": new.control_version,
        "merged": it.merged,
    }


def source_rows(instruction: Instruction) -> list[dict[str, object]]:
    """A row for each source document of a merged payment, by which it is found."""
    return [
        {
            "tenant": instruction.tenant,
            "instruction": instruction.id,
            "part": number,
            "erp": instruction.erp,
            "erp_reference": part.reference,
        }
        for number, part in enumerate(merged_parts(instruction.merged), 1)
    ]
