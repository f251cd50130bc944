"""A client's file is read whole: a record, or every fault with its path and line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.onboarding import client_file
from gateway.onboarding.client_file import ClientFileError
from gateway.onboarding.findings import Area
from gateway.onboarding.scenarios import Scenario
from tests.unit.onboarding.sample import BASE, CLIENT, SECRET, client


def faults(text):
    with pytest.raises(ClientFileError) as refused:
        client(text)
    return [(it.path, it.code, it.line) for it in refused.value.faults]


def test_a_whole_file():
    made = client()
    assert (made.tenant, made.name_zh, made.uscc) == (
        "example-group",
        "示例集团",
        "91350100M000100Y43",
    )
    assert made.line_of_uscc == 4
    assert made.sample == BASE / "sample.xml"
    assert made.connections[0].password_file == str(BASE / "secrets/cib")
    assert made.connections[0].customer == "9900000001", "a number is a text"
    assert [it.currency for it in made.accounts] == ["CNY", "USD"]
    assert [it.name for it in made.contacts] == ["王工", "李经理"]


def test_every_fault_is_told_with_path_and_line():
    text = (
        CLIENT.replace("  name_en: Example Group\n", "  name_en:\n")
        .replace("bank: cib", "bank: ../cib")
        .replace("currency: USD", "currency: usd")
        .replace("adapter: iso20022", "adaptor: iso20022")
        .replace(", phone: 010-00000000", "")
    )
    assert faults(text) == [
        ("client.name_en", "required", 3),
        ("connections[0].bank", "form", 8),
        ("accounts[1].currency", "form", 22),
        ("erp.adapter", "required", 24),
        ("erp.adaptor", "unknown", 24),
        ("contacts[0].phone", "no_way", 27),
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("url: http://", "url: ftp://", ("connections[0].url", "url", 9)),
        ("//127.0.0.1", "//me:word@127.0.0.1", ("connections[0].url", "url", 9)),
        (":8007/cib", ":99999/cib", ("connections[0].url", "url", 9)),
        (
            "    password_file: secrets/cib\n",
            "",
            ("connections[0].password_file", "password_place", 7),
        ),
        (
            "password_file: secrets/cib",
            "password_file: x\n    password_env: BANK",
            ("connections[0].password_file", "password_place", 12),
        ),
        ("operator: erpmaker", "operator: [a]", ("connections[0].operator", "not_text", 11)),
        ("role: 技术", 'role: "a\\nb"', ("contacts[0].role", "text", 27)),
        ("role: 技术", f"role: {'长' * 201}", ("contacts[0].role", "text", 27)),
        (
            "connection: cib-main\n    city",
            "connection: other\n    city",
            ("accounts[0].connection", "no_connection", 16),
        ),
        ("number: 900010102000000010", "number: 900010101000000011", ("accounts", "repeated", 14)),
        ("tenant: example-group", "tenant: Example Group", ("tenant", "form", 5)),
        ("erp:\n  adapter: iso20022\n  sample: sample.xml", "erp: sap", ("erp", "not_table", 23)),
    ],
)
def test_each_rule(old, new, expected):
    assert old in CLIENT
    assert faults(CLIENT.replace(old, new)) == [expected]


def test_a_secret_in_the_file_is_refused_and_never_repeated():
    text = CLIENT.replace("password_file: secrets/cib", f"password: {SECRET}")
    with pytest.raises(ClientFileError) as refused:
        client(text)
    told = refused.value.faults
    assert ("connections[0].password", "secret", 12) in [(it.path, it.code, it.line) for it in told]
    assert SECRET not in "".join(f"{it.path}{it.zh}{it.en}" for it in told)


@pytest.mark.parametrize("text", ["accounts: x\n", "accounts: []\n", "accounts: [x]\n", "{}"])
def test_what_is_not_there_or_of_another_kind(text):
    told = {path for path, _, _ in faults(text)}
    assert {"client", "tenant", "erp"} <= told
    assert any(path.startswith("accounts") for path in told)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ClientFileError):
        client_file.load(tmp_path / "none.yaml")


def test_the_example_of_the_page_is_read():
    page = (Path(__file__).parents[3] / "docs/onboarding.md").read_text("utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    made = client(example)
    assert made.connections[0].password_file == str(BASE / "secrets/cib-main")
    assert made.accounts[0].currency == "CNY"


def test_the_page_names_every_area_and_scenario():
    page = (Path(__file__).parents[3] / "docs/onboarding.md").read_text("utf-8")
    for area in Area:
        assert f"| {area.value} " in page
    for scenario in Scenario:
        assert f"| `{scenario.value}` |" in page
