"""对账标识码: a short code that goes to the bank with a payment and comes back in its statement.

Rule kept here: the code follows from whose payment it is and what its ERP calls it, so the same
document gets the same code whenever it comes. Its last character checks the others, and a text
that merely looks like one is seldom taken for one.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

LENGTH: Final = 14
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that is read for another
_BODY: Final = LENGTH - 2
_BITS: Final = 5
_CODE: Final = re.compile(rf"(?<![0-9A-Za-z])R[{_LETTERS}]{{{_BODY + 1}}}(?![0-9A-Za-z])", re.ASCII)


def code_of(tenant: str, erp: str, erp_reference: str) -> str:
    """The code of a payment: R, twelve letters or digits, and a check."""
    said = f"{tenant}\x1f{erp}\x1f{erp_reference}".encode()
    number = int.from_bytes(hashlib.sha256(said).digest()[:8]) >> (64 - _BITS * _BODY)
    body = "".join(_LETTERS[number >> _BITS * at & 31] for at in reversed(range(_BODY)))
    return f"R{body}{_check(body)}"


def codes_in(text: str) -> tuple[str, ...]:
    """The codes that stand in a text of a statement, in its order."""
    return tuple(it for it in _CODE.findall(text) if _check(it[1:-1]) == it[-1])


def _check(body: str) -> str:
    """One wrong letter, or two neighbours that changed places, give another check."""
    total = 0
    for at, letter in enumerate(reversed(body)):
        value = _LETTERS.index(letter)
        doubled = value * 2 if at % 2 == 0 else value
        total += doubled // 32 + doubled % 32
    return _LETTERS[-total % 32]
