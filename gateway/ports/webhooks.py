"""Where a tenant's webhooks go, and how far its calls may reach; read from the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Final, Protocol

from gateway.domain.errors import Refused
from gateway.domain.ids import TenantId
from gateway.domain.instruction import FINAL, State

Network = IPv4Network | IPv6Network

TOLD_UNLESS_SET: Final = frozenset(
    {State.HELD, State.SCHEDULED, State.BANK_APPROVAL, State.UNCONFIRMED} | FINAL
)
"""What an ERP hears of unless it asks for more: what is final, in doubt, or waits for somebody."""
HTTPS_PORT: Final = 443
STATUS_EVENT: Final = "instruction.status"
MATCH_EVENT: Final = "ledger_item.match"
OPEN_ITEMS_EVENT: Final = "reconciliation.status"
EVENTS: Final = (STATUS_EVENT, MATCH_EVENT, OPEN_ITEMS_EVENT)
"""Every type of event, as it stands in settings and in what is sent: for ever."""


class UrlForbidden(Refused):
    """An address that the tenant's calls may not go to."""

    code = "url_forbidden"
    zh = "不允许访问该地址"
    en = "calls may not go to this address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Where a tenant's outgoing calls may go: public addresses over https, plus what is named.

    ``hosts`` empty means any name; ``*.example.com`` stands for every name below example.com.
    ``networks`` are reached beside the public ones, and only they over ``plain_http``.
    """

    hosts: tuple[str, ...] = ()
    ports: tuple[int, ...] = (HTTPS_PORT,)
    networks: tuple[Network, ...] = ()
    plain_http: bool = False


PUBLIC_ONLY: Final = Reach()
"""Public addresses over https on the usual port: what holds where nothing is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One address that is told of changes.

    ``secrets`` are keys of the signature: one, or two while the receiver changes over; each
    request is signed with every one of them.
    """

    tenant: TenantId
    id: str
    url: str
    secrets: tuple[bytes, ...] = field(repr=False)
    states: frozenset[State] = TOLD_UNLESS_SET
    tries_max: int = 24
    timeout_s: int = 10
    keep_days: int = 7
    """How long what was delivered is kept, so that it can be delivered again."""
    events: frozenset[str] = frozenset({STATUS_EVENT})
    """Types of what it is told, of ``EVENTS``."""
    erps: frozenset[str] = frozenset()
    """Told only of what these ERPs sent; empty for all. Under a control document payroll is told
    to nobody but an endpoint that names the ERP it came from."""
    ca: str = ""
    """File of the issuers' certificates to trust, instead of the system's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a receiver answered. ``retry_after_s`` is what it asks us to wait; 0 for nothing."""

    status: int
    retry_after_s: int = 0


class Post(Protocol):
    """The way to one endpoint."""

    async def __call__(self, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        """Send one event. Raises UrlForbidden, NotSent or Unconfirmed."""
        ...
