"""Checks of what the client's file says, before anybody is asked. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from gateway.domain.errors import Fault
from gateway.onboarding.client import Client, ClientConnection
from gateway.onboarding.findings import Area, Finding, Result, ok
from gateway.onboarding.settings_piece import key_variable
from gateway.ports.reference import UsccCheck

_PAST: Final = "date_past"
_SHOWN: Final = 3
"""So many faults of a sample are told in words; the number says how many there are."""


def credit_code(client: Client, check: UsccCheck) -> Finding:
    """统一社会信用代码: length, characters and check character."""
    fault = check(client.uscc, "client.uscc")
    if fault is None:
        return ok(
            Area.CLIENT,
            "client.uscc",
            "统一社会信用代码格式与校验位正确",
            "the credit code's form and check character are right",
        )
    return Finding(
        area=Area.CLIENT,
        what=f"client.uscc（第 {client.line_of_uscc} 行 line {client.line_of_uscc}）",
        result=Result.MISSING,
        code=fault.code,
        zh=fault.zh,
        en=fault.en,
        todo_zh="按营业执照更正",
        todo_en="correct it from the business licence",
    )


def contacts(client: Client) -> Finding:
    """Whom to call on the day; one alone is a risk."""
    count = len(client.contacts)
    if count > 1:
        return ok(Area.CLIENT, "contacts", f"{count} 位联系人", f"{count} people to call")
    return Finding(
        area=Area.CLIENT,
        what="contacts",
        result=Result.WARN,
        code="one_contact",
        zh="只有一位联系人",
        en="one person to call only",
        todo_zh="建议再登记一位（业务与技术各一）",
        todo_en="name a second one: one for business, one for technology",
    )


def adapters(
    client: Client, spoken: Callable[[ClientConnection], bool], erps: Sequence[str]
) -> list[Finding]:
    """Whether the languages of the banks and of the ERP are installed."""
    wanted = [(f"bank {it.bank} {it.version}".strip(), spoken(it)) for it in client.connections]
    wanted.append((f"erp {client.erp}", client.erp in erps))
    return [
        ok(Area.ADAPTER, what, "适配器已安装", "the adapter is installed")
        if there
        else Finding(
            area=Area.ADAPTER,
            what=what,
            result=Result.MISSING,
            code="no_adapter",
            zh="没有该适配器或版本",
            en="there is no such adapter, or not of this version",
            todo_zh="用 gateway banks 查看已装银行；核对名称或安装适配器",
            todo_en="see `gateway banks` for what is installed; check the name or install it",
        )
        for what, there in dict(wanted).items()
    ]


def password_place(connection: ClientConnection, *, known: bool) -> Finding:
    """Whether the password can be had where the file says. It is never told."""
    place = "password_file" if connection.password_file else "password_env"
    what = f"{connection.id} {place}"
    if known:
        return ok(Area.SETTINGS, what, "口令可读取", "the password can be read")
    return Finding(
        area=Area.SETTINGS,
        what=what,
        result=Result.MISSING,
        code="no_password",
        zh="口令文件或环境变量不存在、为空或无法读取，未登录银行",
        en="the password's file or variable is not there, empty or unreadable: no sign-on tried",
        todo_zh="放置口令后再运行本检查",
        todo_en="put the password there and run this check again",
    )


def sample_unread(client: Client, zh: str, en: str) -> Finding:
    """The sample could not be read at all."""
    return Finding(
        area=Area.ERP,
        what=f"{client.erp} {client.sample.name}",
        result=Result.MISSING,
        code="sample",
        zh=f"样例文件无法读取：{zh}",
        en=f"the sample cannot be read: {en}",
        todo_zh="请 ERP 重新导出；可用 gateway erp try 查看详情",
        todo_en="let the ERP export it again; `gateway erp try` tells more",
    )


def sample_read(
    client: Client, lines: Sequence[Sequence[Fault]], whole: Sequence[Fault]
) -> Finding:
    """What became of a sample that could be read: the faults of each line, and of the whole.

    A sample may be old: a day that has passed is no fault of it.
    """
    what = f"{client.erp} {client.sample.name}"
    real = [[it for it in faults if it.code != _PAST] for faults in lines]
    good = 0 if whole else sum(not faults for faults in real)
    faults = [*whole, *(it for some in real for it in some)]
    if lines and not faults:
        old = "；付款日期已过，未计为错误" if any(lines) else ""
        note = "; its days have passed, which is no fault of a sample" if any(lines) else ""
        return ok(
            Area.ERP,
            what,
            f"读出 {len(lines)} 笔付款，无错误{old}",
            f"{len(lines)} payments, no faults{note}",
        )
    told = faults[:_SHOWN]
    return Finding(
        area=Area.ERP,
        what=what,
        result=Result.MISSING,
        code="sample",
        zh=f"读出 {len(lines)} 笔付款，{good} 笔可受理，{len(faults)} 处错误"
        + "".join(f"；{it.path} {it.zh}" for it in told),
        en=f"{len(lines)} payments, {good} would be accepted, {len(faults)} faults"
        + "".join(f"; {it.path} {it.en}" for it in told),
        todo_zh="用 gateway erp try 逐条查看；付款账户须列入 accounts",
        todo_en="see each with `gateway erp try`; paying accounts must stand under accounts",
    )


def settings_made(client: Client, faults: Sequence[Fault]) -> Finding:
    """Whether the settings that follow from the file would be read."""
    if not faults:
        return ok(
            Area.SETTINGS,
            "gateway.toml",
            f"配置片段可用；ERP 密钥放入环境变量 {key_variable(client)}",
            f"the settings' piece can be used; put the ERP's key into {key_variable(client)}",
        )
    return Finding(
        area=Area.SETTINGS,
        what="gateway.toml",
        result=Result.MISSING,
        code="settings",
        zh="配置片段有误：" + "；".join(f"{it.path} {it.zh}" for it in faults),
        en="the settings' piece has faults: " + "; ".join(f"{it.path} {it.en}" for it in faults),
        todo_zh="更正客户文件",
        todo_en="correct the client's file",
    )


def unplayable(connection: ClientConnection) -> Finding:
    """The scenarios need an adapter and an account in yuan."""
    return Finding(
        area=Area.SCENARIO,
        what=connection.id,
        result=Result.MISSING,
        code="unplayable",
        zh="没有可演练的适配器与人民币账户，未演练",
        en="no adapter and account in CNY to play with: nothing was played",
        todo_zh="为该连接登记至少一个人民币账户",
        todo_en="name at least one account in CNY for this connection",
    )
