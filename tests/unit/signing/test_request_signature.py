"""The request signature: the published vectors, and everything that must break it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.signing.request_signature import (
    NONCE_KEPT_S,
    WINDOW_S,
    Flaw,
    SignedRequest,
    sign,
    sorted_query,
    string_to_sign,
    verify,
)
from tests.records import replace

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "api-signature.md").read_text("utf-8")
VECTORS = json.loads(re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1])
SECRET = re.search(r"Secret \(.*\): `([^`]+)`", PAGE)[1].encode()
REQUEST = SignedRequest(
    method="POST",
    path="/v1/instructions",
    query="b=2&a=1",
    timestamp="1789437600",
    nonce="0123456789abcdef",
    body=b'{"amount":"1.00"}',
)
NOW = 1789437600
SIGNATURE = sign(SECRET, REQUEST)


def request_of(vector: dict[str, str]) -> SignedRequest:
    return SignedRequest(
        **{name: vector[name] for name in ("method", "path", "query", "timestamp", "nonce")},
        body=vector["body"].encode(),
    )


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_published_vectors_hold(vector):
    request = request_of(vector)
    assert string_to_sign(request) == vector["string_to_sign"].encode()
    assert sign(SECRET, request) == vector["signature"]
    assert (
        verify(SECRET, request, signature=vector["signature"], now=int(vector["timestamp"])) is None
    )


def test_there_are_at_least_three_vectors_with_and_without_query_and_body():
    assert len(VECTORS) >= 3
    assert (
        {bool(one["query"]) for one in VECTORS}
        == {bool(one["body"]) for one in VECTORS}
        == {True, False}
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "PUT"},
        {"path": "/v1/batches"},
        {"path": "/v1/instructions/"},
        {"query": "b=2&a=2"},
        {"query": "b=2&a=1&c="},
        {"query": ""},
        {"timestamp": "1789437601"},
        {"nonce": "0123456789abcdeF"},
        {"body": b'{"amount":"1.01"}'},
        {"body": b""},
    ],
)
def test_any_other_request_is_wrong(changes):
    assert verify(SECRET, replace(REQUEST, **changes), signature=SIGNATURE, now=NOW) is Flaw.WRONG


def test_another_secret_is_wrong():
    assert verify(b"x" + SECRET, REQUEST, signature=SIGNATURE, now=NOW) is Flaw.WRONG
    assert verify(b"", REQUEST, signature=SIGNATURE, now=NOW) is Flaw.WRONG


def test_the_order_of_parameters_does_not_matter_but_that_of_equal_names_does():
    same = replace(REQUEST, query="a=1&&b=2&")
    assert verify(SECRET, same, signature=SIGNATURE, now=NOW) is None
    assert sorted_query("a=2&a=1&A=0") == "A=0&a=2&a=1"
    assert sorted_query("") == ""


@pytest.mark.parametrize(
    ("offset", "flaw"),
    [
        (0, None),
        (WINDOW_S, None),
        (-WINDOW_S, None),
        (WINDOW_S + 1, Flaw.STALE),
        (-WINDOW_S - 1, Flaw.STALE),
    ],
)
def test_the_window_is_five_minutes_either_way(offset, flaw):
    assert WINDOW_S == 300
    assert verify(SECRET, REQUEST, signature=SIGNATURE, now=NOW + offset) is flaw


def test_a_nonce_is_kept_until_no_stamp_that_was_fresh_at_first_use_can_be_fresh_again():
    ahead = replace(REQUEST, timestamp=str(NOW + WINDOW_S))
    signature = sign(SECRET, ahead)
    assert verify(SECRET, ahead, signature=signature, now=NOW) is None
    assert verify(SECRET, ahead, signature=signature, now=NOW + NONCE_KEPT_S) is None
    assert verify(SECRET, ahead, signature=signature, now=NOW + NONCE_KEPT_S + 1) is Flaw.STALE


def test_a_stale_time_is_told_only_to_who_holds_the_key():
    assert verify(SECRET, REQUEST, signature="0" * 64, now=NOW + 9999) is Flaw.WRONG


@pytest.mark.parametrize(
    "signature",
    ["", "0" * 63, "0" * 65, SIGNATURE.upper(), SIGNATURE + "\n", "é" * 64, "０" * 64],
)
def test_a_signature_of_another_form_is_malformed(signature):
    assert verify(SECRET, REQUEST, signature=signature, now=NOW) is Flaw.MALFORMED


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "post"},
        {"method": "POST\n/v1"},
        {"path": "v1"},
        {"path": "/v1\n1789437600"},
        {"path": "/v1?a=1"},
        {"path": "/付款"},
        {"query": "a=\n"},
        {"query": "a=é"},
        {"timestamp": ""},
        {"timestamp": "1789437600.5"},
        {"timestamp": "-5"},
        {"timestamp": "١٧٨٩"},
        {"timestamp": "9" * 13},
        {"nonce": "short"},
        {"nonce": "x" * 65},
        {"nonce": "0123456789abcdef\n"},
    ],
)
def test_a_part_of_another_form_is_malformed_and_cannot_be_signed(changes):
    request = replace(REQUEST, **changes)
    assert verify(SECRET, request, signature=SIGNATURE, now=NOW) is Flaw.MALFORMED
    with pytest.raises(ValueError, match="form"):
        sign(SECRET, request)


PARTS = st.builds(
    SignedRequest,
    method=st.sampled_from(["GET", "POST"]),
    path=st.text("/abc%20", max_size=8).map(lambda rest: "/" + rest),
    query=st.lists(st.sampled_from(["a=1", "b=2", "a=2", "c"]), max_size=3).map("&".join),
    timestamp=st.sampled_from(["1", "10", "100"]),
    nonce=st.sampled_from(["0" * 16, "0" * 17]),
    body=st.binary(max_size=3),
)


@given(PARTS, PARTS)
def test_two_requests_sign_alike_only_if_they_are_alike(one, other):
    def meaning(request: SignedRequest) -> SignedRequest:
        return replace(request, query=sorted_query(request.query))

    assert (sign(SECRET, one) == sign(SECRET, other)) == (meaning(one) == meaning(other))


def test_neither_secret_nor_body_shows_in_a_request_that_is_printed():
    assert "1.00" not in repr(REQUEST)


def test_a_body_hashed_elsewhere_is_signed_alike():
    whole = SignedRequest(method="POST", path="/v1/files", timestamp="1", nonce="n" * 16, body=b"x")
    digest = hashlib.sha256(b"x").hexdigest()
    assert string_to_sign(replace(whole, body=b"", body_digest=digest)) == string_to_sign(whole)
    with pytest.raises(ValueError):
        string_to_sign(replace(whole, body_digest=digest.upper()))
