"""Does the walk have teeth? Each planted fault must be found at some point of a room."""

from __future__ import annotations

import pytest

from tests.crashwalk.places import PATIENCE_S
from tests.crashwalk.walk import NEVER

pytestmark = pytest.mark.timeout(900)
# planted fault → the room, the kind of point, and what must be complained of
TEETH = {
    "sent before its commit": ("single", "before COMMIT", "doubled"),
    "sent again at restart": ("single", "after the request", "doubled"),
    "answered before its commit": ("single", "before COMMIT", "lost"),
    "no take-over": ("single", "after the request", "stuck"),
}


ROUNDS = 4
"""Commits group a little differently in every run: which one plans a message is found by trying."""
STUCK_S = 6
"""Long enough for a story that goes on; one that stands still is not waited for longer."""


@pytest.mark.parametrize("planted", TEETH)
def test_a_planted_fault_is_found(walk, planted):
    room, point, harm = TEETH[planted]
    patience_s = STUCK_S if harm == "stuck" else PATIENCE_S
    passed = walk.visit(room, NEVER, mutants=[planted]).points.count(point)
    for number in ROUNDS * [*range(passed // 4 + 1, passed + 1), *range(1, passed // 4 + 1)]:
        visit = walk.visit(room, (point, number), mutants=[planted], patience_s=patience_s)
        if any(harm in it for it in visit.broken):
            break
    else:
        pytest.fail(f"nobody complained of {harm} wherever it died {point}")
    assert walk.visit(room, (point, number)).broken == ()
