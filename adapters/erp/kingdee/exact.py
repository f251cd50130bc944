"""JSON of 金蝶 systems, read exactly and written exactly.

Rule kept here: a number stays the very digits that stood in the message, so no amount ever passes
through binary arithmetic; a member that comes twice in one object is refused, never chosen from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from gateway.domain.errors import WireError
from gateway.wire.charset import refuse_wide

SIZE_MAX: Final = 32 << 20
"""Most bytes of one message."""
_PLAIN: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,10})?", re.ASCII)
_TEN_DECIMALS: Final = re.compile(r"(-?[0-9]+)\.([0-9]{3,})", re.ASCII)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_BOM: Final = b"\xef\xbb\xbf"


class Number(str):
    """A JSON number as its digits stood there."""

    __slots__ = ()


class _RefusedError(ValueError):
    """What stands in ``args`` may not stand in JSON that speaks of money."""


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise WireError("surplus", next(f"/{it}" for it in names if names.count(it) > 1))
    return found


def _constant(_name: str) -> object:
    raise _RefusedError


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=Number, parse_float=Number, parse_constant=_constant
)


def gathered(chunks: Iterable[bytes]) -> bytes:
    """A whole message. Raises WireError ``size`` beyond 32 MiB, ``nothing`` for an empty one."""
    pieces, size = [], 0
    for chunk in chunks:
        size += len(chunk)
        if size > SIZE_MAX:
            raise WireError("size")
        pieces.append(chunk)
    whole = b"".join(pieces)
    if not whole.strip():
        raise WireError("nothing")
    return whole


def document(body: bytes) -> object:
    """Read one JSON value in UTF-8.

    Raises WireError: ``encoding``, ``json`` (with the line), ``surplus`` (a repeated member) or
    ``depth``.
    """
    refuse_wide(body)
    body = body.removeprefix(_BOM)
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise WireError("encoding", line=line) from None
    try:
        found: object = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise WireError("json", line=error.lineno) from None
    except _RefusedError:
        raise WireError("json") from None
    except RecursionError:
        raise WireError("depth") from None
    return found


def members(value: object, path: str) -> Mapping[str, object]:
    """The value as an object. Raises WireError ``value``."""
    if isinstance(value, dict):
        return value
    raise WireError("value", path)


def items(value: object, path: str) -> list[object]:
    """The value as a list. Raises WireError ``value``."""
    if isinstance(value, list):
        return value
    raise WireError("value", path)


def text(value: object, path: str) -> str:
    """The value as text: a string, or a number's digits; '' for null. Raises WireError."""
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    raise WireError("value", path)


def amount(value: object, path: str) -> str:
    """An amount's digits, of more than two decimals without the zeros at their end.

    金蝶 keeps ten decimals and writes them out; dropping zeros changes no amount, and anything
    else (an exponent, a third decimal that is not zero) is left for validation to refuse.
    """
    digits = text(value, path)
    found = _TEN_DECIMALS.fullmatch(digits)
    if found is None:
        return digits
    fraction = found[2].rstrip("0")
    return f"{found[1]}.{fraction}" if fraction else found[1]


def truth(value: object, path: str) -> bool:
    """A truth value; some versions write it as text. Raises WireError."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise WireError("value", path)


def number(digits: str) -> Decimal:
    """An amount of ours as a JSON number with exactly these digits. Raises ValueError."""
    if _PLAIN.fullmatch(digits) is None:
        raise ValueError("not the plain digits of an amount")
    return Decimal(digits)


def encoded(value: object) -> bytes:
    """Compact JSON in UTF-8."""
    return _ENCODER.encode(value)
