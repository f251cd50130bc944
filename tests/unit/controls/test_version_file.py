"""Control documents as files: read strictly, exported under a signature that holds."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.controls.rules.policy import from_policy
from gateway.controls.rules.reading import content, digest
from gateway.controls.version_file import (
    FILE_BYTES_MAX,
    parse_file,
    parse_json,
    signed_export,
    verify_export,
)
from gateway.controls.version_seal import VersionSeal
from gateway.domain.errors import Refused
from gateway.ports.tenancy import Policy
from tests.unit.controls.rules.sample import CONTENT, document

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw().hex()


def exported() -> dict[str, object]:
    return signed_export("t1", None, document(), KEY)


def as_file(told: object, **form: object) -> bytes:
    return json.dumps(told, ensure_ascii=False, **form).encode()


# ── reading ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"null",
        b'{"a": 1, "a": 1}',
        b'{"a": {"b": 1, "b": 2}}',
        b'{"a": 1.0}',
        b'{"a": 1e3}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": "\xff"}',
        b"[" * 100_000,
        b'{"a": ' * 100_000,
    ],
)
def test_what_could_be_understood_in_two_ways_is_refused(text):
    with pytest.raises(Refused, match="cannot be read") as refused:
        parse_json(text)
    assert [it.code for it in refused.value.faults] == ["unreadable"]


def test_toml_and_json_say_the_same():
    toml = 'format = "controls/1"\n[[people]]\nname = "wang"\n'
    same = {"format": "controls/1", "people": [{"name": "wang"}]}
    assert parse_file("a.toml", toml.encode()) == parse_file("a.json", as_file(same)) == same


@pytest.mark.parametrize("text", [b"a = ", b'a = "1"\na = "2"', b'a = "\xff"'])
def test_toml_that_is_none(text):
    with pytest.raises(Refused, match="cannot be read"):
        parse_file("a.toml", text)


def test_an_exported_file_is_read_as_the_document_inside():
    assert parse_file("e.json", as_file(exported())) == content(document())
    assert parse_file("c.json", as_file(CONTENT)) == CONTENT


def test_a_file_that_is_too_long():
    with pytest.raises(Refused, match="4 MiB"):
        parse_file("a.json", b" " * (FILE_BYTES_MAX + 1))


# ── exported and verified ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("form", [{}, {"indent": 1}, {"sort_keys": True}])
def test_an_export_holds_however_it_is_laid_out(form):
    found = verify_export(as_file(exported(), **form), PUBLIC)
    assert (found.tenant, found.version, found.key) == ("t1", 0, PUBLIC)
    assert found.digest == digest(document())
    assert found.document == document()


def test_what_the_settings_say_can_be_exported_too():
    settings = from_policy(Policy(release_people=1), ["wang"])
    told = signed_export("t1", None, settings, KEY)
    assert told["state"] == "settings"
    assert verify_export(as_file(told), PUBLIC).document == settings


def changed(told: dict[str, object], *path: str | int, to: object) -> dict[str, object]:
    made = deepcopy(told)
    place: object = made
    for step in path[:-1]:
        place = place[step]  # type: ignore[index]
    place[path[-1]] = to  # type: ignore[index]
    return made


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("tenant",), "t2"),
        (("version",), 7),
        (("state",), "in_force"),
        (("digest",), "0" * 64),
        (("votes",), [{"actor": "person:li"}]),
        (("content", "payees", "cooling_hours"), 0),
        (("content", "people", 0, "name"), "other"),
        (("further",), "member"),
        (("signature",), "0" * 128),
        (("signature",), "no hex"),
    ],
)
def test_whatever_is_changed_the_signature_no_longer_holds(path, to):
    with pytest.raises(Refused, match="signature does not hold"):
        verify_export(as_file(changed(exported(), *path, to=to)), PUBLIC)


def test_another_key_than_the_one_expected():
    other = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
    theirs = as_file(signed_export("t1", None, document(), other))
    with pytest.raises(Refused, match="another key"):
        verify_export(theirs, PUBLIC)
    forged = as_file(changed(json.loads(theirs), "key", to=PUBLIC))
    with pytest.raises(Refused, match="signature does not hold"):
        verify_export(forged, PUBLIC)


@pytest.mark.parametrize("told", [CONTENT, {}, {"format": "controls-export/1"}])
def test_what_is_no_export(told):
    with pytest.raises(Refused, match="no export"):
        verify_export(as_file(told), PUBLIC)


# ── the seal ────────────────────────────────────────────────────────────────────────────────


def test_a_seal_is_good_for_one_version_of_one_tenant_under_one_secret():
    seal = VersionSeal(b"r" * 32)
    made = seal.of("t1", 2, "d")
    assert seal.holds(made, "t1", 2, "d")
    for other in (("t2", 2, "d"), ("t1", 3, "d"), ("t1", 2, "e")):
        assert not seal.holds(made, *other)
    assert not VersionSeal(b"s" * 32).holds(made, "t1", 2, "d")
    assert not seal.holds("", "t1", 2, "d")
    assert not seal.holds("é", "t1", 2, "d")
    with pytest.raises(ValueError, match="32 bytes"):
        VersionSeal(b"short")
