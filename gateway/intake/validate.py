"""A draft becomes an instruction, or the list of everything that is wrong with it.

Rule kept here: every fault is told at once, at the sender's own field; a payment is only
accepted in a form its bank can carry, judged by the bank's own dialect before anything is stored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from unicodedata import normalize

from gateway.domain.errors import Corrupt, Fault
from gateway.domain.ids import InstructionId
from gateway.domain.instruction import BusinessType, Instruction
from gateway.domain.money import CNY, Currency, Money, currency
from gateway.domain.party import Account, Agent, Party, masked
from gateway.intake.draft import FaultyDraft
from gateway.intake.faults import Faults
from gateway.intake.fields import Fields, read_amount, read_fields
from gateway.intake.merging import read_merged
from gateway.intake.payee_bank import AGENT, PayeeBanks, Route
from gateway.ports.bank import BankDialect, FieldProblem
from gateway.ports.bank_batch import BatchKind
from gateway.ports.bank_order import batch_order, pay_order
from gateway.ports.erp import Draft
from gateway.ports.reference import BankOffices
from gateway.ports.tenancy import Connection, OwnAccount, Tenant

AHEAD_MAX: Final = timedelta(days=366)
"""How far in the future an execution date may lie."""
_CITY: Final = frozenset({"creditor_city", "local"})
_ROUTE: Final = frozenset({*AGENT, *_CITY, "own_bank"})
_OUR_FIELD: Final = {
    "debtor_name": "debtor_account",  # comes from the account's configuration
    "due": "execution_date",
    "own_bank": "creditor_agent_name",
    "local": "creditor_city",
}
"""Names of a pay order that a sender writes under another field."""


def validate(  # noqa: PLR0913 - keyword-only, one name for each thing a draft is judged against
    draft: Draft,
    *,
    tenant: Tenant,
    erp: str,
    dialect_of: Callable[[str], BankDialect],
    today: date,
    new_id: Callable[[], InstructionId],
    offices: BankOffices | None = None,
    derived: Route | None = None,
) -> Instruction | tuple[Fault, ...]:
    """Turn a draft into an instruction, or tell every fault with the sender's path and line.

    ``dialect_of`` maps a connection's language (``Connection.dialect``) to it; ``today`` is the
    shared clock's day in Asia/Shanghai. ``new_id`` is called only when the form is right.
    ``offices`` is the directory of bank offices, None where none was imported; ``derived`` is
    what was found of the payee's bank when the same was accepted before, so that it is not asked
    again.
    The debtor's name and bank come from the account's configuration, never from the draft.
    Raises Corrupt when an account names a connection that is not configured.
    """
    earlier: tuple[Fault, ...] = ()
    if isinstance(draft, FaultyDraft):
        if draft.unreadable:
            return draft.faults
        earlier = draft.faults
    faults = Faults(draft, earlier)
    fields = read_fields(draft, faults)
    own = _debtor(fields, tenant, faults)
    unit = _unit(fields, own, faults)
    amount = read_amount(draft.amount, unit, faults)
    merged = read_merged(draft, amount, unit, faults)
    _check_date(fields.execution_date, today, faults)
    if own is None:
        return tuple(faults.found)
    connection = _connection(tenant, own)
    dialect = dialect_of(connection.dialect)
    _check_offered(dialect, fields, faults)
    payees = PayeeBanks(dialect=dialect, offices=offices, default_local=tenant.policy.default_local)
    route = derived or payees.route(fields, own, faults)
    instruction = _instruction(
        fields,
        identity=_Identity(tenant, erp, InstructionId("") if faults.found else new_id()),
        own=own,
        amount=amount,
        route=route,
        merged=merged,
    )
    _check_with_bank(
        instruction, dialect, route, faults, due=bank_due(connection, fields.execution_date, today)
    )
    return tuple(faults.found) if faults.found else instruction


def bank_due(connection: Connection, day: date | None, today: date) -> date | None:
    """The day until which the bank itself holds a payment; None where it does not."""
    return day if connection.use_bank_due_date and day is not None and day > today else None


@dataclass(frozen=True, slots=True)
class _Identity:
    tenant: Tenant
    erp: str
    id: InstructionId


def _debtor(fields: Fields, tenant: Tenant, faults: Faults) -> OwnAccount | None:
    """Find the tenant's own account and hold what the sender says about it against it."""
    number = fields.debtor_account
    own = tenant.accounts.get(number) if number else None
    if own is None:
        faults.add("debtor_account", "account_unknown", masked(number))
        return None
    if number == fields.creditor_account:
        faults.add("creditor_account", "same_account")
    stated = fields.texts["debtor_name"]
    if stated and stated != own.party.name and _folded(stated) != _folded(own.party.name):
        faults.add("debtor_name", "debtor_name_mismatch")
    company = fields.texts["company"]
    if company and company not in (own.company, tenant.companies.get(own.company)):
        faults.add("company", "company_mismatch")
    return own


