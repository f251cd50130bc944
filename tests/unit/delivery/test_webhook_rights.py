"""Which endpoint is told of whose payments, and of wages."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from gateway.delivery.deliveries import Deliveries
from gateway.delivery.webhook_event import Subject
from gateway.delivery.webhook_rows import Delivery, _concerns
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import NotFound
from gateway.domain.instruction import State
from gateway.store import tables
from tests.webhook_ground import TENANT, change, webhook

WANG = Actor(kind=ActorKind.PERSON, name="wang")

DOCUMENT = {
    "tenant": "t1",
    "version": 1,
    "state": "in_force",
    "digest": "d",
    "content": "{}",
    "proposed_by": "person:wang",
    "proposed_us": 1,
}


def subject(erp: str = "sap", *, payroll: bool = False) -> Subject:
    return Subject(erp=erp, erp_reference="R", batch="", payroll=payroll)


@pytest.mark.parametrize(
    ("erps", "of", "confidential", "told"),
    [
        ((), subject(), True, True),
        ((), subject(payroll=True), False, True),
        ((), subject(payroll=True), True, False),
        (("sap",), subject(payroll=True), True, True),
        (("oa",), subject(payroll=True), True, False),
        (("oa",), subject(), False, False),
    ],
)
def test_who_is_told(erps, of, confidential, told):
    endpoint = webhook(erps=frozenset(erps))
    assert _concerns(endpoint, of, confidential=confidential) is told


@pytest.mark.parametrize("documented", [False, True])
def test_under_a_document_wages_go_to_the_endpoint_that_names_their_erp(made, documented):
    own, other = webhook("own", erps=frozenset({"sap"})), webhook("other")
    room = made(webhooks=[own, other])
    room.instructions(1, business_type="payroll", erp="sap")
    if documented:
        with room.engine.begin() as db:
            db.execute(insert(tables.control_version), [DOCUMENT])
    room.tell(change(1, 1, State.SETTLED, room.clock))
    expected = {"own"} if documented else {"own", "other"}
    room.until(lambda: len(room.rows()) == len(expected))
    room.run_for(60)
    assert {row.endpoint for row in room.rows()} == expected


def test_deliveries_of_what_somebody_may_not_see_are_neither_listed_nor_repeated(made):
    it = webhook()
    room = made(webhooks=[it])
    room.instructions(2)
    for number in (1, 2):
        room.tell(change(number, 1, State.SETTLED, room.clock))
    room.until(lambda: [row.delivery for row in room.rows()] == ["delivered"] * 2)
    hidden, shown = sorted(room.rows(), key=lambda row: row.instruction)
    deliveries = Deliveries(room.life.store, room.life.webhooks._runtime)
    tenant = Served(it)

    def seen(db):
        return tables.instruction.c.id == shown.instruction

    def done(work):
        future = room.scheduler.spawn(room.life.process, work)
        future.when_done(lambda: None)
        room.until(lambda: future.done)
        return future

    listed = done(deliveries.listed(tenant, Delivery.DELIVERED, "", seen))._value
    assert [one.id for one in listed] == [shown.id]
    assert done(deliveries.again(tenant, shown.id, WANG, seen))._error is None
    with pytest.raises(NotFound):
        raise done(deliveries.again(tenant, hidden.id, WANG, seen))._error


class Served:
    def __init__(self, *webhooks) -> None:
        self.id, self.webhooks = TENANT, webhooks
