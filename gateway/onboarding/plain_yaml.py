"""Reads the part of YAML that means the same to every reader: mappings, lists and texts.

Rule kept here: every scalar is the text that stands there (``no``, ``012``, ``1e3`` and
``2026-01-02`` are texts), and what could surprise is refused with its line: names given twice,
anchors, aliases, tags, merge keys, several documents, depth and size beyond any honest file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import yaml

from gateway.domain.errors import Fault

BYTES_MAX: Final = 64 * 1024
DEPTH_MAX: Final = 8
VALUES_MAX: Final = 4_000
_MERGE: Final = "<<"


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar: the text that stands in the file."""

    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    values: tuple[Value, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping; a name that stood twice keeps its first value, and is a fault."""

    values: Mapping[str, Value]
    line: int


Value = Text | Items | Table


class _Stop(Exception):
    """Reading on would mislead: the faults say why."""


class _Builder:
    """Makes values of the parser's events, without recursion into anything it has not bounded."""

    def __init__(self, events: Iterator[yaml.Event], faults: list[Fault]) -> None:
        self._events = events
        self._faults = faults
        self._count = 0

    def document(self) -> Value | None:
        """The one document of the stream; None for an empty one."""
        root: Value | None = None
        seen = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                seen += 1
                if seen > 1:
                    raise self._stop(
                        "documents", event, "", "只允许一个文档", "there must be one document only"
                    )
                root = self._value(next(self._events), "", 1)
        return root

    def _value(self, event: yaml.Event, path: str, depth: int) -> Value:
        self._bound(event, path, depth)
        line = _line(event)
        if isinstance(event, yaml.ScalarEvent):
            return Text(event.value, line)
        if isinstance(event, yaml.SequenceStartEvent):
            values: list[Value] = []
            while not isinstance(inner := next(self._events), yaml.SequenceEndEvent):
                values.append(self._value(inner, f"{path}[{len(values)}]", depth + 1))
            return Items(tuple(values), line)
        return self._table(path, depth, line)

    def _table(self, path: str, depth: int, line: int) -> Table:
        found: dict[str, Value] = {}
        while not isinstance(key := next(self._events), yaml.MappingEndEvent):
            self._bound(key, path, depth)
            if not isinstance(key, yaml.ScalarEvent):
                raise self._stop(
                    "key", key, path, "名称必须是文本", "a name must be a text, no list or table"
                )
            name = str(key.value)
            place = f"{path}.{_shown(name)}".lstrip(".")
            if name == _MERGE:
                raise self._stop(
                    "merge", key, place, "不允许合并键 <<", "merge keys (<<) are not allowed"
                )
            value = self._value(next(self._events), place, depth + 1)
            if name in found:
                self._faults.append(
                    Fault(
                        path=place,
                        code="duplicate",
                        zh="该项出现两次，请删除其一",
                        en="stands here twice; remove one",
                        line=_line(key),
                    )
                )
            found.setdefault(name, value)
        return Table(found, line)

    def _bound(self, event: yaml.Event, path: str, depth: int) -> None:
        """Refuse what is no plain value, before anything is made of it."""
        self._count += 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._stop(
                "alias",
                event,
                path,
                "不允许锚点与别名（& 与 *），请写出内容；以 * 或 & 开头的文本请加引号",
                "anchors and aliases (& and *) are not allowed: write the content itself, and"
                " quote a text that begins with * or &",
            )
        if getattr(event, "tag", None):
            raise self._stop(
                "tag", event, path, "不允许类型标记（!）", "type tags (!) are not allowed"
            )
        if depth > DEPTH_MAX:
            raise self._stop("depth", event, path, "嵌套过深", "nested too deeply")
        if self._count > VALUES_MAX:
            raise self._stop("size", event, path, "内容过多", "holds too many values")

    def _stop(self, code: str, event: yaml.Event, path: str, zh: str, en: str) -> _Stop:
        self._faults.append(
            Fault(path=path or "/", code=f"yaml_{code}", zh=zh, en=en, line=_line(event))
        )
        return _Stop()


def read(content: bytes) -> tuple[Table | None, list[Fault]]:
    """The file's table, and every fault of its form; None where there is nothing to go on with."""
    faults: list[Fault] = []
    if len(content) > BYTES_MAX:
        return None, [_fault("size", "文件过大（上限 64 KiB）", "the file is above 64 KiB")]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return None, [_fault("charset", "文件不是 UTF-8 编码", "the file is not UTF-8", line)]
    try:
        root = _Builder(yaml.parse(text, Loader=yaml.SafeLoader), faults).document()
    except _Stop:
        return None, faults
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        faults.append(_fault("character", "含不允许的字符", "holds a forbidden character", line))
        return None, faults
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        faults.append(
            _fault(
                "syntax",
                "不是有效的 YAML：请检查缩进、冒号与引号",
                "is no valid YAML: look at indentation, colons and quotes",
                mark.line + 1 if mark else None,
            )
        )
        return None, faults
    if not isinstance(root, Table):
        faults.append(_fault("form", "文件应为“名称: 内容”的表", "the file must be a table"))
        return None, faults
    return root, faults


def _fault(code: str, zh: str, en: str, line: int | None = None) -> Fault:
    return Fault(path="/", code=f"yaml_{code}", zh=zh, en=en, line=line)


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return int(mark.line) + 1 if mark is not None else 1


def _shown(name: str) -> str:
    """A name as it may stand in a path: never long, never more than it needs to be found."""
    kept = "".join(it if it.isprintable() else "?" for it in name)
    return kept if len(kept) <= 40 else f"{kept[:40]}…"  # noqa: PLR2004 - a screen's patience
