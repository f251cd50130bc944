"""Questions to the bank over the API: answered, shared, refused; and collections."""

from __future__ import annotations

import asyncio
import base64
import json

from jsonschema import Draft202012Validator
from sqlalchemy import select

from gateway.sandbox.faults import Fault, Scripted
from gateway.store import tables
from gateway.store.tenancy import acting_for
from tests.integration.web.world import OTHER_ACCOUNT, batch_of, payment, story
from tests.sandbox_json import MAIN

QUERIES = "/v1/queries"
BALANCE = {"kind": "balance", "account": MAIN}


async def calls(it, purpose):
    """How often the bank was asked."""
    w = tables.wire
    asked = select(w.c.id).where(w.c.direction == "out", w.c.purpose == purpose)
    with acting_for(("t1", "t2")):
        return len(await it.gateway.store.read(lambda db: db.execute(asked).all()))


def test_equal_questions_are_one_call_and_say_how_fresh_they_are(tmp_path):
    async def tell(it):
        answers = await asyncio.gather(
            *(it.post(QUERIES, BALANCE | {"id": str(number)}) for number in range(10)),
            it.get(f"{QUERIES}?kind=balance&account={MAIN}"),
        )
        assert {one.status_code for one in answers} == {200}
        told = [one.json() for one in answers]
        assert [one["id"] for one in told] == [*map(str, range(10)), ""]
        assert [one["shared"] for one in told].count(False) == 1
        assert len({one["asked_at"] for one in told}) == 1
        ((record,),) = {tuple(map(json.dumps, one["answers"])) for one in told}
        assert json.loads(record)["ledger"] == "80000000.00"
        assert (await it.post(QUERIES, BALANCE)).json()["shared"] is True
        assert await calls(it, "balance") == 1
        # Another day, another question; and nobody shares another tenant's answer.
        assert (await it.post(QUERIES, BALANCE | {"kind": "statement"})).status_code == 200
        other = {"kind": "balance", "account": OTHER_ACCOUNT}
        assert (await it.post(QUERIES, other, key="foreign")).json()["shared"] is False
        assert (await it.post(QUERIES, other)).status_code == 404
        assert await calls(it, "balance") == 2

    story(tmp_path, tell)


def test_every_kind_is_answered_as_published(tmp_path):
    async def tell(it):
        document = (await it.client.get("/openapi.json")).json()
        schema = {"$ref": "#/components/schemas/QueryAnswer", **document}
        check = Draft202012Validator(schema).validate

        async def ask(**question):
            answer = await it.post(QUERIES, question)
            assert answer.status_code == 200, answer.text
            check(answer.json())
            return answer.json()

        paid = (await it.post("/v1/batches", batch_of(3, amount="1.25"))).json()
        await it.settled_batch(paid["id"], 3)
        reference = paid["results"][1]["erp_reference"]

        (statement,) = (await ask(kind="statement", account=MAIN, start="2026-09-10"))["answers"]
        assert (statement["start"], statement["end"]) == ("2026-09-10", "2026-09-15")
        assert [one["amount"] for one in statement["entries"]][1:] == ["-1.25"] * 3
        assert len({one["key"] for one in statement["entries"]}) == 4
        today = (await ask(kind="statement", account=MAIN))["answers"][0]
        keys = [one["key"] for one in statement["entries"]]
        assert [one["key"] for one in today["entries"]] == keys

        (status,) = (await ask(kind="status", erp_reference=reference))["answers"]
        assert (status["state"], status["final"], status["reason"]) == ("SETTLED", True, "")
        assert (status["amount"], status["batch_lines"]) == ("1.25", 3)
        answer = await ask(kind="receipt", erp_reference=reference, id="R1")
        receipt = answer["answers"][0]
        content = json.loads(base64.b64decode(receipt["content"]))
        assert (answer["id"], receipt["amount"], content["amount"]) == ("R1", "-1.25", "1.25")
        assert content["creditor_account"] == status["creditor_account"]
        assert (await ask(**BALANCE))["answers"][0]["day"] == "2026-09-15"
        it.gateway.runtime.clock.jump(2 * 86_400)
        it.clock._checked = 0.0  # the bank sees it at once
        answer = await ask(kind="history", account=MAIN, start="2026-09-15", end="2026-09-16")
        assert [(one["day"], one["ledger"]) for one in answer["answers"]] == [
            ("2026-09-15", "79999996.25"),
            ("2026-09-16", "79999996.25"),
        ]
        faults = await it.post(QUERIES, {"kind": "history", "account": MAIN, "end": "2026-09-17"})
        assert faults.json()["faults"][0]["code"] == "date_future"

    story(tmp_path, tell)


