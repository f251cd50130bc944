"""What a golden case is, and how an answer becomes reviewable JSON.

A case is up to three files beside each other: ``<name>.request.xml`` (byte-exact, written by
the encoder), ``<name>.reply.xml`` (composed by hand or recorded, never rewritten) and
``<name>.expected.json`` (what the decoder and the explanation make of the reply).
"""

from __future__ import annotations

import dataclasses
import importlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path

import msgspec

from gateway.domain.errors import BankRefused, WireError
from gateway.domain.message import WireMessage, WireReply
from gateway.domain.money import Money

GOLDEN = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One golden case. ``encode`` None means that only the reply is of interest."""

    name: str
    encode: Callable[[], WireMessage] | None
    decode: Callable[[WireReply], object]
    explain: Callable[[bytes], object]
    content_type: str = ""


def cases() -> Iterator[tuple[Path, Case]]:
    """(folder, case) of every bank that has a ``cases.py`` below this folder."""
    for module in sorted(GOLDEN.glob("*/cases.py")):
        found = importlib.import_module(f"tests.golden.{module.parent.name}.cases")
        yield from ((module.parent, case) for case in found.CASES)


def produced(folder: Path, case: Case) -> dict[Path, bytes]:
    """What the present code makes of the case: path → content."""
    files: dict[Path, bytes] = {}
    if case.encode is not None:
        files[folder / f"{case.name}.request.xml"] = case.encode().body()
    reply = folder / f"{case.name}.reply.xml"
    if reply.exists():
        text = json.dumps(expected(case, reply.read_bytes()), ensure_ascii=False, indent=1)
        files[folder / f"{case.name}.expected.json"] = f"{text}\n".encode()
    return files


def expected(case: Case, body: bytes) -> dict[str, object]:
    """The decoded answer and the explanation of a reply."""
    reply = WireReply(status=200, content_type=case.content_type, body=body)
    return {"answer": _told(lambda: case.decode(reply)), "view": _told(lambda: case.explain(body))}


def _told(call: Callable[[], object]) -> object:
    try:
        return plain(call())
    except WireError as error:
        return {"raises": "WireError", "reason": error.reason, "path": error.path}
    except BankRefused as error:
        return {"raises": "BankRefused", "code": error.bank_code, "text": error.text}


def plain(value: object) -> object:
    """A domain value as JSON: amounts as text with currency, fields without a value left out."""
    if isinstance(value, Money):
        return f"{value.text()} {value.currency.code}"
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, msgspec.Struct) or dataclasses.is_dataclass(value):
        told = _fields(value)
        return {name: plain(inner) for name, inner in told.items() if inner not in ("", None, ())}
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [plain(inner) for inner in value]
    return value


def _fields(record: object) -> dict[str, object]:
    if isinstance(record, msgspec.Struct):
        return msgspec.structs.asdict(record)
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
