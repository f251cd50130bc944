"""The three profiles of XML and what each of them allows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
XML: Final = "http://www.w3.org/XML/1998/namespace"


class Profile(Enum):
    """Who sent the document, and so how much of XML is taken from them."""

    MESSAGE = "message"
    """An ERP's envelope or signed text: nothing is tolerated that a program does not write."""
    FILE = "file"
    """A pain or camt file: any length, written by many tools, so comments are tolerated."""
    REPLY = "reply"
    """A bank's answer: elements may be new, the declaration may be missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one profile. ``octets`` and ``nodes`` are per record when a file is streamed."""

    octets: int
    nodes: int
    depth: int
    attributes: int
    name: int = 200
    comments: bool = False
    """Comments, processing instructions and schema locations are skipped and noted."""
    foreign: bool = False
    """Attributes of the namespaces xsi and xml are let pass: for readers of texts alone."""
    mixed: bool = True
    """Text beside child elements is not looked for; whoever reads it as text is refused."""
    leading_space: bool = False
    prolog_instruction: str = ""
    """Target of the one processing instruction that may stand before the root."""


LIMITS: Final = MappingProxyType(
    {
        Profile.MESSAGE: Limits(octets=1 << 20, nodes=20_000, depth=16, attributes=16, mixed=False),
        Profile.FILE: Limits(octets=8 << 20, nodes=20_000, depth=32, attributes=16, comments=True),
        Profile.REPLY: Limits(
            octets=8 << 20,
            nodes=200_000,
            depth=16,
            attributes=16,
            leading_space=True,
            prolog_instruction="FOX",
        ),
    }
)
