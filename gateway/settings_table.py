"""One table of a settings file: values read with their places, every fault collected."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from gateway.domain.errors import Fault


class SettingsTable:
    """Reads a table of settings, collecting faults with their places."""

    def __init__(self, table: Mapping[str, object], place: str, faults: list[Fault]) -> None:
        self._table = table
        self.place = place
        self._faults = faults
        self._read: set[str] = set()

    def fault(self, name: str, zh: str, en: str, code: str = "settings") -> None:
        """Remember a fault at a setting of this table."""
        self._faults.append(Fault(path=f"{self.place}.{name}", code=code, zh=zh, en=en))

    def text(self, name: str, default: str | None = None) -> str:
        """A text; not empty unless ``default`` says so."""
        value = self._value(name, default)
        if not isinstance(value, str) or (default is None and not value):
            self.fault(name, "应为非空文本", "must be a text that is not empty")
            return ""
        return value

    def number(self, name: str, default: int) -> int:
        """A whole number, not negative."""
        value = self._value(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            self.fault(name, "应为非负整数", "must be a whole number, not negative")
            return default
        return value

    def flag(self, name: str, *, default: bool | None) -> bool | None:
        """A yes or no."""
        value = self._value(name, default)
        if value is not None and not isinstance(value, bool):
            self.fault(name, "应为 true 或 false", "must be true or false")
            return default
        return value

    def texts(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """A list of texts."""
        value = self._value(name, list(default))
        if not isinstance(value, list) or not all(isinstance(it, str) for it in value):
            self.fault(name, "应为文本列表", "must be a list of texts")
            return default
        return tuple(value)

    def numbers(self, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """A list of whole numbers, not negative."""
        value = self._value(name, list(default))
        if not isinstance(value, list) or not all(type(it) is int and it >= 0 for it in value):
            self.fault(name, "应为非负整数列表", "must be a list of whole numbers, not negative")
            return default
        return tuple(value)

    def tables(self, name: str) -> list[SettingsTable]:
        """An array of tables."""
        value = self._value(name, [])
        if not isinstance(value, list) or not all(isinstance(it, dict) for it in value):
            self.fault(name, "应为表数组", "must be an array of tables")
            return []
        return [
            SettingsTable(table, f"{self.place}.{name}[{index}]", self._faults)
            for index, table in enumerate(value)
        ]

    def table(self, name: str) -> SettingsTable:
        """A table, empty where there is none."""
        value = self._value(name, {})
        if not isinstance(value, dict):
            self.fault(name, "应为表", "must be a table")
            value = {}
        return SettingsTable(value, f"{self.place}.{name}", self._faults)

    def names(self) -> list[str]:
        """What is set in it, for a table whose names are its owner's."""
        return sorted(self._table)

    def has(self, name: str) -> bool:
        """Whether it is set."""
        return name in self._table

    def secret(self, name: str) -> str:
        """A secret inline, from a file, or from an environment variable."""
        self._read |= {name, f"{name}_file", f"{name}_env"}
        if f"{name}_file" in self._table:
            path = Path(str(self._table[f"{name}_file"]))
            try:
                return path.read_text(encoding="utf-8").strip()
            except OSError:
                self.fault(f"{name}_file", "文件无法读取", "the file cannot be read")
                return ""
        if f"{name}_env" in self._table:
            variable = str(self._table[f"{name}_env"])
            if variable not in os.environ:
                self.fault(f"{name}_env", "环境变量未设置", "the environment variable is not set")
            return os.environ.get(variable, "")
        return self.text(name)

    def done(self) -> None:
        """Tell every setting that nobody reads: a misspelt one must not pass in silence."""
        for name in sorted(set(self._table) - self._read):
            self.fault(name, "未知配置项", "unknown setting")

    def _value(self, name: str, default: object) -> object:
        self._read.add(name)
        return self._table.get(name, default)
