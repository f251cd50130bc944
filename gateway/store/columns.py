"""What all tables share: the schema they belong to, and columns that stand in many of them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, MetaData, String, Text

metadata: Final = MetaData()
ID: Final = String(40)
TENANT: Final = String(64)
ACTOR: Final = String(128)
DIGEST: Final = String(64)
DAY: Final = String(10)


def us(name: str, *, nullable: bool = False) -> Column[int]:
    """An instant: microseconds since 1970-01-01 UTC."""
    return Column(name, BigInteger, nullable=nullable)


def text_of(name: str) -> Column[str]:
    """A text of any length, '' where nothing is said."""
    return Column(name, Text, nullable=False, server_default="")
