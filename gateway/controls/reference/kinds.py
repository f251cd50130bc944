"""Kinds of reference data, and the newest import of each. Light, because every start needs it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, bindparam, select

from gateway.store import tables
from gateway.store.prepared import prepare

REFERENCE_LANE: Final = "reference"
"""Roused, for no tenant, by a commit that imported something."""
_i = tables.reference_import


class Kind(StrEnum):
    """What a file holds. The strings are stored."""

    CALENDAR = "calendar"
    CHANNELS = "channels"
    OFFICES = "offices"
    NAMES = "names"


_NEWEST: Final = prepare(
    select(_i.c.id)
    .where(_i.c.kind == bindparam("of_kind"))
    .order_by(_i.c.imported_us.desc(), _i.c.id.desc())
    .limit(1)
)


def newest(db: Connection, kind: Kind) -> str:
    """The id of the last import of a kind, '' where there is none: what a reader keeps is of it."""
    found = _NEWEST.rows(db, {"of_kind": kind.value})
    return str(found[0].id) if found else ""
