"""The form of our own requests, checked before any of them leaves.

The bank enforces the order of elements; a message that breaks it would be refused after its
serial is spent.
"""

from __future__ import annotations

from typing import Final

from gateway.wire.schemas import validate, xsd
from gateway.wire.write import Element

DOCUMENT: Final = "4.0.4"
"""Version of the bank's document that the schemas restate."""


def validate_request(fox: Element, schemas: str = DOCUMENT) -> None:
    """Raise WireError("schema", path) when the request is not of the form in folder ``schemas``."""
    validate(fox, xsd("bank", "cib", schemas, "request.xsd"))
