"""JSON read so that two readers cannot understand it differently.

Rule kept here: a member that stands twice, a number where a text is due, NaN and bytes that are
not UTF-8 are faults with a place; the digits of a number are never converted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from gateway.domain.errors import Fault, WireError
from gateway.domain.merged import PARTS_MAX
from gateway.ports.erp_draft import DraftPart

SHOWN_MAX: Final = 64
"""Characters of a sender's own member name that are repeated in a fault."""


class Number:
    """Stands where a JSON number stood."""

    __slots__ = ()


class Repeated(dict[str, object]):
    """An object in which ``names`` stood more than once."""

    names: tuple[str, ...] = ()


class _Constant(ValueError):
    """NaN or Infinity, which JSON does not have."""


_NUMBER: Final = Number()


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    repeated = Repeated(members)
    counts = Counter(name for name, _ in pairs)
    repeated.names = tuple(name for name, count in counts.items() if count > 1)
    return repeated


def _number(_digits: str) -> Number:
    return _NUMBER


def _constant(_name: str) -> object:
    raise _Constant


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_number, parse_float=_number, parse_constant=_constant
)


def decoded(data: bytes, *, line: int = 1) -> object:
    """The value of some bytes; ``line`` is where they begin in the file. Raises WireError."""
    try:
        found: object = _DECODER.decode(data.decode())
    except UnicodeDecodeError as error:
        at = line + data.count(b"\n", 0, error.start)
        raise WireError("encoding", "", line=at) from None
    except json.JSONDecodeError as error:
        raise WireError("json", "", line=line + error.lineno - 1) from None
    except (_Constant, RecursionError):
        raise WireError("json", "", line=line) from None
    return found


def objects(value: object, path: str, *, line: int | None = None) -> dict[str, object]:
    """The value as an object. Raises WireError ``json_object``."""
    if isinstance(value, dict):
        return value
    raise WireError("json_object", path, line=line)


# ── texts and their faults ────────────────────────────────────────────────────────────────────

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "duplicate_field": (
        "同一字段出现多次，只能保留一个",
        "the field stands more than once; keep exactly one",
    ),
    "number_not_text": (
        "须为 JSON 字符串而不是数字，请加引号，以免精度损失",
        "must be a JSON string, not a number: put it in quotes, so that no digit is lost",
    ),
    "not_text": ("须为 JSON 字符串", "must be a JSON string"),
    "not_array": ("须为 JSON 数组", "must be a JSON array"),
    "not_object": ("须为 JSON 对象", "must be a JSON object"),
    "unknown_field": (
        "不认识的字段，请删除或按接口文档更正字段名",
        "unknown field; remove it, or correct its name after the interface document",
    ),
    "count": ("笔数与实际明细不符", "the count differs from the lines that follow"),
    "total": ("金额合计与实际明细不符", "the total differs from the sum of the lines"),
    "line_number": ("行号不连续，可能缺少明细", "line numbers must follow each other from 1"),
    "batch_too_long": (
        "每个 v1 文件最多 10,000 条，请拆分或改用 v2",
        "a v1 file holds at most 10,000 instructions: split it, or use v2",
    ),
}


def fault(code: str, path: str, line: int | None = None) -> Fault:
    """A fault of form in two languages."""
    zh, en = _WORDS[code]
    return Fault(path=path, code=code, zh=zh, en=en, line=line)


def texts(
    value: Mapping[str, object],
    known: frozenset[str],
    path: str,
    line: int | None,
    *,
    besides: frozenset[str] = frozenset(),
) -> tuple[dict[str, str], list[Fault]]:
    """The members of ``known`` that are texts, and every fault of form of the object.

    null means absent; a member with a fault is left out, and so are those of ``besides``, which
    are no texts.
    """
    found: dict[str, str] = {}
    faults = list(_strays(value, known, path, line))
    refused = {it.path for it in faults}
    for name, member in value.items():
        here = f"{path}/{name}"
        if name not in known - besides or member is None or here in refused:
            continue
        if isinstance(member, str):
            found[name] = member
        else:
            code = "number_not_text" if isinstance(member, Number) else "not_text"
            faults.append(fault(code, here, line))
    return found, faults


def parts(
    value: object, path: str, name: str, line: int | None
) -> tuple[tuple[DraftPart, ...], list[Fault]]:
    """The source documents of a merged payment, and every fault of their form.

    ``name`` is the member that holds a document's reference.
    """
    if value is None:
        return (), []
    if not isinstance(value, list):
        return (), [fault("not_array", path, line)]
    found: list[DraftPart] = []
    faults: list[Fault] = []
    for number, member in enumerate(value[: PARTS_MAX + 1]):
        here = f"{path}/{number}"
        if not isinstance(member, dict):
            faults.append(fault("not_object", here, line))
            continue
        said, wrong = texts(member, frozenset({name, "amount"}), here, line)
        faults += wrong
        found.append(
            DraftPart(
                erp_reference=said.get(name, ""),
                amount=said.get("amount", ""),
                at={"erp_reference": f"{here}/{name}", "amount": f"{here}/amount"},
                line=line,
            )
        )
    return tuple(found), faults


def _strays(
    value: Mapping[str, object], known: frozenset[str], path: str, line: int | None
) -> Iterator[Fault]:
    repeated = value.names if isinstance(value, Repeated) else ()
    for name in repeated:
        if name in known:
            yield fault("duplicate_field", f"{path}/{name}", line)
    for name in value:
        if name not in known:
            yield fault("unknown_field", f"{path}/{_shown(name)}", line)


def _shown(name: str) -> str:
    """A sender's own member name as a JSON pointer step, fit to be shown."""
    plain = "".join(it if it.isprintable() else "?" for it in name[:SHOWN_MAX])
    return plain.replace("~", "~0").replace("/", "~1")
