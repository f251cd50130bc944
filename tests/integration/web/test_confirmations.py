"""A month confirmed at the bank in a box: fetched, proven, two people, one order, its result."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from gateway.reconciliation.confirming import Confirming
from tests.integration.web.world import story
from tests.sandbox_json import MAIN

MONTH = {"account": MAIN, "month": "2026-09"}
FIRST, LAST = "2026-09-15", "2026-09-30"


def test_a_month_from_its_days_to_the_banks_agreement(tmp_path):
    async def tell(it):
        at_once = await it.post("/v1/confirmations", MONTH, key="wang")
        assert _codes(at_once) >= {"month_not_over", "days_unproven", "closing_unknown"}
        await it.jump(int(timedelta(days=17).total_seconds()))
        fetched = await it.post(f"/v1/accounts/{MAIN}/days?from={FIRST}&to={LAST}", {})
        assert fetched.status_code == 200, fetched.text
        assert (await it.post("/v1/confirmations", MONTH)).status_code == 403  # a machine
        made = await _prepared(it)
        assert made["state"] == "prepared"
        await _signed(it, made)
        done = await _reaches(it, made["id"], "running", "confirmed")
        assert (done["state"], done["bank_balance"], done["difference"]) == (
            "confirmed",
            made["balance"],
            None,
        )
        assert await _orders(it) == [(done["serial"], MAIN, "2026-09")]
        (kept,) = (await it.get(f"/v1/confirmations?account={MAIN}")).json()["confirmations"]
        assert kept == done
        assert (await it.get(f"/v1/confirmations/{made['id']}", key="foreign")).status_code == 404

    story(tmp_path, tell)


async def _prepared(it):
    answer = await it.post("/v1/confirmations", MONTH | {"comment": "九月"}, key="wang")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _signed(it, made):
    at = f"/v1/confirmations/{made['id']}"
    said = {"digest": made["digest"], "reason": "已核对"}
    assert (await it.post(f"{at}/signature", said, key="wang")).status_code == 403
    signed = (await it.post(f"{at}/signature", said, key="li")).json()
    assert (signed["state"], signed["signed_by"]) == ("signed", "person:李")
    again = await it.post("/v1/confirmations", MONTH, key="wang")
    assert again.status_code == 400
    gone = await it.post(f"{at}/withdrawal", {"reason": "x"}, key="wang")
    assert gone.status_code == 400


async def _reaches(it, name, *states):
    """Keep the appointment until it stands in each of the states, a quarter of an hour apart."""
    gateway = it.gateway
    confirming = Confirming(
        gateway.store, gateway.runtime, gateway.relay.queries, gateway.settings.directory
    )
    async with asyncio.timeout(10):
        for state in states:
            while True:
                await confirming.look()
                told = (await it.get(f"/v1/confirmations/{name}")).json()
                if told["state"] == state:
                    break
                await it.jump(16 * 60)
    return told


async def _orders(it):
    rows = it.ledger.db.execute("SELECT serial, account, month FROM confirmation")
    return [tuple(row) for row in rows]


def _codes(answer) -> set[str]:
    return {fault["code"] for fault in answer.json()["faults"]}
