"""A new mapping beside the old one on files that ERPs really send: told, never acted on."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

from gateway.dialects import system_dialect
from gateway.intake.shadow import found
from gateway.sandbox.admin import ledger_view
from gateway.store.tenancy import acting_for
from tests.integration.web.world import batch_of, story

SYSTEM = {"id": "sap", "dialect": "canonical/v1", "shadow": "canonical/v2"}
SETTINGS = {"gateway": {"erps": ["iso20022", "canonical"]}, "tenant": {"erp": [SYSTEM]}}


async def stored(it):
    with acting_for(("t1",)):
        return await it.gateway.store.read(lambda db: found(db, "t1", "sap", 10))


async def compared(it, count):
    """The comparisons so far, once there are ``count``."""
    async with asyncio.timeout(10):
        while True:
            rows = await stored(it)
            if len(rows) == count:
                return rows
            await asyncio.sleep(0.02)


def test_a_shadow_reads_the_same_file_and_pays_nothing(tmp_path):
    async def tell(it):
        body = json.dumps(batch_of(2, "B-1"), ensure_ascii=False).encode()
        answer = await it.call("POST", "/v1/files", body)  # the system's own dialect is meant
        assert answer.status_code == 200, answer.text
        assert answer.json()["format"] == "canonical.v1"
        [row] = await compared(it, 1)
        assert (row["system"], row["dialect"]) == ("sap", "canonical/v2")
        assert row["batch"] == answer.json()["id"]
        assert row["different"] > 0, "version 2 cannot read a file of version 1"
        await it.settled_batch(answer.json()["id"], 2)
        listed = (await it.get("/v1/instructions?state=SETTLED")).json()["instructions"]
        assert len(listed) == 2
        assert ledger_view(it.ledger)["payments"] == 2
        kept = json.dumps(row["differences"])
        assert "100.00" not in kept

    story(tmp_path, tell, **SETTINGS)


def test_a_shadow_that_agrees_differs_in_nothing(tmp_path):
    async def tell(it):
        body = json.dumps(batch_of(1, "B-2"), ensure_ascii=False).encode()
        answer = await it.call("POST", "/v1/files", body)
        assert answer.status_code == 200
        [row] = await compared(it, 1)
        assert (row["lines"], row["different"], row["differences"]) == (1, 0, [])

    same = {"erp": [SYSTEM | {"shadow": "canonical/v1"}]}
    story(tmp_path, tell, **SETTINGS | {"tenant": same})


def test_a_refused_file_has_no_shadow(tmp_path):
    async def tell(it):
        answer = await it.call("POST", "/v1/files", b'{"batch_reference": "B-3"')
        assert answer.status_code in {400, 422}
        assert await stored(it) == []

    story(tmp_path, tell, **SETTINGS)


def test_a_shadow_that_stumbles_stops_nobody(tmp_path, monkeypatch):
    """Its own fault is a difference of the file: nothing is refused, and no process ends."""

    def stumbling(name, options):
        found = system_dialect(name, options)
        return replace(found, read=lambda _: iter([1 // 0])) if name == "canonical/v2" else found

    monkeypatch.setattr("gateway.taking_in.system_dialect", stumbling)

    async def tell(it):
        body = json.dumps(batch_of(1, "B-4"), ensure_ascii=False).encode()
        answer = await it.call("POST", "/v1/files", body)
        assert answer.status_code == 200
        [row] = await compared(it, 1)
        assert row["different"] > 0
        await it.settled_batch(answer.json()["id"], 1)

    story(tmp_path, tell, **SETTINGS)
