"""Oracle Payments (EBS R12, Fusion): XML extract or pain.001 in, pain.002 back; see README.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from adapters.erp.iso20022 import DIALECT as STANDARD
from adapters.erp.iso20022 import describe, options
from adapters.erp.iso20022.codes import PAIN_002_03
from adapters.erp.iso20022.refusal import refuser
from adapters.erp.iso20022.told import status_files
from adapters.erp.oracle import acks, places
from adapters.erp.oracle.codes import ACKNOWLEDGEMENTS, L1, LEVELS
from adapters.erp.oracle.products import PRODUCTS
from adapters.erp.oracle.read import is_own, reader
from gateway.domain.errors import Fault, Refused
from gateway.ports.erp import ErpDialect, FileWriter, StatusReport
from gateway.ports.erp_told import ToldKind

__all__ = ["DIALECT", "describe"]

_ANSWER: Final = "answer"
"""Option: the level that answers a file at once, L0 or L1."""
_LATER: Final = "later"
"""Option: the level of what is told afterwards, L1 or L2."""
_CHOICES: Final = {_ANSWER: LEVELS[:2], _LATER: LEVELS[1:]}


def _answered(status: StatusReport) -> Iterator[bytes]:
    return acks.standings(status)


def _shaped(wanted: Mapping[str, str]) -> ErpDialect:
    """The dialect with the settings' paths, levels and formats. Raises Refused with faults."""
    faults = [
        _level(name) for name in _CHOICES if wanted.get(name, "") not in ("", *_CHOICES[name])
    ]
    if faults:
        raise Refused("options of the ERP system", "ERP 系统选项有误", faults=tuple(faults))
    paths = places.paths_of(wanted)
    shaped = options.with_options(DIALECT, wanted)
    return replace(
        shaped,
        read=reader(paths),
        report=acks.BY_LEVEL[wanted.get(_ANSWER) or L1],
        files=MappingProxyType({**shaped.files, **_status(wanted.get(_LATER) or L1)}),
    )


def _status(level: str) -> Mapping[ToldKind, FileWriter]:
    return {
        ToldKind.STATUS: FileWriter(suffix="xml", write=status_files(acks.BY_LEVEL[level])),
    }


def _level(name: str) -> Fault:
    listed = ", ".join(_CHOICES[name])
    return Fault(path=name, code="unknown", zh=f"应为以下之一：{listed}", en=f"one of: {listed}")


DIALECT: Final = replace(
    STANDARD,
    name="oracle",
    title_zh="Oracle 付款（EBS R12 / Fusion）：付款指令 XML 或 pain.001",
    title_en="Oracle Payments (EBS R12 / Fusion): instruction XML or pain.001",
    read=reader(places.paths_of({})),
    report=_answered,
    refuse=refuser(PAIN_002_03),
    sniff=is_own,
    files=MappingProxyType({**STANDARD.files, **_status(L1)}),
    with_options=_shaped,
    options=(STANDARD.options - {"status"}) | places.OPTIONS | {_ANSWER, _LATER},
    codes=ACKNOWLEDGEMENTS,
    products=PRODUCTS,
)
