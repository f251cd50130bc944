"""``make corpus``: what becomes of a folder of public files, ours and other readers' beside it.

Rule kept here: the same folder gives the same page. "Exact" counts entries against the file's raw
lines, found by nothing but a pattern; "values" compares amounts with what upstream's tests expect.
"""  # noqa: INP001 - a script, no package

from __future__ import annotations

import argparse
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from gateway.cli.read import READ, run
from gateway.cli.read_command import languages
from gateway.ports.statement_formats import Reading
from tools.corpus_peers import PEERS, installed

FORMATS: Final = {
    "camt.052": r"camt\.052\..*",
    "camt.053": r"camt\.053\..*",
    "camt.054": r"camt\.054\..*",
    "MT940": r"mt940",
    "MT942": r"mt942",
    "BAI2": r"bai2",
    "OFX": r"ofx",
    "pain.001": r"pain\.001\..*|nons\.CstmrCdtTrfInitn",
    "pain.002": r"pain\.002\..*|nons\.CstmrPmtStsRpt",
    "pain.008, camt.055": r"pain\.008\..*|camt\.055\..*|nons\.CstmrDrctDbtInitn",
}
"""Formats to the names of their folders."""
_REMARK: Final = re.compile(rb"<!--.*?-->", re.DOTALL)
_RAW: Final = {
    "camt.052": rb"<(?:\w+:)?Ntry[\s>]",
    "camt.053": rb"<(?:\w+:)?Ntry[\s>]",
    "camt.054": rb"<(?:\w+:)?Ntry[\s>]",
    "MT940": rb"[\r\n]:61:",
    "MT942": rb"[\r\n]:61:",
    "BAI2": rb"(?:^|[\r\n]|/[ \t]+)16,\d{3},",
    "OFX": rb"<STMTTRN>",
    "pain.001": rb"<(?:\w+:)?CdtTrfTxInf[\s>]",
}
_PEER_S: Final = 300
_MARK_BEGIN: Final = "<!-- table -->\n"
_MARK_END: Final = "<!-- end -->\n"


@dataclass
class Row:
    """One format: our figures, and each peer's (read, exact)."""

    name: str
    files: list[Path]
    read: int = 0
    exact: int = 0
    values: int = 0
    expected: int = 0
    findings: int = 0
    broken: int = 0
    refused: list[str] = field(default_factory=list)
    peers: dict[str, tuple[int, int]] = field(default_factory=dict)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the table into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--page", type=Path, required=True)
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        sys.stderr.write(f"没有该目录 no such folder: {options.folder}\n")
        return 2
    rows = [measured(it) for it in found(options.folder)]
    for name in PEERS:
        ask(name, rows)
    page = options.page.read_text(encoding="utf-8")
    before, _, rest = page.partition(_MARK_BEGIN)
    _, _, after = rest.partition(_MARK_END)
    table = "".join(f"{line}\n" for line in lines(rows))
    options.page.write_text(
        before + _MARK_BEGIN + "\n" + table + "\n" + _MARK_END + after, encoding="utf-8"
    )
    return 0


def found(folder: Path) -> Iterator[Row]:
    """The files of each format."""
    folders = sorted(it for it in folder.iterdir() if it.is_dir())
    for name, pattern in FORMATS.items():
        mine = [it for it in folders if re.fullmatch(pattern, it.name)]
        files = [it for one in mine for it in sorted(one.iterdir()) if it.is_file()]
        if files:
            yield Row(name, files)


def measured(row: Row) -> Row:
    """Read a format's files with the product."""
    spoken = languages(Reading())
    for path in row.files:
        out, err = io.StringIO(), io.StringIO()
        code = run(str(path), as_json=True, out=out, err=err, languages=spoken)
        said = [json.loads(it) for it in out.getvalue().splitlines()]
        if code != READ:
            reason = err.getvalue().strip().rpartition(" / ")[2]
            row.refused.append(f"`{path.parent.name}/{path.name}`: {reason}")
            continue
        row.read += 1
        row.findings += any(it["warnings"] for it in said)
        row.broken += any(it.get("continuity") == "broken" for it in said)
        entries = [it for one in said for it in one.get("entries", one.get("instructions", []))]
        row.exact += raw(row.name, path) in {None, len(entries)}
        wanted = expected(path)
        if wanted is not None:
            row.expected += 1
            amounts = [it["amount"].rstrip("0").rstrip(".") for it in entries]
            row.values += amounts[len(amounts) - len(wanted) :] == wanted
    return row


