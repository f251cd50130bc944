"""Seals: no two lists of parts look alike, and keys for two purposes are two keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.seals import holds, purpose_key, seal
from tests.identity_ground import KEY, ROOT

PART = st.one_of(st.binary(max_size=4), st.text(max_size=4), st.integers(), st.none())
PARTS = st.lists(PART, max_size=4)


@given(PARTS, PARTS)
def test_a_seal_holds_for_these_parts_and_no_others(one, other):
    same = [(type(it), it) for it in one] == [(type(it), it) for it in other]
    assert holds(KEY, seal(KEY, *one), *other) is same


def test_parts_cannot_spill_into_each_other():
    assert seal(KEY, "ab", "c") != seal(KEY, "a", "bc")
    assert seal(KEY, "asb") != seal(KEY, "a", "b")  # as if a kind's letter were a border
    assert seal(KEY, "1") != seal(KEY, 1)
    assert seal(KEY, "") != seal(KEY)
    assert seal(KEY, None) != seal(KEY, "")


def test_each_purpose_has_its_own_key():
    assert purpose_key(ROOT, "sessions") != purpose_key(ROOT, "passwords")
    assert not holds(purpose_key(ROOT, "sessions"), seal(purpose_key(ROOT, "passwords"), "a"), "a")


def test_a_short_root_is_refused():
    with pytest.raises(ValueError, match="32"):
        purpose_key(ROOT[:31], "sessions")
