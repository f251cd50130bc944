"""Small JSON bodies whose members are all texts: read strictly, every fault told at once."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.errors import Fault, Refused
from gateway.intake.faults import fault

_NOT_STORED: Final = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member a body may have. ``most`` bounds its characters, ``words`` are all it may say."""

    required: bool = False
    most: int = 1000
    words: Collection[str] | None = None


def read_texts(
    body: bytes, members: Mapping[str, Member], *, en: str, zh: str, empty: bool = False
) -> dict[str, str]:
    """The members that are there. ``empty`` says that no body at all is an empty object.

    Raises Refused with every fault; ``en`` and ``zh`` say what was refused.
    """
    if empty and not body:
        return {}
    found: list[Fault] = []
    given = _members(body, found)
    texts: dict[str, str] = {}
    for name, value in given.items():
        if name not in members:
            found.append(fault("unknown_field", f"/{name[:40]}"))
        elif not isinstance(value, str):
            found.append(fault("not_text", f"/{name}"))
        else:
            texts[name] = value
    for name, text in texts.items():
        found.extend(_faults(name, text, members[name]))
    found.extend(
        fault("required", f"/{name}", field=name)
        for name, member in members.items()
        if member.required and name not in given
    )
    if found:
        raise Refused(en, zh, found)
    return texts


def storable(text: str) -> bool:
    """Whether a text can be kept: a zero character or half of a pair no database takes."""
    return _NOT_STORED.search(text) is None


def _faults(name: str, text: str, member: Member) -> Sequence[Fault]:
    if not storable(text):
        return [fault("forbidden_character", f"/{name}", field=name)]
    if member.required and not text.strip():
        return [fault("required", f"/{name}", field=name)]
    if text and member.words is not None and text not in frozenset(member.words):
        listed = ", ".join(member.words)
        return [
            Fault(
                path=f"/{name}",
                code=f"{name}_unknown",
                zh=f"{name} 须为 {listed} 之一",
                en=f"the {name} must be one of {listed}",
            )
        ]
    if len(text) > member.most:
        return [fault("too_long", f"/{name}", field=name, detail=str(member.most))]
    return []


def _members(body: bytes, found: list[Fault]) -> dict[str, object]:
    """The members of a small JSON object; one that stands twice is a fault."""

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        counts = Counter(name for name, _ in items)
        found.extend(
            fault("duplicate_field", f"/{name[:40]}") for name, count in counts.items() if count > 1
        )
        return dict(items)

    try:
        document: object = json.loads(body.decode(), object_pairs_hook=pairs)
    except UnicodeDecodeError as error:
        raise _malformed("json_encoding", f"1:{error.start + 1}", 1) from None
    except json.JSONDecodeError as error:
        raise _malformed("json_malformed", f"{error.lineno}:{error.colno}", error.lineno) from None
    except (RecursionError, ValueError):
        raise _malformed("json_depth", "", None) from None
    if not isinstance(document, dict):
        raise _malformed("not_object", "", None)
    return document


def _malformed(code: str, detail: str, line: int | None) -> Refused:
    return Refused(
        "the body cannot be read",
        "请求正文无法读取",
        [fault(code, "", detail=detail, line=line)],
    )
