"""Emergency stop, cancellation and long poll over the API."""

from __future__ import annotations

import asyncio
import time

import pytest
from jsonschema import Draft202012Validator

from gateway.sandbox.admin import ledger_view
from gateway.sandbox.faults import Fault, Scripted
from tests.integration.web.world import payment, story
from tests.sandbox_json import MAIN

TOMORROW = "2026-09-16"
PULL = {"scope": "account", "subject": MAIN, "reason": "电话核实有疑问"}


async def conforms(it, name, value):
    document = (await it.client.get("/openapi.json")).json()
    schema = {"$ref": f"#/components/schemas/{name}", **document}
    Draft202012Validator(schema).validate(value)


async def waiters(it, count):
    """Until so many calls wait."""
    async with asyncio.timeout(10):
        while it.gateway.notices.waiters != count:  # noqa: ASYNC110 - it has no event for that
            await asyncio.sleep(0.01)


# ── emergency stop ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("scope", "subject"),
    [("tenant", None), ("tenant", "t1"), ("account", MAIN), ("connection", "cib-1")],
)
def test_one_pulls_two_lift_and_what_waited_is_paid(tmp_path, scope, subject):
    async def tell(it):
        wish = {"scope": scope, "reason": "盗用嫌疑"}
        if subject is not None:
            wish["subject"] = subject
        await conforms(it, "StopWish", wish)
        stop = (await it.post("/v1/stops", wish, key="wang")).json()
        await conforms(it, "Stop", stop)
        assert (stop["holds"], stop["pulled_by"], stop["subject"]) == (
            True,
            "person:王",
            subject or "t1",
        )
        accepted = (await it.post("/v1/instructions", payment())).json()
        await it.reaches(accepted["id"], "QUEUED")
        assert (await it.get(f"/v1/accounts/{MAIN}/balance")).status_code == 200
        moved = asyncio.ensure_future(it.get(f"/v1/instructions/{accepted['id']}?wait=60"))
        await waiters(it, 1)
        target = stop["links"]["lift"]
        one = (await it.post(target, {"reason": "已核实"}, key="wang")).json()
        assert (one["holds"], one["needed"], len(one["votes"])) == (True, 2, 1)
        assert (await it.post(target, {"reason": "再按"}, key="wang")).json() == one
        assert not moved.done(), "it moved while it was stopped"
        assert ledger_view(it.ledger)["payments"] == 0
        two = (await it.post(target, {"reason": "同意"}, key="li")).json()
        assert (two["holds"], [vote["actor"] for vote in two["votes"]]) == (
            False,
            ["person:王", "person:李"],
        )
        await conforms(it, "LiftVote", {"reason": "同意"})
        assert (await moved).json()["state"] != "QUEUED"
        await it.reaches(accepted["id"], "SETTLED")
        listed = (await it.get("/v1/stops")).json()
        await conforms(it, "Stops", listed)
        assert listed == {"stops": [two]}

    story(tmp_path, tell)


def test_machines_and_strangers_cannot(tmp_path):
    async def tell(it):
        assert (await it.post("/v1/stops", PULL)).status_code == 403
        assert (await it.post("/v1/stops", PULL, key="zhao")).status_code == 404
        stop = (await it.post("/v1/stops", PULL, key="wang")).json()
        target = stop["links"]["lift"]
        assert (await it.post(target, {"reason": "x"})).status_code == 403
        assert (await it.post(target, {"reason": "x"}, key="zhao")).status_code == 404
        assert (await it.get("/v1/stops", key="zhao")).json() == {"stops": []}
        assert (await it.get("/v1/stops")).json() == {"stops": [stop]}

    story(tmp_path, tell)


