"""Statements kept: fetched from the sandbox, imported from files, seen day by day."""

from __future__ import annotations

import asyncio
import json

from gateway.controls.in_force import InForce
from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.reading import read
from tests.integration.web.test_rights import DOCUMENT, EVERYTHING, TENANT, in_force
from tests.integration.web.world import batch_of, story
from tests.sandbox_json import MAIN

DAYS = f"/v1/accounts/{MAIN}/days"
ENTRIES = f"/v1/accounts/{MAIN}/entries"


def test_days_are_fetched_kept_once_and_proven(tmp_path):
    async def tell(it):
        told = (await it.post("/v1/batches", batch_of(30, amount="1.25"))).json()
        await it.settled_batch(told["id"], 30)
        first = (await it.post(f"{DAYS}?from=2026-09-14&to=2026-09-15", "")).json()
        assert first["added"] == 31  # the sandbox's first line opens the account
        again = (await it.post(f"{DAYS}?from=2026-09-14&to=2026-09-15", "")).json()
        assert again["added"] == 0
        seen = (await it.get(DAYS)).json()
        by_day = {day["day"]: day for day in seen["days"]}
        assert by_day["2026-09-15"]["state"] == "open"
        assert by_day["2026-09-15"]["entries"] == 31
        assert by_day["2026-09-15"]["debits"] == "37.50"
        kept = (await it.get(ENTRIES)).json()
        assert len(kept["entries"]) == 31
        assert kept["next"] is None
        assert {line["amount"] for line in kept["entries"][1:]} == {"-1.25"}

    story(tmp_path, tell)


def test_a_file_is_imported_once_and_what_is_no_statement_is_refused(tmp_path):
    async def tell(it):
        text = _mt940()
        done = (await _sent(it, text, "?name=day.sta")).json()
        assert (done["state"], done["added"], done["format"]) == ("imported", 2, "MT940")
        again = (await _sent(it, text)).json()
        assert (again["id"], again["repeated"], again["added"]) == (done["id"], True, 0)
        assert (await it.get(f"/v1/statement-files/{done['id']}")).json()["entries"] == 2
        assert len((await it.get("/v1/statement-files")).json()["imports"]) == 1
        (day,) = [day for day in (await it.get(DAYS)).json()["days"] if day["day"] == "2026-09-10"]
        assert (day["state"], day["opening"], day["closing"]) == ("proven", "100.00", "85.00")
        refused = await _sent(it, "hello")
        assert refused.status_code == 400
        wrong = await _sent(it, text.replace("C260910CNY85,", "C260910CNY86,"))
        assert wrong.json()["state"] == "quarantined"
        machine = await _sent(it, text, "?despite=true")
        assert machine.status_code == 403

    story(tmp_path, tell)


def test_a_file_in_a_folder_is_imported_by_itself(tmp_path):
    box = {"id": "bank-files", "address": "files", "poll_s": 1, "options": {"settle_s": "0"}}
    inbox = tmp_path / "files" / "in"
    inbox.mkdir(parents=True)
    (inbox / "day.sta").write_text(_mt940())

    async def tell(it):
        async with asyncio.timeout(10):
            while not list(inbox.parent.glob("processed/*")):
                it.clock.jump(1)
                await asyncio.sleep(0.02)
        (done,) = (await it.get("/v1/statement-files")).json()["imports"]
        assert (done["state"], done["added"], done["name"]) == ("imported", 2, "day.sta")
        assert done["actor"] == "machine:bank-files"
        (reply,) = inbox.parent.glob("out/*.imported.json")
        assert json.loads(reply.read_text())["id"] == done["id"]

    story(tmp_path, tell, tenant={"statement_box": [box]})


def test_a_file_is_withdrawn_by_a_person_who_may_and_comes_back(tmp_path):
    async def tell(it):
        rights = [*EVERYTHING, "reconcile"]
        roles = [
            one if one["name"] != "wages" else {**one, "permissions": [{"rights": rights}]}
            for one in DOCUMENT["roles"]
        ]
        found = InForce(1, Rules(read(DOCUMENT | {"roles": roles})))
        it.gateway.controls._found = lambda *_: found
        done = (await _sent(it, _mt940(), key="wang")).json()
        place, why = f"/v1/statement-files/{done['id']}/withdrawal", '{"reason": "wrong file"}'

        async def asked(body=why, key="pay", at=place):
            return await it.call("POST", at, body.encode(), key=key)

        assert (await asked(key="erp")).status_code == 403
        for stranger in ("none", "trade"):
            assert (await asked(key=stranger)).status_code == 404
        for onlooker in ("li", "wang"):
            assert (await asked(key=onlooker)).status_code == 403
        assert (await asked("{}")).status_code == 400
        assert (await asked(at="/v1/statement-files/sti_none/withdrawal")).status_code == 404
        gone = (await asked()).json()
        assert (gone["state"], gone["withdrawn_lines"]) == ("withdrawn", 2)
        assert gone["withdrawn_reason"] == "wrong file"
        assert (await asked()).json() == gone
        assert (await it.get(ENTRIES, key="wang")).json()["entries"] == []
        back = (await _sent(it, _mt940(), key="wang")).json()
        assert (back["state"], back["added"], back["repeated"]) == ("imported", 2, False)

    story(tmp_path, tell, tenant=TENANT)


def test_periods_and_names_are_checked(tmp_path):
    async def tell(it):
        for query in ("?from=2026-9-1", "?from=2026-09-16&to=2026-09-15", "?to=2026-02-30"):
            assert (await it.get(f"{DAYS}{query}")).status_code == 400
        assert (await it.get(f"{ENTRIES}?start=-1")).status_code == 400
        assert (await it.post(f"{DAYS}?from=2026-08-01&to=2026-09-14", "")).status_code == 400
        assert (await it.get("/v1/accounts/999/days")).status_code == 404
        assert (await it.get("/v1/statement-files/sti_none")).status_code == 404

    story(tmp_path, tell)


async def _sent(it, text, query="", key="erp"):
    return await it.call("POST", f"/v1/statement-files{query}", text.encode(), key=key)


def _mt940() -> str:
    return "\r\n".join(
        [
            ":20:STARTUMS",
            f":25:{MAIN}",
            ":28C:00001/001",
            ":60F:C260909CNY100,",
            ":61:2609100910D20,NTRFREF1//BANK1",
            ":86:rent",
            ":61:2609100910C5,NTRFREF2//BANK2",
            ":86:interest",
            ":62F:C260910CNY85,",
            "-",
            "",
        ]
    )


def test_whoever_may_not_see_an_account_imports_nothing_of_it(tmp_path):
    async def tell(it):
        in_force(it)
        for stranger in ("none", "trade"):
            refused = await _sent(it, _mt940(), key=stranger)
            assert (refused.json()["state"], refused.json()["added"]) == ("refused", 0)
            assert [one["code"] for one in refused.json()["findings"]] == ["account_unknown"]
            assert (await it.get(DAYS, key=stranger)).status_code == 404
            assert (await it.get(ENTRIES, key=stranger)).status_code == 404
            assert (await it.call("POST", DAYS, b"", key=stranger)).status_code == 404
        assert (await _sent(it, _mt940(), key="wang")).json()["added"] == 2

    story(tmp_path, tell, tenant=TENANT)
