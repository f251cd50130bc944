"""``gateway convert FILE --to FORMAT``: payments and statements, from any format into any other.

Rule kept here: amounts stay exact texts, nothing is cut or made up in silence. What the target
cannot carry is told on standard error; an input that cannot be read gives exit code 2 and one
line, and no output at all.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Final, TextIO

from gateway.cli import canonical_csv, convert_statement, pain_file
from gateway.cli.canonical_csv import COLUMNS, encodable
from gateway.cli.read_command import reading
from gateway.cli.reasons import why
from gateway.dialects import erp_dialect
from gateway.domain.errors import Fault, Refused, WireError
from gateway.intake.draft import FaultyDraft
from gateway.intake.json_body import BATCH_MAX, parse_batch
from gateway.ports.erp import Draft, FileEnd, FileHead
from gateway.ports.statement_formats import StatementFormat
from gateway.runtime import SystemClock

JSON, CSV = "json", "csv"
_STDIN: Final = "-"
_CHUNK: Final = 1 << 16
_SPOOL_MAX: Final = 1 << 20
"""Bytes held in memory; what is larger waits on disk until it is complete."""


@dataclass(slots=True)
class Notes:
    """What is told on standard error: remarks as they come, losses counted by field."""

    remarks: list[str] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)

    def remark(self, zh: str, en: str) -> None:
        """Tell something once."""
        text = f"{zh} / {en}"
        if text not in self.remarks:
            self.remarks.append(text)

    def lines(self, target: str) -> Iterator[str]:
        """Everything worth telling."""
        yield from self.remarks
        for name, count in sorted(self.lost.items()):
            yield f"{target} 不携带 {name}（{count} 条）/ does not carry {name} ({count} lines)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for. ``reference`` '' means the input's own, or the file's name."""

    path: str
    to: str
    reference: str = ""
    bom: bool = False
    debtor_bic: str = ""
    mapping: Path | None = None


def command(options: argparse.Namespace) -> int:
    """Convert one file."""
    order = Order(
        path=options.file,
        to=options.to,
        reference=options.reference or "",
        bom=options.bom,
        debtor_bic=options.debtor_bic or "",
        mapping=options.mapping,
    )
    if options.out is None:
        return run(order, sys.stdout.buffer, sys.stderr, SystemClock().now())
    with _file(options.out) as out:
        return run(order, out, sys.stderr, SystemClock().now())


def formats() -> tuple[str, ...]:
    """Every target: versions of pain.001, ``json`` and ``csv``, and what a statement becomes."""
    return (*pain_file.versions(), JSON, CSV, *convert_statement.TARGETS)


