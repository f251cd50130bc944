"""Who pays and who is paid."""

from __future__ import annotations

from typing import Final

import msgspec

_CNAPS_LENGTH: Final = 12
_SHOWN: Final = 4
"""How much of an account number may be seen."""


class Agent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The bank that keeps an account (开户行).

    ``cnaps`` is the 12-digit bank number (行号) or ''.
    """

    name: str = ""
    cnaps: str = ""
    bic: str = ""
    city: str = ""

    def __post_init__(self) -> None:
        text = self.cnaps
        if text and not (len(text) == _CNAPS_LENGTH and text.isascii() and text.isdigit()):
            raise ValueError("cnaps must be 12 digits")


class Account(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An account number and the bank that keeps it."""

    number: str
    agent: Agent = Agent()


class Party(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A payer or payee: the account holder's name and the account."""

    name: str
    account: Account


def masked(number: str) -> str:
    """An account number fit for logs and screens: the last four characters only."""
    return "****" + number[-_SHOWN:] if len(number) > _SHOWN else "****"
