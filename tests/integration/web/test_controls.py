"""The controls over the API: export, proposals, votes, the dry run; nothing across tenants."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from gateway.controls.version_file import verify_export
from tests.integration.web.world import OTHER_ACCOUNT, SECRET, payment, story
from tests.sandbox_json import MAIN

MACHINE = {"secret": SECRET.decode(), "kind": "machine"}
PERSON = {"secret": SECRET.decode(), "kind": "person"}
KEYS = {
    "key": [
        {**MACHINE, "id": "erp", "name": "sap", "erp": "sap"},
        *({**PERSON, "id": it, "name": it} for it in ("wang", "li", "chen", "clerk")),
    ]
}
GOVERN = {"name": "governor", "permissions": [{"rights": ["*"]}]}
DOCUMENT = {
    "format": "controls/1",
    "people": [{"name": it} for it in ("wang", "li", "chen", "clerk")],
    "roles": [
        GOVERN,
        {"name": "erp", "permissions": [{"rights": ["view", "make", "cancel", "enquire"]}]},
        {"name": "clerk", "permissions": [{"rights": ["make"]}]},
    ],
    "assignments": [
        *({"person": it, "role": "governor"} for it in ("wang", "li", "chen")),
        {"person": "clerk", "role": "clerk"},
    ],
    "machines": [{"name": "sap", "roles": ["erp"]}],
    "matrix": [
        {
            "id": "all",
            "currency": "CNY",
            "bands": [
                {"up_to": "1000.00", "steps": []},
                {"steps": [{"role": "governor", "people": 2}]},
            ],
        }
    ],
    "lifts": [{"rule": "*", "steps": [{"role": "governor"}]}],
    "payroll_viewers": ["governor"],
}
PROPOSALS = "/v1/controls/proposals"
OF_LI = {"giver": "li", "taker": "clerk", "since": "2026-09-01", "until": "2026-09-30"}


async def conforms(it, name, value):
    document = (await it.client.get("/openapi.json")).json()
    schema = {"$ref": f"#/components/schemas/{name}", **document}
    Draft202012Validator(schema).validate(value)


async def put_in_force(it, document=DOCUMENT):
    made = (await it.post(PROPOSALS, {"content": document}, key="wang")).json()
    target = made["links"]["vote"]
    answer = await it.post(target, {"digest": made["digest"]}, key="li")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_from_proposal_to_force_and_the_signed_file(tmp_path):
    async def tell(it):
        before = (await it.get("/v1/controls", key="wang")).json()
        await conforms(it, "ControlsExport", before)
        assert (before["version"], before["state"]) == (0, "settings")
        body = {"content": DOCUMENT, "comment": "首版"}
        await conforms(it, "ControlProposal", body)
        proposed = await it.post(PROPOSALS, body, key="wang")
        assert proposed.status_code == 200, proposed.text
        made = proposed.json()
        await conforms(it, "ControlVersion", made)
        assert (made["state"], made["needed"], made["counted"]) == ("proposed", 2, 1)
        assert "wang" not in made["next"]
        done = await put_in_force(it)
        assert (done["version"], done["state"], done["in_force"]) == (1, "in_force", 1)
        listed = (await it.get(PROPOSALS, key="li")).json()
        await conforms(it, "ControlVersions", listed)
        shown = (await it.get(f"{PROPOSALS}/1", key="li")).json()
        assert shown["content"]["matrix"][0]["id"] == "all"
        file = await it.get("/v1/controls", key="li")
        await conforms(it, "ControlsExport", file.json())
        verified = verify_export(file.content, file.json()["key"])
        assert (verified.tenant, verified.version, verified.digest) == ("t1", 1, made["digest"])
        assert (await it.get("/v1/controls?version=1", key="li")).json()["version"] == 1

    story(tmp_path, tell, tenant=KEYS)


def test_who_would_have_to_approve(tmp_path):
    async def tell(it):
        await put_in_force(it)
        small = f"/v1/controls/explanation?from={MAIN}&to=6222&amount=1000.00&maker=machine:sap"
        told = (await it.get(small, key="wang")).json()
        await conforms(it, "ControlExplanation", told)
        assert (told["straight_through"], told["version"]) == (True, 1)
        large = small.replace("1000.00", "1000.01")
        told = (await it.get(large, key="wang")).json()
        await conforms(it, "ControlExplanation", told)
        (step,) = told["steps"]
        assert (step["people"], step["role"]) == (2, "governor")
        assert {one["name"] for one in step["candidates"]} == {"wang", "li", "chen"}
        mine = (await it.get(large.replace("machine:sap", "person:wang"), key="wang")).json()
        assert {one["name"] for one in mine["steps"][0]["candidates"]} == {"li", "chen"}

    story(tmp_path, tell, tenant=KEYS)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (("amount=1.00", "amount=1.001"), "?amount"),
        (("amount=1.00", "amount=0.00"), "?amount"),
        (("amount=1.00", ""), "?amount"),
        (("to=6222", "to=6222&type=gift"), "?type"),
        (("to=6222", "to=6222&known=maybe"), "?known"),
        (("to=6222", "to=6222&payee=friend"), "?payee"),
        (("to=6222", "to=6222&maker=nobody"), "?maker"),
        ((MAIN, OTHER_ACCOUNT), "?from"),
    ],
)
def test_a_question_with_a_fault_names_it(tmp_path, change, path):
    """The last one: another tenant's account is no account."""

    async def tell(it):
        target = f"/v1/controls/explanation?from={MAIN}&to=6222&amount=1.00"
        answer = await it.get(target.replace(*change), key="wang")
        assert answer.status_code == 400, answer.text
        assert [one["path"] for one in answer.json()["faults"]] == [path]

    story(tmp_path, tell, tenant=KEYS)


