"""The command ``gateway``: parses, calls one command module, returns its exit code.

Exit codes: 0 done, 1 the thing asked about is wrong (a broken chain, a failed check),
2 the call or its input is wrong. Command modules are imported only when used, so that every
command starts quickly.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from gateway import __version__
from gateway.cli import controls_options, erp_options, payees_options
from gateway.domain.errors import Corrupt, GatewayError, Refused

_CONFIG: Final = "gateway.toml"


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of the console script."""
    options = _parser().parse_args(arguments)
    try:
        return int(_command(options.module)(options))
    except Refused as error:
        _complain(error)
        for fault in error.faults:
            line = f" (第 {fault.line} 行 line {fault.line})" if fault.line else ""
            print(f"  {fault.path}{line}: {fault.zh} / {fault.en}", file=sys.stderr)
        return 2
    except Corrupt as error:
        _complain(error)
        return 1
    except GatewayError as error:
        _complain(error)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def _complain(error: GatewayError) -> None:
    print(f"gateway: {error.zh} / {error.en}", file=sys.stderr)


def _command(name: str) -> Callable[[argparse.Namespace], int]:
    # Modules are no garbage: looking for some in between makes a start a tenth slower.
    gc.disable()
    try:
        run: Callable[[argparse.Namespace], int] = import_module(f"gateway.cli.{name}").command
    finally:
        gc.enable()
    return run


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gateway", description="银企直联网关 / the bank-enterprise direct-connect gateway"
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _service_commands(commands)
    _file_commands(commands)
    _proof_commands(commands)
    return parser


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    words: str,
    module: str = "",
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=words, description=words)
    command.set_defaults(module=module or name)
    return command


def _config(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--config", type=Path, default=Path(_CONFIG), help=f"配置文件 / settings file ({_CONFIG})"
    )


def _json(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--json", action="store_true", help="机器可读输出 / print JSON for machines"
    )


def _database(command: argparse.ArgumentParser, role_zh: str, role_en: str) -> None:
    where = command.add_mutually_exclusive_group()
    where.add_argument(
        "--database-env",
        metavar="NAME",
        help=f"存放{role_zh}数据库地址的环境变量 / variable with the address for {role_en}",
    )
    where.add_argument(
        "--database-file", type=Path, metavar="FILE", help="同上，取自文件 / the same, from a file"
    )


def _service_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    demo = _add(
        commands, "demo", "完整演示：网关与沙箱银行 / the whole story, with the sandbox bank"
    )
    demo.add_argument(
        "--exit", action="store_true", help="结束后退出 / end instead of staying open"
    )
    demo.add_argument(
        "--db",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="数据库 / database (sqlite)",
    )
    demo.add_argument("--port", type=int, default=8700, help="API 端口 / port of the API")
    _json(demo)
    serve = _add(
        commands, "serve", "API 服务（SQLite 时含发送工作） / the API (and the worker, on SQLite)"
    )
    _config(serve)
    _log(serve)
    _json(serve)
    worker = _add(commands, "worker", "独立发送进程 / a relay without the API")
    _config(worker)
    worker.add_argument(
        "--metrics-port",
        type=int,
        metavar="PORT",
        help="监控端口（覆盖 [metrics] port）/ port of /metrics and /readyz, over [metrics] port",
    )
    _log(worker)
    _json(worker)
    migration = _add(commands, "migrate", "升级数据库结构 / bring the database to this version")
    migration.add_argument(
        "--check", action="store_true", help="只检查；落后时退出码 1 / only look; exit 1 if behind"
    )
    _database(migration, "属主角色的", "the role that owns it")
    _config(migration)
    _json(migration)
    erps = _add(commands, "erps", "各家 ERP 的模拟端 / stand-ins of the vendors' servers")
    erps.add_argument("--data", type=Path, default=Path("var/erps"), help="SFTP 目录 / SFTP folder")
    erps.add_argument("--host", default="127.0.0.1")
    erps.add_argument("--port", type=int, default=8090)
    _json(erps)
    sandbox = _add(commands, "sandbox", "沙箱银行 / the bank in a box")
    sandbox.add_argument("--data", type=Path, default=Path("var/sandbox"), help="账本目录 / folder")
    sandbox.add_argument("--host", default="127.0.0.1")
    sandbox.add_argument("--port", type=int, default=8007)
    sandbox.add_argument("--clock", type=Path, help="共享时钟文件 / the shared clock's file")
    sandbox.add_argument("--bank", action="append", help="方言 / dialect (cib); may repeat")
    sandbox.add_argument("--seed", type=int, default=1, help="故障随机种子 / seed of drawn faults")
    sandbox.add_argument("--return-rate", type=int, default=0, help="退汇百分比 / percent returned")
    sandbox.add_argument("--no-limits", action="store_true", help="不限额 / no limits (benchmarks)")
    sandbox.add_argument("--notify", action="append", metavar="URL", help="动账通知 / notices")
    sandbox.add_argument("--fast", action="store_true", help="不等磁盘 / do not wait for the disk")
    _log(sandbox)
    _json(sandbox)
    doctor = _add(commands, "doctor", "检查配置与连接 / check settings and connections")
    _config(doctor)
    doctor.add_argument("--connection", help="只查此连接 / only this connection")
    _json(doctor)
    _webhooks(commands)
    _people(commands)
    controls_options.add(_add(commands, "controls", "管控文件 / the control document"))
    payees_options.add(_add(commands, "payees", "收款人主数据 / the payee master"))
    _reference(commands)
    _onboard(commands)
    banks = _add(commands, "banks", "已装银行及能力 / installed banks and what they offer")
    _json(banks)


