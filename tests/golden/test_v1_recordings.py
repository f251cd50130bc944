"""What is recorded of ``/v1``, and what counts as a change of it."""

from __future__ import annotations

import json

import pytest

from tests.golden.v1_player import differences, recordings

EVERY = recordings()


def test_there_are_recordings_of_every_kind_of_call():
    said = [
        (it["send"]["method"], it["send"]["target"].partition("?")[0])
        for path in EVERY
        for it in json.loads(path.read_text(encoding="utf-8"))["exchanges"]
    ]
    assert {"/v1/instructions", "/v1/batches", "/v1/files"} <= {target for _, target in said}
    assert {"GET", "POST"} <= {method for method, _ in said}


@pytest.mark.parametrize(
    ("got", "place"),
    [
        ({"a": 1}, "x/b is gone"),
        ({"a": 2, "b": [1]}, "x/a: was 1, is 2"),
        ({"a": 1, "b": [1, 2]}, "x/b: was [1], is [1, 2]"),
        ({"a": 1, "b": [True]}, None),
    ],
)
def test_what_was_published_may_grow_but_not_change(got, place):
    recorded = {"a": 1, "b": [1]}
    found = list(differences(recorded, got | {"new": "member"}, "x"))
    assert found == ([place] if place else [])


def test_words_for_people_may_be_better_ones_but_not_none():
    recorded = {"code": "too_long", "zh": "过长", "en": "too long"}
    assert list(differences(recorded, recorded | {"zh": "太长，请缩短"}, "x")) == []
    assert list(differences(recorded, recorded | {"zh": ""}, "x")) == ["x/zh: was '过长', is ''"]
    assert list(differences(recorded, recorded | {"code": "long"}, "x")) != []
