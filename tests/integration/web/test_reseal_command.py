"""``gateway controls reseal`` on a whole data folder: a new vault key, and everything goes on."""

from __future__ import annotations

import json
import secrets
from argparse import Namespace

import pytest

from gateway import settings
from gateway.cli import reseal
from gateway.domain.errors import Refused
from gateway.signing.vault import KEY_BYTES
from tests.integration.web import world
from tests.integration.web.test_controls import KEYS, put_in_force
from tests.integration.web.world import content, payment, story

A_DAY_S = 86_400


async def scheduled(it, **wish):
    """The id of a payment for tomorrow, approved by two people where its amount asks for them."""
    answer = await it.post("/v1/instructions", payment(execution_date="2026-09-16", **wish))
    target = answer.json()["links"]["self"]
    view = (await it.get(target)).json()
    for key in ("wang", "li") if view["state"] == "HELD" else ():
        vote = {"action": "approve", "content_hash": view["digest"]}
        told = await it.post(f"{target}/decisions", vote, key=key)
        assert told.status_code == 200, told.text
    assert (await it.get(target)).json()["state"] == "SCHEDULED"
    return view["id"]


@pytest.fixture(autouse=True)
def _one_database(_database, monkeypatch):
    """Every gateway of a test on the same books."""
    made = world.database()
    monkeypatch.setattr(world, "database", lambda: made)


def parsed(folder):
    return settings.parse(content("http://127.0.0.1:9", "clock.json", tenant=KEYS), folder)


def resealed(folder, capsys):
    """The exit code, and how many seals were made anew, by table."""
    old = Namespace(old_key=folder / "var" / "vault.old", json=True)
    code = reseal.command(parsed(folder), old)
    found = json.loads(capsys.readouterr().out)["tables"]
    assert not any(it["broken"] for it in found)
    return code, {it["table"]: it["renewed"] for it in found}


def test_under_a_new_vault_key_what_was_released_leaves(tmp_path, capsys):
    released = []

    async def before(it):
        await put_in_force(it)
        released.append(await scheduled(it))
        released.append(await scheduled(it, amount="2000.00"))

    async def after(it):
        it.clock.jump(A_DAY_S)
        for one in released:
            assert (await it.reaches(one, "SETTLED", "HELD"))["state"] == "SETTLED"

    story(tmp_path, before, tenant=KEYS)
    key = tmp_path / "var" / "vault.key"
    key.rename(key.with_name("vault.old"))
    key.write_bytes(secrets.token_bytes(KEY_BYTES))
    key.chmod(0o600)
    assert resealed(tmp_path, capsys) == (0, {"control_version": 1, "instruction": 2, "payee": 0})
    assert resealed(tmp_path, capsys) == (0, {"control_version": 0, "instruction": 0, "payee": 0})
    story(tmp_path, after, tenant=KEYS)


def test_beside_a_running_gateway_nothing_is_sealed_anew(tmp_path):
    async def running(it):
        del it
        keys = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(KEY_BYTES)
        with pytest.raises(Refused):
            await reseal.renewed(parsed(tmp_path), keys, as_json=True)

    story(tmp_path, running, tenant=KEYS)
