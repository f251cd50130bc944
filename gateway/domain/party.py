"""Who pays and who is paid."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_CNAPS = re.compile(r"[0-9]{12}", re.ASCII)
_SHOWN: Final = 4
"""How much of an account number may be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """The bank that keeps an account (开户行).

    ``cnaps`` is the 12-digit bank number (行号) or ''.
    """

    name: str = ""
    cnaps: str = ""
    bic: str = ""
    city: str = ""

    def __post_init__(self) -> None:
        if self.cnaps and not _CNAPS.fullmatch(self.cnaps):
            raise ValueError("cnaps must be 12 digits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account number and the bank that keeps it."""

    number: str
    agent: Agent = Agent()


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A payer or payee: the account holder's name and the account."""

    name: str
    account: Account


def masked(number: str) -> str:
    """An account number fit for logs and screens: the last four characters only."""
    return "****" + number[-_SHOWN:] if len(number) > _SHOWN else "****"
