"""Addresses that a webhook may not have: refused in the settings, or at the latest when called."""

from __future__ import annotations

import asyncio
import json
from ipaddress import ip_address
from pathlib import Path

import pytest

from gateway import settings
from gateway.ports.webhooks import PUBLIC_ONLY, UrlForbidden
from gateway.signing.webhook_signature import write_secret
from gateway.transport.egress import Egress
from tests.hostile.attacks import attacks, by_file, needs_further

SECRET = write_secret(bytes(range(32)))
OWN = [
    *("http://127.0.0.1/", "http://localhost/", "http://0.0.0.0/", "http://10.0.0.5/"),
    *("http://169.254.169.254/latest/meta-data/", "http://2130706433/", "http://0177.0.0.1/"),
    *("http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://127.0.0.1.nip.io/"),
    *("file:///etc/passwd", "gopher://127.0.0.1/", "https://erp.example:22/"),
]


def verdict(url: str) -> str:
    """What becomes of the settings."""
    webhook = {"id": "erp", "url": url, "secret": SECRET}
    tenant = {"id": "t1", "name": "集团", "webhook": [webhook]}
    try:
        settings.parse({"gateway": {}, "tenant": [tenant]}, Path("/srv"))
    except settings.SettingsError as error:
        (fault,) = error.faults
        return f"reject {fault.code}"
    return "accept"


NAMES = ("localhost", "nip.io")  # judged when they are called: see below
OVER_TLS = [it.replace("http:", "https:") for it in OWN if not any(name in it for name in NAMES)]


@pytest.mark.parametrize("url", sorted({*OWN, *OVER_TLS}))
def test_settings_with_such_an_address_are_refused(url):
    assert verdict(url) == "reject url_forbidden"


@pytest.mark.parametrize(
    ("url", "leads_to"),
    [
        ("https://localhost/", "127.0.0.1"),
        ("https://127.0.0.1.nip.io/", "127.0.0.1"),
        ("https://erp.example/", "10.0.0.5"),
        ("https://erp.example/", "169.254.169.254"),
        ("https://erp.example/", "::ffff:169.254.169.254"),
        ("https://erp.example/", "fd00:ec2::254"),
    ],
)
def test_a_name_that_leads_there_is_refused_when_it_is_called(url, leads_to):
    async def resolve(host: str, port: int):
        return [ip_address(leads_to)]

    async def call() -> None:
        egress = Egress(url, PUBLIC_ONLY, timeout_s=60, resolve=resolve)
        try:
            await egress.post([], b"{}")
        finally:
            await egress.aclose()

    assert verdict(url) == "accept"
    with pytest.raises(UrlForbidden):
        asyncio.run(call())


@needs_further
@pytest.mark.parametrize("attack", attacks("webhook-config", suffix=".json"), ids=by_file)
def test_each_further_address_gets_its_verdict(attack):
    url = json.loads(attack.content)["callback_url"]
    # A redirect shows only when it is answered, and no answer is ever followed.
    wanted = "accept" if attack.expected.startswith("accept") else "reject url_forbidden"
    assert verdict(url) == wanted
