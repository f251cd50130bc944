"""Which bank is meant, and which language: cheap signs only."""

from __future__ import annotations

from typing import Final

CNAPS_PREFIX: Final = "309"
BIC_PREFIX: Final = "FJIBCNBA"
NAME: Final = "兴业银行"
_INSTITUTIONS: Final = ("银行", "信用社", "信用合作", "财务公司")
_EARLY: Final = 512


def is_own_bank(cnaps: str, bic: str, name: str) -> bool | None:
    """Whether the payee's bank is CIB: True, False, or None when there is no sign.

    A bank number or BIC of another bank, or a name without CIB's own, says "other bank"; a name
    that names no Chinese institution ("Industrial Bank Co.") is no sign beside a number or BIC.
    Raises ValueError when two signs contradict each other.
    """
    signs = set()
    if cnaps:
        signs.add(cnaps.startswith(CNAPS_PREFIX))
    if bic:
        signs.add(bic.upper().startswith(BIC_PREFIX))
    if name and (not signs or any(word in name for word in _INSTITUTIONS)):
        signs.add(NAME in name)
    if len(signs) > 1:
        raise ValueError("the signs of the payee's bank contradict each other")
    return signs.pop() if signs else None


def sniff(head: bytes) -> bool:
    """Whether these bytes look like a FOX message (or CIB's balance notice)."""
    early = head[:_EARLY]
    return any(mark in early for mark in (b"<FOX>", b"<FOX ", b"<BALANCECHANGENOTICE>"))
