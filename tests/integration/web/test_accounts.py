"""Accounts, connections, health, metrics, the contract and its page."""

from __future__ import annotations

import asyncio
import re

from jsonschema import Draft202012Validator

from gateway.sandbox.faults import Fault, Scripted
from gateway.web.contract import OPERATIONS
from tests.integration.web.world import batch_of, payment, story
from tests.sandbox_json import MAIN

BALANCE = f"/v1/accounts/{MAIN}/balance"
STATEMENTS = f"/v1/accounts/{MAIN}/statements"


def test_balance_and_todays_statement_come_from_the_bank(tmp_path):
    async def tell(it):
        before = (await it.get(BALANCE)).json()
        assert before["ledger"] == "80000000.00"
        assert (before["source"], before["currency"]) == ("bank", "CNY")
        told = (await it.post("/v1/batches", batch_of(120, amount="1.25"))).json()
        await it.settled_batch(told["id"], 120)
        after = (await it.get(f"{BALANCE}?fresh=true")).json()
        assert after["ledger"] == "79999850.00"
        statement = (await it.get(STATEMENTS)).json()
        assert len(statement["entries"]) == 121  # two pages; the first line opens the account
        assert {entry["amount"] for entry in statement["entries"][1:]} == {"-1.25"}
        assert statement["entries"][0]["booking_date"] == "2026-09-15"
        assert (statement["opening"], statement["closing"]) == ("0.00", after["ledger"])
        assert statement["continuity"] == "ok"
        empty = (await it.get(f"{STATEMENTS}?date=2026-09-14")).json()
        assert (empty["entries"], empty["continuity"]) == ([], "unknown")

    story(tmp_path, tell)


def test_days_are_checked_before_the_bank_is_asked(tmp_path):
    async def tell(it):
        for query in ("?date=2026-9-1", "?date=2026-02-30", "?date=2026-09-16", "?day=1"):
            answer = await it.get(f"{STATEMENTS}{query}")
            assert answer.status_code == 400
        assert (await it.get(f"{BALANCE}?fresh=1")).status_code == 400

    story(tmp_path, tell)


def test_what_the_bank_answers_badly_is_not_the_callers_fault(tmp_path):
    async def tell(it):
        it.bank.faults.add(Scripted(kind=Fault.HTML_200, operation="balance"))
        answer = await it.get(BALANCE)
        assert (answer.status_code, answer.json()["code"]) == (502, "bank_reply_unreadable")
        it.bank.faults.add(Scripted(kind=Fault.DROP_AFTER_COMMIT, operation="balance"))
        assert (await it.get(BALANCE)).status_code == 504
        assert (await it.get(BALANCE)).status_code == 200

    story(tmp_path, tell)


def test_a_wrong_password_stops_the_connection_until_a_person_lifts_that(tmp_path):
    async def tell(it):
        await it.post("/v1/instructions", payment())
        async with asyncio.timeout(10):
            while True:
                (account,) = (await it.get("/v1/accounts")).json()["accounts"]
                if account["connection_blocked"]:
                    break
                await asyncio.sleep(0.02)
        asked = await it.get(BALANCE)
        assert (asked.status_code, asked.json()["code"]) == (422, "not_offered")
        target = "/v1/connections/cib-1/unblock"
        assert (await it.call("POST", target)).status_code == 403
        assert (await it.call("POST", target, key="zhao")).status_code == 404
        assert (await it.call("POST", target, key="wang")).json()["unblocked"] is True

    story(tmp_path, tell, password="wrong")


def test_health_metrics_and_checkpoints(tmp_path):
    async def tell(it):
        assert (await it.client.get("/healthz")).json() == {"status": "ok"}
        assert (await it.client.get("/readyz")).json() == {"status": "ready"}
        accepted = (await it.post("/v1/instructions", payment())).json()
        await it.reaches(accepted["id"], "SETTLED")
        await it.client.get("/v1/accounts")
        text = (await it.client.get("/metrics")).text
        for figure in (
            'gateway_requests_total{operation="post_instruction",status="200"} 1.0',
            'gateway_requests_total{operation="list_accounts",status="401"} 1.0',
            'gateway_signatures_refused_total{flaw="missing"} 1.0',
            'gateway_accepted_total{kind="instruction"} 1.0',
            'gateway_open_instructions{state="UNCONFIRMED"} 0.0',
            "gateway_blocked_connections 0.0",
        ):
            assert figure in text
        assert "t1" not in text
        await it.gateway.checkpoints.write()
        (first, *_) = (await it.get("/v1/audit/checkpoints")).json()["checkpoints"]
        assert (first["seq"], len(first["root"])) == (1, 64)
        rest = await it.get("/v1/audit/checkpoints?after=1000000")
        assert rest.json() == {"checkpoints": []}

    story(tmp_path, tell)


def test_a_gateway_that_is_ending_is_not_ready(tmp_path):
    async def tell(it):
        it.gateway.watch.ending = True
        answer = await it.client.get("/readyz")
        assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
        assert (await it.client.get("/healthz")).status_code == 200
        assert 'gateway_up{role="both"} 0.0' in (await it.client.get("/metrics")).text

    story(tmp_path, tell)


def test_the_contract_describes_what_is_answered(tmp_path):
    async def tell(it):
        document = (await it.client.get("/openapi.json")).json()
        assert document["openapi"] == "3.1.0"
        described = {
            (method.upper(), path)
            for path, methods in document["paths"].items()
            for method in methods
        }
        assert described == {(one.method, one.path) for one in OPERATIONS}
        text = (await it.client.get("/openapi.json")).text
        for name in set(re.findall(r'"#/components/schemas/(\w+)', text)):
            assert name in document["components"]["schemas"]

        def check(name, value):
            schema = {"$ref": f"#/components/schemas/{name}", **document}
            Draft202012Validator(schema).validate(value)

        wish = payment()
        check("Instruction", wish)
        accepted = (await it.post("/v1/instructions", wish)).json()
        check("Acceptance", accepted)
        check("InstructionView", await it.reaches(accepted["id"], "SETTLED"))
        told = (await it.post("/v1/batches", batch_of(2))).json()
        check("BatchAcceptance", told)
        check("BatchView", (await it.get(f"/v1/batches/{told['id']}")).json())
        check("BatchReport", (await it.get(f"/v1/batches/{told['id']}/report")).json())
        check("Accounts", (await it.get("/v1/accounts")).json())
        check("Balance", (await it.get(BALANCE)).json())
        check("Statement", (await it.get(STATEMENTS)).json())
        check("Problem", (await it.get("/v1/batches/none")).json())

    story(tmp_path, tell)


def test_the_page_needs_no_network(tmp_path):
    async def tell(it):
        answer = await it.client.get("/docs")
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        page = answer.text
        assert "<script" not in page
        assert re.findall(r'(?:src|href)="(?!#|/openapi\.json)', page) == []
        for operation in OPERATIONS:
            assert operation.path in page
            assert operation.zh[:10] in page

    story(tmp_path, tell)
