"""SAP S/4HANA and ECC: pain.001 as CGI-MP in, pain.002, camt.05x or MT940 back; see README.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from types import MappingProxyType
from typing import Final

from adapters.erp.iso20022 import DIALECT as STANDARD
from adapters.erp.iso20022 import describe as describe_standard
from adapters.erp.iso20022 import options
from adapters.erp.iso20022.codes import PAIN_002_03
from adapters.erp.iso20022.refusal import refuser
from adapters.erp.iso20022.report import reporter
from adapters.erp.iso20022.told import status_files
from adapters.erp.sap import idoc, idoc_places, idoc_status
from adapters.erp.sap.codes import CODES
from adapters.erp.sap.products import PRODUCTS
from gateway.ports.erp import ErpDialect, FileWriter
from gateway.ports.erp_told import ToldKind

__all__ = ["DIALECT", "DIALECTS", "describe", "sniff"]

_MESSAGE: Final = b"CstmrCdtTrfInitn"
_HEAD: Final = 256
"""Bytes in which a document has said what it is."""
_MESSAGE_ID: Final = re.compile(rb"<MsgId>[0-9]{6,16}</MsgId>", re.ASCII)
_BLOCK_ID: Final = re.compile(rb"<PmtInfId>[0-9]{6,16}</PmtInfId>", re.ASCII)


def sniff(head: bytes) -> bool:
    """Whether the first bytes are SAP's: message and payment ids are numbers of its own ranges."""
    return (
        _MESSAGE in head
        and _MESSAGE_ID.search(head) is not None
        and _BLOCK_ID.search(head) is not None
    )


def describe(chunks: Iterable[bytes]) -> Iterator[dict[str, object]]:
    """What a file of this folder's languages says, as plain objects. Raises WireError."""
    pieces = iter(chunks)
    first = b""
    while len(first) < _HEAD and (piece := next(pieces, None)) is not None:
        first += piece
    if f"<{idoc_status.MESSAGE}>".encode() in first[:_HEAD]:
        yield idoc_status.describe(first + b"".join(pieces))
    else:
        yield from describe_standard(chain([first], pieces))


def _shaped(wanted: Mapping[str, str]) -> ErpDialect:
    return options.with_options(DIALECT, wanted)


DIALECT: Final = replace(
    STANDARD,
    name="sap",
    title_zh="SAP S/4HANA 与 ECC（pain.001 CGI、pain.002、camt.053/054、MT940）",
    title_en="SAP S/4HANA and ECC (pain.001 CGI, pain.002, camt.053/054, MT940)",
    sniff=sniff,
    # Bank Communication Management reads .03; .10 is set by the option.
    report=reporter(PAIN_002_03),
    refuse=refuser(PAIN_002_03),
    files=MappingProxyType(
        {
            **STANDARD.files,
            ToldKind.STATUS: FileWriter(suffix="xml", write=status_files(reporter(PAIN_002_03))),
        }
    ),
    with_options=_shaped,
    codes=CODES,
    products=PRODUCTS,
)


def _shaped_idoc(wanted: Mapping[str, str]) -> ErpDialect:
    shaped = options.with_options(_IDOC, wanted)
    return replace(shaped, read=idoc.reader(idoc_places.paths_of(wanted)))


_IDOC: Final = replace(
    DIALECT,
    name="sap/pexr2002",
    title_zh="SAP 付款 IDoc（PEXR2002 XML，SYSTAT01 回报状态）",
    title_en="SAP payment IDocs (PEXR2002 as XML, statuses as SYSTAT01)",
    read=idoc.reader(idoc_places.paths_of({})),
    report=idoc_status.report,
    returns=None,
    refuse=idoc_status.refuse,
    sniff=idoc.sniff,
    questions=None,
    asks=None,
    files=MappingProxyType(
        {
            **DIALECT.files,
            ToldKind.STATUS: FileWriter(suffix="xml", write=idoc_status.status_file),
        }
    ),
    with_options=_shaped_idoc,
    options=(STANDARD.options - {"status"}) | idoc_places.OPTIONS,
    codes=MappingProxyType({idoc_status.MESSAGE: idoc_status.named_statuses()}),
    products=(),
)
DIALECTS: Final[Mapping[str, ErpDialect]] = MappingProxyType({"pexr2002": _IDOC})
"""Flavours: payment IDocs where no pain.001 can be had."""
