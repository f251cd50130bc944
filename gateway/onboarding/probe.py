"""Asks a bank what can be asked without moving money, and says what its answers mean.

Rule kept here: a refused sign-on is never tried again, and ends the questions to that bank.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from gateway.domain.errors import BankRefused, GatewayError, NotOffered, OperatorRefused
from gateway.domain.outcome import Outcome, Verdict
from gateway.domain.party import masked
from gateway.domain.statement import Balance, StatementPage
from gateway.onboarding.findings import Area, Finding, Result, ok
from gateway.ports.bank import BankDialect
from gateway.ports.tenancy import Connection, Directory, OwnAccount, Tenant

CLOCK_WARN: Final = timedelta(seconds=60)
CLOCK_WRONG: Final = timedelta(minutes=10)
"""So far apart a payment late in the evening has another day at the bank than with us."""
_PAYING: Final = ("pay", "batch", "payroll")
_DAY: Final = timedelta(days=1)
_NO_MORE: Final = frozenset({"right", "account", "unanswered", "sign_on_refused", "stopped"})
"""After these codes an account is asked nothing more."""


class Asking(Protocol):
    """The questions a connection answers in real time."""

    async def sign_on(self, tenant: str, connection: str) -> Outcome:
        """Only sign on."""
        ...

    async def balance(self, tenant: str, account: OwnAccount) -> Balance:
        """An account's balance now."""
        ...

    async def statement(
        self, tenant: str, account: OwnAccount, start: date, end: date
    ) -> list[StatementPage]:
        """All pages of a statement; today must be asked for alone."""
        ...

    async def refunds(
        self, tenant: str, account: OwnAccount, start: date, end: date
    ) -> list[StatementPage]:
        """All pages of the returned payments of some days."""
        ...


class Moment(Protocol):
    """What time it is."""

    def now(self) -> datetime:
        """Business time, aware."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One connection with the accounts behind it."""

    tenant: str
    connection: str
    accounts: Sequence[OwnAccount]
    dialect: BankDialect

    @property
    def name(self) -> str:
        """How it is told."""
        return f"{self.tenant}/{self.connection}"


def subject_of(tenant: Tenant, connection: Connection, dialect: BankDialect) -> Subject:
    """A connection with everything behind it."""
    return Subject(
        tenant=tenant.id,
        connection=connection.id,
        accounts=[it for it in tenant.accounts.values() if it.connection == connection.id],
        dialect=dialect,
    )


def subjects(directory: Directory, dialects: Mapping[str, BankDialect]) -> list[Subject]:
    """Every connection of a deployment; ``dialects`` by ``Connection.dialect``."""
    return [
        subject_of(tenant, connection, dialects[connection.dialect])
        for tenant in directory.tenants.values()
        for connection in tenant.connections.values()
    ]


async def probe(subject: Subject, asking: Asking, clock: Moment) -> list[Finding]:
    """Sign on, then ask each account everything that needs a right of its own."""
    signed_on = await _sign_on(subject, asking)
    if signed_on.result is not Result.OK:
        return [signed_on]
    found = [signed_on, *await probe_accounts(subject, asking, clock)]
    return found if found[-1].code == "sign_on_refused" else [*found, _paying(subject)]


async def probe_accounts(subject: Subject, asking: Asking, clock: Moment) -> list[Finding]:
    """The same without a sign-on of its own, and without what cannot be told."""
    found: list[Finding] = []
    apart: list[timedelta] = []
    for account in subject.accounts:
        before = clock.now()
        day = before.date()
        balance, finding = await _balance(subject, asking, account)
        found.append(finding)
        if balance is not None and isinstance(balance.as_of, datetime):
            apart.append(_apart(balance.as_of, before, clock.now()))
            # The bank's own day: a clock that differs is told once, not by every query.
            day = balance.as_of.date()
        if finding.code not in _NO_MORE:
            found += await _rights(subject, asking, account, day)
        if found[-1].code == "sign_on_refused":
            return found
        if found[-1].code == "stopped":
            return found
    if subject.accounts:
        found.append(_clock(subject, apart))
    return found


