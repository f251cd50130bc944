"""Judging many drafts of one caller: what repeats is judged once.

Rule kept here: only what is plainly right is judged here, by the rules of ``validate``; any
doubt goes to ``validate`` itself, which alone finds faults.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter
from typing import Final

from gateway.domain.errors import Fault
from gateway.domain.ids import InstructionId
from gateway.domain.instruction import Instruction
from gateway.domain.money import Money, MoneyFormatError
from gateway.domain.party import Account, Agent, Party
from gateway.intake.fields import ACCOUNT, OWN_TEXTS, stand_as_written
from gateway.intake.validate import bank_due, bank_problems, validate
from gateway.ports.bank import BankDialect
from gateway.ports.erp import Draft
from gateway.ports.reference import BankOffices
from gateway.ports.tenancy import Tenant

_payer_of: Final = attrgetter(
    *("debtor_account", "debtor_name", "company", "currency"),
    *("business_type", "payroll_purpose", "urgency", "execution_date"),
)
_bank_of: Final = attrgetter(
    "creditor_agent_name", "creditor_agent_cnaps", "creditor_agent_bic", "creditor_city"
)
_own_of: Final = attrgetter(*OWN_TEXTS)
_Texts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Payee:
    """A payee's bank, found right for a payer's account."""

    agent: Agent
    own_bank: bool
    local: bool


@dataclass(frozen=True, slots=True)
class _Payer:
    """What a line says of its payer and of the kind of payment, found right."""

    example: Instruction
    """One that says the same."""
    dialect: BankDialect
    due: date | None
    banks: dict[_Texts, _Payee] = field(default_factory=dict)


class Examiner:
    """Judges the drafts of one caller on one day, many of them alike."""

    def __init__(  # noqa: PLR0913 - keyword-only, as ``validate`` takes them
        self,
        *,
        tenant: Tenant,
        erp: str,
        dialect_of: Callable[[str], BankDialect],
        today: date,
        new_id: Callable[[], InstructionId],
        offices: BankOffices | None = None,
    ) -> None:
        self._tenant = tenant
        self._erp = erp
        self._dialect_of = dialect_of
        self._today = today
        self._new_id = new_id
        self._offices = offices
        self._payers: dict[_Texts, _Payer] = {}

    def examine(self, draft: Draft) -> Instruction | tuple[Fault, ...]:
        """The instruction, or every fault: exactly what ``validate`` says."""
        # A draft of another kind was found faulty by its reader.
        payer = self._payers.get(_payer_of(draft)) if type(draft) is Draft else None
        payee = payer.banks.get(_bank_of(draft)) if payer is not None else None
        if payer is not None and payee is not None:
            plain = self._plain(draft, payer, payee)
            if plain is not None:
                return plain
        found = validate(
            draft,
            tenant=self._tenant,
            erp=self._erp,
            dialect_of=self._dialect_of,
            today=self._today,
            new_id=self._new_id,
            offices=self._offices,
        )
        if isinstance(found, Instruction):
            self._learn(draft, found)
        return found

    def _learn(self, draft: Draft, found: Instruction) -> None:
        """Remember what was found right, as the sender wrote it."""
        known = _payer_of(draft)
        payer = self._payers.get(known)
        if payer is None:
            own = self._tenant.accounts[found.debtor.account.number]
            connection = self._tenant.connections[own.connection]
            payer = self._payers[known] = _Payer(
                example=found,
                dialect=self._dialect_of(connection.dialect),
                due=bank_due(connection, found.execution_date, self._today),
            )
        payer.banks[_bank_of(draft)] = _Payee(
            found.creditor.account.agent, found.own_bank, found.local
        )

    def _plain(self, draft: Draft, payer: _Payer, payee: _Payee) -> Instruction | None:
        """A line that differs from earlier right ones in nothing but its own texts; else None."""
        texts, number = _own_of(draft), draft.creditor_account
        if (
            draft.merged  # seldom, and summed by ``validate``
            or not stand_as_written(texts)
            or ACCOUNT.fullmatch(number) is None
            or number == draft.debtor_account
        ):
            return None
        example = payer.example
        try:
            amount = Money.parse(draft.amount, example.amount.currency)
        except MoneyFormatError:
            return None
        if not amount.minor:
            return None
        reference, name, purpose, memo, end_to_end_id, reconciliation_code, budget_item = texts
        made = Instruction(
            tenant=example.tenant,
            id=self._new_id(),
            erp=example.erp,
            erp_reference=reference,
            company=example.company,
            debtor=example.debtor,
            creditor=Party(name=name, account=Account(number=number, agent=payee.agent)),
            amount=amount,
            purpose=purpose,
            memo=memo,
            own_bank=payee.own_bank,
            local=payee.local,
            business_type=example.business_type,
            payroll_purpose=example.payroll_purpose,
            urgency=example.urgency,
            execution_date=example.execution_date,
            end_to_end_id=end_to_end_id,
            reconciliation_code=reconciliation_code,
            budget_item=budget_item,
        )
        return None if bank_problems(made, payer.dialect, payer.due) else made
