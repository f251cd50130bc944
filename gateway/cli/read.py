"""``gateway read FILE``: any payment file or bank message, recognised, as canonical JSON.

Rule kept here: a file is read once, from front to back, and what cannot be read gives exit
code 2 and one line that says where and why.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final, TextIO

from gateway.cli.reasons import DETECTED_LATE, why
from gateway.domain.errors import WireError
from gateway.ports.bank import BankDialect
from gateway.ports.erp import ErpDialect
from gateway.wire.limits import LIMITS, Profile
from gateway.wire.stream import Open, stream

Reader = Callable[[Iterable[bytes]], Iterator[Mapping[str, object]]]
"""Turns a file's bytes into the objects to print; raises WireError."""

READ: Final = 0
UNREADABLE: Final = 2
_CHUNK: Final = 1 << 16
_STDIN: Final = "-"


def run(  # noqa: PLR0913 - what the command line wires together, all by keyword
    path: str,
    *,
    as_json: bool,
    out: TextIO,
    err: TextIO,
    banks: Sequence[BankDialect],
    erps: Sequence[ErpDialect],
    readers: Mapping[str, Reader],
    stdin: BinaryIO | None = None,
) -> int:
    """Print what ``path`` (``-``: standard input) holds and return the exit code.

    ``readers`` gives, by ERP dialect name, what describes its files. With ``as_json`` one
    JSON object per line and per batch; objects that precede a fault are printed all the
    same, and exit code 2 says that there was one.
    """
    try:
        with _opened(path, stdin) as source:
            chunks = iter(lambda: source.read(_CHUNK), b"")
            show = _as_json if as_json else _as_text
            out.writelines(show(found) + "\n" for found in _objects(chunks, banks, erps, readers))
    except OSError as error:
        _complain(err, path, "", f"无法打开或读取 / cannot be opened or read: {error.strerror}")
        return UNREADABLE
    except WireError as error:
        _complain(err, path, _where(error), why(error.reason))
        return UNREADABLE
    return READ


def _opened(path: str, stdin: BinaryIO | None) -> AbstractContextManager[BinaryIO]:
    if path == _STDIN:
        return nullcontext(stdin if stdin is not None else sys.stdin.buffer)
    return Path(path).open("rb")


def _objects(
    chunks: Iterator[bytes],
    banks: Sequence[BankDialect],
    erps: Sequence[ErpDialect],
    readers: Mapping[str, Reader],
) -> Iterator[Mapping[str, object]]:
    """The objects of whichever language recognises the first bytes. Raises WireError."""
    head = next(chunks, b"")
    if not head.strip():
        raise WireError("nothing")
    for bank in banks:
        if bank.sniff(head):
            yield _bank_message(bank, _whole(head, chunks))
            return
    for erp in erps:
        if erp.sniff is not None and erp.name in readers and erp.sniff(head):
            yield from readers[erp.name](chain([head], chunks))
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
    """Say more than "unknown" where the bytes allow it: a bad encoding, or the root element."""
    try:
        for event in stream([head], frozenset()):
            if isinstance(event, Open):
                return WireError("unrecognised", event.path, line=event.line)
    except WireError as error:
        if error.reason in DETECTED_LATE:
            return error
    return WireError("unrecognised")


# ── what is printed ───────────────────────────────────────────────────────────────────────


def _as_json(found: Mapping[str, object]) -> str:
    return json.dumps(found, ensure_ascii=False)


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
