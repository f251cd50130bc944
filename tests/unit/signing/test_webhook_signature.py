"""The signature of webhooks: the published vectors, and what a secret must look like."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

from gateway.signing.webhook_signature import (
    is_signed,
    read_secret,
    signed_headers,
    write_secret,
)

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "webhooks.md").read_text("utf-8")
VECTORS = json.loads(re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1])
KEY = bytes(range(32))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda it: it["name"])
def test_the_published_vectors_hold(vector):
    keys = [read_secret(text) for text in vector["secrets"]]
    body = vector["body"].encode()
    headers = signed_headers(keys, vector["id"], int(vector["timestamp"]), body)
    assert headers == [
        ("Webhook-Id", vector["id"]),
        ("Webhook-Timestamp", vector["timestamp"]),
        ("Webhook-Signature", vector["signature"]),
    ]
    for key in keys:  # a receiver that knows either of them is served
        assert is_signed(key, vector["id"], int(vector["timestamp"]), body, vector["signature"])


def test_there_is_a_vector_for_the_change_of_secrets():
    assert any(len(vector["secrets"]) == 2 for vector in VECTORS)
    assert all(len(v["signature"].split(" ")) == len(v["secrets"]) for v in VECTORS)


@pytest.mark.parametrize("key", [bytes(32), KEY[::-1]])
def test_another_secret_does_not_fit(key):
    (_, _, (_, signature)) = signed_headers([KEY], "evt_1", 1, b"{}")
    assert is_signed(KEY, "evt_1", 1, b"{}", signature)
    assert not is_signed(key, "evt_1", 1, b"{}", signature)


@pytest.mark.parametrize(
    ("event", "timestamp", "body"), [("evt_2", 1, b"{}"), ("evt_1", 2, b"{}"), ("evt_1", 1, b"{ }")]
)
def test_id_time_stamp_and_body_are_all_signed(event, timestamp, body):
    (_, _, (_, signature)) = signed_headers([KEY], "evt_1", 1, b"{}")
    assert not is_signed(KEY, event, timestamp, body, signature)


def test_a_secret_is_read_as_it_is_written():
    assert read_secret(write_secret(KEY)) == KEY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secret",
        base64.b64encode(KEY).decode(),
        "whsec_",
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        "whsec_" + base64.b64encode(KEY).decode() + "!",
        "whsec_密钥",
    ],
)
def test_a_secret_of_another_form_is_refused_without_repeating_it(text):
    with pytest.raises(ValueError) as caught:
        read_secret(text)
    assert str(caught.value) in {"prefix", "base64", "length"}
