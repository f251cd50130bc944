"""Killed anywhere, started again: nothing lost, doubled, stuck or wrong.

A sample of the points is walked here, so that every kind of point is met in several rooms;
``CRASHWALK=all`` walks every point there is.
"""

from __future__ import annotations

import os

import pytest

from tests.crashwalk.rooms import ROOMS
from tests.crashwalk.walk import BANK, NEVER, SHARED, Walk

pytestmark = pytest.mark.timeout(900)
EVERY_POINT = os.environ.get("CRASHWALK") == "all"
KINDS = {
    *("before COMMIT", "after COMMIT", "asked", "answering"),
    *("before connect", "before the first byte", "after the first bytes", "after the request"),
    "after the reply",
}
# place → points, each as (name, how often it is passed first)
SAMPLE = {
    "start": [("statement", 30), ("opened .key", 2)],
    "single": [("after the request", 1), ("before COMMIT", 7)],
    "doubt": [("after COMMIT", 13), ("after the first bytes", 5)],
    "batch": [("after COMMIT", 9)],
    "replanned": [("after the reply", 1)],
    "unknown": [("before COMMIT", 12)],
    "payroll": [("before the first byte", 1)],
    "file": [("before COMMIT", 8), ("after COMMIT", 9)],
    "people": [("after COMMIT", 9), ("answering", 6)],
    "returned": [("after the request", 2)],
    "questions": [("before connect", 3)],
    "hooks": [("after the webhook", 2)],
    "bank/single": [("before COMMIT", 3)],
    "bank/doubt": [("asked", 4)],
    "bank/batch": [("after COMMIT", 3)],
    "bank/payroll": [("half an answer", 1)],
    "bank/returned": [("answering", 1)],
}
SHARED_SAMPLE = {
    "worker/single": ("after the request", 1),
    "worker/file": ("before COMMIT", 5),
    "worker/hooks": ("after the webhook", 1),
    "api/file": ("before COMMIT", 5),
    "api/people": ("after COMMIT", 5),
    "server-worker/doubt": ("after COMMIT", 8),
    "server-api/single": ("before COMMIT", 4),
}


def dies_at(walk: Walk, place: str, name: str, number: int) -> None:
    visit = walk.visit(place, (name, number))
    assert visit.broken == (), str(visit)
    assert visit.where == name, f"{place} passes {name} less than {number} times"


@pytest.mark.parametrize(
    ("place", "name", "number"), [(place, *it) for place in SAMPLE for it in SAMPLE[place]]
)
def test_a_death_at_a_point(walk, place, name, number):
    dies_at(walk, place, name, number)


@pytest.mark.postgresql
@pytest.mark.parametrize("place", SHARED_SAMPLE)
def test_a_death_at_a_point_on_postgresql(shared_walk, place):
    dies_at(shared_walk, place, *SHARED_SAMPLE[place])


def test_the_sample_knows_the_places():
    assert {*SAMPLE} == {*ROOMS, *BANK}
    assert {*SHARED_SAMPLE} <= {*SHARED}


def test_a_story_passes_every_kind_of_point(walk):
    visit = walk.visit("single", NEVER)
    assert (visit.broken, visit.where) == ((), "")
    assert set(visit.points) >= KINDS


def every_point(walk: Walk, place: str) -> None:
    visits = list(walk.all_of(place))
    print(f"{place}: {len(visits) - 1} points")
    assert [str(it) for it in visits if it.broken] == []
    assert len(visits) > 1


if EVERY_POINT:

    @pytest.mark.timeout(7200)
    @pytest.mark.parametrize("place", [*ROOMS, *BANK])
    def test_a_death_at_every_point(walk, place):
        every_point(walk, place)

    @pytest.mark.timeout(7200)
    @pytest.mark.postgresql
    @pytest.mark.parametrize("place", SHARED)
    def test_a_death_at_every_point_on_postgresql(shared_walk, place):
        every_point(shared_walk, place)
