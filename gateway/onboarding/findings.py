"""What a check found: ok, to be looked at, or missing; in two languages, with what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Result(StrEnum):
    """How a check came out. Only MISSING keeps a client from going live."""

    OK = "ok"
    WARN = "warn"
    """Works, but somebody should look at it."""
    MISSING = "missing"
    """Is not there, or does not work."""


class Area(StrEnum):
    """What a check is about. The strings stand in reports: they are forever."""

    CLIENT = "client"
    ADAPTER = "adapter"
    SIGN_ON = "sign_on"
    RIGHTS = "rights"
    ACCOUNT = "account"
    CLOCK = "clock"
    ERP = "erp"
    SETTINGS = "settings"
    SCENARIO = "scenario"


AREA_WORDS: Final = {
    Area.CLIENT: ("客户资料", "The client"),
    Area.ADAPTER: ("适配器", "Adapters"),
    Area.SIGN_ON: ("银行登录", "Sign-on at the bank"),
    Area.RIGHTS: ("操作员权限", "The operator's rights"),
    Area.ACCOUNT: ("账户", "Accounts"),
    Area.CLOCK: ("时钟", "Clocks"),
    Area.ERP: ("ERP 样例文件", "The ERP's sample file"),
    Area.SETTINGS: ("配置", "Settings"),
    Area.SCENARIO: ("沙箱场景", "Scenarios in the sandbox"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check. ``todo_*`` say what to do, '' where there is nothing."""

    area: Area
    what: str
    """What was looked at: an id, a masked account, a scenario's name."""
    result: Result
    zh: str
    en: str
    todo_zh: str = ""
    todo_en: str = ""
    code: str = ""
    """A stable code of what is wrong, '' when nothing is."""

    def document(self) -> dict[str, str]:
        """As JSON."""
        return {
            "area": self.area.value,
            "what": self.what,
            "result": self.result.value,
            "code": self.code,
            "zh": self.zh,
            "en": self.en,
            "todo_zh": self.todo_zh,
            "todo_en": self.todo_en,
        }


def ready(findings: Iterable[Finding]) -> bool:
    """Whether a client may go live: something was looked at, and nothing is missing."""
    results = {it.result for it in findings}
    return bool(results) and Result.MISSING not in results


def ok(area: Area, what: str, zh: str, en: str) -> Finding:
    """All is well."""
    return Finding(area=area, what=what, result=Result.OK, zh=zh, en=en)
