"""One table of a document being read: every fault is kept with its JSON pointer, none stops it.

Rule kept here: a member that nobody reads is a fault, and what has a fault reads as something
harmless, because whoever reads on must refuse the whole in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from typing import Final, TypeVar
from unicodedata import is_normalized

from gateway.controls.rules.document import ANY, EVERY, Scope
from gateway.domain.errors import Fault
from gateway.domain.money import Money, MoneyFormatError, currency

ROWS_MAX: Final = 20_000
"""Most rows of one list; a document is read by people."""
TEXT_MAX: Final = 64
_SHOWN: Final = 40
T = TypeVar("T")


class Table:
    """A table (JSON object, TOML table) with its place; it appends to one list of faults."""

    def __init__(self, members: Mapping[str, object], place: str, faults: list[Fault]) -> None:
        self._members = members
        self._faults = faults
        self._read: set[str] = set()
        self.place = place

    def fault(self, name: str, code: str, zh: str, en: str) -> None:
        """Keep a fault of one member (``a/0`` for the first row of ``a``; '' for the table)."""
        place = f"{self.place}/{name}" if name else self.place
        self._faults.append(Fault(path=place, code=code, zh=zh, en=en))

    def has(self, name: str) -> bool:
        """Whether the member is there; null is not."""
        return self._members.get(name) is not None

    def is_empty(self, name: str) -> bool:
        """Whether the member is an empty list."""
        return self._value(name, None) in ([], ())

    def name(self, name: str, default: str | None = None) -> str:
        """A short text fit for a name: printable, in one spelling, no blanks around it."""
        value = self._value(name, default)
        if value is not None and value == default:
            return default or ""
        if not _is_name(value):
            self.fault(name, "text", *_NAME_WANTED)
            return ""
        return str(value)

    def names(self, name: str, default: Scope | None = None) -> Scope:
        """A list of different names, not empty; absent is ``default`` (None: must be there)."""
        if default is not None and name not in self._members:
            self._read.add(name)
            return default
        value = self._value(name, None)
        if not isinstance(value, list | tuple) or not value or not all(map(_is_name, value)):
            self.fault(
                name,
                "names",
                f"应为非空的名称列表，每个名称 1 至 {TEXT_MAX} 个字符",
                f"must be a list, not empty, of names of 1 to {TEXT_MAX} characters",
            )
            return EVERY if default is None else default
        found = frozenset(map(str, value))
        if len(found) < len(value):
            self.fault(name, "repeated", "名称重复", "a name is listed twice")
        if ANY in found and len(found) > 1:
            self.fault(
                name,
                "any_and_names",
                "“*”表示全部，不能与其他名称并列",
                "'*' means every one and must stand alone",
            )
        return found

    def chosen(self, name: str, allowed: Collection[str], default: str | None = None) -> str:
        """One of the allowed words."""
        value = self._value(name, default)
        if not isinstance(value, str) or value not in allowed:
            listed = ", ".join(allowed)
            self.fault(name, "unknown_word", f"应为以下之一：{listed}", f"must be one of: {listed}")
            return next(iter(allowed))
        return value

    def words(self, name: str, allowed: Collection[str], default: Scope | None = None) -> Scope:
        """Some of the allowed words, or ``*``."""
        found = self.names(name, default)
        for word in sorted(found - {ANY} - set(allowed)):
            self.fault(
                name,
                "unknown_word",
                f"未知取值“{shown(word)}”，可用：{', '.join(allowed)}",
                f"unknown '{shown(word)}'; known are: {', '.join(allowed)}",
            )
        return found

    def count(self, name: str, default: int | None, least: int, most: int) -> int:
        """A whole number between these bounds, both included."""
        value = self._value(name, default)
        if type(value) is not int or not least <= value <= most:
            self.fault(
                name,
                "number",
                f"应为 {least} 至 {most} 之间的整数",
                f"must be a whole number from {least} to {most}",
            )
            return least
        return value

    def flag(self, name: str, *, default: bool | None) -> bool | None:
        """True or false; absent is ``default``."""
        value = self._value(name, default)
        if value is not None and not isinstance(value, bool):
            self.fault(name, "flag", "应为 true 或 false", "must be true or false")
            return default
        return value

    def day(self, name: str) -> date | None:
        """A date, as text ``2026-09-15`` or as TOML has it; None when absent."""
        value = self._value(name, None)
        if value is None:
            return None
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            found = date.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            found = None
        if found is None or found.isoformat() != value:
            self.fault(name, "date", "应为日期，如 2026-09-15", "must be a date such as 2026-09-15")
            return None
        return found

    def days(self) -> tuple[date | None, date | None]:
        """``since`` and ``until``, the second not before the first."""
        since, until = self.day("since"), self.day("until")
        if since and until and until < since:
            self.fault(
                "until", "until_before_since", "截止日早于起始日", "is before the day it starts"
            )
        return since, until

    def currency(self, name: str, default: str | None = None) -> str:
        """An ISO currency code, or ``default``."""
        value = self._value(name, default)
        if value is not None and value == default:
            return default or ""
        try:
            return currency(value if isinstance(value, str) else "").code
        except MoneyFormatError:
            self.fault(
                name, "currency", "不是已知币种代码，如 CNY", "is no known currency such as CNY"
            )
            return "CNY"

    def amount(self, name: str, unit: str) -> int:
        """Decimal text such as ``50000.00`` in a currency, as minor units; more than nothing."""
        value = self._value(name, None)
        try:
            minor = Money.parse(value if isinstance(value, str) else "", currency(unit)).minor
        except MoneyFormatError:
            minor = 0
        if not minor:
            self.fault(
                name,
                "amount",
                f"应为大于 0 的 {unit} 金额文本，如 50000.00",
                f"must be a text with an amount of {unit} above 0, such as 50000.00",
            )
        return minor

    def rows(self, name: str, read: Callable[[Table], T]) -> tuple[T, ...]:
        """A list of tables, each read by ``read``; absent is an empty one."""
        value = self._value(name, [])
        rows = value if isinstance(value, list | tuple) else ()
        if rows is not value or len(rows) > ROWS_MAX:
            self.fault(
                name,
                "rows",
                f"应为表的列表，最多 {ROWS_MAX} 行",
                f"must be a list of at most {ROWS_MAX} tables",
            )
            return ()
        return tuple(self._of(row, f"{name}/{number}", read) for number, row in enumerate(rows))

    def table(self, name: str, read: Callable[[Table], T]) -> T:
        """A table, read by ``read``; absent is an empty one."""
        return self._of(self._value(name, {}), name, read)

    def done(self) -> None:
        """Tell every member that nobody reads: a misspelt one must not pass in silence."""
        for name in sorted(set(self._members) - self._read):
            self.fault(
                shown(name).replace("~", "~0").replace("/", "~1"),
                "unknown_member",
                "未知字段，请检查拼写",
                "unknown member; check its spelling",
            )

    def _of(self, value: object, name: str, read: Callable[[Table], T]) -> T:
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            self.fault(name, "table", "应为表（对象）", "must be a table (object)")
            # Read as an empty one into a list nobody sees: its missing members are not the fault.
            return read(Table({}, "", []))
        inner = Table(value, f"{self.place}/{name}", self._faults)
        made = read(inner)
        inner.done()
        return made

    def _value(self, name: str, default: object) -> object:
        self._read.add(name)
        return self._members.get(name, default)


def shown(text: str) -> str:
    """A text of the document as a fault may repeat it: short."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _is_name(value: object) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= TEXT_MAX
        and value.isprintable()
        and value == value.strip()
        and is_normalized("NFC", value)
    )


_NAME_WANTED: Final = (
    f"应为 1 至 {TEXT_MAX} 个可见字符，首尾无空格",
    f"must be 1 to {TEXT_MAX} visible characters without blanks around them",
)