@pytest.mark.parametrize(
    ("wish", "faults"),
    [
        ({}, [("/scope", "required"), ("/reason", "required")]),
        (PULL | {"scope": "world"}, [("/scope", "scope_unknown")]),
        (PULL | {"reason": " "}, [("/reason", "required")]),
        (PULL | {"reason": "x" * 1001}, [("/reason", "too_long")]),
        (
            PULL | {"subject": 1, "more": "x"},
            [("/subject", "not_text"), ("/more", "unknown_field")],
        ),
    ],
)
def test_a_wish_is_read_strictly(tmp_path, wish, faults):
    async def tell(it):
        answer = await it.post("/v1/stops", wish, key="wang")
        assert answer.status_code == 400
        assert [(one["path"], one["code"]) for one in answer.json()["faults"]] == faults
        assert (await it.get("/v1/stops")).json() == {"stops": []}

    story(tmp_path, tell)


# ── cancellation ────────────────────────────────────────────────────────────────────────────


def test_a_scheduled_payment_is_cancelled_once_and_told_the_same_ever_after(tmp_path):
    async def tell(it):
        accepted = (await it.post("/v1/instructions", payment(execution_date=TOMORROW))).json()
        await it.reaches(accepted["id"], "SCHEDULED")
        target = f"/v1/instructions/{accepted['id']}/cancellation"
        assert (await it.call("POST", target, key="foreign")).status_code == 404
        assert (await it.call("POST", target, key="erp2")).status_code == 403
        first = await it.call("POST", target)
        assert first.status_code == 200
        await conforms(it, "Cancelled", first.json())
        assert first.json() == {
            "id": accepted["id"],
            "erp_reference": accepted["erp_reference"],
            "state": "CANCELLED",
            "cancelled_by": "machine:sap",
            "cancelled_at": first.json()["cancelled_at"],
            "reason": "",
        }
        for key in ("erp", "wang"):
            again = await it.post(target, {"reason": "later"}, key=key)
            assert (again.status_code, again.content) == (200, first.content)
        it.clock.jump(24 * 3600)
        other = (await it.post("/v1/instructions", payment())).json()
        await it.reaches(other["id"], "SETTLED")
        view = await it.reaches(accepted["id"], "CANCELLED")
        assert view["history"][-1]["cause"] == "erp"
        assert ledger_view(it.ledger)["payments"] == 1

    story(tmp_path, tell)


def test_a_scheduled_payment_leaves_on_its_day(tmp_path):
    async def tell(it):
        accepted = (await it.post("/v1/instructions", payment(execution_date=TOMORROW))).json()
        await it.reaches(accepted["id"], "SCHEDULED")
        it.clock.jump(14 * 3600)
        view = await it.reaches(accepted["id"], "SETTLED")
        left = next(step for step in view["history"] if step["to"] == "SENDING")
        assert left["at"].startswith(TOMORROW)

    story(tmp_path, tell)


def test_a_person_cancels_what_is_held(tmp_path):
    async def tell(it):
        first = payment()
        await it.post("/v1/instructions", first)
        twin = (await it.post("/v1/instructions", first | {"erp_reference": "TWIN"})).json()
        await it.reaches(twin["id"], "HELD")
        target = f"/v1/instructions/{twin['id']}/cancellation"
        assert (await it.call("POST", target, b"[]", key="wang")).status_code == 400
        done = await it.post(target, {"reason": "重复"}, key="wang")
        assert (done.json()["cancelled_by"], done.json()["reason"]) == ("person:王", "重复")
        await it.reaches(twin["id"], "CANCELLED")

    story(tmp_path, tell)


def test_what_has_left_is_a_409_that_says_so(tmp_path):
    async def tell(it):
        wish = payment()
        it.bank.faults.add(
            Scripted(kind=Fault.ERROR_5XX_AFTER_COMMIT, creditor_account=wish["creditor_account"])
        )
        accepted = (await it.post("/v1/instructions", wish)).json()
        await it.reaches(accepted["id"], "UNCONFIRMED")
        answer = await it.call("POST", f"/v1/instructions/{accepted['id']}/cancellation")
        assert (answer.status_code, answer.json()["code"]) == (409, "already_left")
        assert "查证" in answer.json()["detail_zh"]
        assert "enquire" in answer.json()["detail_en"]
        await it.reaches(accepted["id"], "UNCONFIRMED")

    story(tmp_path, tell)


# ── long poll ───────────────────────────────────────────────────────────────────────────────


