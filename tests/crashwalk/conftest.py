"""One nursery, and one server, for all walks of a test process."""

from __future__ import annotations

import pytest

from tests.crashwalk.walk import Walk, walking


@pytest.fixture(scope="module")
def walk(tmp_path_factory) -> Walk:
    with walking(tmp_path_factory.mktemp("walk")) as it:
        yield it


@pytest.fixture(scope="module")
def shared_walk(tmp_path_factory) -> Walk:
    with walking(tmp_path_factory.mktemp("shared"), shared=True) as it:
        yield it
