"""Candidates for release, made without a store."""

from __future__ import annotations

from datetime import date

from gateway.domain.ids import InstructionId, TenantId
from gateway.domain.instruction import State
from gateway.domain.outcome import Grade
from gateway.lifecycle.release import Candidate
from gateway.lifecycle.rows import Standing


def candidate(
    name: str,
    *,
    account: str = "6217000000000000001",
    payee: str = "江南纺织有限公司",
    minor: int = 120_050,
    pay_day: date = date(2026, 9, 15),
    execution_date: date | None = None,
    own_bank: bool = False,
    currency: str = "CNY",
    debtor: str = "117010100100000018",
) -> Candidate:
    """A RECEIVED payment of tenant t1."""
    return Candidate(
        standing=Standing(
            tenant=TenantId("t1"),
            id=InstructionId(name),
            state=State.RECEIVED,
            version=0,
            grade=Grade.NONE,
            message="",
            maker="machine:sap",
            digest="d" * 64,
            batch="",
        ),
        erp_reference=f"ref-{name}",
        connection="fake",
        creditor_account=account,
        creditor_name=payee,
        amount_minor=minor,
        pay_day=pay_day,
        execution_date=execution_date,
        erp="sap",
        company="c1",
        debtor_account=debtor,
        currency=currency,
        business="payment",
        own_bank=own_bank,
        budget_item="",
    )
