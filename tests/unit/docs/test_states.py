"""The drawn states are the states of the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli import states
from gateway.domain.instruction import TRANSITIONS, Cause, State

PAGE = Path(__file__).resolve().parents[3] / "docs" / "states.md"


def test_the_page_is_what_the_table_draws():
    assert PAGE.read_text("utf-8") == states.render(), (
        "python -m gateway.cli.states > docs/states.md"
    )


@pytest.mark.parametrize("word", [*State, *Cause])
def test_every_state_and_cause_is_explained(word):
    rows = [line for line in states.render().splitlines() if line.startswith(f"| {word} |")]
    assert rows
    assert all(cell.strip() for cell in rows[0].split("|")[1:3])


def test_the_picture_has_every_arrow_and_no_other():
    drawn = {
        line.strip()
        for line in states.render().splitlines()
        if " --> " in line and "[*]" not in line
    }
    meant = {f"{before} --> {after}" for before, exits in TRANSITIONS.items() for after in exits}
    assert drawn == meant
