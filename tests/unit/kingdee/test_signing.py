"""Signatures of 星空: fixed vectors, worked out beside the adapter."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from adapters.erp.kingdee.signing import (
    client_of,
    escaped,
    login_digest,
    request_text,
    signature,
)
from tests.kingdee_ground import APP_ID


def test_the_client_and_its_secret_are_inside_the_applications_id():
    client, secret = client_of(APP_ID)
    assert client == "217312"
    mask = b"0054f397c6234378b09ca7d3e5debce7"
    plain = bytes(a ^ b for a, b in zip(base64.b64decode(secret), mask, strict=False))
    assert base64.b64encode(plain).decode() == APP_ID.partition("_")[2]


@pytest.mark.parametrize(
    "app_id",
    ["", "217312", "217312_", "_4fbC29Bu2rhcyaVOS5Vo0/0L1ADb3trL", "217312_short", "1_" + "?" * 32],
)
def test_an_id_of_another_form_is_refused(app_id):
    with pytest.raises(ValueError, match="application id"):
        client_of(app_id)


def test_a_signature_is_base64_of_the_hexadecimal_digits():
    digits = hmac.new(b"key", "内容".encode(), hashlib.sha256).hexdigest()
    assert signature("key", "内容") == base64.b64encode(digits.encode()).decode()


def test_a_path_is_signed_with_its_slashes_escaped():
    assert escaped("/k3cloud/A.B-c_~ d") == "%2Fk3cloud%2FA.B-c_~%20d"
    assert request_text("/a", "n", "7") == "POST\n%2Fa\n\nx-api-nonce:n\nx-api-timestamp:7\n"


def test_a_log_in_is_signed_over_its_parts_in_ordinal_order():
    parts = ["b", "A", "a", "1"]
    assert login_digest(parts) == hashlib.sha256(b"1Aab").hexdigest()
    assert login_digest(reversed(parts)) == login_digest(parts)
