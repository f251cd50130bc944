"""Six digits: the published vectors, the window, and every way to bring a code twice."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from gateway.identity.not_proven import NotProven
from gateway.identity.totp import (
    check_code,
    enrol,
    hash_recovery_code,
    recovery_codes,
    spend_recovery_code,
)
from tests.identity_ground import KEY, NOW, drawn

SECRET = base64.b32encode(b"12345678901234567890").decode()
STEP = timedelta(seconds=30)
STEP_NOW = int(NOW.timestamp()) // 30


def code_at(at: datetime) -> str:
    return pyotp.TOTP(SECRET).at(at)


def flaw(code: str, *, now: datetime = NOW, last_step: int | None = None) -> str:
    with pytest.raises(NotProven) as refused:
        check_code(SECRET, code, now=now, last_step=last_step)
    assert code not in str(refused.value) or not code
    return refused.value.flaw


@pytest.mark.parametrize(
    ("seconds", "code"),
    # RFC 6238, appendix B, SHA-1, the last six of eight digits
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_published_vectors_hold(seconds, code):
    at = datetime.fromtimestamp(seconds, tz=UTC)
    assert check_code(SECRET, code, now=at, last_step=None) == seconds // 30


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_one_step_before_and_after_still_counts(steps):
    step = check_code(SECRET, code_at(NOW + steps * STEP), now=NOW, last_step=None)
    assert step == STEP_NOW + steps


@pytest.mark.parametrize("steps", [-2, 2, 10])
def test_two_steps_away_does_not(steps):
    assert flaw(code_at(NOW + steps * STEP)) == "totp_wrong"


def test_a_code_counts_once():
    code = code_at(NOW)
    step = check_code(SECRET, code, now=NOW, last_step=None)
    assert flaw(code, last_step=step) == "totp_replayed"
    assert flaw(code, now=NOW + STEP, last_step=step) == "totp_replayed"


def test_an_older_code_does_not_count_after_a_newer_one():
    step = check_code(SECRET, code_at(NOW + STEP), now=NOW, last_step=None)
    assert flaw(code_at(NOW), last_step=step) == "totp_replayed"


def test_the_next_code_counts():
    step = check_code(SECRET, code_at(NOW), now=NOW, last_step=None)
    assert check_code(SECRET, code_at(NOW + STEP), now=NOW + STEP, last_step=step) == step + 1


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "-12345", "１２３４５a", "0" * 99]
)
def test_what_is_no_code_is_wrong(code):
    assert flaw(code) == "totp_wrong"


def test_blanks_and_full_width_digits_are_taken_as_typed():
    code = code_at(NOW)
    wide = "".join(chr(ord(one) + 0xFEE0) for one in code)
    assert check_code(SECRET, f"{code[:3]} {code[3:]}", now=NOW, last_step=None) == STEP_NOW
    assert check_code(SECRET, wide, now=NOW, last_step=None) == STEP_NOW


def test_an_enrolment_is_what_an_app_reads():
    enrolment = enrol(drawn(20), label="wang@acme", issuer="银企直联")
    parts = urlsplit(enrolment.uri)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parse_qs(parts.query) == {"secret": [enrolment.secret], "issuer": ["银企直联"]}
    assert base64.b32decode(enrolment.secret) == drawn(20)
    assert enrolment.secret not in repr(enrolment)


def test_secrets_are_made_of_enough_randomness():
    with pytest.raises(ValueError, match="20"):
        enrol(drawn(19), label="wang", issuer="gateway")
    with pytest.raises(ValueError, match="150"):
        recovery_codes(drawn(149))


def test_a_recovery_code_opens_once_and_only_for_its_person():
    codes = recovery_codes(drawn(150))
    assert len(set(codes)) == 10
    assert all(len(one) == 29 for one in codes)
    hashes = {hash_recovery_code(one, person="acme/wang", key=KEY) for one in codes}
    typed = codes[3].lower().replace("-", " ")
    spent = spend_recovery_code(typed, hashes, person="acme/wang", key=KEY)
    hashes.remove(spent)
    for person, kept in (("acme/wang", hashes), ("acme/mallory", hashes | {spent})):
        with pytest.raises(NotProven) as refused:
            spend_recovery_code(codes[3], kept, person=person, key=KEY)
        assert refused.value.flaw == "recovery_wrong"


def test_an_empty_recovery_code_is_none_even_when_its_hash_was_planted():
    planted = {hash_recovery_code("", person="acme/wang", key=KEY)}
    with pytest.raises(NotProven):
        spend_recovery_code("", planted, person="acme/wang", key=KEY)
