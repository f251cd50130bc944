"""JSON of the vendor, read without losing a digit and written without a float.

Rule kept here: a number is the text that stood there; what two readers could understand
differently (a member twice, NaN, bytes that are not UTF-8) is refused with its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NoReturn

import msgspec

from gateway.domain.errors import Corrupt, WireError

_PLAIN: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,5})?", re.ASCII)
_DECIMAL: Final = re.compile(r"-?[0-9]+\.[0-9]+", re.ASCII)
_DEEP: Final = 64
_OCTETS_MAX: Final = 64 << 20


class _Number(str):
    """A JSON number as it was written."""

    __slots__ = ()


class Value:
    """A place in a document: what stands there, and how it is reached."""

    __slots__ = ("path", "raw")

    def __init__(self, raw: object, path: str) -> None:
        self.raw = raw
        self.path = path

    def __repr__(self) -> str:
        return f"Value({self.path or '/'})"

    def fault(self, reason: str) -> WireError:
        """A WireError that stands here."""
        return WireError(reason, self.path or "/")

    @property
    def absent(self) -> bool:
        """Nothing or null."""
        return self.raw is None

    @property
    def is_list(self) -> bool:
        """Whether it is an array."""
        return isinstance(self.raw, list)

    @property
    def is_object(self) -> bool:
        """Whether it is an object."""
        return isinstance(self.raw, dict)

    def at(self, name: str) -> Value:
        """A member, absent where there is none. Raises WireError ``not_object``."""
        if self.raw is None:
            return Value(None, f"{self.path}/{name}")
        if not isinstance(self.raw, dict):
            raise self.fault("not_object")
        return Value(self.raw.get(name), f"{self.path}/{name}")

    def each(self) -> Iterator[Value]:
        """Members of an array, none where it is absent. Raises WireError ``not_array``."""
        if self.raw is None:
            return
        if not isinstance(self.raw, list):
            raise self.fault("not_array")
        for number, raw in enumerate(self.raw):
            yield Value(raw, f"{self.path}/{number}")

    def text(self) -> str:
        """A text, a number as written, or a truth value; '' where absent.

        Raises WireError ``not_text`` for arrays and objects.
        """
        if self.raw is None:
            return ""
        if isinstance(self.raw, bool):
            return "true" if self.raw else "false"
        if not isinstance(self.raw, str):
            raise self.fault("not_text")
        return self.raw.strip()

    def first(self, *names: str) -> Value:
        """The first of these members that says something, else the first of them."""
        found = [self.at(name) for name in names]
        return next((it for it in found if not it.absent and it.raw != ""), found[0])

    def amount(self) -> str:
        """An amount as written; of a number, decimals that are zero do not count.

        The vendor writes numbers with as many decimals as its columns have.
        """
        text = self.text()
        if isinstance(self.raw, _Number) and _DECIMAL.fullmatch(text):
            return text.rstrip("0").rstrip(".")
        return text


def gathered(chunks: Iterable[bytes]) -> bytes:
    """A document that is read as a whole. Raises WireError ``size`` when it is too long."""
    pieces: list[bytes] = []
    size = 0
    for piece in chunks:
        size += len(piece)
        if size > _OCTETS_MAX:
            raise WireError("size")
        pieces.append(piece)
    return b"".join(pieces)


def parsed(body: bytes) -> Value:
    """A document.

    Raises WireError ``encoding``, ``malformed``, ``number``, ``depth`` or ``twice``.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise WireError("encoding") from None
    try:
        raw: object = json.loads(
            text,
            parse_float=_Number,
            parse_int=_Number,
            parse_constant=_no_constant,
            object_pairs_hook=_members,
        )
    except json.JSONDecodeError as error:
        raise WireError("malformed", line=error.lineno) from None
    except RecursionError:
        raise WireError("depth") from None
    if _depth(raw) > _DEEP:
        raise WireError("depth")
    return Value(raw, "")


def _no_constant(_: str) -> NoReturn:
    raise WireError("number")


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise WireError("twice")
    return made


def _depth(raw: object) -> int:
    level, depth = [raw], 0
    while level:
        depth += 1
        below: list[object] = []
        for one in level:
            if isinstance(one, dict):
                below.extend(one.values())
            elif isinstance(one, list):
                below.extend(one)
        level = below
    return depth


def written(document: object) -> bytes:
    """A document as bytes, UTF-8."""
    return msgspec.json.encode(document)


def is_plain(amount: str) -> bool:
    """Whether a text is a plain decimal: ASCII digits, no exponent, nothing that rounds."""
    return _PLAIN.fullmatch(amount) is not None


def number(amount: str) -> msgspec.Raw:
    """An exact decimal text as a JSON number. Raises Corrupt for what is none of ours."""
    if not is_plain(amount):
        raise Corrupt("an amount to be told is no plain decimal")
    return msgspec.Raw(amount.encode("ascii"))


def whole(code: str) -> int | str:
    """A code of digits as a number, another one as text."""
    return int(code) if code.isascii() and code.isdigit() else code


def without_empty(row: Mapping[str, object]) -> dict[str, object]:
    """A row without members that say nothing."""
    return {name: content for name, content in row.items() if content != ""}
