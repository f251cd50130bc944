"""Plays the ten onboarding scenarios on a stage and hands what came of them to the judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from msgspec.structs import replace
from sqlalchemy import Connection, select

from gateway.cli.onboard_stage import BATCHING, PAYING, Stage, Standin
from gateway.cli.verify_books_bank import open_bank
from gateway.dialects import bank_dialect
from gateway.domain.errors import GatewayError, InvalidInstruction, NotOffered, ReusedReference
from gateway.domain.ids import InstructionId
from gateway.domain.instruction import FINAL, State
from gateway.domain.money import CNY, Money
from gateway.intake.calls import Call
from gateway.onboarding.findings import Finding
from gateway.onboarding.scenarios import SCRIPTS, Played, Scenario, judge, not_played
from gateway.ports.erp import Draft
from gateway.sandbox.faults import Fault
from gateway.sandbox.payees import (
    RETURNED_PREFIX,
    other_account,
    own_account,
    payee_name,
    personal_account,
)
from gateway.store import tables
from gateway.store.tenancy import EVERYONE, acting_for

_QUIET: Final = timedelta(minutes=16)
_ROUNDS: Final = 6
"""How often the quiet time is let pass before a lost payment must have been sent again."""
_ROUND_S: Final = 3
_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5
_AGENT: Final = ("示例商业银行上海分行", "999290000012", "上海")
_FINAL: Final = tuple(it.value for it in FINAL)
_WRONG_NAME: Final = "样本错名有限公司"


@dataclass(slots=True)
class _Act:
    """One scenario under way: its instructions, and what went wrong beside their states."""

    stage: Stage
    tenant: str
    ids: list[InstructionId] = field(default_factory=list)
    zh: list[str] = field(default_factory=list)
    en: list[str] = field(default_factory=list)

    def wrong(self, zh: str, en: str) -> None:
        """Something was not as it must be."""
        self.zh.append(zh)
        self.en.append(en)

    async def accept(self, draft: Draft) -> InstructionId:
        """Hand in one payment."""
        stage = self.stage
        with acting_for((self.tenant,)):
            taken = await stage.built.front.intake.accept(
                stage.caller(self.tenant), draft, key="", body_digest=""
            )
        if taken.id not in self.ids:
            self.ids.append(taken.id)
        return taken.id

    async def accept_all(self, reference: str, drafts: Sequence[Draft]) -> None:
        """Hand in a batch."""
        stage, caller = self.stage, self.stage.caller(self.tenant)
        call = Call(
            caller=caller, scope=caller.erp, reference=reference, digest=reference, format="json"
        )
        with acting_for((self.tenant,)):
            batch = await stage.built.front.bulk.accept(call, drafts)
            self.ids += await stage.built.store.read(lambda db: _lines(db, self.tenant, batch.id))
        if len(self.ids) != len(drafts):
            self.wrong("批次有明细未受理", "lines of the batch were not accepted")

    async def ends(self, *states: str) -> None:
        """Wait for the states, or final ones."""
        if not await self.stage.reaches(self.tenant, self.ids, states or _FINAL):
            self.wrong("未在时限内完成", "did not end in time")


async def rehearse(
    folder: Path, standin: Standin, died: Callable[[str, BaseException], None]
) -> list[Finding]:
    """Play every scenario for one connection; a finding for each."""
    where = standin.connection.id
    offered = bank_dialect(standin.connection.bank, standin.connection.version).capabilities()
    found: list[Finding] = []
    stage = await Stage.raised(_made(folder, "bank"), standin, died)
    try:
        for scenario in Scenario:
            needs = SCRIPTS[scenario].needs
            if needs and needs not in offered:
                found.append(not_played(where, scenario))
            elif scenario is not Scenario.WRONG_PASSWORD:
                found.append(await _judged(where, scenario, stage))
    finally:
        await stage.close()
    stage = await Stage.raised(_made(folder, "refusing"), standin, died, wrong_password=True)
    try:
        found.append(await _judged(where, Scenario.WRONG_PASSWORD, stage))
    finally:
        await stage.close()
    return found


def _made(folder: Path, name: str) -> Path:
    place = folder / name
    place.mkdir(parents=True)
    return place


async def _judged(where: str, scenario: Scenario, stage: Stage) -> Finding:
    many = scenario in {Scenario.BAD_LINE, Scenario.PAYROLL}
    act = _Act(stage=stage, tenant=BATCHING if many else PAYING)
    try:
        await _PLAYS[scenario](act)
    except InvalidInstruction as error:
        for fault in error.faults:
            act.wrong(f"{fault.path} {fault.zh}", f"{fault.path} {fault.en}")
    except GatewayError as error:
        act.wrong(error.zh, error.en)
    return judge(where, scenario, await _played(act))


async def _played(act: _Act) -> Played:
    """What the gateway, the bank and the books say of it."""
    stage = act.stage
    views = [await stage.view(act.tenant, it) for it in act.ids]
    with acting_for(EVERYONE):
        sent = await stage.built.store.read(lambda db: _sent(db, act.tenant, act.ids))
    report = await stage.books()
    history = views[0]["history"] if views else []
    path = [State(step["to"]) for step in history] if isinstance(history, list) else []
    return Played(
        ends=dict(Counter(State(str(it["state"])) for it in views)),
        executed=await stage.built.tasks.read(lambda: _executed(stage, set(sent))),
        sends=sum(sent.values()),
        serials=len(sent),
        path=tuple(path),
        breaches=tuple((it.text("zh"), it.text("en")) for it in report.breaches),
        complaint=("；".join(act.zh), "; ".join(act.en)),
    )


def _lines(db: Connection, tenant: str, batch: str) -> list[InstructionId]:
    it = tables.instruction
    rows = db.execute(
        select(it.c.id).where(it.c.tenant == tenant, it.c.batch == batch).order_by(it.c.line)
    )
    return [InstructionId(row.id) for row in rows]


def _sent(db: Connection, tenant: str, ids: Sequence[str]) -> dict[str, int]:
    """Serial → how often its message with any of these payments was sent."""
    message, line = tables.message, tables.message_line
    rows = db.execute(
        select(message.c.serial, message.c.sends)
        .join(line, (line.c.tenant == message.c.tenant) & (line.c.message == message.c.id))
        .where(message.c.tenant == tenant, line.c.instruction.in_(ids))
    )
    return {row.serial: row.sends for row in rows}


def _executed(stage: Stage, serials: set[str]) -> int:
    bank = open_bank(stage.ledger_folder)
    try:
        return sum(it.serial in serials for it in bank.executions(stage.customer))
    finally:
        bank.close()


# ── the scenarios ─────────────────────────────────────────────────────────────────────────────


def _draft(act: _Act, number: int, *, own_bank: bool = True, account: str = "") -> Draft:
    """Payment ``number``: payee and amount are its own, so that none looks like another."""
    paid = account or (own_account(number) if own_bank else other_account(number))
    agent, cnaps, city = ("", "", "") if own_bank else _AGENT
    own_agent = act.stage.agent_name if own_bank else agent
    return Draft(
        erp_reference=f"ONBOARD-{number:04d}",
        debtor_account=act.stage.account,
        creditor_name=payee_name(paid),
        creditor_account=paid,
        creditor_agent_name=own_agent,
        creditor_agent_cnaps=cnaps,
        creditor_city=city,
        amount=Money(10_000 + number * 37, CNY).text(),
        currency=CNY.code,
        purpose=f"上线检查{number}",
    )


async def _paid(act: _Act) -> None:
    await act.accept(_draft(act, 101))
    await act.ends()


async def _refused(act: _Act) -> None:
    await act.accept(_with(_draft(act, 201), creditor_name=_WRONG_NAME))
    await act.ends()


async def _duplicate(act: _Act) -> None:
    draft = _draft(act, 301)
    first = await act.accept(draft)
    if await act.accept(draft) != first:
        act.wrong("重复提交得到另一笔", "the second call made another payment")
    try:
        await act.accept(_with(draft, amount="999.99"))
    except ReusedReference:
        await act.ends()
    else:
        act.wrong("同一参考号的不同内容被受理", "other content under one reference was accepted")


async def _answer_lost(act: _Act) -> None:
    draft = _draft(act, 401)
    act.stage.fault(Fault.DROP_AFTER_COMMIT, draft.creditor_account)
    await act.accept(draft)
    await act.ends(State.UNCONFIRMED.value)
    act.stage.jump(_QUIET)
    await act.ends()


async def _lost_before(act: _Act) -> None:
    draft = _draft(act, 501)
    act.stage.fault(Fault.DROP_BEFORE_COMMIT, draft.creditor_account)
    await act.accept(draft)
    await act.ends(State.UNCONFIRMED.value)
    for _ in range(_ROUNDS):
        act.stage.jump(_QUIET)
        if await act.stage.reaches(act.tenant, act.ids, _FINAL, _ROUND_S):
            return
    act.wrong("未在时限内完成", "did not end in time")


async def _returned(act: _Act) -> None:
    account = other_account(601, RETURNED_PREFIX)
    await act.accept(_draft(act, 601, own_bank=False, account=account))
    await act.ends(State.SETTLED.value)
    for _ in range(_ROUNDS):
        act.stage.jump(_DAY)
        if await act.stage.reaches(act.tenant, act.ids, (State.RETURNED.value,), _ROUND_S):
            return
    act.wrong("退汇未被识别", "the return was not seen")


async def _bad_line(act: _Act) -> None:
    drafts = [_draft(act, number) for number in (701, 702, 703)]
    drafts[1] = _with(drafts[1], creditor_name=_WRONG_NAME)
    await act.accept_all("ONBOARD-BATCH", drafts)
    await act.ends()


async def _payroll(act: _Act) -> None:
    drafts = [
        _with(
            _draft(act, number, account=personal_account(number)),
            business_type="payroll",
            payroll_purpose="salary",
        )
        for number in (801, 802)
    ]
    await act.accept_all("ONBOARD-PAYROLL", drafts)
    await act.ends()


async def _later_day(act: _Act) -> None:
    """The next Saturday: nothing leaves before, and it does leave on the day."""
    now = act.stage.clock.now()
    ahead = (_SATURDAY - now.weekday()) % 7 or 7
    day = now.date() + timedelta(days=ahead)
    await act.accept(_with(_draft(act, 901), execution_date=day.isoformat()))
    await act.ends(State.SCHEDULED.value)
    act.stage.jump(timedelta(days=ahead))
    await act.ends()


async def _wrong_password(act: _Act) -> None:
    """The first payment meets the refusal; the second must find the connection stopped."""
    await act.accept(_draft(act, 1001))
    stage = act.stage
    if not await stage.stopped(act.tenant):
        act.wrong("连接未停用", "the connection was not stopped")
    await act.accept(_draft(act, 1002))
    await act.ends(State.QUEUED.value)
    own = stage.caller(act.tenant).tenant.accounts[stage.account]
    try:
        with acting_for((act.tenant,)):
            await stage.built.relay.queries.balance(act.tenant, own)
    except NotOffered:
        """As it must be."""
    else:
        act.wrong("停用的连接仍在查询", "a stopped connection still asked the bank")
    if (count := stage.failed_sign_ons()) != 1:
        act.wrong(f"银行记到 {count} 次登录失败", f"the bank counted {count} refused sign-ons")


def _with(draft: Draft, **members: str) -> Draft:
    """A draft with other texts."""
    return replace(draft, **members)


_PLAYS: Final[dict[Scenario, Callable[[_Act], Awaitable[None]]]] = {
    Scenario.PAID: _paid,
    Scenario.REFUSED: _refused,
    Scenario.DUPLICATE: _duplicate,
    Scenario.ANSWER_LOST: _answer_lost,
    Scenario.LOST_BEFORE: _lost_before,
    Scenario.RETURNED: _returned,
    Scenario.BAD_LINE: _bad_line,
    Scenario.PAYROLL: _payroll,
    Scenario.LATER_DAY: _later_day,
    Scenario.WRONG_PASSWORD: _wrong_password,
}
