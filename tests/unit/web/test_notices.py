"""The door for what a bank posts by itself: every way that the settings name must hold."""

from __future__ import annotations

from hashlib import sha256
from ipaddress import ip_network
from types import SimpleNamespace

import pytest
from starlette.datastructures import Headers

from gateway.identity.not_proven import NotProven
from gateway.ports.tenancy import NoticeDoor
from gateway.web.notices import SECRET_HEADER, _holds

SECRET = b"only-for-these-tests"
SHOWN = b"a certificate"
LOCAL = (ip_network("10.0.0.0/24"), ip_network("::1/128"))


def request(*secrets: str, peer: str | None = "10.0.0.7"):
    raw = [(SECRET_HEADER.lower().encode(), it.encode("latin-1")) for it in secrets]
    client = None if peer is None else SimpleNamespace(host=peer)
    return SimpleNamespace(headers=Headers(raw=raw), client=client)


def desk(shown: bytes | None = None, *, forged: bool = False):
    def certificate(_request):
        if forged:
            raise NotProven("certificate_forged")
        return shown

    return SimpleNamespace(door=SimpleNamespace(certificates=SimpleNamespace(shown=certificate)))


def fingerprint(der: bytes) -> str:
    return sha256(der).hexdigest()


@pytest.mark.parametrize(
    ("secrets", "holds"),
    [
        ((SECRET.decode(),), True),
        ((), False),
        (("",), False),
        ((SECRET.decode() + "x",), False),
        ((SECRET.decode(), SECRET.decode()), False),
        (("ü" * 20,), False),
    ],
)
def test_a_secret_is_shown_once_and_right(secrets, holds):
    assert _holds(request(*secrets), desk(), NoticeDoor(secret=SECRET)) is holds


@pytest.mark.parametrize(
    ("peer", "holds"),
    [
        ("10.0.0.7", True),
        ("::ffff:10.0.0.7", True),
        ("::1", True),
        ("10.0.1.7", False),
        ("::2", False),
        ("testclient", False),
        (None, False),
    ],
)
def test_a_peer_is_the_sockets_own_address(peer, holds):
    assert _holds(request(peer=peer), desk(), NoticeDoor(peers=LOCAL)) is holds


def test_a_certificate_is_the_one_that_is_named():
    door = NoticeDoor(certificate=fingerprint(SHOWN))
    assert _holds(request(), desk(SHOWN), door)
    assert not _holds(request(), desk(b"another"), door)
    assert not _holds(request(), desk(None), door)
    assert not _holds(request(), desk(forged=True), door)


def test_all_that_is_set_must_hold():
    door = NoticeDoor(secret=SECRET, peers=LOCAL, certificate=fingerprint(SHOWN))
    right = request(SECRET.decode())
    assert _holds(right, desk(SHOWN), door)
    assert not _holds(request("x"), desk(SHOWN), door)
    assert not _holds(right, desk(b"another"), door)
    assert not _holds(request(SECRET.decode(), peer="10.9.9.9"), desk(SHOWN), door)