def raw(form: str, path: Path) -> int | None:
    """How many entries a pattern finds; None for a format without any."""
    pattern = _RAW.get(form)
    return len(re.findall(pattern, _REMARK.sub(b"", path.read_bytes()))) if pattern else None


# ── what upstream expects ─────────────────────────────────────────────────────────────────────


def expected(path: Path) -> list[str] | None:
    """The amounts that upstream's own tests expect of a file; None where there is nothing."""
    root = path.parents[1]
    stem = path.name.partition("__")[2]
    if path.name.startswith("camt__"):
        told = root / "expected_upstream" / "genkgo_camt" / f"{Path(stem).stem}.json"
        return _genkgo(told) if told.exists() else None
    sources = _lines_of(root / "PROVENANCE.tsv")
    mine = f"{path.parent.name}/{path.name}\t"
    for line in sources:
        if line.startswith(mine):
            name = Path(line.split("\t")[2]).with_suffix("").as_posix().replace("/", "_")
            told = root / "expected_upstream" / "wolph_mt940" / f"{name}.yml"
            return _wolph(told) if told.exists() else None
    return None


def _lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _genkgo(path: Path) -> list[str]:
    """Of the last statement: upstream's list begins anew with each. Amounts are hundredths."""
    amounts = []
    for it in json.loads(path.read_bytes())["getEntries"]:
        units = it["getAmount"]["getAmount"]
        sign, digits = ("-" if units.startswith("-") else ""), units.lstrip("-").rjust(3, "0")
        amounts.append(f"{sign}{digits[:-2]}.{digits[-2:]}".rstrip("0").rstrip("."))
    return amounts


class _Plain(yaml.SafeLoader):
    """Python objects as plain mappings and lists: nothing is ever constructed."""


def _plain(loader: _Plain, _suffix: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


_Plain.add_multi_constructor("tag:yaml.org,2002:python/", _plain)


def _wolph(path: Path) -> list[str]:
    # Each line names the whole again, and the patterns of tags say nothing of the file.
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"^ +transactions: \*id[0-9]+$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^tags:\n(?:[ ].*\n)+", "", text, flags=re.MULTILINE)
    told = yaml.load(text, _Plain)  # noqa: S506 - a safe loader
    amounts = []
    for it in told.get("transactions") or []:
        value = (it["data"].get("amount") or {}).get("amount")
        if value:
            amounts.append(_bare(str(value[0])))
    return amounts


def _bare(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


# ── peers ─────────────────────────────────────────────────────────────────────────────────────


def ask(name: str, rows: Sequence[Row]) -> None:
    """Let one peer count the entries of every file that it says it reads."""
    _, spoken = PEERS[name]
    mine = [it for it in rows if it.name in spoken]
    if not installed(name) or not mine:
        return
    asked = "".join(f"{row.name}\t{path}\n" for row in mine for path in row.files)
    done = subprocess.run(  # noqa: S603 - this interpreter, our own module
        [sys.executable, "-m", "tools.corpus_peers", name],
        input=asked,
        capture_output=True,
        text=True,
        timeout=_PEER_S,
        check=True,
    )
    counts = dict(json.loads(it) for it in done.stdout.splitlines() if it.startswith("["))
    for row in mine:
        read = [it for it in row.files if counts.get(str(it)) is not None]
        exact = [it for it in read if counts[str(it)] == raw(row.name, it)]
        row.peers[name] = (len(read), len(exact))


# ── the page ──────────────────────────────────────────────────────────────────────────────────


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """The table, and what was refused below it."""
    peers = [it for it in PEERS if any(it in row.peers for row in rows)]
    named = [f"{it} {installed(it)}" for it in peers]
    heads = ["格式 format", "文件 files", "读出 read", "条数一致 exact", "金额一致 values"]
    heads += ["有提示 findings", "余额不连续 broken", *(f"{it}: read / exact" for it in named)]
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for row in rows:
        values = f"{row.values} / {row.expected}" if row.expected else "–"
        exact = str(row.exact) if row.name in _RAW else "–"
        cells = [row.name, len(row.files), row.read, exact, values, row.findings, row.broken]
        theirs = [" / ".join(map(str, row.peers[it])) if it in row.peers else "–" for it in peers]
        yield f"| {' | '.join(map(str, [*cells, *theirs]))} |"
    yield ""
    yield "未读出 / not read:"
    yield ""
    for row in rows:
        yield from (f"- {it}" for it in row.refused)


if __name__ == "__main__":
    sys.exit(main())
