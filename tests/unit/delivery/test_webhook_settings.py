"""Webhooks in the settings: what is taken, and that every fault is told with its place."""

from __future__ import annotations

import re
import tomllib
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from gateway import settings
from gateway.domain.instruction import State
from gateway.ports.webhooks import (
    MATCH_EVENT,
    OPEN_ITEMS_EVENT,
    STATUS_EVENT,
    TOLD_UNLESS_SET,
    Reach,
)
from gateway.signing.webhook_signature import write_secret

BASE = Path("/srv/gateway")
SECRET = write_secret(bytes(range(32)))
OLD = write_secret(bytes(range(1, 33)))
PLAIN = {"id": "erp", "url": "https://erp.example.com/hooks", "secret": SECRET}


def parsed(*webhooks, egress=None):
    tenant = {"id": "t1", "name": "集团", "webhook": list(webhooks)}
    if egress is not None:
        tenant["egress"] = egress
    return settings.parse({"gateway": {}, "tenant": [tenant]}, BASE).directory.tenants["t1"]


def faults(*webhooks, egress=None) -> list[tuple[str, str]]:
    with pytest.raises(settings.SettingsError) as caught:
        parsed(*webhooks, egress=egress)
    for fault in caught.value.faults:
        assert SECRET not in fault.en + fault.zh
    return [(fault.path, fault.code) for fault in caught.value.faults]


def test_what_need_not_be_said():
    (webhook,) = parsed(PLAIN).webhooks
    assert (webhook.tenant, webhook.id, webhook.url) == ("t1", "erp", PLAIN["url"])
    assert webhook.secrets == (bytes(range(32)),)
    assert webhook.states == TOLD_UNLESS_SET
    assert (webhook.tries_max, webhook.timeout_s, webhook.keep_days, webhook.ca) == (24, 10, 7, "")
    assert parsed(PLAIN).reach == Reach()


def test_what_it_is_told_of():
    (plain,) = parsed(PLAIN).webhooks
    assert plain.events == {STATUS_EVENT}
    (books,) = parsed(PLAIN | {"events": [MATCH_EVENT, OPEN_ITEMS_EVENT]}).webhooks
    assert books.events == {MATCH_EVENT, OPEN_ITEMS_EVENT}
    assert books.states == frozenset(), "it asked for the books alone"
    (both,) = parsed(PLAIN | {"events": [STATUS_EVENT, MATCH_EVENT]}).webhooks
    assert both.states == TOLD_UNLESS_SET
    for wrong in ([], ["ledger_item.matched"]):
        assert faults(PLAIN | {"events": wrong}) == [(".tenant[0].webhook[0].events", "settings")]


def test_everything_said():
    tenant = parsed(
        PLAIN
        | {
            "url": "http://10.1.2.3:8080/hooks",
            "previous_secret": OLD,
            "states": ["HELD", "SETTLED"],
            "tries_max": 3,
            "timeout_s": 5,
            "keep_days": 1,
            "ca": "erp-ca.pem",
        },
        egress={
            "hosts": ["ERP.corp.example", "*.corp.example", "10.1.2.3"],
            "ports": [443, 8080],
            "networks": ["10.1.0.0/16"],
            "plain_http": True,
        },
    )
    (webhook,) = tenant.webhooks
    assert len(webhook.secrets) == 2
    assert webhook.states == {State.HELD, State.SETTLED}
    assert webhook.ca == "/srv/gateway/erp-ca.pem"
    assert tenant.reach == Reach(
        hosts=("erp.corp.example", "*.corp.example", "10.1.2.3"),
        ports=(443, 8080),
        networks=(IPv4Network("10.1.0.0/16"),),
        plain_http=True,
    )


def test_no_webhook_bears_the_name_of_an_erp_system():
    assert faults(PLAIN | {"id": "erp:sap"}) == [(".tenant[0].webhook[0].id", "settings")]


def test_secrets_come_from_files_and_are_never_shown(tmp_path):
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    plain = {name: PLAIN[name] for name in ("id", "url")}
    (webhook,) = parsed(plain | {"secret_file": str(file)}).webhooks
    assert webhook.secrets == (bytes(range(32)),)
    assert "secrets" not in repr(webhook)


def test_all_states_can_be_wanted():
    (webhook,) = parsed(PLAIN | {"states": ["all"]}).webhooks
    assert webhook.states == frozenset(State)


@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        ({"url": "http://erp.example.com/"}, "url", "url_forbidden"),
        ({"url": "https://127.0.0.1/"}, "url", "url_forbidden"),
        ({"url": "https://erp.example.com:8443/"}, "url", "url_forbidden"),
        ({"secret": "secret"}, "secret", "settings"),
        ({"secret": "whsec_AAAA"}, "secret", "settings"),
        ({"previous_secret": "whsec_!"}, "previous_secret", "settings"),
        ({"states": ["PAID"]}, "states", "settings"),
        ({"states": ["all", "HELD"]}, "states", "settings"),
        ({"states": "HELD"}, "states", "settings"),
        ({"id": "x" * 41}, "id", "settings"),
        ({"retries": 3}, "retries", "settings"),
        ({"timeout_s": -1}, "timeout_s", "settings"),
    ],
)
def test_a_fault_of_a_webhook_is_told_with_its_place(change, place, code):
    assert (f".tenant[0].webhook[0].{place}", code) in faults(PLAIN | change)


@pytest.mark.parametrize(
    ("egress", "place"),
    [
        ({"networks": ["10.0.0.1/8"]}, "networks"),
        ({"networks": ["erp.example"]}, "networks"),
        ({"networks": ["10.0.0.0/33"]}, "networks"),
        ({"networks": ["fe80::%eth0/64"]}, "networks"),
        ({"ports": ["443"]}, "ports"),
        ({"ports": [True]}, "ports"),
        ({"hosts": "erp.example"}, "hosts"),
        ({"host": ["erp.example"]}, "host"),
        ({"plain_http": "yes"}, "plain_http"),
    ],
)
def test_a_fault_of_the_reach_is_told_with_its_place(egress, place):
    assert (f".tenant[0].egress.{place}", "settings") in faults(PLAIN, egress=egress)


def test_two_endpoints_need_two_names():
    assert (".tenant[0].webhook[1].id", "settings") in faults(PLAIN, PLAIN)
    assert len(parsed(PLAIN, PLAIN | {"id": "second"}).webhooks) == 2


def test_sizes_are_kept_within_bounds():
    (webhook,) = parsed(PLAIN | {"tries_max": 10_000, "timeout_s": 9_999}).webhooks
    assert (webhook.tries_max, webhook.timeout_s) == (100, 60)
    (webhook,) = parsed(PLAIN | {"tries_max": 0, "timeout_s": 0}).webhooks
    assert (webhook.tries_max, webhook.timeout_s) == (1, 1)


def test_the_example_of_the_page_is_taken_as_it_stands(tmp_path):
    page = (Path(__file__).resolve().parents[3] / "docs" / "webhooks.md").read_text("utf-8")
    example = re.search(r"```toml\n(.*?)```", page, re.DOTALL)[1]
    for name in ("webhook-old", "webhook"):
        (tmp_path / name).write_text(SECRET)
    example = example.replace("/run/secrets/", f"{tmp_path}/")
    content = tomllib.loads(f'[gateway]\n[[tenant]]\nid = "t1"\nname = "集团"\n{example}')
    tenant = settings.parse(content, BASE).directory.tenants["t1"]
    (webhook,) = tenant.webhooks
    assert len(webhook.secrets) == 2
    assert tenant.reach.networks == (IPv4Network("10.1.0.0/16"),)
