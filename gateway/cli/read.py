"""``gateway read FILE``: any payment or statement file or bank message, as canonical JSON.

Rule kept here: a file is read once, from front to back, and what cannot be read gives exit
code 2 and one line that says where and why. Each file of an archive is read as if it came alone.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final, TextIO

from gateway.cli.read_statements import Shown, shown
from gateway.cli.reasons import DETECTED_LATE, why
from gateway.domain.errors import WireError
from gateway.ports.bank import BankDialect
from gateway.ports.erp import ErpDialect
from gateway.ports.statement_formats import Reading, StatementFormat
from gateway.wire.limits import LIMITS, Profile
from gateway.wire.packed import is_packed, members
from gateway.wire.stream import Open, stream

Found = Mapping[str, object] | Shown
Reader = Callable[[Iterable[bytes]], Iterator[Mapping[str, object]]]
"""Turns a file's bytes into the objects to print; raises WireError."""

READ: Final = 0
UNREADABLE: Final = 2
_CHUNK: Final = 1 << 16
_STDIN: Final = "-"
_TABLE: Final = "CSV"


def no_statements() -> tuple[StatementFormat, ...]:
    """No statement format at all."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Languages:
    """What is asked whose a file is. ``statements`` loads its formats when they are needed."""

    banks: Sequence[BankDialect]
    erps: Sequence[ErpDialect]
    readers: Mapping[str, Reader]
    """By ERP dialect, what describes its files."""
    statements: Callable[[], Sequence[StatementFormat]] = no_statements
    reading: Reading = field(default_factory=Reading)


def run(  # noqa: PLR0913 - what the command line wires together, all by keyword
    path: str,
    *,
    as_json: bool,
    out: TextIO,
    err: TextIO,
    languages: Languages,
    stdin: BinaryIO | None = None,
) -> int:
    """Print what ``path`` (``-``: standard input) holds and return the exit code.

    With ``as_json`` one JSON object per line: per statement, per payment batch, per message.
    Objects that precede a fault are printed all the same, and exit code 2 says that there was one.
    """
    faults: list[WireError] = []
    try:
        with _opened(path, stdin) as source:
            chunks = iter(lambda: source.read(_CHUNK), b"")
            for found in _objects(chunks, languages, faults):
                out.writelines(_pieces(found, as_json=as_json))
    except OSError as error:
        _complain(err, path, "", f"无法打开或读取 / cannot be opened or read: {error.strerror}")
        return UNREADABLE
    except WireError as error:
        faults.append(error)
    for fault in faults:
        _complain(err, path, _where(fault), why(fault.reason))
    return UNREADABLE if faults else READ


def _opened(path: str, stdin: BinaryIO | None) -> AbstractContextManager[BinaryIO]:
    if path == _STDIN:
        return nullcontext(stdin if stdin is not None else sys.stdin.buffer)
    return Path(path).open("rb")


def _objects(
    chunks: Iterator[bytes], languages: Languages, faults: list[WireError]
) -> Iterator[Found]:
    """What a file holds, or each file of an archive; ``faults`` takes those of its files.

    Raises WireError for a fault of the file itself.
    """
    head = _head(chunks)
    if not is_packed(head):
        yield from _alone(head, chunks, languages)
        return
    count = 0
    for member in members(head, chunks):
        count += 1
        try:
            inner = _head(member.pieces)
            if is_packed(inner):
                raise WireError("packed", "/")
            yield from _alone(inner, member.pieces, languages)
        except WireError as error:
            path = " ".join(it for it in (member.name, error.path) if it)
            faults.append(WireError(error.reason, path, line=error.line))
    if not count:
        raise WireError("nothing")


def _head(chunks: Iterator[bytes]) -> bytes:
    """The first bytes, as many as are needed to recognise a file; pipes give them bit by bit."""
    head = b""
    while len(head) < _CHUNK and (chunk := next(chunks, b"")):
        head += chunk
    return head


def _alone(head: bytes, chunks: Iterator[bytes], languages: Languages) -> Iterator[Found]:
    """The objects of whichever language recognises the first bytes. Raises WireError."""
    if not head.strip():
        raise WireError("nothing")
    for bank in languages.banks:
        if bank.sniff(head):
            yield _bank_message(bank, _whole(head, chunks))
            return
    for erp in languages.erps:
        if erp.sniff is not None and erp.name in languages.readers and erp.sniff(head):
            yield from languages.readers[erp.name](chain([head], chunks))
            return
    for form in languages.statements():
        # A saved mapping says that the file is a table, whatever its header is.
        if form.sniff(head) or (form.name == _TABLE and languages.reading.options):
            yield from shown(form.read(chain([head], chunks), languages.reading))
            return
    raise _unrecognised(head)


def _whole(head: bytes, chunks: Iterator[bytes]) -> bytes:
    """A bank message is no file: it is read whole, within the bound of its profile."""
    body = bytearray(head)
    for chunk in chunks:
        body += chunk
        if len(body) > LIMITS[Profile.REPLY].octets:
            raise WireError("size")
    return bytes(body)


def _bank_message(bank: BankDialect, message: bytes) -> dict[str, object]:
    view = bank.explain(message)
    return {
        "kind": "bank_message",
        "dialect": bank.code,
        "direction": view.direction,
        "operation": view.operation,
        "outcome": view.outcome or None,
        "fields": dict(view.fields),
    }


def _unrecognised(head: bytes) -> WireError:
    """Say more than "unknown" where the bytes allow it: a bad encoding, a message, or the root."""
    if (named := _named_message(head)) is not None:
        return named
    try:
        for event in stream([head], frozenset()):
            if isinstance(event, Open):
                return WireError("unrecognised", event.path, line=event.line)
    except WireError as error:
        if error.reason in DETECTED_LATE:
            return error
    return WireError("unrecognised")


def _named_message(head: bytes) -> WireError | None:
    """A message that is known by its namespace or its element, although nothing here reads it."""
    if not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return None
    for found in _MESSAGE.finditer(head):
        name = found[1].decode() if found[1] else _MESSAGES[found[2].decode()]
        if not name.startswith("head."):
            line = 1 + head.count(b"\n", 0, found.start())
            return WireError("unsupported", f"/ ({name})", line=line)
    return None


_MESSAGES: Final[Mapping[str, str]] = {
    "AcctRptgReq": "camt.060",
    "CstmrDrctDbtInitn": "pain.008",
    "CstmrPmtCxlReq": "camt.055",
    "FIToFIPmtCxlReq": "camt.056",
    "FIToFICstmrCdtTrf": "pacs.008",
    "FIToFIPmtStsRpt": "pacs.002",
    "PmtRtr": "pacs.004",
    "RsltnOfInvstgtn": "camt.029",
}
_BREAKS: Final = re.compile("[\x85\u2028\u2029]")
_MESSAGE: Final = re.compile(
    rb"[\"'][^\"'<>]*:xsd:([a-z]{4}\.[0-9]{3}\.[0-9]{3}\.[0-9]{2}(?:\.[a-z0-9]+)*)[\"']"
    rb"|<(?:[A-Za-z_][\w.-]*:)?(" + "|".join(_MESSAGES).encode() + rb")[\s/>]"
)


# ── what is printed ───────────────────────────────────────────────────────────────────────


def _pieces(found: Found, *, as_json: bool) -> Iterator[str]:
    """An object as it is printed, with its end of line."""
    if not isinstance(found, Shown):
        whole = _one_line(json.dumps(found, ensure_ascii=False)) if as_json else _as_text(found)
        yield whole + "\n"
        return
    yield from map(_one_line, found.json()) if as_json else found.text(_row)
    yield "\n"


def _one_line(text: str) -> str:
    """JSON on one line also for readers who break lines wherever Unicode allows it."""
    return _BREAKS.sub(lambda it: f"\\u{ord(it[0]):04x}", text)


def _as_text(found: Mapping[str, object]) -> str:
    """The same for people: single values first, then one line per row of every list."""
    lines = [f"{key}: {_printable(value)}" for key, value in found.items() if _single(value)]
    for key, value in found.items():
        if isinstance(value, Mapping):
            lines.append(f"{key}:")
            lines += [f"  {name}: {_printable(text)}" for name, text in value.items()]
        elif isinstance(value, list):
            lines.append(f"{key}: {len(value)}")
            lines += [f"  {number}. {_row(row)}" for number, row in enumerate(value, 1)]
    return "\n".join(lines) + "\n"


def _single(value: object) -> bool:
    return value is not None and not isinstance(value, Mapping | list)


def _row(row: object) -> str:
    if not isinstance(row, Mapping):
        return _printable(row)
    return "  ".join(f"{key}={_printable(value)}" for key, value in row.items() if value)


def _printable(value: object) -> str:
    """Text that cannot steer a terminal: XML allows the controls of U+0080 to U+009F."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def _where(error: WireError) -> str:
    line = f"第{error.line}行 line {error.line}" if error.line else ""
    return " ".join(part for part in (line, error.path) if part)


def _complain(err: TextIO, path: str, where: str, reason: str) -> None:
    name = "标准输入 standard input" if path == _STDIN else path
    err.write(_printable(": ".join(part for part in (name, where, reason) if part)) + "\n")