def test_a_document_with_faults_is_told_all_of_them(tmp_path):
    async def tell(it):
        wrong = json.loads(json.dumps(DOCUMENT))
        wrong["people"][0]["shoe"] = 43
        wrong["matrix"][0]["bands"][0]["up_to"] = "1,000"
        answer = await it.post(PROPOSALS, {"content": wrong}, key="wang")
        assert answer.status_code in {400, 422}
        assert answer.json()["code"] == "controls_refused"
        paths = {one["path"] for one in answer.json()["faults"]}
        assert paths == {"/people/0/shoe", "/matrix/0/bands/0/up_to"}
        for body in (b"{", b"[]", b'{"content": 1.5}', b'{"content": {}, "content": {}}', b"[" * 9):
            refused = await it.call("POST", PROPOSALS, body, key="wang")
            assert refused.status_code in {400, 422}, body
        assert (await it.get(PROPOSALS, key="wang")).json() == {"versions": []}

    story(tmp_path, tell, tenant=KEYS)


def test_nothing_across_tenants(tmp_path):
    async def tell(it):
        made = (await it.post(PROPOSALS, {"content": DOCUMENT}, key="wang")).json()
        assert (await it.get(f"{PROPOSALS}/1", key="zhao")).status_code == 404
        assert (await it.get(PROPOSALS, key="zhao")).json() == {"versions": []}
        assert (await it.get("/v1/controls?version=1", key="zhao")).status_code == 404
        for what in ("votes", "withdrawal"):
            body = {"digest": made["digest"]} if what == "votes" else {}
            answer = await it.post(f"{PROPOSALS}/1/{what}", body, key="zhao")
            assert answer.status_code == 404
        assert (await it.get("/v1/controls", key="zhao")).json()["tenant"] == "t2"
        assert (await it.get(f"{PROPOSALS}/1", key="wang")).json()["counted"] == 1
        for strange in ("0", "2", "-1", "1e0", "x", "9" * 30):
            assert (await it.get(f"{PROPOSALS}/{strange}", key="wang")).status_code == 404

    story(tmp_path, tell, tenant=KEYS)


