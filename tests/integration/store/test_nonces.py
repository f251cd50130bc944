"""A nonce counts once, whichever process saw it first."""

from __future__ import annotations

from contextlib import closing

import pytest

from gateway.intake.nonces import (
    purge_nonces,
    remember_nonce,
    remember_nonces,
    stored_nonces,
)
from gateway.store.engine import open_engine
from gateway.store.groups import Item
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


def test_of_many_uses_together_each_is_told_whether_it_was_the_first(at):
    def used(key: str, nonce: str):
        return Item(remember_nonces, (key, nonce, 5))

    assert at.group(used("k", "a"), used("k", "b")) == [True, True]
    assert at.group(used("k", "b"), used("k", "c"), used("b", "k")) == [False, True, True]
    assert at.group(used("k", "a"), used("b", "k")) == [False, False]
    # Twice in one group: which of them was the first is found out one by one.
    assert at.group(used("k", "d"), used("k", "e"), used("k", "d")) == [True, True, False]
    with at.engine.connect() as db:
        assert len(list(stored_nonces(db, 5))) == 6