def test_a_wait_ends_with_the_next_version(tmp_path):
    async def tell(it):
        accepted = (await it.post("/v1/instructions", payment(execution_date=TOMORROW))).json()
        view = await it.reaches(accepted["id"], "SCHEDULED")
        target = f"/v1/instructions/{accepted['id']}"
        calls = [
            asyncio.ensure_future(it.get(f"{target}?wait=60{known}", headers=headers))
            for known, headers in (
                ("", {}),
                (f"&version={view['version']}", {}),
                ("", {"If-None-Match": f'W/"{view["version"]}", "other"'}),
            )
        ]
        await waiters(it, 3)
        began = time.monotonic()
        await it.call("POST", f"{target}/cancellation")
        for answer in await asyncio.gather(*calls):
            told = answer.json()
            assert (told["state"], told["version"]) == ("CANCELLED", view["version"] + 1)
            assert answer.headers["etag"] == f'"{told["version"]}"'
            await conforms(it, "InstructionView", told)
        assert time.monotonic() - began < 5
        assert it.gateway.notices.waiters == 0

    story(tmp_path, tell)


def test_what_is_newer_or_final_is_told_at_once(tmp_path):
    async def tell(it):
        accepted = (await it.post("/v1/instructions", payment())).json()
        final = await it.reaches(accepted["id"], "SETTLED")
        target = f"/v1/instructions/{accepted['id']}"
        for query in ("?wait=60", "?wait=60&version=0", f"?wait=60&version={final['version']}"):
            answer = await asyncio.wait_for(it.get(target + query), 10)
            assert answer.json()["state"] == "SETTLED"

    story(tmp_path, tell)


def test_a_wait_without_a_change_ends_in_time(tmp_path):
    async def tell(it):
        accepted = (await it.post("/v1/instructions", payment(execution_date=TOMORROW))).json()
        view = await it.reaches(accepted["id"], "SCHEDULED")
        target = f"/v1/instructions/{accepted['id']}"
        began = time.monotonic()
        answer = await it.get(f"{target}?wait=1")
        assert (answer.status_code, answer.json()["version"]) == (200, view["version"])
        assert 0.9 < time.monotonic() - began < 10
        tag = {"If-None-Match": answer.headers["etag"]}
        for wait in ("?wait=1", "?wait=0", ""):
            same = await it.get(target + wait, headers=tag)
            assert (same.status_code, same.content) == (304, b"")
            assert same.headers["etag"] == tag["If-None-Match"]
        other = await it.get(target, headers={"If-None-Match": '"999", x, "-1"'})
        assert other.status_code == 200

    story(tmp_path, tell)


def test_waits_are_read_strictly_and_hide_strangers(tmp_path):
    async def tell(it):
        accepted = (await it.post("/v1/instructions", payment(execution_date=TOMORROW))).json()
        target = f"/v1/instructions/{accepted['id']}"
        for query in ("wait=61", "wait=-1", "wait=1.5", "wait=", "wait=%D9%A3", "wait=1&version=x"):
            assert (await it.get(f"{target}?{query}")).status_code == 400
        assert (await it.get(f"{target}?wait=60", key="foreign")).status_code == 404
        assert (await it.get("/v1/instructions/ins_none?wait=60&version=1")).status_code == 404

    story(tmp_path, tell)


def test_too_many_waits_are_turned_away_until_there_is_room(tmp_path, monkeypatch):
    async def tell(it):
        monkeypatch.setattr("gateway.lifecycle.notice.TENANT_WAITERS_MAX", 1)
        accepted = (await it.post("/v1/instructions", payment(execution_date=TOMORROW))).json()
        target = f"/v1/instructions/{accepted['id']}"
        call = asyncio.ensure_future(it.get(f"{target}?wait=60"))
        await waiters(it, 1)
        refused = await it.get(f"{target}?wait=60")
        assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
        assert refused.headers["retry-after"]
        assert (await it.get(target)).status_code == 200
        it.gateway.notices.close()
        assert (await call).status_code == 200

    story(tmp_path, tell)
