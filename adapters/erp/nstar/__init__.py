"""九恒星 (NStar) treasury systems: shared tables, and the same rows as JSON; see README.md."""

from __future__ import annotations

from typing import Final

from adapters.erp.nstar.codes import CODES, NAMES
from gateway.formats.shared_dialect import Proposal, shared_dialect
from gateway.ports.erp import ErpTransport, Product

__all__ = ["DIALECT"]

DIALECT: Final = shared_dialect(
    Proposal(
        code="nstar",
        title_zh="九恒星资金管理平台（中间表 / JSON，本产品提议的接口）",
        title_en="NStar treasury platforms (shared tables / JSON, an interface that we propose)",
        names=NAMES,
        codes=CODES,
        products=(
            Product(
                code="nstar-n9",
                title_zh="九恒星 N6/N9 资金管理平台",
                title_en="NStar N6/N9 treasury platform",
                dialect="nstar",
                transports=frozenset({ErpTransport.TABLES, ErpTransport.REST}),
            ),
        ),
    )
)
