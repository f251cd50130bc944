"""The options of ``gateway erp …`` and ``gateway readiness``."""

from __future__ import annotations

import argparse
from pathlib import Path

_CONFIG = "gateway.toml"


def add_actions(erp: argparse.ArgumentParser) -> None:
    """The actions of ``gateway erp``."""
    actions = erp.add_subparsers(title="actions", required=True, metavar="ACTION", dest="action")
    _try(actions)
    _shadow(actions)
    _files(actions)


def add_readiness(readiness: argparse.ArgumentParser) -> None:
    """The options of ``gateway readiness``."""
    readiness.add_argument(
        "file",
        nargs="?",
        type=Path,
        help="客户 ERP 情况（TOML）/ what the client's ERPs are (TOML)",
    )
    readiness.add_argument(
        "--list", action="store_true", help="列出支持的产品 / list the products that are served"
    )
    _json(readiness)


def _try(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    attempt = _action(actions, "try", "试读文件，不存储 / say what a file would do, nothing stored")
    attempt.add_argument(
        "name",
        help="方言或其目录，auto 自动识别，或配置中的 ERP 系统"
        " / dialect or its folder, auto, or an ERP system of the settings",
    )
    attempt.add_argument("file", help="文件，- 为标准输入 / a file, - for standard input")
    attempt.add_argument(
        "--config", type=Path, help="配置文件；省略则用演示租户 / settings (else a demo tenant)"
    )
    attempt.add_argument("--tenant", help="租户 / tenant (the first one)")
    _json(attempt)


def _shadow(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    shadow = _action(actions, "shadow", "新映射与旧映射的差异 / what a new mapping reads otherwise")
    shadow.set_defaults(module="erp_shadow")
    shadow.add_argument("--config", type=Path, default=Path(_CONFIG), help="配置文件 / settings")
    shadow.add_argument("--tenant", help="租户 / tenant (the first one)")
    shadow.add_argument("--system", default="", help="ERP 系统 / only this ERP system")
    shadow.add_argument(
        "--most", type=int, default=20, help="最多显示次数 / most comparisons shown"
    )
    _json(shadow)


def _files(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    files = _action(
        actions, "files", "ERP 来文及处理结果 / files that came from ERPs and what became of each"
    )
    files.set_defaults(module="erp_files")
    files.add_argument("--config", type=Path, default=Path(_CONFIG), help="配置文件 / settings")
    files.add_argument("--tenant", help="租户 / tenant (the first one)")
    files.add_argument("--system", default="", help="ERP 系统 / only this ERP system")
    files.add_argument("--refused", action="store_true", help="只看拒收的 / only refused ones")
    files.add_argument("--most", type=int, default=20, help="最多显示次数 / most comparisons shown")
    _json(files)


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, words: str
) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = actions.add_parser(name, help=words, description=words)
    return made


def _json(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--json", action="store_true", help="机器可读输出 / print JSON for machines"
    )
