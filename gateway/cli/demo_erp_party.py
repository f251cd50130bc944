"""What the demonstration knows of an ERP: how it hands payments in, and what it was told back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.cli.api_client import ApiClient
from gateway.cli.demo_files import Wish

Codes = dict[str, list[str]]
"""By the reference that the gateway knows, every code an ERP was told, oldest first."""
OWN_BANK: Final = "兴业银行"
OTHER: Final = ("示例商业银行上海分行", "999290000012", "上海")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hall:
    """Where the ERPs are: our API as one of them, the folder of all, and the stand-ins."""

    client: Callable[[str], ApiClient]
    folder: Path
    where: Mapping[str, str]
    now: Callable[[], datetime]


@dataclass(slots=True, kw_only=True)
class Party:
    """One ERP. ``hand_in`` gives each wish the reference that the gateway will know it by."""

    system: str
    title: str
    way: str
    paid: frozenset[str]
    refused: frozenset[str]
    open: frozenset[str]
    """What may be told while nobody knows; nothing else."""
    hand_in: Callable[[Hall, Sequence[Wish]], Sequence[str]]
    told: Callable[[Hall], Codes]
    wishes: dict[str, Wish] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Its machine key."""
        return f"demo-{self.system}"


def agent_of(it: Wish) -> tuple[str, str, str]:
    """Name, number and city of the payee's bank."""
    return (OWN_BANK, "", "") if it.own_bank else OTHER
