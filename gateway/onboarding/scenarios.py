"""The ten scenarios a client's configuration is put through, and what must come of each. Pure.

Rule kept here: a scenario is passed only when the instructions ended as they must, the bank
executed exactly what it should have, under as many sends as are right, and the books agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from gateway.domain.instruction import State
from gateway.onboarding.findings import Area, Finding, Result, ok


class Scenario(StrEnum):
    """What is played. The strings stand in reports: they are forever."""

    PAID = "paid"
    REFUSED = "refused"
    DUPLICATE = "duplicate_reference"
    ANSWER_LOST = "timeout_after_commit"
    LOST_BEFORE = "lost_before_bank"
    RETURNED = "returned"
    BAD_LINE = "batch_one_bad_line"
    PAYROLL = "payroll"
    LATER_DAY = "not_a_working_day"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - a scenario's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What must come of a scenario. ``path`` are the states the first instruction must pass."""

    zh: str
    en: str
    ends: Mapping[State, int]
    """State → how many instructions end in it."""
    executed: int
    """Payments the bank carried out."""
    sends: tuple[int, int]
    """Fewest and most messages with a payment that went to the bank, resends counted."""
    serials: int
    """Under how many serials."""
    path: tuple[State, ...] = ()
    needs: str = ""
    """The dialect's operation without which this is not played."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of a scenario."""

    ends: Mapping[State, int]
    executed: int
    sends: int
    serials: int
    path: tuple[State, ...]
    breaches: tuple[tuple[str, str], ...]
    """What the books check found, zh and en."""
    complaint: tuple[str, str] = ("", "")
    """What else went wrong, zh and en."""


_S = State
SCRIPTS: Final[Mapping[Scenario, Script]] = MappingProxyType(
    {
        Scenario.PAID: Script(
            zh="付款成功",
            en="a payment is paid",
            ends={_S.SETTLED: 1},
            executed=1,
            sends=(1, 1),
            serials=1,
        ),
        Scenario.REFUSED: Script(
            zh="户名不符，银行拒绝",
            en="the bank refuses a wrong name",
            ends={_S.REJECTED: 1},
            executed=0,
            sends=(1, 1),
            serials=1,
        ),
        Scenario.DUPLICATE: Script(
            zh="同一业务参考号再次提交：内容相同得同一应答，内容不同被拒绝",
            en="a reference sent again: the same answer, and other content is refused",
            ends={_S.SETTLED: 1},
            executed=1,
            sends=(1, 1),
            serials=1,
        ),
        Scenario.ANSWER_LOST: Script(
            zh="银行已记账、应答丢失：查证后成功，不重付",
            en="paid, the answer lost: settled by enquiry, not paid again",
            ends={_S.SETTLED: 1},
            executed=1,
            sends=(1, 1),
            serials=1,
            path=(_S.SENDING, _S.UNCONFIRMED, _S.SETTLED),
        ),
        Scenario.LOST_BEFORE: Script(
            zh="未到达银行即丢失：查证后以同一流水号重发",
            en="lost before the bank: sent again under the same serial",
            ends={_S.SETTLED: 1},
            executed=1,
            sends=(2, 4),
            serials=1,
            path=(_S.SENDING, _S.UNCONFIRMED, _S.SETTLED),
        ),
        Scenario.RETURNED: Script(
            zh="付款成功后第二个工作日退汇",
            en="returned on the second working day",
            ends={_S.RETURNED: 1},
            executed=1,
            sends=(1, 1),
            serials=1,
            path=(_S.SETTLED, _S.RETURNED),
            needs="refunds",
        ),
        Scenario.BAD_LINE: Script(
            zh="批量中一笔有误：该笔拒绝，其余付出",
            en="a batch with one bad line: that one is refused, the others are paid",
            ends={_S.SETTLED: 2, _S.REJECTED: 1},
            executed=2,
            sends=(2, 6),
            serials=0,
            needs="batch",
        ),
        Scenario.PAYROLL: Script(
            zh="代发工资",
            en="a payroll is paid",
            ends={_S.SETTLED: 2},
            executed=2,
            sends=(1, 1),
            serials=1,
            needs="payroll",
        ),
        Scenario.LATER_DAY: Script(
            zh="指定非工作日执行：网关保留至当日，不提前发送",
            en="due on a day that is no working day: kept until then, not sent before",
            ends={_S.SETTLED: 1},
            executed=1,
            sends=(1, 1),
            serials=1,
            path=(_S.SCHEDULED, _S.QUEUED, _S.SENDING, _S.SETTLED),
        ),
        Scenario.WRONG_PASSWORD: Script(
            zh="口令错误：登录被拒即停用连接，不再尝试",
            en="a wrong password: the refused sign-on stops the connection, no second try",
            ends={_S.QUEUED: 2},
            executed=0,
            sends=(1, 1),
            serials=1,
        ),
    }
)
"""``serials`` 0: any number, as a batch is put together anew under another serial."""


