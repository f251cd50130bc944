"""A tenant, a bank that is easily understood and a draft that is right: ground of the tests."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count

from gateway.domain.errors import Fault, WireError
from gateway.domain.ids import InstructionId, TenantId
from gateway.domain.instruction import Instruction
from gateway.domain.message import WireMessage
from gateway.domain.party import Account, Agent, Party
from gateway.intake.validate import validate
from gateway.ports.bank import (
    BankDialect,
    BankSide,
    Dedupe,
    FieldProblem,
    MessageView,
    Operation,
    PayOrder,
    Timing,
)
from gateway.ports.erp import Draft
from gateway.ports.reference import BankOffices
from gateway.ports.tenancy import Connection, OwnAccount, Policy, Tenant
from tests.records import replace

TODAY = date(2026, 9, 15)
OWN_NUMBER = "117010100100000018"
USD_NUMBER = "117010100100000026"
OTHER_BANK_NUMBER = "117010100100000034"

DRAFT = Draft(
    erp_reference="PO-2026/0915-1",
    debtor_account=OWN_NUMBER,
    creditor_name="江南纺织有限公司",
    creditor_account="6217000000000000001",
    creditor_agent_name="江湖银行苏州分行",
    creditor_agent_cnaps="105305000001",
    creditor_city="苏州",
    amount="1200.50",
    currency="CNY",
    purpose="货款",
    memo="九月",
)


def _never(*_: object) -> WireMessage:
    raise WireError("malformed")


def _is_own_bank(cnaps: str, bic: str, name: str) -> bool | None:
    signs = set[bool]()
    if cnaps:
        signs.add(cnaps.startswith("309"))
    if bic:
        signs.add(bic.startswith("OWNBCNBA"))
    if name:
        signs.add("本行" in name)
    if len(signs) > 1:
        raise ValueError("contradiction")
    return signs.pop() if signs else None


def _check(order: PayOrder) -> tuple[FieldProblem, ...]:
    """This bank takes 20 characters of name and purpose and holds a payment 15 days."""
    found = [
        FieldProblem(name=name, code="bank_too_long", zh="太长", en="too long")
        for name, text in (
            ("creditor_name", order.creditor.name),
            ("purpose", order.purpose),
            ("creditor_agent_name", order.creditor.account.agent.name),
            ("debtor_name", order.debtor.name),
        )
        if len(text) > 20
    ]
    if order.due is not None and order.due - TODAY > timedelta(days=15):
        found.append(FieldProblem(name="due", code="bank_due", zh="太远", en="too far"))
    return tuple(found)


FAKE = BankDialect(
    code="fake",
    name_zh="测试银行",
    name_en="Test Bank",
    version="1",
    serial_length_max=30,
    timing=Timing(quiet=timedelta(minutes=15), dedupe=Dedupe.GUARANTEED),
    bank_side=BankSide(decode=_never, encode=_never),
    sniff=lambda _: False,
    explain=lambda _: MessageView(direction="request", operation="", outcome="", fields={}),
    is_own_bank=_is_own_bank,
    bank_codes=frozenset({"309"}),
    pay=Operation(_never, _never, _check),
)


def own_account(number: str, currency: str = "CNY", *, bank: str = "fake") -> OwnAccount:
    agent = Agent(name="本行上海分行", cnaps="309290000001", city="上海市")
    return OwnAccount(
        party=Party(name="示例集团（上海）有限公司", account=Account(number=number, agent=agent)),
        company="c1",
        connection=bank,
        currency=currency,
    )


def connection(bank: str, *, use_bank_due_date: bool = False) -> Connection:
    return Connection(
        tenant=TenantId("t1"),
        id=bank,
        bank=bank,
        url="http://bank.invalid/",
        customer="1234567890",
        operator="op",
        password="secret",
        use_bank_due_date=use_bank_due_date,
    )


TENANT = Tenant(
    id=TenantId("t1"),
    name="示例集团",
    companies={"c1": "示例集团（上海）有限公司", "c2": "示例集团（北京）有限公司"},
    accounts={
        OWN_NUMBER: own_account(OWN_NUMBER),
        USD_NUMBER: own_account(USD_NUMBER, "USD"),
        OTHER_BANK_NUMBER: own_account(OTHER_BANK_NUMBER, bank="holding"),
    },
    connections={
        "fake": connection("fake"),
        "holding": connection("holding", use_bank_due_date=True),
    },
)


def judged(
    draft: Draft = DRAFT,
    *,
    tenant: Tenant = TENANT,
    dialect: BankDialect = FAKE,
    default_local: bool | None = None,
    offices: BankOffices | None = None,
    **changes: str,
) -> Instruction | tuple[Fault, ...]:
    """Validate the right draft with ``changes``."""
    ids = count(1)
    return validate(
        replace(draft, **changes),
        tenant=replace(tenant, policy=Policy(default_local=default_local)),
        erp="sap",
        dialect_of=lambda _: dialect,
        today=TODAY,
        new_id=lambda: InstructionId(f"ins_{next(ids)}"),
        offices=offices,
    )


def codes(found: Instruction | tuple[Fault, ...]) -> list[tuple[str, str]]:
    """(path, code) of every fault; empty for an instruction."""
    return [] if isinstance(found, Instruction) else [(one.path, one.code) for one in found]