def _onboard(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    onboard = _add(commands, "onboard", "客户上线检查 / may a client go live")
    onboard.add_argument("action", choices=("check",))
    onboard.add_argument("file", type=Path, metavar="CLIENT.yaml", help="客户文件 / its file")
    onboard.add_argument(
        "--report", type=Path, metavar="FILE", help="报告 .html 或 .md / report to write"
    )
    onboard.add_argument(
        "--settings", type=Path, metavar="FILE", help="配置片段 / where the settings' piece goes"
    )
    onboard.add_argument("--clock", type=Path, help="沙箱的共享时钟 / a sandbox's shared clock")
    _json(onboard)


def _people(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    people = _add(commands, "people", "人员登录：邀请、名单、停用 / people who log in")
    people.add_argument("action", choices=("invite", "list", "disable", "enable"))
    people.add_argument("name", nargs="?", help="登录名 / log-in name")
    people.add_argument("--reason", default="", help="停用、恢复的原因 / why (disable, enable)")
    people.add_argument("--tenant", help="租户 / tenant of the person that calls")
    people.add_argument("--key", help="人员密钥编号 / id of the person's key that calls")
    people.add_argument("--url", help="API 地址 / the API's address (from the settings)")
    people.add_argument(
        "--anew",
        action="store_true",
        help="同时解除全部第二因素（手机丢失）/ remove all second factors too (lost phone)",
    )
    _config(people)
    _json(people)


def _webhooks(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    webhooks = _add(commands, "webhooks", "Webhook 密钥、死信与重投 / secrets, dead letters")
    webhooks.add_argument("action", choices=("secret", "list", "redeliver"))
    webhooks.add_argument("event", nargs="*", help="事件编号 / ids of events (redeliver)")
    webhooks.add_argument("--dead", action="store_true", help="全部死信 / every dead one")
    webhooks.add_argument("--state", default="dead", choices=("dead", "pending", "delivered"))
    webhooks.add_argument("--tenant", help="租户 / tenant (the first key's)")
    webhooks.add_argument("--key", help="密钥编号 / id of the key that calls")
    webhooks.add_argument("--url", help="API 地址 / the API's address (from the settings)")
    _config(webhooks)
    _json(webhooks)


def _reference(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    words = "日历、渠道、行名行号、名单 / calendars, channels, bank offices, lists of names"
    group = _add(commands, "reference", words)
    actions = group.add_subparsers(title="actions", required=True, metavar="ACTION", dest="action")

    def action(name: str, said: str) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=said, description=said)
        _config(made)
        _json(made)
        return made

    taken = action("import", "导入文件 / import a file, whole or not at all")
    taken.add_argument("kind", choices=("calendar", "channels", "offices", "names"))
    taken.add_argument("file", type=Path, help="文件 / the file")
    taken.add_argument("--source", required=True, help="来源 / where it is from")
    taken.add_argument(
        "--from", dest="holds_from", required=True, metavar="DATE", help="生效日期 / from which day"
    )
    taken.add_argument("--tenant", help="仅此租户（名单）/ for this tenant only (names)")
    _database(taken, "属主角色的", "the role that owns it")
    action("list", "导入历史 / what was imported")
    day = action("day", "某日是否工作日 / whether a day is a working day")
    day.add_argument("day", metavar="DATE", help="日期 / the day, 2026-10-01")
    office = action("office", "查行名行号 / look up a bank office")
    office.add_argument("asked", metavar="NUMBER|NAME", help="行号或行名 / number or name")
    office.add_argument("--city", help="城市 / only in this city")
    route = action("route", "建议渠道 / propose a channel")
    route.add_argument("--amount", required=True, help="金额 / amount in CNY, 1200.50")
    route.add_argument("--own-bank", action="store_true", help="收款行为本行 / payee at own bank")
    route.add_argument("--at", help="时刻 / instant in Beijing time, 2026-10-01T16:30 (now)")
    route.add_argument("--urgent", action="store_true", help="加急 / urgent")


def _log(command: argparse.ArgumentParser) -> None:
    command.add_argument("--log", choices=("json", "text"), help="日志形式 / form of the log")
    command.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        help="日志级别 / from which level on",
    )


def _file_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    read = _add(
        commands,
        "read",
        "读文件或银行报文 / read any payment or statement file or bank message",
        "read_command",
    )
    read.add_argument("file", help="文件，- 为标准输入 / a file, - for standard input")
    read.add_argument(
        "--mapping", type=Path, metavar="FILE", help="表格列映射 JSON / a table's saved mapping"
    )
    _json(read)
    matched = _add(
        commands, "reconcile", "对账单与账面逐笔勾对 / match a statement with a ledger, no server"
    )
    matched.add_argument(
        "--statement", type=Path, required=True, metavar="FILE", help="对账单 / bank statement"
    )
    matched.add_argument(
        "--ledger", type=Path, required=True, metavar="FILE", help="账面明细 CSV / ledger items"
    )
    matched.add_argument(
        "--rules", type=Path, metavar="FILE", help="对账规则 JSON / the client's rule set"
    )
    _json(matched)
    convert = _add(
        commands, "convert", "付款、对账单文件互转 / payments and statements, from format to format"
    )
    convert.add_argument("file", help="文件，- 为标准输入 / a file, - for standard input")
    convert.add_argument(
        "--to",
        required=True,
        metavar="FORMAT",
        help="pain.001.001.03 … .13 | json | csv | camt.053.001.02 … | MT940 | BAI2 | xlsx",
    )
    convert.add_argument("--out", type=Path, help="输出文件 / file to write (standard output)")
    convert.add_argument("--reference", help="批次号（MsgId）/ batch reference (MsgId)")
    convert.add_argument("--bom", action="store_true", help="CSV 带 BOM / byte order mark in CSV")
    convert.add_argument(
        "--mapping", type=Path, metavar="FILE", help="表格列映射 JSON / a table's saved mapping"
    )
    convert.add_argument("--debtor-bic", help="付款行 BIC / BIC of the debtor's bank (pain.001)")
    erp = _add(commands, "erp", "ERP 接口 / an ERP's language", "erp_try")
    erp_options.add_actions(erp)
    readiness = _add(
        commands, "readiness", "客户 ERP 是否就绪 / whether a client's ERPs can be served"
    )
    erp_options.add_readiness(readiness)


def _proof_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    audit = _add(commands, "audit", "审计链 / the audit trail")
    audit.add_argument("action", choices=("verify", "checkpoint"), help="verify | checkpoint")
    audit.add_argument("--key", help="检查点公钥（十六进制）/ the checkpoint's public key in hex")
    _database(audit, "审计角色的", "the role that audits")
    _config(audit)
    _json(audit)
    books = _add(commands, "verify-books", "核对账实 / check the books", "verify_books")
    books.add_argument(
        "--sandbox", metavar="URL|FILE", help="沙箱银行地址或账本 / the sandbox bank or its ledger"
    )
    books.add_argument(
        "--at-rest", action="store_true", help="应已全部终结 / nothing may be under way any more"
    )
    books.add_argument("--no-trail", action="store_true", help="不验审计链 / leave out the trail")
    books.add_argument(
        "--metrics", type=Path, metavar="FILE", help="Prometheus 文本文件 / textfile for Prometheus"
    )
    _database(books, "审计角色的", "the role that audits")
    _config(books)
    _json(books)
    campaign = _add(commands, "campaign", "故障演练 / a campaign of faults")
    campaign.add_argument(
        "--simulate", action="store_true", help="确定性模拟 / simulate, in one process"
    )
    campaign.add_argument("--seed", type=int, default=1)
    campaign.add_argument("--payments", type=int, default=1000)
    campaign.add_argument("--kills", type=int, default=0, help="真实进程中 SIGKILL 次数 / SIGKILLs")
    campaign.add_argument("--bank", default="cib")
    campaign.add_argument(
        "--db",
        choices=("sqlite", "postgresql"),
        default="postgresql",
        help="真实进程用的数据库 / database of real processes (postgresql)",
    )
    campaign.add_argument(
        "--keep",
        type=Path,
        metavar="FOLDER",
        help="保留现场的新目录 / a new folder, kept to look at",
    )
    _json(campaign)
    bench = _add(commands, "bench", "性能测量 / measure", "bench_command")
    bench.add_argument("name", nargs="?", help="名称 / which one")
    bench.add_argument("--list", action="store_true", help="列出并说明 / say what each measures")
    bench.add_argument("--scale", default="1", help="规模 / share of the full size, e.g. 0.1")
    bench.add_argument(
        "--db",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="付款类测量的数据库 / database of the payment benches",
    )
    bench.add_argument(
        "--controls",
        action="store_true",
        help="另测控制文件生效时 / payments-batch: once more with a control document in force",
    )
    bench.add_argument(
        "--mib", type=int, default=0, help="文件大小 / statement-read: about so large a file"
    )
    bench.add_argument(
        "--entries", type=int, default=0, help="明细条数 / reconcile: so many statement entries"
    )
    bench.add_argument("--profile", help="把剖析写到此文件 / write a profile to this file")
    _json(bench)


if __name__ == "__main__":
    sys.exit(main())
