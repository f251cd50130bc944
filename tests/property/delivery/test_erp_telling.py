"""However processes die and answers get lost: each state reaches the ERP once, and in order."""

from __future__ import annotations

from random import Random

import pytest

from gateway.domain.errors import NotSent, Unconfirmed
from gateway.domain.instruction import State
from gateway.ports.erp_api import CallReply
from tests.erp_ground import Vendor, api, api_outlets
from tests.webhook_ground import Room, change

STEPS = (State.HELD, State.QUEUED, State.PROCESSING, State.UNCONFIRMED, State.SETTLED)
LOST = Unconfirmed("the answer was lost", "应答丢失")
AWAY = NotSent("nobody listens", "无人监听")
NOISE = CallReply(status=502, body=b"<html>bad gateway</html>")
PAYMENTS = 6


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_lost_doubled_or_out_of_order(seed):
    draw = Random(seed)
    vendor = Vendor()
    spoken = api(most=draw.choice([1, 3, 50]), login=bool(seed % 2))
    room = Room(
        seed, webhooks=[], outlets=api_outlets(vendor, spoken, tries_max=100), latency_s=1.0
    )
    try:
        _story(room, vendor, draw)
        room.until(lambda: {row.delivery for row in room.rows()} == {"delivered"})
    finally:
        room.close()
    for number in range(1, PAYMENTS + 1):
        assert vendor.states(f"PO-{number}") == [state.value for state in STEPS]


def _story(room: Room, vendor: Vendor, draw: Random) -> None:
    def mood(_call):
        chance = draw.random()
        if chance < 0.04:
            room.kill_at = draw.choice(["begin", "commit", "committed"])
        return AWAY if chance < 0.15 else NOISE if chance < 0.25 else None

    vendor.mood = mood
    vendor.lost = lambda _: LOST if draw.random() < 0.2 else None
    room.instructions(PAYMENTS)
    for version, state in enumerate(STEPS, start=1):
        for number in range(1, PAYMENTS + 1):
            _tell(room, number, version, state)
            if draw.random() < 0.15:
                vendor.token = "spent" if vendor.token else ""
        room.run_for(draw.choice([0, 1, 600]))
        if draw.random() < 0.3 or not room.life.process.alive:
            room.restart()
    # From here on nobody dies, and whoever is not answered asks again.
    room.kill_at = None
    vendor.mood = vendor.lost = lambda _: None
    if not room.life.process.alive:
        room.restart()


def _tell(room: Room, number: int, version: int, state: State) -> None:
    """Committed, if need be by the next process."""
    while not room.life.process.alive or not room.tell(change(number, version, state, room.clock)):
        room.restart()
