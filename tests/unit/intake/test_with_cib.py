"""Intake over a real dialect: its limits come back as faults at the sender's field."""

from __future__ import annotations

import pytest

from adapters.bank.cib import DIALECT
from gateway.domain.instruction import Instruction
from tests.unit.intake.sample import codes, judged

OTHER = {"creditor_agent_name": "中国建设银行苏州分行"}
OWN = {"creditor_agent_name": "兴业银行苏州分行", "creditor_agent_cnaps": "309305000001"}


@pytest.mark.parametrize(("agent", "own"), [(OTHER, False), (OWN, True)])
def test_a_right_payment_is_taken(agent, own):
    found = judged(dialect=DIALECT, **agent)
    assert isinstance(found, Instruction), codes(found)
    assert found.own_bank is own


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("creditor_name", "公" * 26),
        ("creditor_name", "𠮷田公司"),
        ("purpose", "货" * 31),
        ("memo", "货" * 31),
        ("creditor_agent_name", "行" * 26),
        ("creditor_city", "城" * 16),
    ],
)
def test_what_the_bank_cannot_carry_is_a_fault_of_that_field(field, value):
    ((path, _),) = codes(judged(dialect=DIALECT, **{**OTHER, field: value}))
    assert path == f"/{field}"


def test_signs_that_contradict_each_other_are_a_fault():
    found = codes(judged(dialect=DIALECT, **{**OTHER, "creditor_agent_cnaps": "309305000001"}))
    assert found == [("/creditor_agent_name", "bank_contradiction")]


def test_the_banks_limits_are_told_together_with_ours():
    found = codes(
        judged(
            dialect=DIALECT,
            **OTHER,
            amount="1.005",
            creditor_account="?",
            purpose="货" * 31,
            execution_date="x",
        )
    )
    assert sorted(path for path, _ in found) == [
        "/amount",
        "/creditor_account",
        "/execution_date",
        "/purpose",
    ]