def _folded(name: str) -> str:
    """A name for comparison only: widths of letters and brackets, case and blanks do not count."""
    return "".join(normalize("NFKC", name).casefold().split())


def _unit(fields: Fields, own: OwnAccount | None, faults: Faults) -> Currency:
    """The currency an amount is read in; a payment is in the currency of its account."""
    if own is None:
        return fields.unit or CNY
    unit = currency(own.currency)
    if fields.unit is not None and fields.unit != unit:
        faults.add("currency", "currency_mismatch", unit.code)
        return fields.unit
    return unit


def _check_date(day: date | None, today: date, faults: Faults) -> None:
    if day is None:
        return
    if day < today:
        faults.add("execution_date", "date_past")
    elif day - today > AHEAD_MAX:
        faults.add("execution_date", "date_far")


def _connection(tenant: Tenant, own: OwnAccount) -> Connection:
    found = tenant.connections.get(own.connection)
    if found is None:
        raise Corrupt(
            f"account {masked(own.number)} names a connection that is not configured",
            f"账户 {masked(own.number)} 指向未配置的连接",
        )
    return found


def _check_offered(dialect: BankDialect, fields: Fields, faults: Faults) -> None:
    if fields.business_type is BusinessType.PAYROLL:
        if dialect.payroll is None:
            faults.add("business_type", "not_offered", BusinessType.PAYROLL.value)
    elif dialect.pay is None:
        faults.add("debtor_account", "not_offered", BusinessType.PAYMENT.value)


def _instruction(  # noqa: PLR0913 - keyword-only, one name for each thing it is made of
    fields: Fields,
    *,
    identity: _Identity,
    own: OwnAccount,
    amount: Money | None,
    route: Route,
    merged: str,
) -> Instruction:
    """Assemble the instruction.

    Where a field is at fault a stand-in takes its place, so that the bank's dialect can still
    judge the others; such an instruction is never returned.
    """
    texts = fields.texts
    agent = Agent(
        name=texts["creditor_agent_name"],
        cnaps=fields.cnaps,
        bic=fields.bic,
        city=texts["creditor_city"],
    )
    return Instruction(
        tenant=identity.tenant.id,
        id=identity.id,
        erp=identity.erp,
        erp_reference=texts["erp_reference"],
        company=own.company,
        debtor=own.party,
        creditor=Party(
            name=texts["creditor_name"] or "-",
            account=Account(number=fields.creditor_account or "0", agent=agent),
        ),
        amount=amount or Money(1, currency(own.currency)),
        purpose=texts["purpose"] or "-",
        memo=texts["memo"],
        own_bank=route.own_bank is not False,
        local=route.local is not False,
        business_type=fields.business_type,
        payroll_purpose=fields.payroll_purpose.value if fields.payroll_purpose else "",
        urgency=fields.urgency,
        execution_date=fields.execution_date,
        end_to_end_id=texts["end_to_end_id"],
        reconciliation_code=texts["reconciliation_code"],
        budget_item=texts["budget_item"],
        merged=merged,
    )


def _check_with_bank(
    instruction: Instruction,
    dialect: BankDialect,
    route: Route,
    faults: Faults,
    *,
    due: date | None,
) -> None:
    """Let the dialect say what its bank would refuse, before a serial is spent."""
    guessed = _ROUTE if route.own_bank is None else _CITY if route.local is None else frozenset()
    for problem in bank_problems(instruction, dialect, due):
        name = problem.name.rpartition(".")[2]  # of a payroll line: lines[1].creditor_name
        if name in guessed:
            continue  # judged over a stand-in: it would accuse the wrong field
        faults.add_text(_OUR_FIELD.get(name, name), problem.code, problem.zh, problem.en)


def bank_problems(
    instruction: Instruction, dialect: BankDialect, due: date | None
) -> tuple[FieldProblem, ...]:
    """What the bank's own operation for this business would refuse of the instruction."""
    payroll = dialect.payroll
    if instruction.business_type is BusinessType.PAYROLL and payroll is not None:
        order = batch_order(BatchKind.PAYROLL, [instruction])
        return payroll.check(order) if payroll.check is not None else ()
    if dialect.pay is None or dialect.pay.check is None:
        return ()
    return dialect.pay.check(pay_order(instruction, due=due))
