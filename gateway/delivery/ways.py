"""The ways to all endpoints of a deployment, and word to the store of what they want to hear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from gateway.delivery.endpoints import Endpoint, ErpEndpoint
from gateway.delivery.webhooks import Way
from gateway.domain.errors import Refused
from gateway.ports.tenancy import Directory, Tenant
from gateway.ports.webhooks import Webhook
from gateway.transport.egress import Egress
from gateway.transport.tls import TlsFiles, client_context


def ways(directory: Directory) -> Iterator[Way]:
    """A way with connections of its own for each endpoint.

    Raises Refused when a file of certificates is not there or not what it should be.
    """
    for tenant in directory.tenants.values():
        for webhook in tenant.webhooks:
            egress = _egress(tenant, webhook)
            yield Way(webhook=webhook, post=egress.post, close=egress.aclose)


def wanted_states(
    directory: Directory, systems: Sequence[ErpEndpoint] = ()
) -> dict[str, frozenset[str]]:
    """By tenant with endpoints, the states of which at least one of them wants to hear.

    ``systems`` are the ERP systems that are told.
    """
    found: dict[str, frozenset[str]] = {}
    endpoints: list[Endpoint] = [*systems]
    for tenant in directory.tenants.values():
        endpoints += tenant.webhooks
    for it in endpoints:
        if it.states:
            found[it.tenant] = found.get(it.tenant, frozenset()) | it.states
    return found


def _egress(tenant: Tenant, webhook: Webhook) -> Egress:
    try:
        tls = client_context(TlsFiles(ca=Path(webhook.ca))) if webhook.ca else None
    except OSError as error:
        raise Refused(
            f"webhook {webhook.id}: the certificates in ca cannot be read",
            f"webhook {webhook.id}：ca 指定的证书无法读取",
        ) from error
    return Egress(webhook.url, tenant.reach, timeout_s=webhook.timeout_s, tls=tls)