def judge(where: str, scenario: Scenario, played: Played) -> Finding:
    """Whether a scenario was passed, and where it was not."""
    script = SCRIPTS[scenario]
    zh, en = [], []
    if played.complaint != ("", ""):
        zh.append(played.complaint[0])
        en.append(played.complaint[1])
    if dict(played.ends) != dict(script.ends):
        zh.append(f"结果为 {_told(played.ends)}，应为 {_told(script.ends)}")
        en.append(f"ended {_told(played.ends)}, must be {_told(script.ends)}")
    if played.executed != script.executed:
        zh.append(f"银行执行 {played.executed} 笔，应为 {script.executed} 笔")
        en.append(f"the bank executed {played.executed}, must be {script.executed}")
    if not script.sends[0] <= played.sends <= script.sends[1]:
        zh.append(f"付款报文发出 {played.sends} 次")
        en.append(f"payment messages left {played.sends} times")
    if script.serials and played.serials != script.serials:
        zh.append(f"用了 {played.serials} 个流水号，应为 {script.serials} 个")
        en.append(f"used {played.serials} serials, must be {script.serials}")
    if not _passes(played.path, script.path):
        zh.append("未经过应有的状态")
        en.append("did not pass the states it must")
    for told_zh, told_en in played.breaches:
        zh.append(f"账实核对：{told_zh}")
        en.append(f"books: {told_en}")
    what = f"{where} {scenario.value}"
    if not zh:
        times = f"{played.sends}"
        return ok(
            Area.SCENARIO,
            what,
            f"{script.zh}；发出 {times} 次，银行执行 {played.executed} 笔，账实相符",
            f"{script.en}; sent {times}, executed {played.executed}, the books agree",
        )
    return Finding(
        area=Area.SCENARIO,
        what=what,
        result=Result.MISSING,
        code="scenario",
        zh=f"{script.zh}——未通过：{'；'.join(zh)}",
        en=f"{script.en}: not passed: {'; '.join(en)}",
        todo_zh="不得上线；保留本报告并联系产品支持",
        todo_en="do not go live; keep this report and call the product's support",
    )


def not_played(where: str, scenario: Scenario) -> Finding:
    """The bank's language does not offer what the scenario needs."""
    script = SCRIPTS[scenario]
    return Finding(
        area=Area.SCENARIO,
        what=f"{where} {scenario.value}",
        result=Result.WARN,
        code="not_offered",
        zh=f"{script.zh}——该银行接口不提供，未演练",
        en=f"{script.en}: this bank's interface does not offer it, not played",
        todo_zh="上线方案中不得使用该业务",
        todo_en="do not plan with this business",
    )


def _passes(path: tuple[State, ...], wanted: tuple[State, ...]) -> bool:
    """Whether the wanted states were passed in this order, others between them allowed."""
    walked = iter(path)
    return all(state in walked for state in wanted)


def _told(ends: Mapping[State, int]) -> str:
    return ", ".join(f"{count}×{state.value}" for state, count in sorted(ends.items())) or "-"
