"""ISO 20022 payment initiation as SAP, Oracle, Tryton and others write it; see README.md."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from adapters.erp.iso20022 import codes, odoo, tryton
from adapters.erp.iso20022.describe import describe
from adapters.erp.iso20022.products import FILES as TRANSPORTS
from adapters.erp.iso20022.products import OPTIONS, PRODUCTS
from adapters.erp.iso20022.read import read
from adapters.erp.iso20022.refusal import refuse, refuser
from adapters.erp.iso20022.report import report, reporter
from adapters.erp.iso20022.reporting_request import asks, questions
from adapters.erp.iso20022.returns import return_notice
from adapters.erp.iso20022.told import FILES, status_files
from gateway.ports.erp import ErpDialect, FileWriter
from gateway.ports.erp_told import ToldKind

__all__ = [
    "DIALECT",
    "DIALECTS",
    "describe",
    "read",
    "report",
    "reporter",
    "return_notice",
    "sniff",
]

_MESSAGE: Final = re.compile(
    rb"<(?:[A-Za-z_][\w.-]*:)?Cstmr(?:CdtTrfInitn|DrctDbtInitn|PmtStsRpt)[\s/>]"
    rb"|[\"'][^\"'<>]*\bpain\.\d{3}\.\d{3}\.\d{2}",
    re.ASCII,
)


def sniff(head: bytes) -> bool:
    """Whether the first bytes look like a pain message: by message element or namespace.

    Also true for pain messages that are refused later, so that the refusal can name them.
    """
    start = head.removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n")
    return start.startswith(b"<") and _MESSAGE.search(start) is not None


def _shaped(wanted: Mapping[str, str]) -> ErpDialect:
    from adapters.erp.iso20022.options import with_options  # noqa: PLC0415 - costs a start

    return with_options(DIALECT, wanted)


DIALECT: Final = ErpDialect(
    name="iso20022",
    title_zh="ISO 20022 付款文件（pain.001 / pain.002）",
    title_en="ISO 20022 payment files (pain.001 / pain.002)",
    read=read,
    report=report,
    returns=return_notice,
    sniff=sniff,
    refuse=refuse,
    files=FILES,
    questions=questions,
    asks=asks,
    with_options=_shaped,
    options=OPTIONS,
    codes=MappingProxyType({version: codes.named_codes(version) for version in codes.TABLES}),
    transports=TRANSPORTS,
    products=PRODUCTS,
)

_TRYTON: Final = replace(
    DIALECT,
    name="iso20022/tryton",
    title_zh="Tryton：pain.001 付款，camt.054 回报结果",
    title_en="Tryton: pain.001 in, outcomes as camt.054",
    sniff=tryton.sniff,
    returns=tryton.returned,
    files=MappingProxyType(
        {**FILES, ToldKind.STATUS: FileWriter(suffix="xml", write=tryton.status_file)}
    ),
    with_options=None,
    options=frozenset(),
    codes=MappingProxyType({codes.CAMT_054_04: tryton.named_outcomes(), **DIALECT.codes}),
    products=(),
)
_ODOO: Final = replace(
    DIALECT,
    name="iso20022/odoo",
    title_zh="Odoo（OCA 银行模块）：pain.001 付款，pain.002.001.03 回报",
    title_en="Odoo (OCA banking modules): pain.001 in, pain.002.001.03 back",
    sniff=odoo.sniff,
    report=reporter(codes.PAIN_002_03),
    refuse=refuser(codes.PAIN_002_03),
    files=MappingProxyType(
        {
            **FILES,
            ToldKind.STATUS: FileWriter(
                suffix="xml", write=status_files(reporter(codes.PAIN_002_03))
            ),
        }
    ),
    with_options=None,
    options=frozenset(),
    codes=MappingProxyType({codes.PAIN_002_03: codes.named_codes(codes.PAIN_002_03)}),
    products=(),
)
DIALECTS: Final[Mapping[str, ErpDialect]] = MappingProxyType({"tryton": _TRYTON, "odoo": _ODOO})
"""Flavours: the same payments, told back as each of them reads it."""
