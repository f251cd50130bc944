"""``[identity]`` and the people of the settings: what is read and what is refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gateway import settings
from gateway.identity.principal import Method
from gateway.settings import SettingsError

HTTPS = {"site": "gw.example.com", "origins": ["https://gw.example.com"]}
MACHINE = {"id": "erp", "kind": "machine", "name": "sap", "erp": "sap", "secret": "s" * 40}
PERSON_KEY = {"id": "boss", "kind": "person", "name": "王", "secret": "s" * 40}


def content(identity, *people, second=()):
    def tenant(id_, found, keys):
        return {"id": id_, "name": id_, "person": list(found), "key": keys}

    return {
        "gateway": {},
        "identity": identity,
        "tenant": [tenant("t1", people, [MACHINE, PERSON_KEY]), tenant("t2", second, [])],
    }


def read(identity, *people, **more):
    return settings.parse(content(identity, *people, **more), Path("/nowhere"))


def faults(identity, *people, **more):
    with pytest.raises(SettingsError) as refused:
        read(identity, *people, **more)
    return {fault.path for fault in refused.value.faults}


def test_nobody_logs_in_unless_the_settings_say_so():
    assert settings.parse({"gateway": {}}, Path("/nowhere")).identity is None


def test_what_is_set_is_read():
    told = HTTPS | {
        "session_hours": 4,
        "fresh_minutes": 2,
        "second_factors": ["webauthn"],
        "lock_after_failures": 3,
        "provider": [
            {
                "id": "corp",
                "issuer": "https://login.example.com",
                "client_id": "gw",
                "client_secret": "s",
                "redirect_uri": "https://gw.example.com/ui/sign-on",
            }
        ],
    }
    wang = {"name": "王", "login": "Wang", "sign_on": ["corp:u-17", "other:u-18"]}
    loaded = read(told, wang)
    it = loaded.identity
    assert it.open
    assert it.lifetimes.absolute == timedelta(hours=4)
    assert it.strength.factors == {Method.WEBAUTHN}
    assert it.strength.fresh == timedelta(minutes=2)
    assert it.of_person.free == 2
    assert it.sign_on[0].rules.people == {"u-17": "wang"}
    (person,) = loaded.directory.tenants["t1"].people
    assert (person.name, person.login) == ("王", "wang")


@pytest.mark.parametrize(
    ("identity", "path"),
    [
        ({"surprise": 1}, ".identity.surprise"),
        ({"argon": {"memory": 1}}, ".identity.argon.memory"),
        ({"plain_http": False}, ".identity.origins"),
        (HTTPS | {"origins": ["http://gw.example.com"]}, ".identity.origins"),
        (HTTPS | {"origins": ["https://gw.example.com/x"]}, ".identity.origins"),
        (HTTPS | {"site": "example.org"}, ".identity.site"),
        ({"origins": ["https://gw.example.com"]}, ".identity.site"),
        (HTTPS | {"key": "short"}, ".identity.key"),
        (HTTPS | {"second_factors": ["password"]}, ".identity.second_factors"),
        (HTTPS | {"second_factors": []}, ".identity.second_factors"),
        (HTTPS | {"lock_after_failures": 0}, ".identity.lock_after_failures"),
        (HTTPS | {"proxies": ["everywhere"]}, ".identity.proxies"),
        (
            HTTPS | {"certificate": [{"key": "erp", "fingerprint": "a" * 64}]},
            ".identity.certificate",
        ),
        (
            HTTPS
            | {
                "certificates": {"peers": ["10.0.0.5/32"]},
                "certificate": [{"key": "boss", "fingerprint": "a" * 64}],
            },
            ".identity.certificate[0].key",
        ),
        (
            HTTPS
            | {
                "certificates": {"peers": ["10.0.0.5/32"]},
                "certificate": [{"key": "erp", "fingerprint": "A" * 64}],
            },
            ".identity.certificate[0].fingerprint",
        ),
    ],
)
def test_what_would_open_a_door_by_mistake_is_refused(identity, path):
    assert path in faults(identity, {"name": "王", "login": "wang"})


def test_plain_http_is_for_this_machine_alone():
    beyond = content({"plain_http": True}) | {"gateway": {"host": "0.0.0.0"}}
    with pytest.raises(SettingsError) as refused:
        settings.parse(beyond, Path("/nowhere"))
    assert [fault.path for fault in refused.value.faults] == [".identity.plain_http"]
    assert read({"plain_http": True}).identity.open


def test_two_people_never_share_a_log_in_name():
    wang = {"name": "王", "login": "wang"}
    assert faults(HTTPS, wang, {"name": "汪", "login": "WANG"}) == {".identity.login"}
    assert faults(HTTPS, wang, second=[{"name": "汪", "login": "wang"}]) == {".identity.login"}
    assert faults(HTTPS, wang, wang | {"login": "w2"}) == {".tenant[0].person[1].name"}
    assert ".tenant[0].person[0].login" in faults(HTTPS, {"name": "王"})
    assert ".tenant[0].person[0].name" in faults(HTTPS, {"name": "王/李", "login": "wang"})
