"""A new bank's folders from the template: ``make new-bank CODE=xyz``.

Rule kept here: a new bank touches only folders that bear its name, and nothing that exists
is ever written over.
"""  # noqa: INP001 - a script, no package

from __future__ import annotations

import argparse
import keyword
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

TEMPLATE: Final = "_template"
FOLDERS: Final = ("adapters/bank", "schemas/bank", "tests/golden")
"""Where a folder of the template's name becomes one of the bank's."""
_CODE: Final = re.compile(r"[a-z][a-z0-9]{1,15}", re.ASCII)


class RefusedError(Exception):
    """The code cannot be used; the text says why, in two languages."""


def create(root: Path, code: str) -> list[Path]:
    """Copy the template below ``root`` under the name ``code``; returns the new folders.

    Raises RefusedError, before anything is written, for a code that is ill-formed or taken.
    """
    if not _CODE.fullmatch(code) or keyword.iskeyword(code):
        raise RefusedError(
            "代码须为 2 至 16 位小写字母或数字、以字母开头，且不是 Python 关键字"
            " / the code must be 2 to 16 lower-case letters and digits, begin with a letter,"
            " and be no keyword of Python"
        )
    targets = [root / folder / code for folder in FOLDERS]
    for target in targets:
        if target.exists():
            raise RefusedError(f"已存在 / exists already: {target.relative_to(root)}")
    for target in targets:
        _copy(target.parent / TEMPLATE, target, code)
    return targets


def _copy(source: Path, target: Path, code: str) -> None:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    for path in sorted(target.rglob("*"), reverse=True):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace(TEMPLATE, code), encoding="utf-8", newline="")
        if TEMPLATE in path.name:
            path.rename(path.with_name(path.name.replace(TEMPLATE, code)))


def _format(folders: Sequence[Path]) -> None:
    """Lines broken for the template's name may break elsewhere for another."""
    names = [str(folder) for folder in folders]
    if find_spec("ruff") is not None:
        subprocess.run(  # noqa: S603 - our own tool
            [sys.executable, "-m", "ruff", "format", "--quiet", "--no-cache", *names], check=True
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when the folders stand, 2 when the code is refused."""
    parser = argparse.ArgumentParser(description="a new bank's folders from the template")
    parser.add_argument("code", help="代码 / the bank's code, e.g. xyz")
    code = parser.parse_args(arguments).code
    root = Path(__file__).resolve().parents[1]
    try:
        made = create(root, code)
    except RefusedError as error:
        sys.stderr.write(f"new-bank: {error}\n")
        return 2
    _format([folder for folder in made if next(folder.glob("*.py"), None)])
    for folder in made:
        sys.stdout.write(f"{folder.relative_to(root)}\n")
    sys.stdout.write("下一步 / next: docs/add-a-bank.md\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
