"""The ways to the endpoints, as the settings make them."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from gateway.delivery.ways import wanted_states, ways
from gateway.domain.errors import Refused
from gateway.domain.ids import TenantId
from gateway.domain.instruction import State
from gateway.ports.tenancy import Directory, Tenant
from tests.webhook_ground import webhook


def directory(*webhooks) -> Directory:
    nothing = MappingProxyType({})
    tenants = {
        name: Tenant(
            id=TenantId(name),
            name=name,
            companies=nothing,
            accounts=nothing,
            connections=nothing,
            webhooks=told,
        )
        for name, told in (("t1", webhooks), ("t2", ()))
    }
    return Directory(tenants=tenants, keys=nothing)


def test_a_tenant_hears_of_what_any_of_its_endpoints_wants():
    found = wanted_states(
        directory(
            webhook("a", states=frozenset({State.HELD})),
            webhook("b", states=frozenset({State.HELD, State.SETTLED})),
        )
    )
    assert found == {"t1": {State.HELD, State.SETTLED}}  # and nobody of the other tenant


def test_each_endpoint_has_a_way_of_its_own():
    made = list(ways(directory(webhook("a"), webhook("b"))))
    assert [way.webhook.id for way in made] == ["a", "b"]
    assert made[0].post != made[1].post


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_that_cannot_be_used_stop_the_start(tmp_path, content):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(Refused, match="webhook a: the certificates"):
        list(ways(directory(webhook("a", ca=str(path)))))
