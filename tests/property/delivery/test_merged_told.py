"""A merged payment, whatever it was merged of: each document is told each state once, in order."""

from __future__ import annotations

import json
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.delivery.deliveries import _listed
from gateway.delivery.webhook_rows import Delivery
from gateway.domain.errors import Unconfirmed
from gateway.domain.instruction import State
from gateway.domain.merged import MergedPart, merged_parts, merged_text
from gateway.domain.money import CNY, Money
from gateway.ports.erp_told import StatusTold, decoded
from gateway.store import tables
from tests.erp_ground import Vendor, api, api_outlets, tenant
from tests.webhook_ground import Room, change, instruction_row

WAYS = (
    (State.QUEUED, State.SENDING, State.UNCONFIRMED, State.SETTLED, State.RETURNED),
    (State.QUEUED, State.SENDING, State.UNCONFIRMED, State.REJECTED),
)
LOST = Unconfirmed("the answer was lost", "应答丢失")
AMOUNT = st.integers(-10_000, 10_000).filter(bool)
GROUPS = st.lists(
    st.dictionaries(st.integers(0, 99).map("D-{:02}".format), AMOUNT, min_size=1, max_size=6),
    min_size=1,
    max_size=3,
)


def parts_of(number: int, group: dict[str, int]) -> list[MergedPart]:
    """Documents of one payment, with numbers that no other has."""
    return [
        MergedPart(f"{number}/{name}", Money(minor, CNY).text()) for name, minor in group.items()
    ]


@given(group=st.dictionaries(st.text(min_size=1, max_size=9), AMOUNT, min_size=1, max_size=9))
def test_the_text_of_parts_is_one_whatever_their_order(group):
    parts = [MergedPart(name, Money(minor, CNY).text()) for name, minor in group.items()]
    text = merged_text(parts)
    assert merged_text(reversed(parts)) == text
    read = merged_parts(text)
    assert {it.reference: it.amount for it in read} == {it.reference: it.amount for it in parts}
    total = sum(Money.parse(it.amount, CNY, signed=True).minor for it in read)
    assert total == sum(group.values())


def told_of(room: Room) -> list[StatusTold]:
    found = [decoded(row.body) for row in room.rows()]
    return [it for it in found if isinstance(it, StatusTold)]


@settings(max_examples=12)
@given(groups=GROUPS, way=st.sampled_from(WAYS), seed=st.integers(0, 99))
def test_each_document_hears_each_state_once_and_in_order(groups, way, seed):
    draw, vendor = Random(seed), Vendor()
    vendor.lost = lambda _: LOST if draw.random() < 0.2 else None
    spoken = api(most=draw.choice([1, 3, 50]))
    outlets = api_outlets(vendor, spoken, tries_max=100, per_source=True)
    room = Room(seed, webhooks=[], outlets=outlets, latency_s=1.0)
    try:
        texts = {}
        for number, group in enumerate(groups, start=1):
            texts[number] = parts_of(number, group)
        with room.engine.begin() as db:
            for number, parts in texts.items():
                db.execute(tables.instruction.insert(), [_row(number, parts)])
        for version, state in enumerate(way, start=1):
            for number in texts:
                room.tell(change(number, version, state, room.clock))
            if draw.random() < 0.3:
                room.restart()
        vendor.lost = lambda _: None
        room.until(lambda: {row.delivery for row in room.rows()} == {"delivered"})
        told = told_of(room)
        with room.engine.connect() as db:
            listed = _listed(
                db,
                tenant(),
                Delivery.DELIVERED,
                "",
                tables.instruction.c.erp == "sap",
            )
    finally:
        room.close()
    documents = {it.reference: it.amount for parts in texts.values() for it in parts}
    for name in documents:
        assert vendor.states(name) == [state.value for state in way]
    assert {it["ref"] for it in vendor.posts} == documents.keys(), "nothing under a merged number"
    assert {(it.erp_reference, it.amount) for it in told} == set(documents.items())
    for it in told:
        assert it.merged_reference == f"PO-{int(it.instruction[4:])}"
        assert it.source == {"file": "f", "bill": it.erp_reference}
        if it.state == State.UNCONFIRMED:
            assert (it.final, it.reason) == (False, "UNCONFIRMED")
    # Whoever may see the payment sees what each document was told, under the payment's own id.
    assert len(listed) == len(documents) * len(way)
    assert {it.instruction for it in listed} == {f"ins_{number:03d}" for number in texts}


def _row(number: int, parts: list[MergedPart]) -> dict[str, object]:
    echoes = [[it.reference, it.amount, {"bill": it.reference}] for it in parts]
    source = json.dumps({"file": "f", "merged:sources": echoes}, ensure_ascii=False)
    return instruction_row(number, merged=merged_text(parts), source=source)
