"""The gateway's own file format, version 1 and version 2 side by side; see README.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from adapters.erp.canonical import answers, v1, v2
from adapters.erp.canonical.codes import CODES
from gateway.ports.erp import ErpDialect, ErpTransport, Product

_WAYS: Final = frozenset({ErpTransport.REST, ErpTransport.FOLDER, ErpTransport.SFTP})


def _product(version: str, zh: str, en: str) -> Product:
    return Product(
        code=f"canonical-{version}",
        title_zh=zh,
        title_en=en,
        dialect=f"canonical/{version}",
        transports=_WAYS,
    )


_V1: Final = ErpDialect(
    name="canonical/v1",
    title_zh="网关标准文件 v1（JSON 批次）",
    title_en="canonical file v1 (a JSON batch)",
    read=v1.read,
    report=answers.report_v1,
    content_type="application/json",
    sniff=v1.sniff,
    refuse=answers.refuse_v1,
    files=answers.writers(answers.told_v1, "json"),
    codes=CODES,
    transports=_WAYS,
    products=(
        _product("v1", "自行开发的系统（标准文件 v1）", "a system of one's own, canonical file v1"),
    ),
)
_V2: Final = ErpDialect(
    name="canonical/v2",
    title_zh="网关标准文件 v2（JSON 行，不限长度，带合计）",
    title_en="canonical file v2 (JSON Lines of any length, with totals)",
    read=v2.read,
    report=answers.report_v2,
    content_type="application/x-ndjson",
    sniff=v2.sniff,
    refuse=answers.refuse_v2,
    files=answers.writers(answers.told_v2, "jsonl"),
    questions=v2.questions,
    asks=v2.asks,
    codes=CODES,
    transports=_WAYS,
    products=(
        _product("v2", "自行开发的系统（标准文件 v2）", "a system of one's own, canonical file v2"),
    ),
)
DIALECT: Final = replace(_V1, name="canonical")
"""Without a version, it is version 1."""
DIALECTS: Final[Mapping[str, ErpDialect]] = {"v1": _V1, "v2": _V2}
