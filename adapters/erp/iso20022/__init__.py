"""ISO 20022 payment initiation as SAP, Oracle, Tryton and others write it; see README.md."""

from __future__ import annotations

import codecs
import re
from typing import Final

from adapters.erp.iso20022.describe import describe
from adapters.erp.iso20022.read import read
from adapters.erp.iso20022.report import report, reporter
from adapters.erp.iso20022.returns import return_notice
from gateway.ports.erp import ErpDialect

__all__ = ["DIALECT", "describe", "read", "report", "reporter", "return_notice", "sniff"]

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


DIALECT: Final = ErpDialect(
    name="iso20022",
    title_zh="ISO 20022 付款文件（pain.001 / pain.002）",
    title_en="ISO 20022 payment files (pain.001 / pain.002)",
    read=read,
    report=report,
    returns=return_notice,
    sniff=sniff,
)
