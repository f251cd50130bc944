"""Answers built to hurt: every attestation format and key type, with rubbish inside.

Whatever a library raises on them, out comes NotProven or a key; nothing else leaves the room.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.identity import webauthn_keys
from gateway.identity.not_proven import NotProven
from gateway.identity.webauthn_keys import SecurityKey, Site, authenticate, register
from tests.identity_ground import KEY, NOW, SoftwareKey, drawn, unpadded

SITE = Site(id="gateway.example.com", name="银企直联网关", origins=("https://gateway.example.com",))
CHALLENGE = drawn(32, 1)
SHOWN = hashlib.sha256(SITE.id.encode()).digest()
ID = drawn(32, 3)
FORMATS = (
    "none",
    "fido-u2f",
    "packed",
    "tpm",
    "apple",
    "android-safetynet",
    "android-key",
    "x",
)


def certificate() -> bytes:
    secret = ec.derive_private_key(7, ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "t")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(7)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
        .sign(secret, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.DER)


CERTIFICATE = certificate()


def damaged(at: int, byte: int) -> bytes:
    return CERTIFICATE[: at % len(CERTIFICATE)] + bytes([byte]) + CERTIFICATE[at % 300 + 1 :]


def encoded(part: object) -> str:
    return unpadded(json.dumps(part).encode())


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=20),
    st.binary(max_size=80),
    st.binary(min_size=32, max_size=32),
    st.just(CERTIFICATE),
    st.builds(damaged, st.integers(0, 299), st.integers(0, 255)),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
algorithms = st.sampled_from([-7, -8, -35, -36, -37, -38, -39, -47, -48, -257, -258, -259, -65535])
tokens = st.builds(
    lambda head, body, end: f"{encoded(head)}.{encoded(body)}.{end}".encode(),
    st.one_of(
        st.fixed_dictionaries(
            {
                "alg": st.just("RS256"),
                "x5c": st.just([base64.b64encode(CERTIFICATE).decode()]),
            }
        ),
        st.dictionaries(st.sampled_from(["alg", "x5c"]), st.none() | st.integers() | st.text()),
    ),
    st.dictionaries(
        st.sampled_from(["nonce", "timestampMs", "ctsProfileMatch", "basicIntegrity"]),
        st.none() | st.integers() | st.text() | st.booleans(),
    ),
    st.text(alphabet="AZaz09-_", max_size=20),
)
statements = st.fixed_dictionaries(
    {},
    optional={
        "alg": st.one_of(algorithms, values),
        "sig": st.one_of(st.binary(max_size=80), values),
        "x5c": st.one_of(
            st.just([CERTIFICATE]),
            st.lists(st.builds(damaged, st.integers(0, 299), st.integers(0, 255)), max_size=3),
            values,
        ),
        "ver": st.one_of(st.just("2.0"), values),
        "certInfo": st.one_of(
            st.binary(max_size=200),
            st.binary(max_size=200).map(lambda rest: b"\xff\x54\x43\x47\x80\x17" + rest),
            values,
        ),
        "pubArea": st.one_of(
            st.binary(max_size=200),
            st.binary(max_size=200).map(lambda rest: b"\x00\x23\x00\x0b\x00\x00\x00\x00" + rest),
            values,
        ),
        "response": st.one_of(tokens, values),
    },
)
public_keys = st.one_of(
    st.fixed_dictionaries(
        {1: st.sampled_from([1, 2, 3, 7]), 3: algorithms},
        optional={
            -1: st.one_of(st.integers(0, 9), values),
            -2: st.one_of(st.binary(min_size=32, max_size=32), values),
            -3: st.one_of(st.binary(min_size=32, max_size=32), values),
        },
    ),
    values,
)


def answer(kind: str, **response: bytes) -> str:
    said = {"type": kind, "challenge": unpadded(CHALLENGE), "origin": SITE.origins[0]}
    written = {name: unpadded(part) for name, part in response.items()}
    return json.dumps(
        {
            "id": unpadded(ID),
            "rawId": unpadded(ID),
            "type": "public-key",
            "response": {"clientDataJSON": unpadded(json.dumps(said).encode()), **written},
        }
    )


def created(form: str, statement: object, public: object, flags: int = 0x45) -> str:
    shown = SHOWN + bytes([flags]) + bytes(4) + bytes(16) + len(ID).to_bytes(2, "big") + ID
    content = {"fmt": form, "attStmt": statement, "authData": shown + cbor2.dumps(public)}
    return answer("webauthn.create", attestationObject=cbor2.dumps(content))


def registered(text: str) -> SecurityKey | None:
    try:
        return register(
            SITE,
            text,
            challenge=CHALLENGE,
            tenant="acme",
            person="wang",
            label="",
            key=KEY,
            now=NOW,
        )
    except NotProven:
        return None


def good_public() -> object:
    device = SoftwareKey(site=SITE.id, origin=SITE.origins[0])
    numbers = device.secret.public_key().public_numbers()
    return {
        1: 2,
        3: -7,
        -1: 1,
        -2: numbers.x.to_bytes(32, "big"),
        -3: numbers.y.to_bytes(32, "big"),
    }


GOOD_PUBLIC = good_public()


def test_the_frame_of_these_answers_is_right():
    """Else the tests below would fuzz the outermost check alone."""
    assert registered(created("none", {}, GOOD_PUBLIC)) is not None


@settings(max_examples=600)
@given(st.sampled_from(FORMATS), statements, st.one_of(st.just(GOOD_PUBLIC), public_keys))
def test_no_attestation_raises_anything_but_not_proven(form, statement, public):
    registered(created(form, statement, public))


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_no_bytes_in_place_of_an_attestation_do(content):
    registered(answer("webauthn.create", attestationObject=content))


@settings(max_examples=400)
@given(public_keys, st.binary(max_size=100), st.integers(0, 255), st.binary(max_size=40))
def test_no_key_that_was_registered_does_when_it_is_used(public, signature, flags, rest):
    stored = registered(created("none", {}, public))
    if stored is None:
        return
    text = answer(
        "webauthn.get",
        authenticatorData=SHOWN + bytes([flags | 0x05]) + bytes(4) + rest,
        signature=signature,
    )
    with pytest.raises(NotProven):
        authenticate(SITE, text, challenge=CHALLENGE, keys=[stored], key=KEY)


def test_what_is_ours_to_mend_is_not_swallowed(monkeypatch):
    """A fault of the machine is no refused log-in."""

    def broken(**_):
        raise MemoryError

    monkeypatch.setattr("webauthn.verify_registration_response", broken)
    with pytest.raises(MemoryError):
        registered(created("none", {}, GOOD_PUBLIC))
    assert Exception not in webauthn_keys.hostile_answer_errors()
