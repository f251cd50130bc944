"""ERP systems in the settings: read whole, and every fault told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway import settings
from gateway.domain.instruction import State
from gateway.ports.erp import ErpTransport
from gateway.ports.erp_told import ToldKind

ACCOUNT = "900010101000000011"


def content(**erp):
    system = {"id": "sap", "dialect": "iso20022", "transport": "folder", "address": "in"} | erp
    return {
        "gateway": {},
        "tenant": [
            {
                "id": "t",
                "name": "示例",
                "connection": [
                    {
                        "id": "c",
                        "bank": "cib",
                        "url": "http://127.0.0.1/",
                        "customer": "1",
                        "operator": "o",
                        "password": "p",
                    }
                ],
                "company": [
                    {"id": "m", "name": "公司", "account": [{"number": ACCOUNT, "connection": "c"}]}
                ],
                "erp": [{name: value for name, value in system.items() if value is not None}],
            }
        ],
    }


def system(**erp):
    return settings.parse(content(**erp), Path("/base")).directory.tenants["t"].erps["sap"]


def faults(**erp):
    with pytest.raises(settings.SettingsError) as raised:
        settings.parse(content(**erp), Path("/base"))
    return {fault.path.removeprefix(".tenant[0].erp[0].") for fault in raised.value.faults}


def test_a_system_is_read_whole():
    it = system(
        states=["SETTLED"],
        tells=["status"],
        feed={"kinds": ["credit"], "accounts": [ACCOUNT], "every_s": 5, "matches": True},
        aliases={"BE1": ACCOUNT},
        gather_s=2,
    )
    assert it.transport is ErpTransport.FOLDER
    assert it.address == "/base/in"
    assert it.states == {State.SETTLED}
    assert it.tells == {ToldKind.STATUS}
    assert (it.feed.kinds, it.feed.every_s, it.feed.matches) == ({ToldKind.CREDIT}, 5, True)
    assert it.aliases == {"BE1": ACCOUNT}
    assert it.maker == "machine:sap"


def test_what_is_not_said_is_everything_its_language_can_say():
    assert system().tells == frozenset(ToldKind)


@pytest.mark.parametrize(
    ("erp", "place"),
    [
        ({"id": "a b"}, "id"),
        ({"id": "a" * 33}, "id"),
        ({"dialect": "nobody"}, "dialect"),
        ({"dialect": "iso20022/none"}, "dialect"),
        ({"transport": "pigeon"}, "transport"),
        ({"transport": "tables"}, "transport"),
        ({"address": None}, "address"),
        ({"states": ["PAID"]}, "states"),
        ({"tells": ["song"]}, "tells"),
        ({"shadow": "none"}, "shadow"),
        ({"options": {"colour": "red"}}, "options.colour"),
        ({"secrets": {"pin": "1"}}, "secrets.pin"),
        ({"feed": {"kinds": ["status"]}}, "feed.kinds"),
        ({"feed": {"kinds": ["match"]}}, "feed.kinds"),
        ({"feed": {"matches": "yes"}}, "feed.matches"),
        ({"feed": {"accounts": ["1"]}}, "feed.accounts"),
        ({"aliases": {"x": "1"}}, "aliases.x"),
        ({"colour": "red"}, "colour"),
    ],
    ids=lambda it: str(it)[:30],
)
def test_every_fault_is_told_with_its_place(erp, place):
    assert place in faults(**erp)


def test_a_system_comes_once():
    made = content()
    made["tenant"][0]["erp"] *= 2
    with pytest.raises(settings.SettingsError) as raised:
        settings.parse(made, Path("/base"))
    assert [fault.code for fault in raised.value.faults]


def test_folders_may_have_a_marker_and_a_time_to_stand_still():
    made = system(options={"marker": ".ok", "settle_s": "30"})
    assert made.options == {"marker": ".ok", "settle_s": "30"}


SFTP = {
    "transport": "sftp",
    "address": "sftp://gw@bank.example:2222/erp",
    "options": {"host_key": "ssh-ed25519 AAAA"},
    "secrets": {"password": "p"},
}


def test_an_sftp_server_has_a_host_key_and_a_secret():
    made = system(**SFTP)
    assert (made.transport, made.options["host_key"]) == (ErpTransport.SFTP, "ssh-ed25519 AAAA")
    assert made.secrets == {"password": "p"}
    assert "password" not in repr(made)


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({"options": {}}, ["options.host_key"]),
        ({"secrets": {}}, ["secrets"]),
        ({"address": "ftp://gw@bank.example/"}, ["address"]),
        ({"address": "sftp://gw:p@bank.example/"}, ["address"]),
        ({"options": SFTP["options"] | {"settle_s": "ten"}}, ["options.settle_s"]),
        ({"options": SFTP["options"] | {"settle_s": "99999"}}, ["options.settle_s"]),
        ({"transport": "folder", "secrets": None}, ["options.host_key"]),
    ],
)
def test_what_is_wrong_with_a_way_to_files_is_told_with_its_place(changes, places):
    assert faults(**(SFTP | changes)) == set(places)


COSMIC = {
    "dialect": "kingdee/cosmic",
    "transport": "api",
    "address": "https://cosmic.example",
    "options": {"isv": "own", "client_id": "c", "username": "u", "account_id": "1"},
    "secrets": {"client_secret": "s"},
}


def faults_of(**erp):
    made = content(**erp)
    made["gateway"] = {"erps": ["kingdee", "iso20022", "byte"]}
    try:
        settings.parse(made, Path("/base"))
    except settings.SettingsError as error:
        return {fault.path.removeprefix(".tenant[0].erp[0].") for fault in error.faults}
    return set()


@pytest.mark.parametrize(
    ("erp", "wrong"),
    [
        (COSMIC | {"shadow": "kingdee/cosmic"}, set()),
        (COSMIC | {"shadow": "kingdee/k3cloud"}, {"shadow_options.acct_id"}),
        (COSMIC | {"shadow": "iso20022"}, {"shadow"}),
        (COSMIC | {"shadow": "oracle"}, {"shadow"}),
        (
            COSMIC | {"shadow": "kingdee/cosmic", "shadow_options": {"isv": "own"}},
            {"shadow_options.client_id"},
        ),
        (
            COSMIC
            | {
                "shadow": "kingdee/cosmic",
                "shadow_options": COSMIC["options"] | {"currencies": "CNY=USD"},
            },
            set(),
        ),
        (
            {
                "dialect": "byte",
                "transport": "tables",
                "address": "sqlite:///x.db",
                "shadow": "kingdee/cosmic",
            },
            {"shadow"},
        ),
        (
            {
                "dialect": "byte",
                "transport": "tables",
                "address": "sqlite:///x.db",
                "shadow": "byte",
            },
            set(),
        ),
        ({"shadow": "kingdee/cosmic"}, set()),
    ],
)
def test_a_shadow_reads_what_comes_that_way_and_its_options_are_held_to_it(erp, wrong):
    told = faults_of(**erp)
    assert wrong <= told if wrong else not told
