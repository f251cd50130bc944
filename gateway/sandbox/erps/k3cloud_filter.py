"""Filters of 星空 queries: comparisons of fields joined by AND and OR, nothing else.

Rule kept here: a condition is read whole or refused; a text inside quotation marks is only ever a
text, whatever stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

Row = Mapping[str, object]
Test = Callable[[Row], bool]
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_.]*)|(?P<mark><>|<=|>=|[=<>(),]))",
    re.ASCII,
)
_COMPARE: Final[Mapping[str, Callable[[int], bool]]] = {
    "=": lambda it: it == 0,
    "<>": lambda it: it != 0,
    "<": lambda it: it < 0,
    ">": lambda it: it > 0,
    "<=": lambda it: it <= 0,
    ">=": lambda it: it >= 0,
}
_Value = str | Decimal


class FilterError(ValueError):
    """The filter cannot be read."""


def condition(written: str) -> Test:
    """A filter as a test of one row. Raises FilterError."""
    if not written.strip():
        return lambda _row: True
    reading = _Reading(written)
    test = reading.either()
    if reading.tokens:
        raise FilterError("something stands after the condition")
    return test


class _Reading:
    """What is left to read."""

    def __init__(self, written: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(written.rstrip()):
            found = _TOKEN.match(written, at)
            if found is None:
                raise FilterError(f"cannot be read at character {at + 1}")
            kind = found.lastgroup or ""
            self.tokens.append((kind, found[kind]))
            at = found.end()

    def either(self) -> Test:
        """Conditions joined by OR."""
        parts = [self._all()]
        while self._word("OR"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else lambda row: any(it(row) for it in parts)

    def _all(self) -> Test:
        parts = [self._one()]
        while self._word("AND"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda row: all(it(row) for it in parts)

    def _one(self) -> Test:
        if self._mark("("):
            inner = self.either()
            self._expect(")")
            return inner
        kind, name = self._next()
        if kind != "name":
            raise FilterError("a field was expected")
        if self._word("IN"):
            self._expect("(")
            values = [self._value()]
            while self._mark(","):
                values.append(self._value())
            self._expect(")")
            return lambda row: any(_order(row, name, value) == 0 for value in values)
        _, mark = self._next()
        if mark not in _COMPARE:
            raise FilterError("a comparison was expected")
        holds, value = _COMPARE[mark], self._value()
        return lambda row: holds(_order(row, name, value))

    def _value(self) -> _Value:
        kind, found = self._next()
        if kind == "text":
            return found[1:-1].replace("''", "'")
        if kind == "number":
            return Decimal(found)
        raise FilterError("a value was expected")

    def _word(self, word: str) -> bool:
        return self._take("name", word)

    def _mark(self, mark: str) -> bool:
        return self._take("mark", mark)

    def _take(self, kind: str, wanted: str) -> bool:
        if self.tokens and self.tokens[0][0] == kind and self.tokens[0][1].upper() == wanted:
            del self.tokens[0]
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._mark(mark):
            raise FilterError(f"{mark} was expected")

    def _next(self) -> tuple[str, str]:
        if not self.tokens:
            raise FilterError("it ends too early")
        return self.tokens.pop(0)


def _order(row: Row, name: str, value: _Value) -> int:
    """Whether the field is less than, equal to or more than a value. Raises FilterError."""
    if name not in row:
        raise FilterError(f"unknown field {name}")
    found = row[name]
    if isinstance(value, Decimal):
        try:
            number = Decimal(str(found or 0))
        except ArithmeticError:
            raise FilterError(f"{name} is no number") from None
        return (number > value) - (number < value)
    text = str(found)
    return (text > value) - (text < value)
