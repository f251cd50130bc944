"""Writing a message as a stream, as ``gateway.formats`` does, and what payment messages add."""

from __future__ import annotations

from adapters.erp.iso20022.codes import BUDGET_WORD, FURTHER_LENGTH_MAX
from gateway.formats.messages import (
    CHINA,
    Build,
    Spool,
    Writer,
    day,
    document,
    instant,
    is_iban,
    lines,
)
from gateway.wire.write import Element

__all__ = [
    "CHINA",
    "Build",
    "Spool",
    "Writer",
    "budget_item",
    "day",
    "document",
    "instant",
    "is_iban",
    "lines",
]


def budget_item(build: Build, item: str) -> Element | None:
    """The structured remittance that names a budget item; none for '' and for what does not fit."""
    text = f"{BUDGET_WORD}{item}" if item else ""
    return build.node(
        "Strd", build.leaf("AddtlRmtInf", text if len(text) <= FURTHER_LENGTH_MAX else "")
    )
