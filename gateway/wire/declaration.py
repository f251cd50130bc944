"""The XML declaration, read by us because we decode before the parser sees anything.

Rule kept here: exactly the production of XML 1.0, since the parser never gets to judge it.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.domain.errors import WireError

_S: Final = rb"[ \t\r\n]"
_DECLARATION: Final = re.compile(
    rb"<\?xml" + _S + rb"+version" + _S + rb"*=" + _S + rb"*(?:\"1\.0\"|'1\.0')"
    rb"(?:" + _S + rb"+encoding" + _S + rb"*=" + _S + rb"*"
    rb"(?:\"([A-Za-z][A-Za-z0-9._-]{0,39})\"|'([A-Za-z][A-Za-z0-9._-]{0,39})'))?"
    rb"(?:"
    + _S
    + rb"+standalone"
    + _S
    + rb"*="
    + _S
    + rb"*(?:\"(?:yes|no)\"|'(?:yes|no)'))?"
    + _S
    + rb"*\?>"
)
_LOOKS_DECLARED: Final = re.compile(rb"<\?xml[ \t\r\n?]")
DECLARATION_MAX: Final = 400
"""A declaration that is still open after so many bytes is none."""


def declaration(body: bytes) -> tuple[str, int]:
    """The declared encoding ('' if none) and the declaration's length in bytes (0 if absent).

    ``body`` starts where the declaration would. Raises WireError ``declaration`` for one
    that is not of the exact form, or of another version than 1.0.
    """
    if not _LOOKS_DECLARED.match(body):
        return "", 0
    found = _DECLARATION.match(body, 0, DECLARATION_MAX)
    if found is None:
        raise WireError("declaration", line=1)
    return (found[1] or found[2] or b"").decode("ascii"), found.end()
