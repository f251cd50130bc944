"""Golden cases of adapters/bank/_template. Names, accounts and numbers are invented."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from adapters.bank._template import DIALECT
from gateway.domain.ids import Serial
from gateway.domain.money import CNY, Money
from gateway.domain.party import Account, Agent, Party
from gateway.ports.bank import BalanceQuestion, PayOrder, SignOn, SignOnQuestion, StatusQuestion
from tests.golden.kinds import Case

SIGN_ON = SignOn(
    customer="9900000001",
    operator="erpmaker",
    password="Demo-Pass-1",
    at=datetime(2026, 3, 2, 9, 15),  # noqa: DTZ001 - bank-local time as the message carries it
)
ORDER = PayOrder(
    debtor=Party(
        name="示例制造有限公司",
        account=Account(number="900010100100000011", agent=Agent(city="福州")),
    ),
    creditor=Party(
        name="样本钢铁（上海）有限公司",
        account=Account(
            number="6200000000001234567",
            agent=Agent(name="中国样本银行上海分行", cnaps="102290000001", city="上海"),
        ),
    ),
    amount=Money(3500000, CNY),
    purpose="货款",
    memo="PO-2026-0001",
    own_bank=False,
    local=False,
)
P1, Q1 = Serial("20260302P0001"), Serial("20260302Q0001")


def case(name, operation, question, serial):
    return Case(
        name=name,
        encode=partial(operation.encode, question, SIGN_ON, serial),
        decode=partial(operation.decode, question, serial),
        explain=DIALECT.explain,
        content_type="application/xml",
    )


ASKED = StatusQuestion(original=P1, order=ORDER)
CASES = [
    case("payment.paid", DIALECT.pay, ORDER, P1),
    case("payment.refused", DIALECT.pay, ORDER, P1),
    case("payment.unknown_code", DIALECT.pay, ORDER, P1),
    case("payment_status.not_found", DIALECT.payment_status, ASKED, Q1),
    case("balance.one", DIALECT.balance, BalanceQuestion(account="900010100100000011"), Q1),
    case("signon.refused", DIALECT.sign_on, SignOnQuestion(), Q1),
]
