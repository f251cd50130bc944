"""What a batch or a payroll cannot carry, found before a serial is spent.

Faults of a line are named ``lines[3].creditor_name``, by the line's own number.

Source: CIB interface document V4.0.4, §RBATCHTRSFR and §RPAYOFF.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from adapters.bank.cib import batch, codes, payroll
from adapters.bank.cib.fields import (
    AMOUNT_LIMIT_MINOR,
    account_fits,
    account_problems,
    agent_name_problems,
    all_fit,
    amount_fits,
    amount_problems,
    city_problems,
    names_other_bank,
    names_place,
    text_problems,
)
from gateway.domain.money import CNY
from gateway.ports.bank import FieldProblem
from gateway.ports.bank_batch import BatchKind, BatchLine, BatchOrder

_PIPE: Final = "|"
"""Separates the fields of the bank's own batch files; in a text it would shift them."""
_REQUIRED: Final = frozenset({"debtor_account", "creditor_account", "creditor_name", "purpose"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limits:
    """Lengths in GBK bytes, and how many lines there may be."""

    kind: BatchKind
    lines: int
    index: int
    """Digits of a line number."""
    head: Mapping[str, int]
    line: Mapping[str, int]


_BATCH: Final = _Limits(
    kind=BatchKind.PAYMENT,
    lines=batch.LINES_MAX,
    index=5,
    head=MappingProxyType(
        {
            "debtor_account": 32,
            "debtor_name": 60,
            "debtor_agent_name": 60,
            "debtor_city": 30,
            "purpose": 60,
        }
    ),
    line=MappingProxyType(
        {
            "creditor_account": 32,
            "creditor_name": 60,
            "creditor_agent_name": 60,
            "creditor_city": 30,
            "memo": 50,
        }
    ),
)
_PAYROLL: Final = _Limits(
    kind=BatchKind.PAYROLL,
    lines=payroll.LINES_MAX,
    index=10,
    head=MappingProxyType(
        {
            "debtor_account": 22,
            "debtor_name": 50,
            "debtor_agent_name": 60,
            "debtor_city": 30,
            "purpose": 30,
        }
    ),
    line=MappingProxyType({"creditor_account": 18, "creditor_name": 20}),
)
_USE_LENGTH: Final = 60


def check_batch(order: BatchOrder) -> tuple[FieldProblem, ...]:
    """Every fault of a batch that the bank would refuse; () when there is none."""
    problems = list(_whole(order, _BATCH))
    for line in order.lines:
        if _sound(line):
            continue
        prefix = f"lines[{line.line}]."
        problems += _line(line, _BATCH)
        problems += text_problems(f"{prefix}purpose", line.purpose, _USE_LENGTH, forbidden=_PIPE)
        if not line.own_bank:
            agent = line.creditor.account.agent
            problems += agent_name_problems(f"{prefix}creditor_agent_name", agent)
            if not line.local:
                problems += city_problems(f"{prefix}creditor_city", agent)
    return tuple(problems)


_SOUND: Final = (*_BATCH.line.values(), _USE_LENGTH)


def _sound(line: BatchLine) -> bool:
    """Whether nothing is wrong with a line, as with nearly every one; False: look closer."""
    creditor, purpose = line.creditor, line.purpose
    account, name = creditor.account, creditor.name
    number, agent = account.number, account.agent
    if not (number and name and purpose and account_fits(number) and amount_fits(line.amount)):
        return False
    if not all_fit((number, name, agent.name, agent.city, line.memo, purpose), _SOUND, _PIPE):
        return False
    if line.own_bank:
        return True
    return names_other_bank(agent) and (line.local or names_place(agent))


def check_payroll(order: BatchOrder) -> tuple[FieldProblem, ...]:
    """Every fault of a payroll that the bank would refuse; () when there is none."""
    problems = list(_whole(order, _PAYROLL))
    if order.payroll_purpose not in codes.PAYROLL_PURPOSES:
        known = ", ".join(codes.PAYROLL_PURPOSES)
        problems.append(
            FieldProblem(
                name="payroll_purpose",
                code="required",
                zh=f"须填写代发用途，可用：{known}",
                en=f"the kind of pay is needed, one of: {known}",
            )
        )
    for line in order.lines:
        problems += _line(line, _PAYROLL)
        if not line.own_bank:
            problems.append(
                FieldProblem(
                    name=f"lines[{line.line}].own_bank",
                    code="own_bank",
                    zh="代发只能发往本行个人账户，其他银行请作普通付款",
                    en="payroll reaches own-bank accounts only: pay other banks singly",
                )
            )
    return tuple(problems)


def _whole(order: BatchOrder, limits: _Limits) -> Iterator[FieldProblem]:
    if order.kind is not limits.kind:
        yield FieldProblem(
            name="kind",
            code="kind",
            zh="批次种类与业务不一致",
            en="this batch is of another kind than the operation",
        )
    debtor = order.debtor.account
    texts = {
        "debtor_account": debtor.number,
        "debtor_name": order.debtor.name,
        "debtor_agent_name": debtor.agent.name,
        "debtor_city": debtor.agent.city,
        "purpose": order.purpose,
    }
    yield from _texts("", texts, limits.head)
    yield from account_problems("debtor_account", debtor.number)
    yield from _numbers(order, limits)
    if _over(order):
        yield FieldProblem(
            name="lines",
            code="range",
            zh="合计金额整数部分超过 15 位，请拆分批次",
            en="the total has more than 15 integer digits: split the batch",
        )


def _numbers(order: BatchOrder, limits: _Limits) -> Iterator[FieldProblem]:
    count = len(order.lines)
    if not 1 <= count <= limits.lines:
        yield FieldProblem(
            name="lines",
            code="count",
            zh=f"共 {count} 笔，须为 1 至 {limits.lines} 笔，请拆分批次",
            en=f"{count} lines, there must be 1 to {limits.lines}: split the batch",
        )
    numbers = [line.line for line in order.lines]
    fitting = all(0 < number < 10**limits.index for number in numbers)
    if not fitting or len(set(numbers)) != count:
        yield FieldProblem(
            name="lines",
            code="numbers",
            zh=f"行号须为不重复的正整数，最多 {limits.index} 位",
            en=f"line numbers must be distinct, positive, of at most {limits.index} digits",
        )


def _over(order: BatchOrder) -> bool:
    amounts = [line.amount for line in order.lines if line.amount.currency == CNY]
    return sum(amount.minor for amount in amounts) >= AMOUNT_LIMIT_MINOR


def _line(line: BatchLine, limits: _Limits) -> Iterator[FieldProblem]:
    prefix = f"lines[{line.line}]."
    account = line.creditor.account
    texts = {
        "creditor_account": account.number,
        "creditor_name": line.creditor.name,
        "creditor_agent_name": account.agent.name,
        "creditor_city": account.agent.city,
        "memo": line.memo,
    }
    yield from _texts(prefix, texts, limits.line)
    yield from account_problems(f"{prefix}creditor_account", account.number)
    yield from amount_problems(f"{prefix}amount", f"{prefix}currency", line.amount)


def _texts(
    prefix: str, texts: Mapping[str, str], limits: Mapping[str, int]
) -> Iterator[FieldProblem]:
    for name, limit in limits.items():
        yield from text_problems(
            f"{prefix}{name}",
            texts[name],
            limit,
            required=name in _REQUIRED,
            forbidden=_PIPE,
        )
