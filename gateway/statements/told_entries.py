"""What each ERP system was told of each account: entries by their key, and whole days.

Rule kept here: what is told and that it was told are one commit, so nothing is told twice and
nothing is left out, whenever a process dies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, select

from gateway.lifecycle.telling import Say
from gateway.ports.erp_systems import ErpSystem
from gateway.ports.erp_told import ToldKind as Kind
from gateway.ports.tenancy import OwnAccount, Tenant
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.prepared import prepare
from gateway.store.uow import Uow

OVER_AFTER: Final = timedelta(hours=2)
"""How long after midnight a day is taken to be over: banks go on booking for a while."""
CLOSED: Final = "closed"
"""Stands instead of an entry's key: the whole day has been compared, or told as a statement."""
SILENT: Final = "silent"
"""The same of a day of which there was no statement to tell: it takes no number."""
TellKey = tuple[Kind, date, str]
"""What is remembered as told: of which kind, on which day, which entry."""
_DAY: Final = timedelta(days=1)
_t = tables.told_entry
_OF: Final = (
    _t.c.tenant == bindparam("of_tenant"),
    _t.c.system == bindparam("of_system"),
    _t.c.account == bindparam("of_account"),
    _t.c.kind == bindparam("of_kind"),
)
_SPAN: Final[Sequence[ColumnElement[Any]]] = (
    func.max(_t.c.day).label("day"),
    func.sum(case((_t.c.key == CLOSED, 1), else_=0)).label("days"),
)
_CLOSED: Final = prepare(select(*_SPAN).where(*_OF, _t.c.key.in_((CLOSED, SILENT))))
_KNOWN: Final = prepare(select(_t.c.key).where(*_OF, _t.c.day == bindparam("of_day")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """One system that is told of accounts. ``kinds`` is what its settings and language allow."""

    tenant: Tenant
    system: ErpSystem
    kinds: frozenset[Kind]


@dataclass(slots=True, kw_only=True)
class Turn:
    """One look at one account for one system."""

    fed: Fed
    account: OwnAccount
    now: datetime
    says: list[Say] = field(default_factory=list)
    keys: list[TellKey] = field(default_factory=list)
    """What is remembered as told."""
    incomplete: bool = False
    """The last statement does not show every entry: no balances can prove it."""

    def named(self, what: str) -> tuple[str, ...]:
        """Something of this account and system, as a key."""
        return self.fed.tenant.id, self.fed.system.id, self.account.number, what

    def values(self, kind: Kind) -> dict[str, object]:
        """What names the rows of one kind in a statement."""
        return {
            "of_tenant": self.fed.tenant.id,
            "of_system": self.fed.system.id,
            "of_account": self.account.number,
            "of_kind": kind.value,
        }

    def subject(self, word: str, *more: str) -> str:
        """The same for the same account and thing; at most 40 characters."""
        said = "\x1f".join((self.account.number, *more))
        return f"{word}_{hashlib.sha256(said.encode()).hexdigest()[:32]}"

    @property
    def last_over(self) -> date:
        """The latest day that is over."""
        return (self.now - OVER_AFTER).date() - _DAY


def closed(db: Connection, of: Turn, kind: Kind) -> tuple[date | None, int]:
    """The last day that was compared whole, and how many were told."""
    (row,) = _CLOSED.rows(db, of.values(kind))
    return (date.fromisoformat(row.day) if row.day else None), int(row.days or 0)


def known(db: Connection, of: Turn, kind: Kind, day: date) -> frozenset[str]:
    """The keys of what was told of a day."""
    rows = _KNOWN.rows(db, of.values(kind) | {"of_day": day.isoformat()})
    return frozenset(row.key for row in rows)


def remember(uow: Uow, of: Turn, keys: Sequence[TellKey]) -> None:
    """Keep what was told; what is known already stays as it is."""
    before = {
        (kind, day): {
            row.key for row in uow.rows(_KNOWN, of.values(kind) | {"of_day": day.isoformat()})
        }
        for kind, day, _ in keys
    }
    uow.add(
        _t,
        *(
            {
                "tenant": of.fed.tenant.id,
                "system": of.fed.system.id,
                "account": of.account.number,
                "kind": kind.value,
                "day": day.isoformat(),
                "key": key,
                "at_us": to_us(of.now),
            }
            for kind, day, key in dict.fromkeys(keys)
            if key not in before[kind, day]
        ),
    )
