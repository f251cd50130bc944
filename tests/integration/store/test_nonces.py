"""A nonce counts once, whichever process saw it first."""

from __future__ import annotations

from contextlib import closing

import pytest

from gateway.intake.nonces import purge_nonces, remember_nonce, stored_nonces
from gateway.store.engine import open_engine
from tests.store_ground import Bench


@pytest.fixture
def at(database):
    it = Bench(open_engine(database))
    with closing(it.store):
        yield it


def test_a_nonce_is_remembered_once(at):
    def seen(key: str, nonce: str):
        return lambda uow: remember_nonce(uow, key, nonce, 5)

    assert at.group(seen("k", "a")) == [True]
    assert at.group(seen("k", "a"), seen("k", "b"), seen("other", "a")) == [False, True, True]
    with at.engine.connect() as db:
        assert sorted(stored_nonces(db, 5)) == [("k", "a"), ("k", "b"), ("other", "a")]
    assert at.group(lambda uow: purge_nonces(uow, 6)) == [3]
    assert at.group(seen("k", "a")) == [True]
