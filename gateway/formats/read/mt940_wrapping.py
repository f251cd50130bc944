"""Lines of field 86 put together again: what was cut, and what its writer ended.

Rule kept here: no letter is lost or added but blanks where a line's end was one.
"""

from __future__ import annotations

import re
from typing import Final

_WIDTH: Final = 65
_SHORTER: Final = 8
"""How much earlier than its width a line may end so that the next begins like no field."""


def unwrapped(body: str) -> str:
    """Lines as one text: a full line goes on in the next, a shorter one ends with a word."""
    if "\n" not in body:
        return body.strip()
    joined: list[str] = []
    before = ""
    slashed = body.lstrip(" ").startswith("/")
    lines = body.split("\n")
    longest = max(map(len, lines))
    # A line that is too long was ended by its writer, unless another is as long: a width, too.
    ended = longest if longest > _WIDTH and sum(len(it) == longest for it in lines) == 1 else 0
    for line in lines:
        if not line.strip():
            before = ""
            continue
        whole = len(before) == ended and before[-1:] != " "
        if joined and (whole or not _goes_on(before, line, slashed=slashed)):
            joined.append(" ")
        joined.append(line)
        before = line
    return "".join(joined).strip()


def _goes_on(before: str, line: str, *, slashed: bool) -> bool:
    """Whether a word was cut by the end of the line before, or a space stands there already."""
    missing = _WIDTH - len(before)
    if missing <= 0:
        return True
    if before and (before[-1] == " " or line[0] == " "):
        return True
    if slashed and before and (before[-1] == "/" or line[0] == "/"):
        return True
    # A writer that lets no line begin with ':' or '-' breaks before the character in front.
    return missing <= _SHORTER and bool(_MARKS.fullmatch(line, 1, missing + 1))


_MARKS: Final = re.compile(r"[:-]+")
