"""One record of an initiation as flat texts: ``{"PmtId/EndToEndId": "…"}``.

A single walk per record, whatever the version calls its elements; only what this
adapter uses is kept, and a second value where there may be one is refused, never chosen from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from typing import Final

from adapters.erp.iso20022.codes import ID_LENGTH_MAX, NOT_PROVIDED
from gateway.domain.errors import WireError
from gateway.wire.libxml import Element
from gateway.wire.shapes import Shape
from gateway.wire.xml import Node

_SPACE: Final = " \t\r\n"
_AMOUNT: Final = "InstdAmt"

_ACCOUNT: Final = ("Id/IBAN", "Id/Othr/Id")
_TYPE: Final = ("InstrPrty", "CtgyPurp/Cd")
_AGENT: Final = (
    "FinInstnId/BIC",
    "FinInstnId/BICFI",
    "FinInstnId/ClrSysMmbId/ClrSysId/Cd",
    "FinInstnId/ClrSysMmbId/ClrSysId/Prtry",
    "FinInstnId/ClrSysMmbId/MmbId",
    "FinInstnId/Nm",
    "FinInstnId/PstlAdr/TwnNm",
    "BrnchId/Nm",
    "BrnchId/PstlAdr/TwnNm",
)

SINGLE: Final = frozenset(
    {
        "MsgId",
        "CreDtTm",
        "NbOfTxs",
        "CtrlSum",
        "Dt",
        "DtTm",
        "Nm",
        *_ACCOUNT,
        *_TYPE,
        "PmtId/InstrId",
        "PmtId/EndToEndId",
        *(f"PmtTpInf/{name}" for name in _TYPE),
        "Amt/InstdAmt",
        "Amt/EqvtAmt/Amt",
        *(f"CdtrAgt/{name}" for name in _AGENT),
        "Cdtr/Nm",
        *(f"CdtrAcct/{name}" for name in _ACCOUNT),
        "Purp/Cd",
    }
)
"""Paths below a record that may hold one value."""
STRUCTURED: Final = (
    "RmtInf/Strd/CdtrRefInf/Ref",
    "RmtInf/Strd/RfrdDocInf/Nb",
)
FURTHER: Final = "RmtInf/Strd/AddtlRmtInf"
REPEATED: Final = frozenset(
    {"SvcLvl/Cd", "PmtTpInf/SvcLvl/Cd", "RmtInf/Ustrd", *STRUCTURED, FURTHER}
)
"""Paths that may hold several, kept in document order."""
_CONTAINERS_REPEATED: Final = frozenset(
    {"SvcLvl", "PmtTpInf/SvcLvl", "RmtInf/Strd", "RmtInf/Strd/RfrdDocInf"}
)


@dataclass(frozen=True, slots=True)
class _Place:
    """One wanted element: its path, whether it may repeat, and what is wanted inside it."""

    path: str
    repeats: bool
    inside: dict[str, _Place] = field(default_factory=dict)


Wanted = Mapping[str, _Place]
"""A tree of wanted elements by local name."""


def wanted(single: frozenset[str], repeated: frozenset[str]) -> Wanted:
    """The tree of wanted elements.

    ``single`` are paths of texts that may come once, ``repeated`` paths of texts or of
    containers that may come several times.
    """
    top: dict[str, _Place] = {}
    for path in sorted(single | repeated):
        level, above = top, ""
        for name in path.split("/"):
            here = above + name
            repeats = here in repeated
            level = level.setdefault(name, _Place(here, repeats)).inside
            above = here + "/"
    return top


_INITIATION: Final = wanted(SINGLE, REPEATED | _CONTAINERS_REPEATED)


@dataclass(frozen=True, slots=True)
class Form:
    """Where the fields of records of one shape stand among their texts.

    ``fixed`` is what the markup alone says. ``single`` names the one-valued field of each text,
    '' where none is wanted; ``many`` are (field, place) of those that may repeat.
    """

    fixed: Mapping[str, str]
    single: tuple[str, ...]
    many: tuple[tuple[str, int], ...]


def form_of(shape: Shape, places: Wanted = _INITIATION) -> Form:
    """The form of a shape, whose example was read as ``Fields`` without a fault."""
    numbers = {leaf: number for number, leaf in enumerate(shape.leaves)}
    fixed: dict[str, str] = {}
    single = [""] * len(numbers)
    many: list[tuple[str, int]] = []

    def walk(parent: Element, wanted_here: Wanted) -> None:
        for child in parent:
            tag = str(child.tag)
            place = wanted_here.get(tag[tag.rfind("}") + 1 :])
            if place is None:
                continue
            if not place.repeats:
                fixed[place.path] = ""
            if place.inside:
                walk(child, place.inside)
                continue
            number = numbers.get(child)
            if place.repeats:
                many.extend([(place.path, number)] if number is not None else [])
                continue
            if number is not None:
                single[number] = place.path
            if place.path.endswith(_AMOUNT):
                fixed[place.path + "@Ccy"] = child.get("Ccy") or ""

    walk(shape.element, places)
    return Form(fixed, tuple(single), tuple(many))


class Fields:
    """The texts of one record. An absent or empty element reads as ''.

    Raises WireError ``surplus`` where one element was to be expected and several are there,
    ``content`` where a text was and elements are.
    """

    __slots__ = ("line", "lists", "path", "texts")

    def __init__(self, node: Node, path: str, places: Wanted = _INITIATION) -> None:
        self.path = path
        self.line = node.line
        self.texts: dict[str, str] = {}
        """By path, of what may come once."""
        self.lists: dict[str, list[str]] = {}
        """By path, of what may repeat."""
        self._collect(node.element, places)

    @classmethod
    def formed(cls, form: Form, texts: tuple[str, ...], path: str, line: int) -> Fields:
        """Of a record whose shape is known: what ``Fields`` would have found in it."""
        made = cls.__new__(cls)
        made.path, made.line = path, line
        one = made.texts = {
            **form.fixed,
            **dict(zip(form.single, map(str.strip, texts, repeat(_SPACE)), strict=True)),
        }
        one.pop("", None)
        made.lists = {}
        for name, place in form.many:
            made.lists.setdefault(name, []).append(texts[place].strip(_SPACE))
        return made

    def _collect(self, parent: Element, places: Wanted) -> None:
        """Walk the wanted part of a subtree; this is the hot loop of reading a file."""
        one = self.texts
        for child in parent:
            # The tag of a comment, which the file profile lets through, is no name at all.
            tag = str(child.tag)
            place = places.get(tag[tag.rfind("}") + 1 :])
            if place is None:
                continue
            path, inside = place.path, place.inside
            if not place.repeats:
                if path in one:
                    raise self.fault("surplus", path)
                one[path] = ""
            if inside:
                self._collect(child, inside)
                continue
            text = (child.text or "").strip(_SPACE)
            if len(child) and next(child.iterchildren("*"), None) is not None:
                raise self.fault("content", path)
            if place.repeats:
                self.lists.setdefault(path, []).append(text)
            else:
                one[path] = text
                if path.endswith(_AMOUNT):
                    one[path + "@Ccy"] = child.get("Ccy") or ""

    def fault(self, reason: str, name: str) -> WireError:
        """A WireError about the element at ``name`` in this record."""
        return WireError(reason, f"{self.path}/{name}", line=self.line)

    def __getitem__(self, name: str) -> str:
        """Text of the element at ``name``, '' if absent."""
        return self.texts.get(name, "")

    def has(self, name: str) -> bool:
        """Whether the element is present with a text."""
        return bool(self.texts.get(name))

    def first(self, *names: str) -> tuple[str, str]:
        """The first of ``names`` that has a text, and the text; the first name and '' if none."""
        for name in names:
            text = self.texts.get(name, "")
            if text:
                return name, text
        return names[0], ""

    def choice(self, name: str, other: str) -> tuple[str, str]:
        """Like ``first`` where the format allows only one of them. Raises WireError ``surplus``."""
        text, second = self.texts.get(name), self.texts.get(other)
        if text and second:
            raise self.fault("surplus", other)
        return (other, second) if second else (name, text or "")

    def each(self, name: str) -> Iterator[str]:
        """All non-empty texts at a path that may repeat."""
        return (text for text in self.lists.get(name, ()) if text)

    def account(self, above: str = "") -> tuple[str, str]:
        """Path and number of the account below ``above``: IBAN or other identification."""
        return self.choice(above + _ACCOUNT[0], above + _ACCOUNT[1])


def identification(text: str) -> str:
    """An identification that identifies: '' for NOTPROVIDED and for what no reply could echo."""
    return "" if text == NOT_PROVIDED or len(text) > ID_LENGTH_MAX else text
