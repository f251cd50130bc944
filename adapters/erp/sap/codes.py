"""Code tables of SAP: what Bank Communication Management reads from a pain.002.

The statuses are the standard's; SAP's own reading of them is named here because users see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters.erp.iso20022.codes import PAIN_002_03, PAIN_002_10, named_codes

CODES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {version: named_codes(version) for version in (PAIN_002_03, PAIN_002_10)}
)
"""One table per version of the report that an SAP system may be set to read."""
