"""Bounds of the HTTP client and of the sandbox's HTTP server: everything has an end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from gateway.ports.tenancy import Directory

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLimits:
    """Bounds of the HTTP client, per host (scheme, name and port).

    ``connections_max`` exchanges run at once; ``waiters_max`` more may wait for a slot, at
    most ``slot_timeout_s``. ``idle_s`` is how long an unused connection is kept; 0 turns
    keep-alive off. Sizes are bytes as received.
    """

    connections_max: int = 16
    waiters_max: int = 1024
    slot_timeout_s: float = 30.0
    connect_timeout_s: float = 5.0
    idle_s: float = 15.0
    body_max: int = 8 * MIB
    head_max: int = 64 * 1024


def limits_for(directory: Directory) -> ClientLimits:
    """Bounds under which no connection to a bank ever waits for another's exchange.

    Payments, enquiries and questions each have slots of their own; did they share a host's
    connections, many questions would hold up a payment.
    """
    width: Counter[str] = Counter()
    for tenant in directory.tenants.values():
        for it in tenant.connections.values():
            width[urlsplit(it.url).netloc] += it.slots + 2 * it.enquiry_slots
    least = ClientLimits()
    return replace(least, connections_max=max([least.connections_max, *width.values()]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLimits:
    """Bounds of the HTTP server.

    ``pipeline_max`` requests of one connection wait in line; above that the connection is read
    no further until some are answered. ``idle_s`` is how long a connection may stay silent.
    """

    body_max: int = 4 * MIB
    head_max: int = 32 * 1024
    pipeline_max: int = 16
    connections_max: int = 1024
    idle_s: float = 75.0
