"""拜特 (Byte) treasury systems: shared tables, and the same rows as JSON; see README.md."""

from __future__ import annotations

from typing import Final

from adapters.erp.byte.codes import CODES, NAMES
from gateway.formats.shared_dialect import Proposal, shared_dialect
from gateway.ports.erp import ErpTransport, Product

__all__ = ["DIALECT"]

DIALECT: Final = shared_dialect(
    Proposal(
        code="byte",
        title_zh="拜特资金管理系统（中间表 / JSON，本产品提议的接口）",
        title_en="Byte treasury systems (shared tables / JSON, an interface that we propose)",
        names=NAMES,
        codes=CODES,
        products=(
            Product(
                code="byte-bfs",
                title_zh="拜特 BFS 资金管理系统",
                title_en="Byte BFS treasury management",
                dialect="byte",
                transports=frozenset({ErpTransport.TABLES, ErpTransport.REST}),
            ),
        ),
    )
)
