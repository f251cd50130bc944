"""What an end-to-end test needs that may not be installed."""

from __future__ import annotations

import os

import pytest

from gateway.cli.own_postgres import wheel
from gateway.domain.errors import NotOffered


def needs(database: str) -> None:
    """Skip by name where PostgreSQL is wanted and not installed; red with REQUIRE_ALL=1."""
    if database != "postgresql":
        return
    try:
        wheel()
    except NotOffered as error:
        report = pytest.fail if os.environ.get("REQUIRE_ALL") == "1" else pytest.skip
        report(f"needs PostgreSQL: {error.en}")
