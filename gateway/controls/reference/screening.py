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
from sqlalchemy import Text, and_, bindparam, literal, or_, select

from gateway.controls.reference.kinds import Kind
from gateway.domain.name_list import GRADES, WAYS, ListedName, NameHit, NameIndex, Subject
from gateway.ports.reference import NameList
from gateway.store import tables
from gateway.store.elements import elements, text_at
from gateway.store.prepared import Prepared, prepare
from gateway.store.uow import Uow

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
_wanted: Final = elements(bindparam("wanted", type_=Text()), "wanted")
_SOURCES: Final = prepare(
    select(_n.c.list_id, _n.c.entry_id, _i.c.source)
    .select_from(
        _wanted.join(
            _n,
            and_(_n.c.list_id == text_at(_wanted, 0), _n.c.entry_id == text_at(_wanted, 1)),
        ).join(_i, _i.c.id == _n.c.import_id)
    )
    .where(or_(_n.c.tenant == literal(_EVERYBODY), _n.c.tenant == bindparam("of_tenant")))
    .order_by(_n.c.tenant)
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


class ImportedNames:
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

    def names(self, uow: Uow, tenant: str) -> NameList | None:
        """The same in a unit of work."""
        return self.of(uow.rows, tenant)

    def sources(self, uow: Uow, tenant: str, hits: Sequence[NameHit]) -> dict[tuple[str, str], str]:
        """Where entries are from, by list and entry; of two alike the tenant's own counts."""
        wanted = msgspec.json.encode([[it.list_id, it.entry_id] for it in hits]).decode()
        rows = uow.tuples(_SOURCES, {"of_tenant": tenant, "wanted": wanted})
        return {(row[0], row[1]): row[2] for row in rows}

    def _index(self, ask: Ask, tenant: str) -> NameIndex:
        kept = self._kept.get(tenant)
        if kept is None:
            if len(self._kept) >= _KEPT_MAX:
                self._kept.clear()
            rows = ask(_ENTRIES, {"of_tenant": tenant})
            kept = self._kept[tenant] = NameIndex(_decode(row.body) for row in rows)
        return kept
