"""How amounts and rivals are named in the notes of a decision.

Rule kept here: a note never holds an account number, a name or a text of the file.
"""

from __future__ import annotations

from gateway.domain.exact import Exact


def amount_text(units: int, scale: int) -> str:
    """Plain decimal text of an amount in units of the common scale."""
    return Exact(units, scale).text(min(scale, 2))
