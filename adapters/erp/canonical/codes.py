"""Pure tables: what our states are called in canonical answers. Our own names, in both versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.domain.instruction import FINAL, State

STATES: Final[Mapping[str, str]] = {state.value: state.value for state in State}
"""Version 1 and 2: each state by its own name."""
SETTLED_NAMES: Final = frozenset(state.value for state in FINAL)
"""States that end an instruction; REFUSED, which never was one, is added in answers."""
REFUSED: Final = "REFUSED"
CODES: Final[Mapping[str, Mapping[str, str]]] = {"report": STATES, "status": STATES}


def final(state: str) -> bool:
    """Whether nothing more is to be expected."""
    return state == REFUSED or state in SETTLED_NAMES
