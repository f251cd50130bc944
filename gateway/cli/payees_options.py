"""The options of ``gateway payees``."""

from __future__ import annotations

import argparse
from pathlib import Path

_CONFIG = Path("gateway.toml")


def add(command: argparse.ArgumentParser) -> None:
    """Put the actions and their options under the command."""
    actions = command.add_subparsers(
        title="actions", required=True, metavar="ACTION", dest="action"
    )
    listed = _action(actions, "list", "列出收款人 / list payees")
    listed.add_argument("--account", help="收款账号 / account number")
    listed.add_argument("--vendor", help="供应商 / vendor")
    listed.add_argument("--state", choices=("active", "blocked", "removed"), help="状态 / state")
    listed.add_argument("--proposals", action="store_true", help="待表决的变更 / open proposals")
    show = _action(actions, "show", "查看收款人或变更 / show a payee, or a proposal")
    show.add_argument("id", help="编号 / id (pye_…, pch_…)")
    propose = _action(actions, "propose", "提交变更待表决 / propose changes")
    propose.add_argument("file", type=Path, help="JSON 文件 / JSON file of items (docs/api.md)")
    propose.add_argument("--comment", default="", help="说明 / what for")
    imported = _action(actions, "import", "提交 CSV 文件待表决 / propose a whole CSV file")
    imported.add_argument("file", type=Path, help="CSV 文件 / CSV file")
    imported.add_argument("--comment", default="", help="说明 / what for")
    vote = _action(actions, "vote", "表决同意 / say yes to a proposal")
    vote.add_argument("id", help="变更编号 / id of the proposal")
    vote.add_argument("--digest", required=True, help="所查看内容的摘要 / digest that was read")
    vote.add_argument("--reason", default="", help="理由 / why")
    withdraw = _action(actions, "withdraw", "撤回 / withdraw a proposal")
    withdraw.add_argument("id", help="变更编号 / id of the proposal")
    withdraw.add_argument("--reason", default="", help="理由 / why")


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, words: str
) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = actions.add_parser(name, help=words, description=words)
    made.add_argument("--tenant", help="租户 / tenant (the first person's)")
    made.add_argument("--key", help="人员密钥编号 / id of the person's key that calls")
    made.add_argument("--url", help="API 地址 / the API's address (from the settings)")
    made.add_argument(
        "--config", type=Path, default=_CONFIG, help=f"配置文件 / settings file ({_CONFIG})"
    )
    made.add_argument("--json", action="store_true", help="机器可读输出 / print JSON for machines")
    return made