class _Late:
    """A file that is opened when its first bytes come, so that a failure leaves the old one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.file: IO[bytes] | None = None

    def write(self, content: bytes) -> int:
        if self.file is None:
            self.file = self._path.open("wb")
        return self.file.write(content)


@contextmanager
def _file(path: Path) -> Iterator[_Late]:
    late = _Late(path)
    try:
        yield late
    finally:
        if late.file is not None:
            late.file.close()


def run(order: Order, out: IO[bytes] | _Late, err: TextIO, now: datetime) -> int:
    """Convert ``order.path`` (``-``: standard input) and return the exit code.

    ``now`` dates a pain.001 and stands for a missing execution date.
    """
    notes = Notes()
    try:
        if order.to not in formats():
            raise _refused("未知格式", f"unknown format; one of {', '.join(formats())}")
        with _source(order.path) as source, SpooledTemporaryFile(_SPOOL_MAX) as spool:
            for piece in converted(order, source, notes, now):
                spool.write(piece)
            spool.seek(0)
            shutil.copyfileobj(spool, out)
    except OSError as error:
        return _complain(
            err,
            str(error.filename or order.path),
            "",
            f"无法读写 / cannot be read or written: {error.strerror}",
        )
    except WireError as error:
        where = f"第{error.line}行 line {error.line}" if error.line else ""
        return _complain(err, order.path, f"{where} {error.path}".strip(), why(error.reason))
    except Refused as error:
        fault = (
            error.faults[0] if error.faults else Fault(path="", code="", zh=error.zh, en=error.en)
        )
        where = f"第{fault.line}行 line {fault.line}" if fault.line else ""
        return _complain(
            err, order.path, f"{where} {fault.path}".strip(), f"{fault.zh} / {fault.en}"
        )
    err.writelines(f"提示 note: {line}\n" for line in notes.lines(order.to))
    return 0


def _complain(err: TextIO, path: str, where: str, reason: str) -> int:
    name = "标准输入 standard input" if path == _STDIN else path
    line = ": ".join(part for part in (name, where, reason) if part)
    err.write("".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in line) + "\n")
    return 2


def _refused(zh: str, en: str, *, path: str = "", line: int | None = None) -> Refused:
    return Refused(en, zh, [Fault(path=path, code="convert", zh=zh, en=en, line=line)])


# ── what comes in ─────────────────────────────────────────────────────────────────────────────


@contextmanager
def _source(path: str) -> Iterator[IO[bytes]]:
    """The input as something that can be read from its start twice."""
    if path != _STDIN:
        with Path(path).open("rb") as found:
            yield found
        return
    with SpooledTemporaryFile(_SPOOL_MAX) as spool:
        shutil.copyfileobj(sys.stdin.buffer, spool)
        spool.seek(0)
        yield spool


@dataclass(slots=True)
class Incoming:
    """The drafts of a file and what it calls itself ('' where it says nothing)."""

    reference: str
    drafts: Iterator[Draft]


def incoming(source: IO[bytes], notes: Notes) -> Incoming:
    """Recognise a file by its content. Raises WireError or Refused for one that is not known."""
    head = source.read(_CHUNK)
    source.seek(0)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    if not start:
        raise WireError("nothing")
    iso = erp_dialect("iso20022")
    if iso.sniff is not None and iso.read is not None and iso.sniff(head):
        parts = iso.read(iter(lambda: source.read(_CHUNK), b""))
        first = next(parts)
        if not isinstance(first, FileHead):
            raise WireError("missing")
        notes.remarks += first.warnings
        return Incoming(reference=first.message_id, drafts=_of_pain(parts, notes))
    if start.startswith(b"{"):
        batch, drafts = parse_batch(source.read())
        return Incoming(reference=batch.batch_reference, drafts=map(_sound, drafts))
    if canonical_csv.sniff(head):
        return Incoming(reference="", drafts=canonical_csv.read(source))
    raise WireError("unrecognised")


def _of_pain(parts: Iterable[object], notes: Notes) -> Iterator[Draft]:
    for part in parts:
        if isinstance(part, Draft):
            own = part.source.get("instruction_id", "")
            if own and own != part.end_to_end_id and not part.erp_reference.endswith(f"/{own}"):
                notes.lost["InstrId"] += 1
            yield part
        elif isinstance(part, FileEnd):
            if part.faults:
                raise Refused("the file contradicts itself", "文件自相矛盾", part.faults)
            notes.remarks += [it for it in part.warnings if it not in notes.remarks]


def _sound(draft: Draft) -> Draft:
    """Raise Refused for an instruction that is not of the promised form."""
    if isinstance(draft, FaultyDraft):
        raise Refused(faults=draft.faults)
    return draft


# ── what goes out ─────────────────────────────────────────────────────────────────────────────


def converted(order: Order, source: IO[bytes], notes: Notes, now: datetime) -> Iterator[bytes]:
    """The target's bytes in pieces. Raises WireError or Refused, perhaps after some of them."""
    stem = "stdin" if order.path == _STDIN else Path(order.path).stem
    said = reading(order.path, order.mapping)
    statement = _statement(source, mapped=bool(said.options))
    if statement is not None:
        wanted = convert_statement.Order(
            form=statement,
            to=order.to,
            reference=order.reference or stem,
            now=now,
            reading=said,
        )
        return convert_statement.converted(wanted, source, notes.remark, partial(_lose, notes))
    found = incoming(source, notes)
    if order.to in convert_statement.TARGETS:
        raise _refused(
            f"付款文件不能转换为 {order.to}", f"a file of payments cannot become {order.to}"
        )
    reference = order.reference or found.reference or stem
    if order.to == CSV:
        if found.reference:
            notes.remark(
                f"CSV 不携带批次号 {found.reference}",
                f"no batch reference in CSV: {found.reference}",
            )
        return canonical_csv.write(found.drafts, bom=order.bom)
    if not found.reference and not order.reference:
        notes.remark(
            f"批次号取自文件名：{reference}", f"batch reference taken from the file: {reference}"
        )
    if order.to == JSON:
        return _json(reference, found.drafts, notes)
    made = pain_file.Order(
        version=order.to, message_id=reference, created=now, debtor_bic=order.debtor_bic
    )
    return pain_file.write(made, found.drafts, notes.remark, partial(_lose, notes))


def _statement(source: IO[bytes], *, mapped: bool) -> StatementFormat | None:
    """The format of a statement; None for payments, which are recognised first."""
    head = source.read(_CHUNK)
    source.seek(0)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    if not start or start.startswith(b'{"') or canonical_csv.sniff(head):
        return None
    return convert_statement.statement_format(head, mapped=mapped)


def _lose(notes: Notes, name: str) -> None:
    notes.lost[name] += 1


def _json(reference: str, drafts: Iterable[Draft], notes: Notes) -> Iterator[bytes]:
    """The body of ``POST /v1/batches``; empty fields are left out."""
    named = json.dumps(reference, ensure_ascii=False)
    yield f'{{"batch_reference": {named}, "instructions": ['.encode()
    count = 0
    for count, draft in enumerate(drafts, start=1):
        texts = {name: str(getattr(draft, name)) for name in COLUMNS}
        for name, text in texts.items():
            encodable(name, text, draft)
        present = {name: text for name, text in texts.items() if text}
        comma = "," if count > 1 else ""
        yield f"{comma}\n{json.dumps(present, ensure_ascii=False)}".encode()
    if not count:
        raise _refused("文件中没有付款指令", "the file holds no instruction")
    if count > BATCH_MAX:
        notes.remark(
            f"超过每批 {BATCH_MAX} 条，请拆分或改传文件",
            f"more than the {BATCH_MAX} of one batch: split it, or send a file",
        )
    yield b"\n]}\n"
