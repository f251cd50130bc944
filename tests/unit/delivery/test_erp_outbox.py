"""What is told of documents that were refused, until they are put right."""

from __future__ import annotations

import pytest

from gateway.delivery.endpoints import ErpEndpoint
from gateway.delivery.erp_outbox import Outbox
from gateway.lifecycle.telling import Say
from gateway.ports.erp_told import StatusTold, ToldKind
from gateway.store import tables
from tests.erp_ground import system, tenant
from tests.store_ground import START, bench


@pytest.fixture
def ground():
    with bench() as at:
        it = system()
        kinds = frozenset({ToldKind.STATUS})
        endpoint = ErpEndpoint(system=it, owner=tenant(it), kinds=kinds)
        yield at, Outbox(at.runtime, [endpoint]), it


def refused(subject: str) -> Say:
    told = StatusTold(
        instruction="",
        version=1,
        state="REFUSED",
        erp="sap",
        erp_reference=subject,
        at=START,
        amount="1.00",
        currency="CNY",
    )
    return Say(told=told, subject=subject)


def deliveries(at) -> dict[str, str]:
    return {row.instruction: row.delivery for row in at.rows(tables.webhook_event)}


def test_what_waits_under_a_subject_is_told_no_more(ground):
    at, outbox, it = ground
    says = [refused("ref_a"), refused("ref_b"), refused("ref_c")]
    assert at.group(lambda uow: outbox.tell(uow, it.tenant, it.id, says)) == [3]
    at.group(
        lambda uow: uow.change(
            tables.webhook_event.update()
            .where(tables.webhook_event.c.instruction == "ref_b")
            .values(delivery="delivered")
        )
    )
    at.runtime.clock.pass_time(hours=1)
    gone = at.group(lambda uow: outbox.withdraw(uow, it.tenant, it.id, ["ref_a", "ref_b", "ref_x"]))
    assert gone == [1]
    assert deliveries(at) == {"ref_a": "superseded", "ref_b": "delivered", "ref_c": "pending"}
    # The same refusal is not told anew: the document was accepted meanwhile.
    assert at.group(lambda uow: outbox.tell(uow, it.tenant, it.id, says)) == [0]


@pytest.mark.parametrize(("whose", "subjects"), [("other", ["ref_a"]), ("", [])])
def test_nothing_of_others_is_withdrawn(ground, whose, subjects):
    at, outbox, it = ground
    at.group(lambda uow: outbox.tell(uow, it.tenant, it.id, [refused("ref_a")]))
    name = whose or it.id
    assert at.group(lambda uow: outbox.withdraw(uow, it.tenant, name, subjects)) == [0]
    assert deliveries(at) == {"ref_a": "pending"}
