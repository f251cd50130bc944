"""What differs between versions of the bank's document, one record per version.

Rule kept here: a connection chooses its version; nothing is negotiated with the bank.

Source: CIB interface document V4.0.4, change log.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from adapters.bank.cib.schema import DOCUMENT
from adapters.bank.cib.statement import VERSION_2


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentProfile:
    """One version of the document, as far as the offered operations go.

    ``schemas`` names the folder below schemas/bank/cib that restates its requests;
    ``statement_version`` is the richest statement it knows ('' is the older one).
    """

    document: str
    schemas: str
    statement_version: str


# Between 4.0.0 and 4.0.4 the bank changed other families only (longer CONTRACTID of
# collections, STOCKACCT, sub-account allotment), so both share one set of schemas. The
# statement's VERSION 2.0 is older than either (3.8.7).
PROFILES: Final = MappingProxyType(
    {
        version: DocumentProfile(document=version, schemas=DOCUMENT, statement_version=VERSION_2)
        for version in ("4.0.0", "4.0.4")
    }
)
"""Document version → its profile."""
LATEST: Final = DOCUMENT
