"""The options of ``gateway controls``."""

from __future__ import annotations

import argparse
from pathlib import Path

_CONFIG = Path("gateway.toml")


def add(command: argparse.ArgumentParser) -> None:
    """Put the actions and their options under the command."""
    actions = command.add_subparsers(
        title="actions", required=True, metavar="ACTION", dest="action"
    )
    show = _action(actions, "show", "列出版本，或查看一个 / list the versions, or show one")
    show.add_argument("version", nargs="?", type=int, help="版本号 / number of the version")
    export = _action(actions, "export", "导出带签名的文件 / export as a signed file")
    export.add_argument("--version", type=int, help="版本号（默认现行）/ a version (in force)")
    export.add_argument("--out", type=Path, metavar="FILE", help="输出文件 / file to write")
    propose = _action(actions, "propose", "提交完整的新文件待表决 / propose a whole next document")
    propose.add_argument("file", type=Path, help="JSON 或 TOML 文件，或导出文件 / JSON or TOML")
    propose.add_argument("--comment", default="", help="说明 / what for")
    vote = _action(actions, "vote", "表决同意 / say yes to a version")
    vote.add_argument("version", type=int, help="版本号 / number of the version")
    vote.add_argument("--digest", required=True, help="所查看内容的摘要 / digest that was read")
    vote.add_argument("--reason", default="", help="理由 / why")
    withdraw = _action(actions, "withdraw", "撤回 / withdraw a proposal")
    withdraw.add_argument("version", type=int, help="版本号 / number of the version")
    withdraw.add_argument("--reason", default="", help="理由 / why")
    reseal = actions.add_parser("reseal", help="更换保险库密钥后重新封印 / after a new vault key")
    reseal.add_argument(
        "--old-key",
        type=Path,
        required=True,
        metavar="FILE",
        help="旧密钥文件 / the old key's file",
    )
    _common(reseal)
    _explain(_action(actions, "explain", "试算：需要谁审批 / who would have to approve this?"))
    use = _action(actions, "use", "限额与计划：上限、已用、剩余 / cap, used and left")
    use.add_argument("--company", help="公司 / a company")
    use.add_argument("--item", help="预算项目：只列计划 / a budget item: plan lines only")
    use.add_argument("--period", help="2026, 2026-10, 2026-10-15（默认今天所在 / today's）")
    verify = actions.add_parser("verify", help="核对导出文件 / check an exported file")
    verify.add_argument("file", type=Path, help="导出文件 / the exported file")
    verify.add_argument("--public-key", metavar="HEX", help="签名公钥 / the key that signed it")
    _common(verify)


def _explain(explain: argparse.ArgumentParser) -> None:
    for name, words in (
        ("from", "付款账号 / debtor account"),
        ("to", "收款账号 / creditor account"),
        ("amount", "金额 / amount, e.g. 1200.50"),
    ):
        explain.add_argument(f"--{name}", dest=f"of_{name}", required=True, help=words)
    for name, words in (
        ("type", "业务类型 / business type (payment)"),
        ("payee", "收款人类别 / kind of payee: own_company, own_bank, other_bank, person"),
        ("known", "是否曾付过 true|false / paid before?"),
        ("maker", "经办人 / who makes it, e.g. person:wang"),
        ("erp", "ERP 系统 / the ERP system"),
        ("item", "预算项目 / budget item"),
    ):
        explain.add_argument(f"--{name}", dest=f"of_{name}", help=words)


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, words: str
) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = actions.add_parser(name, help=words, description=words)
    made.add_argument("--tenant", help="租户 / tenant (the first person's)")
    made.add_argument("--key", help="人员密钥编号 / id of the person's key that calls")
    made.add_argument("--url", help="API 地址 / the API's address (from the settings)")
    _common(made)
    return made


def _common(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--config", type=Path, default=_CONFIG, help=f"配置文件 / settings file ({_CONFIG})"
    )
    made.add_argument("--json", action="store_true", help="机器可读输出 / print JSON for machines")
