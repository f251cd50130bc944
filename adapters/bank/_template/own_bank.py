"""Which bank is meant, and which language: cheap signs only.

Source: none; invented.
"""

from __future__ import annotations

import re
from typing import Final

CNAPS_PREFIX: Final = "998"
BIC_PREFIX: Final = "SAMPCNBJ"
NAME: Final = "样板银行"
_EARLY: Final = 512
_ROOT: Final = re.compile(rb"<Bank(?:Call|Reply)[\s>]")


def is_own_bank(cnaps: str, bic: str, name: str) -> bool | None:
    """Whether the payee's bank is this one: True, False, or None when there is no sign.

    Raises ValueError when two signs contradict each other.
    """
    signs = set()
    if cnaps:
        signs.add(cnaps.startswith(CNAPS_PREFIX))
    if bic:
        signs.add(bic.startswith(BIC_PREFIX))
    if name:
        signs.add(NAME in name)
    if len(signs) > 1:
        raise ValueError("the signs of the payee's bank contradict each other")
    return signs.pop() if signs else None


def sniff(head: bytes) -> bool:
    """Whether these bytes look like a message of this bank."""
    return _ROOT.search(head[:_EARLY]) is not None
