"""Whatever somebody writes into a control document: it is read, or every fault is told."""

from __future__ import annotations

import json
from copy import deepcopy

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.controls.rules.checks import faults
from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.explaining import explain
from gateway.controls.rules.reading import DocumentRefused, canonical, content, digest, read
from tests.unit.controls.rules.sample import CONTENT, GROUND, TODAY, facts

WORDS = st.sampled_from(
    [
        *("*", "c1", "c2", "wang", "maker", "checker", "releaser", "payment", "view", "CNY", "USD"),
        *("sap", "1.00", "2026-09-15", "2026-09", "duplicate", "", " ", "\0", "x" * 65, "lift:*"),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


def places(value: object, path: tuple = ()):
    """Every place of a document, the whole of it first."""
    yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, (*path, number))


PLACES = [path for path in places(CONTENT) if path]


def put(document, path, value):
    *way, last = path
    for step in way:
        document = document[step]
    if value is None and isinstance(document, dict):
        del document[last]
    else:
        document[last] = value


def told_in_full(found):
    assert found
    for one in found:
        assert one.path.startswith("/")
        assert one.code
        assert one.zh
        assert one.en


@settings(max_examples=300, deadline=None)
@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=3))
def test_it_is_read_or_refused_with_every_fault(changes):
    written = deepcopy(CONTENT)
    for path, value in changes:
        try:
            put(written, path, value)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took this place away
    try:
        document = read(written)
    except DocumentRefused as refused:
        told_in_full(refused.faults)
        return
    assert read(json.loads(canonical(document))) == document
    assert digest(read(content(document))) == digest(document)
    found = faults(document, GROUND, TODAY)
    if found:
        told_in_full(found)
    told = explain(Rules(document), facts(), TODAY, TODAY)
    assert len(told.zh) == len(told.en)