def test_what_cannot_be_answered_says_why(tmp_path):
    async def tell(it):
        async def refused(status, code, **question):
            answer = await it.post(QUERIES, question)
            assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
            return [(one["path"], one["code"]) for one in answer.json().get("faults", [])]

        assert await refused(400, "refused", kind="weather") == [("/kind", "kind_unknown")]
        assert await refused(400, "refused", kind="balance") == [("/account", "required")]
        assert await refused(400, "refused", kind="status") == [("/erp_reference", "required")]
        faults = await refused(400, "refused", kind="statement", start="2026-9-1", end="x")
        assert faults == [
            ("/end", "date_format"),
            ("/start", "date_format"),
            ("/account", "required"),
        ]
        future = {"kind": "statement", "account": MAIN, "end": "2026-09-16"}
        assert await refused(400, "refused", **future) == [("/end", "date_future")]
        await refused(404, "not_found", kind="status", erp_reference="none")
        answer = await it.get(f"{QUERIES}?kind=weather")
        assert [one["path"] for one in answer.json()["faults"]] == ["?kind"]
        answer = await it.get(f"{QUERIES}?kind=balance&account={MAIN}&id={'9' * 65}")
        assert [(one["path"], one["code"]) for one in answer.json()["faults"]] == [
            ("?id", "too_long")
        ]

        it.bank.faults.add(Scripted(kind=Fault.DROP_AFTER_COMMIT, operation="balance"))
        await refused(504, "unconfirmed", **BALANCE)
        it.bank.faults.add(Scripted(kind=Fault.HTML_200, operation="balance"))
        await refused(502, "bank_reply_unreadable", **BALANCE)
        # What failed on its way is asked again at once: nothing of it is kept.
        assert (await it.post(QUERIES, BALANCE)).json()["shared"] is False

    story(tmp_path, tell)


def test_an_unknown_outcome_is_asked_for_and_never_called_failed(tmp_path):
    async def tell(it):
        wish = payment()
        it.bank.faults.add(
            Scripted(kind=Fault.ERROR_5XX_AFTER_COMMIT, creditor_account=wish["creditor_account"])
        )
        accepted = (await it.post("/v1/instructions", wish)).json()
        await it.reaches(accepted["id"], "UNCONFIRMED")
        question = {"kind": "status", "erp_reference": accepted["erp_reference"]}
        told = (await it.post(QUERIES, question)).json()
        assert told["answers"][0]["state"] == told["answers"][0]["reason"] == "UNCONFIRMED"
        assert told["answers"][0]["final"] is False
        assert told["enquiry_at"] > told["asked_at"]
        # Another ERP of the tenant does not see it under that number.
        assert (await it.post(QUERIES, question, key="erp2")).status_code == 404
        receipt = await it.post(QUERIES, question | {"kind": "receipt"})
        assert receipt.status_code in {200, 502}

    story(tmp_path, tell)


REQUEST = {
    "kind": "payment_request",
    "erp_reference": "AR-1",
    "creditor_account": MAIN,
    "debtor_account": "6222000000001",
    "debtor_name": "客户有限公司",
    "amount": "100.00",
    "purpose": "货款",
}
SWEEP = {
    "kind": "sweep",
    "erp_reference": "SW-1",
    "creditor_account": MAIN,
    "debtor_account": MAIN,
    "keep": "0.00",
}


def test_collections_are_three_things_and_none_is_offered(tmp_path):
    async def tell(it):
        for wish in (
            REQUEST,
            REQUEST | {"kind": "direct_debit", "mandate": "M-1"},
            SWEEP,
        ):
            answer = await it.post("/v1/collections", wish)
            assert (answer.status_code, answer.json()["code"]) == (422, "not_offered")
            assert "cib does not offer" in answer.json()["detail_en"]
            assert wish["kind"] in answer.json()["detail_zh"]

        async def faults(wish):
            answer = await it.post("/v1/collections", wish)
            assert answer.status_code == 400
            return [(one["path"], one["code"]) for one in answer.json()["faults"]]

        assert await faults(REQUEST | {"kind": "direct_debit"}) == [("/mandate", "required")]
        assert await faults(REQUEST | {"mandate": "M-1"}) == [("/mandate", "unknown_field")]
        assert await faults(SWEEP | {"debtor_account": "1"}) == [
            ("/debtor_account", "account_unknown")
        ]
        for amount in ("0.00", "1e3", "1_0.00", "１２", "NaN", "1.234", "-5.00"):
            assert await faults(REQUEST | {"amount": amount}) == [("/amount", "amount_format")]
        assert await faults(REQUEST | {"currency": "RMB", "due": "soon"}) == [
            ("/currency", "currency_unknown"),
            ("/due", "date_format"),
        ]
        assert (await it.post("/v1/collections", REQUEST, key="wang")).status_code == 403

    story(tmp_path, tell)


def test_a_question_uses_its_nonce_up_without_a_commit(tmp_path):
    async def tell(it):
        body = json.dumps(BALANCE).encode()
        headers = it.signed("POST", QUERIES, body)
        answers = [
            (await it.client.request("POST", QUERIES, content=body, headers=headers)).status_code
            for _ in range(2)
        ]
        assert answers == [200, 401]
        n = tables.nonce
        with acting_for(("t1",)):
            kept = await it.gateway.store.read(lambda db: db.execute(select(n.c.nonce)).all())
        assert kept == []

    story(tmp_path, tell)
