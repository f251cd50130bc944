"""The trail every test of this folder may tamper with."""

from __future__ import annotations

import pytest

from tests.store_ground import bench
from tests.unit.audit.trail import Trail


@pytest.fixture
def trail():
    with bench() as first:
        it = Trail(first)
        yield it
        for other in it.benches[1:]:
            other.store._writer.close()