async def _sign_on(subject: Subject, asking: Asking) -> Finding:
    name = subject.name
    if subject.dialect.sign_on is None:
        return ok(
            Area.SIGN_ON,
            name,
            "该银行无单独登录，随首次查询验证",
            "this bank has no sign-on of its own: the first query shows it",
        )
    try:
        outcome = await asking.sign_on(subject.tenant, subject.connection)
    except OperatorRefused as error:
        return _refused(name, error.bank_code)
    except GatewayError as error:
        return Finding(
            area=Area.SIGN_ON,
            what=name,
            result=Result.MISSING,
            code="unreachable",
            zh=f"前置机无应答：{error.zh}",
            en=f"no answer: {error.en}",
            todo_zh="核对地址与端口、防火墙及前置机是否启动",
            todo_en="check address and port, the firewall, and whether the front-end runs",
        )
    if outcome.verdict is not Verdict.ACKNOWLEDGED:
        return _refused(name, outcome.code)
    return ok(Area.SIGN_ON, name, "登录成功", "signed on")


def _refused(name: str, code: str) -> Finding:
    return Finding(
        area=Area.SIGN_ON,
        what=name,
        result=Result.MISSING,
        code="sign_on_refused",
        zh=f"登录未成功（{code}）",
        en=f"sign-on not accepted ({code})",
        todo_zh="核对客户号、操作员与口令后再试；连续错误会锁定操作员",
        todo_en="check customer, operator and password before the next try: banks lock operators",
    )


async def _balance(
    subject: Subject, asking: Asking, account: OwnAccount
) -> tuple[Balance | None, Finding]:
    what = f"{subject.name} {masked(account.number)}"
    try:
        told = await asking.balance(subject.tenant, account)
    except NotOffered as error:
        if subject.dialect.balance is not None:
            return None, _stopped(subject, error)
        return None, Finding(
            area=Area.ACCOUNT,
            what=what,
            result=Result.WARN,
            code="not_offered",
            zh="该银行接口不提供余额查询，无法核实账户",
            en="this bank's interface offers no balance: the account cannot be verified",
            todo_zh="请向银行书面核实账号、户名与币种",
            todo_en="have the bank confirm number, holder and currency in writing",
        )
    except GatewayError as error:
        return None, _failed(subject, what, "balance", error)
    return told, _echo(what, account, told)


def _stopped(subject: Subject, error: NotOffered) -> Finding:
    return Finding(
        area=Area.SIGN_ON,
        what=subject.name,
        result=Result.MISSING,
        code="stopped",
        zh=error.zh,
        en=error.en,
        todo_zh="更正口令后由人员解除停用（unblock），再运行本检查",
        todo_en="correct the password, let a person unblock the connection, and check again",
    )


def _echo(what: str, account: OwnAccount, told: Balance) -> Finding:
    """Whether the bank's account is the one that was named."""
    wrong_zh, wrong_en = [], []
    unit = told.ledger.currency.code
    if unit != account.currency:
        wrong_zh.append(f"币种为 {unit}，配置为 {account.currency}")
        wrong_en.append(f"its currency is {unit}, ours says {account.currency}")
    if told.account_name and told.account_name.strip() != account.party.name:
        wrong_zh.append("银行登记的户名与配置不同")
        wrong_en.append("the holder's name at the bank is another")
    if wrong_zh:
        return Finding(
            area=Area.ACCOUNT,
            what=what,
            result=Result.MISSING,
            code="account",
            zh="；".join(wrong_zh),
            en="; ".join(wrong_en),
            todo_zh="按银行开户信息更正户名与币种，一字不差",
            todo_en="write holder and currency exactly as the bank keeps them",
        )
    if not told.account_name:
        return Finding(
            area=Area.ACCOUNT,
            what=what,
            result=Result.WARN,
            code="no_name",
            zh=f"余额可查，币种 {unit}；银行未回送户名",
            en=f"balance answered in {unit}; the bank did not tell the holder's name",
            todo_zh="请向银行核实户名",
            todo_en="have the bank confirm the holder's name",
        )
    return ok(
        Area.ACCOUNT,
        what,
        f"余额可查，币种 {unit}，户名一致",
        f"balance answered in {unit}, the holder's name agrees",
    )


