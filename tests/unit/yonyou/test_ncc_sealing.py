"""NCC: the application's secret sealed with its public key, and signatures over the key's text."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.erp.yonyou.ncc.sealing import (
    OAEP,
    PKCS1,
    public_key,
    salt_of,
    sealed,
    signature,
)
from tests.ncc_ground import key

NONCE = "0123456789abcdef0123456789abcdef"
HOW = {
    OAEP: padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None),
    PKCS1: padding.PKCS1v15(),
}
schemes = pytest.mark.parametrize("scheme", HOW)


def shown(private) -> str:
    """A public key as the vendor's page shows it."""
    der = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(der).decode()


@pytest.fixture(scope="module")
def ours():
    return public_key(shown(key()))


@schemes
@settings(max_examples=25, deadline=None)
@given(secret=st.text(min_size=1, max_size=40), nonce=st.binary(min_size=16, max_size=16))
def test_who_holds_the_private_key_reads_the_secret(scheme, secret, nonce):
    made = sealed(public_key(shown(key())), secret, nonce.hex(), scheme)
    assert key().decrypt(base64.b64decode(made), HOW[scheme]).decode() == secret


@schemes
def test_a_seal_hangs_on_its_nonce_and_nothing_else(ours, scheme):
    made = sealed(ours, "secret", NONCE, scheme)
    assert made == sealed(ours, "secret", NONCE, scheme)
    assert made != sealed(ours, "secret", NONCE[::-1], scheme)
    assert len(base64.b64decode(made)) == ours.octets == 256


@schemes
def test_a_secret_that_does_not_fit_is_refused(ours, scheme):
    longest = {OAEP: 256 - 66, PKCS1: 256 - 11}[scheme]
    assert sealed(ours, "x" * longest, NONCE, scheme)
    with pytest.raises(ValueError, match="too short"):
        sealed(ours, "x" * (longest + 1), NONCE, scheme)


def test_the_numbers_of_a_key_are_read():
    written = base64.b64encode(spki((1 << 2047) + 1, 3)).decode()
    assert (public_key(written).modulus, public_key(written).exponent) == ((1 << 2047) + 1, 3)


def test_a_key_is_read_with_lines_and_spaces_around_it(ours):
    text = shown(key())
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    for written in (text, lines, lines.replace("\n", "\r\n "), f" {text[:20]} {text[20:]}"):
        assert public_key(written) == ours
    numbers = key().public_key().public_numbers()
    pem = f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"
    assert public_key(pem).text == text
    assert (ours.modulus, ours.exponent) == (numbers.n, numbers.e)


def spki(*numbers) -> bytes:
    """A SubjectPublicKeyInfo of RSA that holds these numbers."""

    def part(tag, content):
        return bytes([tag, 0x82]) + len(content).to_bytes(2) + content

    inside = part(0x30, b"".join(part(0x02, it.to_bytes(257)) for it in numbers))
    kind = part(0x30, bytes.fromhex("06092a864886f70d0101010500"))
    return part(0x30, kind + part(0x03, b"\0" + inside))


def test_what_is_no_key_of_rsa_is_refused():
    text = shown(key())
    der = base64.b64decode(text)
    curve = shown(ec.generate_private_key(ec.SECP256R1()))
    wrong = ["", "x", "====", text[:-4], text[4:], text[:200], curve, "MAA=", "MIGf", text + "AAAA"]
    # RSA's numbers under another name; a third number; a key that anybody could open.
    rsa_, other = (bytes.fromhex(f"2a864886f70d01010{it}") for it in (1, 7))
    named_otherwise = der.replace(rsa_, other)
    three = spki((1 << 2047) + 1, 65_537, 5)
    wrong += [base64.b64encode(it).decode() for it in (named_otherwise, three)]
    wrong += [base64.b64encode(spki(number, 65_537)).decode() for number in (7, (1 << 1000) + 1)]
    wrong += [base64.b64encode(it).decode() for it in (der[:-1], der + b"\0", der[:24] + der[25:])]
    for written in wrong:
        with pytest.raises(ValueError, match=r"not "):
            public_key(written)


@pytest.mark.parametrize("bits", [1024])
def test_a_short_key_of_an_old_version_is_read(bits):
    private = rsa.generate_private_key(public_exponent=65_537, key_size=bits)
    ours = public_key(shown(private))
    made = base64.b64decode(sealed(ours, "c" * 20, NONCE, PKCS1))
    assert private.decrypt(made, padding.PKCS1v15()) == b"c" * 20


def test_signatures_are_hexadecimal_over_text_and_key(ours):
    plain = signature("clientsecret", ours, salted=False)
    assert plain == hashlib.sha256(f"clientsecret{ours.text}".encode()).hexdigest()
    salted = signature("clientsecret", ours, salted=True)
    whole = f"clientsecret{ours.text}{salt_of(ours.text)}"
    assert salted == hashlib.sha256(whole.encode()).hexdigest() != plain


def test_the_salt_is_what_javas_generator_gives_for_a_seed():
    """Its first 20 octets are the digest of its state, which is the digest of the seed."""
    state = hashlib.sha1(b"seed", usedforsecurity=False).digest()
    first = hashlib.sha1(state, usedforsecurity=False).digest()
    assert base64.b64decode(salt_of("seed")) == first[:16]
    assert len(salt_of("seed")) == 24
