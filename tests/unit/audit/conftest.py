"""The trail every test of this folder may tamper with, and books on both databases."""

from __future__ import annotations

import pytest

from gateway.store import tables
from gateway.store.engine import open_engine
from tests.books_ground import Books
from tests.postgres import BOTH
from tests.store_ground import bench
from tests.unit.audit.trail import Trail


@pytest.fixture(scope="package")
def server_engine(databases):
    """One database for all tests of this folder that run on a server."""
    with databases.fresh() as database:
        engine = open_engine(database)
        yield engine
        engine.dispose()


@pytest.fixture(params=BOTH)
def books(request):
    if request.param == "sqlite":
        with bench() as at:
            yield Books(at.engine)
        return
    engine = request.getfixturevalue("server_engine")
    names = ", ".join(table.name for table in tables.metadata.sorted_tables)
    yield Books(engine)
    with engine.connect() as db:
        db.exec_driver_sql(f"TRUNCATE {names}")
        db.commit()


@pytest.fixture
def unruly():
    """Books in a file whose schema may be spoilt."""
    with bench() as at:
        yield Books(at.engine)


@pytest.fixture
def trail():
    with bench() as first:
        it = Trail(first)
        yield it
        for other in it.benches[1:]:
            other.store._writer.close()