async def _rights(
    subject: Subject, asking: Asking, account: OwnAccount, today: date
) -> list[Finding]:
    """Queries beside the balance that need a right: each is asked once."""
    dialect, tenant = subject.dialect, subject.tenant
    before = today - _DAY
    questions: dict[str, Callable[[], Awaitable[object]]] = {}
    if dialect.statement is not None:
        questions["statement"] = lambda: asking.statement(tenant, account, today, today)
    if dialect.refunds is not None:
        questions["refunds"] = lambda: asking.refunds(tenant, account, before, before)
    found: list[Finding] = []
    for operation, question in questions.items():
        what = f"{subject.name} {masked(account.number)} {operation}"
        try:
            await question()
        except GatewayError as error:
            found.append(_failed(subject, what, operation, error))
            if found[-1].code == "sign_on_refused":
                break
        else:
            found.append(ok(Area.RIGHTS, what, "银行允许该查询", "the bank allows this query"))
    return found


def _failed(subject: Subject, what: str, operation: str, error: GatewayError) -> Finding:
    if isinstance(error, OperatorRefused):
        return _refused(subject.name, error.bank_code)
    if isinstance(error, BankRefused):
        denies = subject.dialect.denies
        if denies is not None and denies(error.bank_code, error.text):
            return Finding(
                area=Area.RIGHTS,
                what=what if operation != "balance" else f"{what} balance",
                result=Result.MISSING,
                code="right",
                zh=f"操作员在银行没有该权限（{error.bank_code}）",
                en=f"the operator lacks this right at the bank ({error.bank_code})",
                todo_zh="请银行为该操作员开通该账户的查询权限，或从配置中移除该账户",
                todo_en="ask the bank to grant it for this account, or take the account out",
            )
        return Finding(
            area=Area.ACCOUNT if operation == "balance" else Area.RIGHTS,
            what=what,
            result=Result.MISSING,
            code="account" if operation == "balance" else "refused",
            zh=f"银行拒绝查询（{error.bank_code}）",
            en=f"the bank refused the query ({error.bank_code})",
            todo_zh="核对账号是否属于该客户号、是否已签约银企直联",
            todo_en="check that the account belongs to this customer and is signed up",
        )
    return Finding(
        area=Area.ACCOUNT if operation == "balance" else Area.RIGHTS,
        what=what,
        result=Result.MISSING,
        code="unanswered",
        zh=f"查询失败：{error.zh}",
        en=f"the query failed: {error.en}",
        todo_zh="稍后重试；仍失败请联系银行",
        todo_en="try again later; call the bank when it goes on",
    )


def _apart(bank: datetime, before: datetime, after: datetime) -> timedelta:
    """How far the bank's clock is from ours, at least: its answer lay between the two."""
    if bank < before:
        return before - bank
    return max(bank - after, timedelta())


def _clock(subject: Subject, apart: Sequence[timedelta]) -> Finding:
    if not apart:
        return Finding(
            area=Area.CLOCK,
            what=subject.name,
            result=Result.WARN,
            code="no_time",
            zh="银行未回送时间，无法比较时钟",
            en="the bank told no time: clocks cannot be compared",
            todo_zh="确认网关主机已启用时间同步",
            todo_en="make sure that the gateway's machine keeps its time",
        )
    least = min(apart)
    seconds = int(least.total_seconds())
    if least <= CLOCK_WARN:
        return ok(
            Area.CLOCK,
            subject.name,
            f"与银行时钟相差不超过 {max(seconds, 1)} 秒",
            f"within {max(seconds, 1)} s of the bank's clock",
        )
    return Finding(
        area=Area.CLOCK,
        what=subject.name,
        result=Result.WARN if least <= CLOCK_WRONG else Result.MISSING,
        code="clock",
        zh=f"与银行时钟相差 {seconds} 秒",
        en=f"{seconds} s away from the bank's clock",
        todo_zh="为网关主机启用时间同步；若银行时钟有误请通知银行",
        todo_en="let the gateway's machine keep its time; tell the bank if its clock is wrong",
    )


def _paying(subject: Subject) -> Finding:
    """The right to pay shows in a payment alone: that is said, not guessed."""
    offered = [it for it in subject.dialect.capabilities() if it in _PAYING]
    return Finding(
        area=Area.RIGHTS,
        what=f"{subject.name} {'+'.join(offered)}",
        result=Result.WARN,
        code="not_told",
        zh="付款权限与限额只有付款才能显示，此处未付款",
        en="the right to pay, and its limits, show in a payment only: none was made",
        todo_zh="请银行书面确认，上线首日先付一笔小额",
        todo_en="have the bank confirm it, and begin with one small payment",
    )
