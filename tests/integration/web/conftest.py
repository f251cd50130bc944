"""Every test of the API runs on both kinds of database.

On PostgreSQL the gateway is a walled node: what does not say for which tenant it works is shown
nothing, so that each test here is one of the second wall as well.
"""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from gateway.cli.own_postgres import NODE
from tests.integration.web import world
from tests.postgres import BOTH, seen_by


@pytest.fixture(autouse=True, params=BOTH)
def _database(request, monkeypatch):
    databases = request.getfixturevalue("databases") if request.param == "postgresql" else None
    with ExitStack() as until:

        def made() -> dict[str, str]:
            """One for each gateway that a test starts."""
            if databases is None:
                return {}
            database = until.enter_context(databases.fresh())
            return {"database": seen_by(NODE, database).url}

        monkeypatch.setattr(world, "database", made)
        yield
