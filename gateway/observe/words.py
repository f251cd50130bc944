"""Facts made fit for a log: the second wall behind the closed list of facts.

Rule kept here: whatever comes in, what goes out holds no control character, no run of nine
digits or more, and has an end.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from typing import Final

from gateway.domain.errors import GatewayError
from gateway.domain.party import masked

_CONTROL: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff]"
)
"""Characters that end a line, move a terminal's cursor, turn text around, or are no text."""
_LONG_NUMBER: Final = re.compile(r"\d(?:[ \-]?\d){8,}")
_NAME: Final = re.compile(r"[A-Za-z0-9_.:/@+\-]{1,80}", re.ASCII)
_HARMLESS: Final = re.compile(
    r"[a-z]{3,5}_[0-9a-z]{8,26}|[0-9a-f]{32}|[A-Za-z_.:/@+\-][A-Za-z0-9_.:/@+\-]{0,7}"
    r"|[A-Za-z_.:/@+\-]{1,80}",
    re.ASCII,
)
"""An id made by our own runtime or a trace id (what digits stand in them are chance), or a code
too short or too wordy to hold a long number."""
_SERIAL: Final = re.compile(r"[A-Za-z][0-9A-Za-z]{7,39}", re.ASCII)
_SERIALS_NAME: Final = "serial"
_WORDS: Final = frozenset({"why", "place", "database", "address"})
"""Facts that hold words rather than one code; they are our own source's all the same."""
_TEXT_MAX: Final = 200
_FRAMES_MAX: Final = 5

Fact = str | int | float | bool


def cleaned(facts: Mapping[str, object]) -> dict[str, Fact]:
    """Facts fit to be written; empty ones are left out."""
    return {
        name: _fact(name, value)
        for name, value in facts.items()
        if value is not None and value != ""
    }


def _fact(name: str, value: object) -> Fact:
    if type(value) is not str:
        if isinstance(value, bool | int):
            return value
        if isinstance(value, float):
            return round(value, 6)
    text = str(value)
    if name in _WORDS:
        return safe_text(text)
    if _HARMLESS.fullmatch(text):
        return text
    if name == _SERIALS_NAME and _SERIAL.fullmatch(text):
        return text
    return _LONG_NUMBER.sub(_mask, text) if _NAME.fullmatch(text) else "?"


def safe_text(text: str) -> str:
    """Words without control characters and long numbers, cut to length."""
    plain = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text[: 2 * _TEXT_MAX])
    return _LONG_NUMBER.sub(_mask, plain)[:_TEXT_MAX]


def _mask(found: re.Match[str]) -> str:
    return masked(found[0])


def what_failed(error: BaseException) -> tuple[str, str, str]:
    """An exception's type, its place in the source, and its words where they are our own.

    Messages of other people's exceptions are left out: a database driver prints the values of
    the statement that failed.
    """
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES_MAX:]
    place = " < ".join(f"{_module(it.filename)}:{it.lineno}" for it in reversed(frames))
    why = f"{error.code}: {error.en}" if isinstance(error, GatewayError) else ""
    return type(error).__name__, place, why


def _module(filename: str) -> str:
    """The last two parts of a path: where a machine keeps its programs is nobody's business."""
    return "/".join(filename.replace("\\", "/").split("/")[-2:])
