"""What the walk makes of the way a process ended."""

from __future__ import annotations

import pytest

from tests.crashwalk.life import KILLED, Life
from tests.crashwalk.points import MARK


@pytest.mark.parametrize(
    ("tale", "deaths", "broken"),
    [
        (f"asked\nbefore COMMIT{MARK}\nasked\n", [], True),  # it lived on
        (f"asked\nbefore COMMIT{MARK}\nasked\n", [KILLED], False),
        (f"asked\nbefore COMMIT{MARK}\n", [], False),  # ended from outside while it died
        ("asked\nbefore COMMIT\n", [], False),  # it has fewer points
    ],
)
def test_whoever_passes_its_point_and_lives_on_is_found(tmp_path, tale, deaths, broken):
    (tmp_path / "bank-1.tale").write_text(tale, encoding="utf-8")
    life = Life(None, tmp_path, "bank", "", {})
    life.deaths += deaths
    assert bool(life.faults()) is broken
