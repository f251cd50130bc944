"""What a bank's answers mean for a client's connection."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gateway.dialects import bank_dialect
from gateway.domain.errors import BankRefused, NotOffered, NotSent, OperatorRefused
from gateway.domain.money import CNY, Money, currency
from gateway.domain.outcome import Outcome, Verdict
from gateway.domain.party import Account, Party
from gateway.domain.statement import Balance
from gateway.onboarding.findings import Area, Result
from gateway.onboarding.probe import Subject, probe, probe_accounts
from gateway.ports.tenancy import OwnAccount
from gateway.store.instants import BEIJING

NOW = datetime(2026, 9, 15, 10, tzinfo=BEIJING)
NUMBER = "900010101000000011"
NAME = "示例制造有限公司"
FINE = Balance(account=NUMBER, ledger=Money(1, CNY), as_of=NOW, account_name=NAME)


class Clock:
    def now(self):
        return NOW


class Bank:
    """Answers, or raises, what it is told to; notes what it was asked."""

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []

    async def _told(self, name, default):
        self.asked.append(name)
        answer = self.answers.get(name, default)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def sign_on(self, tenant, connection):
        return await self._told("sign_on", Outcome(verdict=Verdict.ACKNOWLEDGED))

    async def balance(self, tenant, account):
        return await self._told("balance", FINE)

    async def statement(self, tenant, account, start, end):
        assert start == end, "today is asked for alone"
        return await self._told("statement", [])

    async def refunds(self, tenant, account, start, end):
        return await self._told("refunds", [])


def subject(count=1, dialect=None):
    account = OwnAccount(
        party=Party(name=NAME, account=Account(number=NUMBER)), company="c", connection="main"
    )
    return Subject(
        tenant="t",
        connection="main",
        accounts=[account] * count,
        dialect=dialect or bank_dialect("cib"),
    )


def found(bank, count=1, **more):
    return asyncio.run(probe(subject(count, **more), bank, Clock()))


def bad(bank, **more):
    return [(it.area, it.code) for it in found(bank, **more) if it.result is Result.MISSING]


def test_all_is_well():
    results = found(Bank())
    assert [it.result for it in results[:-1]] == [Result.OK] * 5
    assert (results[-1].result, results[-1].code) == (Result.WARN, "not_told")


@pytest.mark.parametrize(
    "answer",
    [Outcome(verdict=Verdict.REJECTED, code="15500"), OperatorRefused("15500", "密码错误")],
    ids=["told", "raised"],
)
def test_a_refused_sign_on_ends_all_questions(answer):
    bank = Bank(sign_on=answer)
    assert bad(bank, count=3) == [(Area.SIGN_ON, "sign_on_refused")]
    assert bank.asked == ["sign_on"]


@pytest.mark.parametrize("at", ["balance", "statement"])
def test_a_sign_on_refused_in_the_middle_ends_them_too(at):
    bank = Bank(**{at: OperatorRefused("15500", "密码错误")})
    assert bad(bank, count=3) == [(Area.SIGN_ON, "sign_on_refused")]
    assert bank.asked[-1] == at
    assert bank.asked.count(at) == 1


def test_a_bank_that_does_not_answer():
    assert bad(Bank(sign_on=NotSent("nobody", "无"))) == [(Area.SIGN_ON, "unreachable")]


@pytest.mark.parametrize(
    ("code", "text"),
    [("2005", ""), ("50006", "x"), ("2000", "操作员权限不足 [123-4]"), ("1", "账户未开通该业务")],
)
@pytest.mark.parametrize("at", ["balance", "statement", "refunds"])
def test_a_right_that_is_missing_at_the_bank(at, code, text):
    assert bad(Bank(**{at: BankRefused(code, text)})) == [(Area.RIGHTS, "right")]


def test_another_refusal_is_no_matter_of_rights():
    assert bad(Bank(balance=BankRefused("2000", "账号不存在")))[0] == (Area.ACCOUNT, "account")
    assert bad(Bank(statement=BankRefused("2002", "日期有误"))) == [(Area.RIGHTS, "refused")]


def test_where_the_banks_words_do_not_tell_nothing_is_guessed():
    silent = replace(bank_dialect("cib"), denies=None)
    refused = Bank(statement=BankRefused("2005", ""))
    assert bad(refused, dialect=silent) == [(Area.RIGHTS, "refused")]


@pytest.mark.parametrize(
    "told",
    [
        Balance(account=NUMBER, ledger=Money(1, currency("USD")), as_of=NOW, account_name=NAME),
        Balance(account=NUMBER, ledger=Money(1, CNY), as_of=NOW, account_name="示例贸易有限公司"),
    ],
    ids=["currency", "holder"],
)
def test_an_account_that_is_another(told):
    assert bad(Bank(balance=told)) == [(Area.ACCOUNT, "account")]


def test_a_bank_that_tells_no_name_or_time_is_only_warned_of():
    told = Balance(account=NUMBER, ledger=Money(1, CNY))
    codes = {it.code for it in found(Bank(balance=told)) if it.result is Result.WARN}
    assert codes == {"no_name", "no_time", "not_told"}


@pytest.mark.parametrize(
    ("apart", "result"),
    [
        (timedelta(seconds=59), Result.OK),
        (timedelta(seconds=-59), Result.OK),
        (timedelta(minutes=2), Result.WARN),
        (timedelta(minutes=-2), Result.WARN),
        (timedelta(minutes=11), Result.MISSING),
        (timedelta(minutes=-11), Result.MISSING),
    ],
)
def test_clocks_apart(apart, result):
    told = Balance(account=NUMBER, ledger=Money(1, CNY), as_of=NOW + apart, account_name=NAME)
    clock = [it for it in found(Bank(balance=told)) if it.area is Area.CLOCK]
    assert [it.result for it in clock] == [result]


def test_a_stopped_connection_is_told_and_left_alone():
    bank = Bank(balance=NotOffered("is stopped", "已停用"))
    results = asyncio.run(probe_accounts(subject(3), bank, Clock()))
    assert [it.code for it in results] == ["stopped"]
    assert bank.asked == ["balance"]


def test_no_whole_account_number_is_told():
    for bank in (Bank(), Bank(balance=BankRefused("2005", "")), Bank(statement=NotSent("x", "x"))):
        assert all(NUMBER not in json_text(it) for it in found(bank))


def json_text(it):
    return "".join(it.document().values())
