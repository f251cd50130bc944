"""Rooms with a sending process and a receiver, closed after each test."""

from __future__ import annotations

import pytest

from tests.webhook_ground import Room


@pytest.fixture
def made():
    """Makes rooms and closes them."""
    rooms: list[Room] = []

    def make(**words) -> Room:
        rooms.append(Room(**words))
        return rooms[-1]

    yield make
    for room in rooms:
        room.close()
