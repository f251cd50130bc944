"""金蝶: 星空 (K/3 Cloud) and 苍穹/星瀚 (Cosmic), two unrelated stacks; see README.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from adapters.erp.kingdee.cosmic import COSMIC
from adapters.erp.kingdee.k3cloud import K3CLOUD
from gateway.ports.erp import ErpDialect

__all__ = ["DIALECT", "DIALECTS"]

DIALECT: Final = replace(K3CLOUD, name="kingdee")
"""The folder's own name means 星空."""
DIALECTS: Final[Mapping[str, ErpDialect]] = {"k3cloud": K3CLOUD, "cosmic": COSMIC}
