"""What one line's standing is called at a place: code, words, and whether it may be said at all."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.erp.kingdee.codes import NOT_JUDGED, REFUSED, WORDS, Standing
from gateway.domain.instruction import State
from gateway.ports.erp import LineStatus
from gateway.ports.erp_told import StatusTold

WORDS_MAX = 250
"""Characters of a message field of either product that is filled in by us."""


def standing_of(
    state: str, code: str, table: Mapping[State, Standing], refused: Standing
) -> Standing | None:
    """The standing of a state's name; None where a status must not be touched.

    That is a repetition of something that goes on: calling it refused would let it be paid anew.
    """
    if state == REFUSED:
        return None if code in NOT_JUDGED else refused
    return table[State(state)]


def told_words(told: StatusTold, standing: Standing | None) -> str:
    """What a person reads beside the status: our word first, then the bank's own."""
    reason = WORDS[standing.reason][0] if standing is not None and standing.reason else ""
    parts = (reason or told.reason, told.code, told.text)
    return " ".join(dict.fromkeys(it for it in parts if it))[:WORDS_MAX]


def line_words(line: LineStatus, standing: Standing | None) -> str:
    """The same of a line of a report; of a refused one every fault."""
    if line.faults:
        return "; ".join(f"{it.path}: {it.zh} / {it.en}" for it in line.faults)
    reason = "; ".join(WORDS[standing.reason]) if standing is not None and standing.reason else ""
    parts = (reason, line.reason_code, line.text)
    return " ".join(dict.fromkeys(it for it in parts if it))
