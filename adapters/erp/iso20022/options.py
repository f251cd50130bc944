"""Which versions and formats an ERP system is written to: options of its settings.

``status``, ``statement``, ``balance`` and ``credit`` name a message version or a format; what is
not named is written as the standard dialect does. ``sender`` and ``receiver`` stand in BAI2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from adapters.erp.iso20022.codes import TABLES
from adapters.erp.iso20022.refusal import refuser
from adapters.erp.iso20022.report import reporter
from adapters.erp.iso20022.told import status_files
from gateway.domain.errors import Fault, Refused
from gateway.formats import bai2, camt052, camt053, camt054, mt940
from gateway.ports.erp import ErpDialect, FileWriter
from gateway.ports.erp_told import ToldKind

Make = Callable[[Mapping[str, str]], FileWriter]


def _xml(write: Callable[[str], FileWriter], *versions: str) -> dict[str, Make]:
    return {version: partial(_fixed, write(version)) for version in versions}


def _fixed(writer: FileWriter, _options: Mapping[str, str]) -> FileWriter:
    return writer


def _status(version: str) -> FileWriter:
    return FileWriter(suffix="xml", write=status_files(reporter(version)))


def _bai2(options: Mapping[str, str]) -> FileWriter:
    sender, receiver = options.get("sender", "GATEWAY"), options.get("receiver", "ERP")
    return FileWriter(suffix="bai", write=bai2.writer(sender, receiver))


_STATEMENTS: Final[Mapping[str, Make]] = {
    **_xml(lambda it: FileWriter(suffix="xml", write=camt053.writer(it)), *camt053.VERSIONS),
    "mt940": lambda _: FileWriter(suffix="sta", write=mt940.writer()),
    "mt940-gbk": lambda _: FileWriter(suffix="sta", write=mt940.writer("gbk")),
    "bai2": _bai2,
}
_WRITERS: Final[Mapping[ToldKind, Mapping[str, Make]]] = {
    ToldKind.STATUS: _xml(_status, *TABLES),
    ToldKind.STATEMENT: _STATEMENTS,
    ToldKind.BALANCE: _xml(
        lambda it: FileWriter(suffix="xml", write=camt052.writer(it)), *camt052.VERSIONS
    ),
    ToldKind.CREDIT: _xml(
        lambda it: FileWriter(suffix="xml", write=camt054.writer(it)), *camt054.VERSIONS
    ),
}


def with_options(dialect: ErpDialect, options: Mapping[str, str]) -> ErpDialect:
    """The dialect as these options shape it. Raises Refused with a fault per option."""
    files, faults = dict(dialect.files), []
    for kind, known in _WRITERS.items():
        wanted = options.get(kind.value, "")
        if not wanted:
            continue
        make = known.get(wanted)
        if make is None:
            faults.append(_unknown(kind.value, known))
            continue
        files[kind] = make(options)
    if faults:
        raise Refused("options of the ERP system", "ERP 系统选项有误", faults=tuple(faults))
    version = options.get(ToldKind.STATUS.value, "")
    if version:
        dialect = replace(dialect, report=reporter(version), refuse=refuser(version))
    return replace(dialect, files=files)


def _unknown(name: str, known: Mapping[str, Make]) -> Fault:
    listed = ", ".join(known)
    return Fault(path=name, code="unknown", zh=f"应为以下之一：{listed}", en=f"one of: {listed}")
