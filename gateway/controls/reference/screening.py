"""Lists of names as they were imported, ready to be asked about the payees of a tenant.

Rule kept here: what is asked is what stood when the asker's transaction began: the newest import
is looked up each time, and only what is made of its rows is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, select

from gateway.controls.reference.rows import Kind
from gateway.domain.name_list import GRADES, WAYS, ListedName, NameHit, NameIndex, Subject
from gateway.ports.reference import NameList
from gateway.store import tables
from gateway.store.prepared import Prepared, prepare

_i, _n = tables.reference_import, tables.listed_name
_KEPT_MAX: Final = 256
"""Tenants whose own lists are kept; most have none."""
_EVERYBODY: Final = ""
_NEWEST: Final = prepare(
    select(_i.c.id)
    .where(_i.c.kind == Kind.NAMES.value)
    .order_by(_i.c.imported_us.desc(), _i.c.id.desc())
    .limit(1)
)
_ENTRIES: Final = prepare(
    select(_n.c.body)
    .where(_n.c.tenant == bindparam("of_tenant"))
    .order_by(_n.c.list_id, _n.c.entry_id)
)
_decode: Final = msgspec.json.Decoder(ListedName).decode

Ask = Callable[[Prepared, Mapping[str, object]], Sequence[Any]]
"""Runs a query in the asker's transaction: ``uow.rows``, for one."""


@dataclass(frozen=True, slots=True)
class _Both:
    """The lists of everybody and a tenant's own, as one."""

    everybody: NameIndex
    own: NameIndex

    def check(self, subject: Subject, on: date) -> tuple[NameHit, ...]:
        """The entries in force on ``on`` that the subject meets, surest first."""
        hits = (*self.everybody.check(subject, on), *self.own.check(subject, on))
        return tuple(sorted(hits, key=_surest))


def _surest(hit: NameHit) -> tuple[int, int, str, str]:
    return GRADES.index(hit.grade), WAYS.index(hit.by), hit.list_id, hit.entry_id


class Screening:
    """The lists that hold for each tenant, made ready once per import."""

    __slots__ = ("_edition", "_kept")

    def __init__(self) -> None:
        self._edition = ""
        self._kept: dict[str, NameIndex] = {}

    def of(self, ask: Ask, tenant: str) -> NameList | None:
        """The lists for a tenant: everybody's and its own; None where nothing is listed.

        Called on one thread at a time, as units of work are.
        """
        newest = ask(_NEWEST, {})
        edition = str(newest[0].id) if newest else ""
        if edition != self._edition:
            self._kept, self._edition = {}, edition
        if not edition:
            return None
        everybody = self._index(ask, _EVERYBODY)
        own = self._index(ask, tenant)
        if not own.size:
            return everybody if everybody.size else None
        return _Both(everybody, own)

    def _index(self, ask: Ask, tenant: str) -> NameIndex:
        kept = self._kept.get(tenant)
        if kept is None:
            if len(self._kept) >= _KEPT_MAX:
                self._kept.clear()
            rows = ask(_ENTRIES, {"of_tenant": tenant})
            kept = self._kept[tenant] = NameIndex(_decode(row.body) for row in rows)
        return kept
