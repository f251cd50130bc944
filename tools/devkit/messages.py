"""What the kit describes: messages, answers, operations; and what of it lacks words.

Rule kept here: every field has words in Chinese and in English, or is listed as lacking them.
"""  # noqa: INP001 - no package, run as a module

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.intake.faults import TEXTS
from gateway.web.answers import ANSWERS
from gateway.web.contract import OPERATIONS

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
LANGUAGES: Final = ("zh", "en")
_VERSIONS: Final = ("v1", "v2")
_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
_DEPTH_MAX: Final = 8


class Words(Mapping[str, str]):
    """A text in both languages."""

    __slots__ = ("_of",)

    def __init__(self, zh: str, en: str) -> None:
        self._of = {"zh": zh, "en": en}

    def __getitem__(self, language: str) -> str:
        return self._of[language]

    def __iter__(self) -> Iterator[str]:
        return iter(LANGUAGES)

    def __len__(self) -> int:
        return len(LANGUAGES)

    @property
    def complete(self) -> bool:
        """Whether both are there and the Chinese one is Chinese."""
        return bool(self._of["en"].strip()) and bool(_CHINESE.search(self._of["zh"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One field of a message."""

    path: str
    required: bool
    form: str
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One published message. ``name`` names it, ``words`` say what it is."""

    name: str
    words: Words
    rows: tuple[Row, ...]


# ── what is described ─────────────────────────────────────────────────────────────────────────


def glossary() -> dict[str, Words]:
    """Words of the members of answers, by their names."""
    found = {}
    for line in (HERE / "words.txt").read_text(encoding="utf-8").splitlines():
        name, zh, en = line.split("|")
        found[name] = Words(zh, en)
    return found


def published() -> list[Message]:
    """Every message of schemas/canonical, both versions."""
    schemas: dict[str, dict[str, object]] = {}
    files: list[tuple[str, dict[str, object]]] = []
    for version in _VERSIONS:
        for path in sorted((ROOT / "schemas" / "canonical" / version).glob("*.schema.json")):
            schema = json.loads(path.read_text(encoding="utf-8"))
            schemas[str(schema["$id"])] = schema
            files.append((f"{version}/{path.name}", schema))
    return [
        Message(
            name=name,
            words=Words(str(it.get("x-description-zh", "")), str(it.get("description", ""))),
            rows=tuple(_rows(it, Resolver(schemas, it), "", 0)),
        )
        for name, it in files
    ]


def answers(words: Mapping[str, Words]) -> list[Message]:
    """Every answer of the API. Their members' words stand in the glossary."""
    found = []
    for name, schema in ANSWERS.items():
        both = str(schema.get("description", ""))
        at = _CHINESE.search(both)
        split = at.start() if at else len(both)
        rows = tuple(
            Row(
                path=it.path,
                required=it.required,
                form=it.form,
                words=words.get(it.path.rpartition("/")[2].removesuffix("[]"), Words("", "")),
            )
            for it in _rows(schema, Resolver({}, schema), "", 0)
        )
        found.append(Message(name=name, words=Words(both[split:], both[:split]), rows=rows))
    return found


class Resolver:
    """Where a ``$ref`` leads."""

    def __init__(
        self, schemas: Mapping[str, Mapping[str, object]], own: Mapping[str, object]
    ) -> None:
        self._schemas = schemas
        self._own = own

    def __call__(self, target: str) -> tuple[Mapping[str, object], Resolver]:
        """The schema that is meant, and a resolver of what stands inside it."""
        base, _, pointer = target.partition("#")
        document: object = self._schemas.get(base, {}) if base else self._own
        inside = Resolver(self._schemas, document) if isinstance(document, dict) else self
        for step in filter(None, pointer.split("/")):
            document = document.get(step, {}) if isinstance(document, dict) else {}
        return document if isinstance(document, dict) else {}, inside


def _rows(schema: Mapping[str, object], resolve: Resolver, path: str, depth: int) -> Iterator[Row]:
    """The fields of a schema and of what lies in it, in document order."""
    if depth > _DEPTH_MAX:
        return
    properties, required = schema.get("properties"), schema.get("required", ())
    if isinstance(properties, dict):
        for name, member in properties.items():
            whole, inside = _whole(member, resolve)
            here = f"{path}/{name}"
            yield Row(
                path=here,
                required=isinstance(required, list) and name in required,
                form=form_of(whole),
                words=Words(
                    str(whole.get("x-description-zh", "")), str(whole.get("description", ""))
                ),
            )
            yield from _rows(whole, inside, here, depth + 1)
    items = schema.get("items")
    if isinstance(items, dict) and not str(items.get("$ref", "")).startswith("urn:"):
        whole, inside = _whole(items, resolve)
        yield from _rows(whole, inside, f"{path}[]", depth + 1)
    for name in ("oneOf", "anyOf"):
        for one in _list(schema.get(name)):
            whole, inside = _whole(one, resolve)
            yield from _rows(whole, inside, path, depth + 1)
    if depth == 0 and not isinstance(properties, dict) and "oneOf" not in schema:
        for one in _dict(schema.get("$defs")).values():
            yield from _rows(_dict(one), resolve, path, depth + 1)


def _whole(member: object, resolve: Resolver) -> tuple[Mapping[str, object], Resolver]:
    """A member with what its reference adds; its own words stand before those."""
    own = _dict(member)
    target = own.get("$ref")
    if not isinstance(target, str) or target.startswith("#/components"):
        return own, resolve
    found, inside = resolve(target)
    further, inner = _whole(found, inside) if "$ref" in found else (found, inside)
    return {**further, **own}, inner


def form_of(schema: Mapping[str, object]) -> str:
    """A field's form in a few words of JSON Schema."""
    if "const" in schema:
        return json.dumps(schema["const"], ensure_ascii=False)
    if "enum" in schema:
        listed = [str(it) for it in _list(schema["enum"]) if it not in {"", None}]
        return " | ".join(listed[:20]) + (" …" if len(listed) > 20 else "")  # noqa: PLR2004
    kind = schema.get("type", "")
    said = " | ".join(map(str, kind)) if isinstance(kind, list) else str(kind)
    parts = [said, *(f"{it} {schema[it]}" for it in ("format", "maxLength") if it in schema)]
    return ", ".join(filter(None, parts))


def _dict(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def missing(messages: Sequence[Message]) -> list[str]:
    """Everything that lacks its words in one of the languages."""
    found = [
        f"{message.name}{row.path}"
        for message in messages
        for row in message.rows
        if not row.words.complete
    ]
    found += [f"{message.name}: {it}" for message in messages for it in _untitled(message)]
    for operation in OPERATIONS:
        if not Words(operation.zh, operation.en).complete:
            found.append(operation.name)
        found += [
            f"{operation.name}?{it.name}"
            for it in operation.parameters
            if not Words(it.zh, it.en).complete
        ]
    found += [code for code, texts in TEXTS.items() if not Words(*texts).complete]
    return found


def _untitled(message: Message) -> list[str]:
    return [] if message.words.complete else ["its own description"]
