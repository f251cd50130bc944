"""Who is served: tenants, companies, accounts, connections, keys; read from the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.domain.decision import Actor
from gateway.domain.ids import TenantId
from gateway.domain.party import Party
from gateway.ports.erp_systems import ErpSystem
from gateway.ports.statement_boxes import StatementBox
from gateway.ports.webhooks import PUBLIC_ONLY, Network, Reach, Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccount:
    """An account of a tenant's company, and the connection that reaches it."""

    party: Party
    company: str
    connection: str
    currency: str = "CNY"
    receipt_files: bool = False
    """Have the bank make the receipts of its lines, and fetch them."""

    @property
    def number(self) -> str:
        """The account number."""
        return self.party.account.number


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDoor:
    """How a bank that posts notices (动账通知) by itself is known; all that is set must hold.

    ``secret`` stands in a header of theirs, ``certificate`` is the SHA-256 of what a trusted proxy
    passed on, ``peers`` are networks of the socket's address.
    """

    secret: bytes = field(default=b"", repr=False)
    certificate: str = ""
    peers: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One way to one bank for one customer and operator. ``password`` is secret.

    ``slots`` bounds payment messages in flight, ``enquiry_slots`` everything else;
    ``rate_per_s`` bounds all calls (0 = unbounded).
    """

    tenant: TenantId
    id: str
    bank: str
    url: str
    customer: str
    operator: str
    password: str = field(repr=False)
    slots: int = 8
    enquiry_slots: int = 4
    rate_per_s: int = 0
    timeout_s: int = 30
    use_bank_due_date: bool = False
    version: str = ""
    """Version of the bank's document that its front-end speaks; '' is the dialect's newest."""
    receipt_files: str = ""
    """Address of a receipt file, with ``{file_id}`` in it; '' where nothing fetches any."""
    query_interval_s: int = 0
    """Seconds within which the same question goes to the bank once; 0 is the dialect's."""
    notices: NoticeDoor | None = None
    """Who may post what the bank tells by itself; None where nobody may."""

    @property
    def dialect(self) -> str:
        """Which language this connection speaks: the bank's code, with the version where set."""
        return f"{self.bank}/{self.version}" if self.version else self.bank


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The tenant's own process control, as far as it is configured here.

    ``release_people`` 0 means straight-through, shown as actor ``policy:stp``.
    """

    release_people: int = 0
    hold_people: int = 1
    resolve_people: int = 2
    default_local: bool | None = None
    """Used where payer's and payee's city are not both known; None makes that a field error."""
    serial_prefix: str = "GW"
    batching: bool = False
    """Let payments of one account travel together where the bank offers batches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key that may call the API. ``actor`` is a machine (an ERP) or a person."""

    id: str
    tenant: TenantId
    actor: Actor
    secret: bytes = field(repr=False)
    erp: str = ""
    """The ERP system a machine key speaks for; the first half of the ERP-reference key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who may log in. ``name`` is who acts; ``login`` is unique over all tenants.

    ``sign_on`` are ``provider:subject`` of single sign-on.
    """

    name: str
    login: str
    sign_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A group that is served, with everything configured for it."""

    id: TenantId
    name: str
    companies: Mapping[str, str]
    accounts: Mapping[str, OwnAccount]
    connections: Mapping[str, Connection]
    policy: Policy = Policy()
    reach: Reach = PUBLIC_ONLY
    """Where calls on its behalf may go."""
    webhooks: tuple[Webhook, ...] = ()
    people: tuple[Person, ...] = ()
    erps: Mapping[str, ErpSystem] = field(default_factory=dict)
    """ERP systems with a language and a way of their own, by their id."""
    statement_boxes: Mapping[str, StatementBox] = field(default_factory=dict)
    """Places that are looked at for statement files, by their id."""


class OrganisationKind(StrEnum):
    """Whether a bank serves its clients or a client serves itself. Stands in settings."""

    BANK = "bank"
    CLIENT = "client"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Who runs a deployment for its tenants (运行机构)."""

    id: str
    name: str
    kind: OrganisationKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """All tenants and keys of this deployment."""

    tenants: Mapping[TenantId, Tenant]
    keys: Mapping[str, ApiKey]