def test_who_may_what(tmp_path):
    async def tell(it):
        assert (await it.post(PROPOSALS, {"content": DOCUMENT}, key="erp")).status_code == 403
        made = await put_in_force(it)
        vote = {"digest": made["digest"]}
        assert (await it.post(f"{PROPOSALS}/1/votes", vote, key="erp")).status_code == 403
        for target in ("/v1/controls", PROPOSALS, f"{PROPOSALS}/1"):
            assert (await it.get(target, key="erp")).status_code == 200, "granted view of all"
            assert (await it.get(target, key="clerk")).status_code == 403
        question = f"/v1/controls/explanation?from={MAIN}&to=6222&amount=1.00"
        assert (await it.get(question, key="clerk")).status_code == 403
        changed = {**DOCUMENT, "delegations": [OF_LI]}
        assert (await it.post(PROPOSALS, {"content": changed}, key="clerk")).status_code == 403
        assert (await it.post(PROPOSALS, {"content": changed}, key="li")).status_code == 200
        withdrawn = await it.call("POST", f"{PROPOSALS}/2/withdrawal", key="wang")
        assert withdrawn.json()["state"] == "withdrawn"

    story(tmp_path, tell, tenant=KEYS)


def test_the_document_decides_from_the_next_payment_on(tmp_path):
    async def tell(it):
        await put_in_force(it)
        small = (await it.post("/v1/instructions", payment(amount="1000.00"))).json()
        large = (await it.post("/v1/instructions", payment(amount="1000.01"))).json()
        await it.reaches(small["id"], "SETTLED")
        await it.reaches(large["id"], "HELD")

    story(tmp_path, tell, tenant=KEYS)


def test_a_budget_item_rides_in_and_out_and_its_plan_is_kept(tmp_path):
    plan = {"company": "c1", "item": "A01", "period": "2026-09", "currency": "CNY"}
    planned = {**DOCUMENT, "plan": [plan | {"amount": "900.00"}]}

    async def tell(it):
        await put_in_force(it, planned)
        fits = payment(amount="600.00", budget_item="A01")
        line = payment(erp_reference="B", amount="300.01", budget_item="A01")
        one = (await it.post("/v1/instructions", fits)).json()
        batch = {"batch_reference": "F", "instructions": [line, {**line, "erp_reference": "C"}]}
        batch["instructions"][1] |= {"budget_item": "x" * 65}
        taken = (await it.post("/v1/batches", batch)).json()
        good, bad = taken["results"]
        (fault,) = bad["faults"]
        assert (fault["path"], fault["code"]) == ("/instructions/1/budget_item", "too_long")
        await it.reaches(one["id"], "SETTLED")
        shown = (await it.get(f"/v1/instructions/{one['id']}")).json()
        await conforms(it, "InstructionView", shown)
        assert shown["budget_item"] == "A01"
        await it.reaches(good["id"], "HELD")
        report = (await it.get(f"/v1/batches/{taken['id']}/report")).json()
        assert [one.get("budget_item") for one in report["lines"]] == ["A01", None]
        told = (await it.get("/v1/controls/use?company=c1&item=A01", key="erp")).json()
        await conforms(it, "ControlUse", told)
        (counter,) = told["counters"]
        assert [counter[name] for name in ("at_most", "used", "left")] == [
            *("900.00", "600.00", "300.00")
        ]
        nothing = (await it.get("/v1/controls/use?period=2025", key="wang")).json()
        assert (nothing["counters"], nothing["more"]) == ([], False)
        assert (await it.get("/v1/controls/use", key="clerk")).json()["counters"] == []
        for wrong in ("2026-1", "2026-10-", "x", "2026%0A"):
            answer = await it.get(f"/v1/controls/use?period={wrong}", key="wang")
            assert [one["path"] for one in answer.json()["faults"]] == ["?period"]

    story(tmp_path, tell, tenant=KEYS)
