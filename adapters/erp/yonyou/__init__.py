"""Yonyou: YonBIP and YonSuite, NC and NC Cloud (two ways), U8; see README.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from adapters.erp.yonyou.nc import DIALECT as NC
from adapters.erp.yonyou.ncc import DIALECT as NCC
from adapters.erp.yonyou.u8 import DIALECT as U8
from adapters.erp.yonyou.yonbip import DIALECT as YONBIP
from gateway.ports.erp import ErpDialect

__all__ = ["DIALECT", "DIALECTS"]

DIALECTS: Final[Mapping[str, ErpDialect]] = {"yonbip": YONBIP, "nc": NC, "ncc": NCC, "u8": U8}
DIALECT: Final = replace(NC, name="yonyou")
"""What a file that is sent as ``?erp=yonyou`` is read as: NC's envelope."""
