"""Who is told of changes: webhooks, and ERP systems with a language of their own.

Rule kept here: an ERP system hears only of what it sent itself, and only what its settings and
its language allow.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

from gateway.domain.ids import TenantId
from gateway.domain.instruction import State
from gateway.ports.erp import ErpDialect, ErpTransport
from gateway.ports.erp_systems import ENDPOINT as ERP
from gateway.ports.erp_systems import ErpSystem
from gateway.ports.erp_told import ToldKind
from gateway.ports.tenancy import Tenant

_ON_REQUEST: Final = frozenset({ToldKind.MATCH, ToldKind.OPEN_ITEMS})
"""Told only where the settings ask for it (``feed.matches``)."""


class Endpoint(Protocol):
    """Whoever is told."""

    @property
    def tenant(self) -> TenantId:
        """Whose it is."""
        ...

    @property
    def id(self) -> str:
        """Its name among the tenant's endpoints."""
        ...

    @property
    def states(self) -> frozenset[State]:
        """Of which states it is told."""
        ...

    @property
    def erps(self) -> frozenset[str]:
        """Told only of what these ERPs sent; empty for all."""
        ...

    @property
    def tries_max(self) -> int:
        """After how many attempts an event is dead."""
        ...

    @property
    def keep_days(self) -> int:
        """How long what was delivered is kept."""
        ...


@dataclass(frozen=True, kw_only=True)
class ErpEndpoint:
    """An ERP system that is told. ``kinds`` is what its settings and its language allow."""

    system: ErpSystem
    owner: Tenant
    kinds: frozenset[ToldKind]
    per_source: bool = False
    """Told of each source document of a merged payment by itself (``ErpDialect.per_source``)."""

    @property
    def tenant(self) -> TenantId:
        """Whose it is."""
        return self.system.tenant

    @property
    def id(self) -> str:
        """Its name among the tenant's endpoints."""
        return endpoint_of(self.system.id)

    @property
    def states(self) -> frozenset[State]:
        """Of which states it is told."""
        return self.system.states if ToldKind.STATUS in self.kinds else frozenset()

    @property
    def erps(self) -> frozenset[str]:
        """Itself: nobody else's payments are its business."""
        return frozenset({self.system.id})

    @property
    def tries_max(self) -> int:
        """After how many attempts an event is dead."""
        return self.system.tries_max

    @property
    def keep_days(self) -> int:
        """How long what was delivered is kept."""
        return self.system.keep_days

    @cached_property
    def _written(self) -> dict[str, str]:
        return {ours: theirs for theirs, ours in sorted(self.system.aliases.items(), reverse=True)}

    def written(self, account: str) -> str:
        """An account's number as this ERP writes it."""
        return self._written.get(account, account)


def endpoint_of(system: str) -> str:
    """The endpoint's name of an ERP system."""
    return f"{ERP}{system}"


def kinds_told(system: ErpSystem, dialect: ErpDialect) -> frozenset[ToldKind]:
    """What an ERP system can be told the way it is reached, as far as its settings want it."""
    unasked = frozenset() if system.feed.matches else _ON_REQUEST
    return (system.tells & frozenset(_able(system, dialect))) - unasked


def _able(system: ErpSystem, dialect: ErpDialect) -> Collection[ToldKind]:
    match system.transport:
        case ErpTransport.FOLDER | ErpTransport.SFTP:
            return dialect.files
        case ErpTransport.TABLES:
            return () if dialect.tables is None else dialect.tables(system.options).results
        case _:  # one that has no address calls us, and is answered then
            able = dialect.api is not None and bool(system.address)
            return dialect.api(system.options).tell if able and dialect.api else ()
