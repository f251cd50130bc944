"""Signatures of NCC's OpenAPI, and the application's secret sealed with its public key.

Rule kept here: pure. What a seal needs of chance is given (the nonce of that one call, which goes
nowhere else), so the same call is always the same bytes; nothing here opens what was sealed, and
the only key is a public one.

Source: the vendor's OpenAPI chapter for its advanced edition (parameters, the text that is
hashed), and published clients of it (salt, padding); RFC 8017 for both paddings.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Final

OAEP: Final = "oaep"
"""Since NC Cloud 2021.05: OAEP with SHA-256, salted signatures."""
PKCS1: Final = "pkcs1"
"""Before that: PKCS #1 v1.5, signatures without salt."""
_BITS_MIN: Final = 1024
_BITS_MAX: Final = 8192
_EXPONENT_MIN: Final = 3
_SALT_OCTETS: Final = 16
_HASH: Final = 32
_SEQUENCE, _INTEGER, _BITS = 0x30, 0x02, 0x03
_RSA: Final = bytes.fromhex("06092a864886f70d010101")
"""The object identifier of RSA keys."""
_LONG: Final = 0x80
_PKCS1_OVERHEAD: Final = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """An application's public key. ``text`` is what was registered: signatures are made over it."""

    text: str
    modulus: int
    exponent: int

    @property
    def octets(self) -> int:
        """Length of the modulus, and of what is sealed."""
        return (self.modulus.bit_length() + 7) // 8


def public_key(written: str) -> PublicKey:
    """Read a key as the vendor's page shows it: Base64, with or without lines around and spaces.

    Raises ValueError for what is no RSA key of 1024 to 8192 bits.
    """
    lines = (line.strip() for line in written.splitlines())
    text = "".join("".join(it for it in lines if not it.startswith("-----")).split())
    try:
        inside = _inside(base64.b64decode(text, validate=True))
        modulus, rest = _number(inside)
        exponent, rest = _number(rest)
    except (binascii.Error, IndexError):
        raise ValueError("not a public key in Base64") from None
    fits = _BITS_MIN <= modulus.bit_length() <= _BITS_MAX
    if rest or not fits or exponent < _EXPONENT_MIN or not exponent & modulus & 1:
        raise ValueError("not an RSA key of 1024 to 8192 bits")
    return PublicKey(text=text, modulus=modulus, exponent=exponent)


def sealed(key: PublicKey, secret: str, nonce: str, scheme: str) -> str:
    """Base64 of the secret, readable only by who holds the private key.

    ``nonce`` is never used for anything else. Raises ValueError where the key is too short for it.
    """
    plain, room = secret.encode(), key.octets
    block = _oaep(plain, room, nonce) if scheme == OAEP else _pkcs1(plain, room, nonce)
    number = pow(int.from_bytes(block), key.exponent, key.modulus)
    return base64.b64encode(number.to_bytes(room)).decode("ascii")


def signature(text: str, key: PublicKey, *, salted: bool) -> str:
    """Hexadecimal SHA-256 over the text, the key's text and, where asked for, the key's salt."""
    salt = salt_of(key.text) if salted else ""
    return hashlib.sha256(f"{text}{key.text}{salt}".encode()).hexdigest()


def salt_of(text: str) -> str:
    """What a key's text is always salted with.

    It is the Base64 of the first 16 octets that Java's SHA1PRNG gives when the text is its only
    seed: a fixed number, not a random one.
    """
    state = hashlib.sha1(text.encode(), usedforsecurity=False).digest()
    first = hashlib.sha1(state, usedforsecurity=False).digest()
    return base64.b64encode(first[:_SALT_OCTETS]).decode("ascii")


# ── paddings ──────────────────────────────────────────────────────────────────────────────────


def _oaep(plain: bytes, room: int, nonce: str) -> bytes:
    space = room - 2 * _HASH - 2 - len(plain)
    if space < 0:
        raise ValueError("the key is too short for this secret")
    seed = _stream(b"ncc oaep " + nonce.encode(), _HASH)
    body = hashlib.sha256(b"").digest() + bytes(space) + b"\x01" + plain
    masked = _mixed(body, _stream(seed, len(body)))
    return b"\x00" + _mixed(seed, _stream(masked, _HASH)) + masked


def _pkcs1(plain: bytes, room: int, nonce: str) -> bytes:
    space = room - 3 - len(plain)
    if room - _PKCS1_OVERHEAD < len(plain):
        raise ValueError("the key is too short for this secret")
    # Twice as many octets as are needed hold enough that are not zero.
    filling = _stream(b"ncc pkcs1 " + nonce.encode(), 2 * space).replace(b"\x00", b"")[:space]
    return b"\x00\x02" + filling.ljust(space, b"\x01") + b"\x00" + plain


def _stream(seed: bytes, count: int) -> bytes:
    """``count`` octets from a seed: MGF1 with SHA-256."""
    blocks = range(-(-count // _HASH))
    made = b"".join(hashlib.sha256(seed + at.to_bytes(4)).digest() for at in blocks)
    return made[:count]


def _mixed(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


# ── the key's DER ─────────────────────────────────────────────────────────────────────────────


def _inside(der: bytes) -> bytes:
    """The two numbers of a SubjectPublicKeyInfo."""
    outer, rest = _part(der, _SEQUENCE)
    kind, bits = _part(outer, _SEQUENCE)
    content, more = _part(bits, _BITS)
    if rest or more or not kind.startswith(_RSA) or content[0] != 0:
        raise ValueError("not the public key of RSA")
    numbers, more = _part(content[1:], _SEQUENCE)
    if more:
        raise ValueError("not the public key of RSA")
    return numbers


def _number(der: bytes) -> tuple[int, bytes]:
    content, rest = _part(der, _INTEGER)
    return int.from_bytes(content), rest


def _part(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the first element, and what follows it. Raises ValueError or IndexError."""
    length, start = der[1], 2
    if length & _LONG:
        start += length & ~_LONG
        length = int.from_bytes(der[2:start])
    if der[0] != tag or len(der) < start + length or not length:
        raise ValueError("not a public key in DER")
    return der[start : start + length], der[start + length :]
