"""Where a PEXR2002 IDoc says what: paths of segments and fields, which settings may replace.

A step is a segment's name, with the value of one of its fields in brackets where several
segments share the name; the last step is a field. Alternatives stand apart by ``|``. A path is
relative to ``IDOC``. Names and qualifiers are of a usual set-up and are to be confirmed on site.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.domain.errors import Fault, Refused, WireError
from gateway.wire.xml import Node

PREFIX: Final = "at_"
PLACES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sender": "EDI_DC40/SNDPRN",
        "reference": "E1IDKU1/BGMREF",
        "amount": "E1IDKU5/MOABETR",
        "currency": "E1IDKU5/CUXWAERZ",
        "execution_date": "E1EDK03[IDDAT=203]/DATUM|E1EDK03[IDDAT=209]/DATUM",
        "debtor_account": "E1IDB02[FIIQUALI=OR]/FIIKONTO",
        "debtor_name": "E1EDKA1[PARVW=OY]/NAME1",
        "creditor_name": "E1EDKA1[PARVW=BE]/NAME1",
        "creditor_account": "E1IDB02[FIIQUALI=BF]/FIIKONTO",
        "creditor_agent_name": "E1IDB02[FIIQUALI=BF]/FIIBANKN",
        "creditor_agent_cnaps": "E1IDB02[FIIQUALI=BF]/FIIBKENN",
        "creditor_city": "E1EDKA1[PARVW=BE]/ORT01",
        "purpose": "E1IDT01/TXT01|E1IDPU1/DOCNUMMR",
    }
)
"""Our names to paths. ``sender`` and ``reference`` together are the key."""
OPTIONS: Final = frozenset(PREFIX + name for name in PLACES)
_NAME: Final = r"[A-Za-z_]\w{0,29}"
_STEP: Final = re.compile(
    rf"(?P<name>{_NAME})(?:\[(?P<field>{_NAME})=(?P<value>\w{{1,20}})\])?", re.ASCII
)
_PATH: Final = rf"{_NAME}(?:\[{_NAME}=\w{{1,20}}\])?(?:/{_NAME}(?:\[{_NAME}=\w{{1,20}}\])?){{0,7}}"
_PATHS: Final = re.compile(rf"{_PATH}(?:\|{_PATH}){{0,7}}", re.ASCII)
_SPACE: Final = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Step:
    """A segment or field; with ``field`` only where that one has this ``value``."""

    name: str
    field: str = ""
    value: str = ""


Path = tuple[Step, ...]
Paths = Mapping[str, tuple[Path, ...]]


def paths_of(options: Mapping[str, str]) -> Paths:
    """The paths with those of the settings in place. Raises Refused with a fault per option."""
    found: dict[str, tuple[Path, ...]] = {}
    faults: list[Fault] = []
    for name, usual in PLACES.items():
        text = options.get(PREFIX + name, "") or usual
        if not _PATHS.fullmatch(text):
            faults.append(_fault(PREFIX + name))
            continue
        found[name] = tuple(_path(one) for one in text.split("|"))
    if faults:
        raise Refused("options of the ERP system", "ERP 系统选项有误", faults=tuple(faults))
    return found


def _path(text: str) -> Path:
    return tuple(
        Step(found["name"], found["field"] or "", found["value"] or "")
        for found in _STEP.finditer(text)
    )


def _fault(option: str) -> Fault:
    return Fault(
        path=option,
        code="invalid",
        zh="应为段与字段的路径，如 E1IDB02[FIIQUALI=BF]/FIIKONTO，多个备选用 | 分隔",
        en="must be paths of segments and a field like E1IDB02[FIIQUALI=BF]/FIIKONTO,"
        " alternatives apart by |",
    )


def written(path: Path) -> str:
    """A path as people write it."""
    return "/".join(
        f"{step.name}[{step.field}={step.value}]" if step.field else step.name for step in path
    )


def each(node: Node, path: Path) -> Iterator[str]:
    """All texts at a path, in document order, without white space around them."""
    step, rest = path[0], path[1:]
    for child in node.each(step.name):
        if step.field and not _is(child, step):
            continue
        if rest:
            yield from each(child, rest)
        else:
            text = child.text().strip(_SPACE)
            if text:
                yield text


def _is(segment: Node, step: Step) -> bool:
    found = segment.maybe(step.field)
    return found is not None and found.text().strip(_SPACE) == step.value


def one(node: Node, path: Path, where: str) -> str:
    """The text at a path that may stand once. Raises WireError ``surplus`` for several."""
    found = list(each(node, path))
    if len(found) > 1:
        raise WireError("surplus", f"{where}/{written(path)}", line=node.line)
    return found[0] if found else ""
