"""The payee master over the API: proposals, votes, files, lists; nothing across tenants."""

from __future__ import annotations

from jsonschema import Draft202012Validator

from gateway.sandbox import payees
from tests.integration.web.test_controls import DOCUMENT, KEYS
from tests.integration.web.world import payment, story

PROPOSALS = "/v1/payees/proposals"
ACCOUNT = payees.own_account(9001)
NAME = payees.payee_name(ACCOUNT)
CREATE = {"action": "create", "account": ACCOUNT, "name": NAME, "vendor": "V-1"}


async def conforms(it, name, document):
    contract = (await it.client.get("/openapi.json")).json()
    schema = {"$ref": f"#/components/schemas/{name}", "components": contract["components"]}
    Draft202012Validator(schema).validate(document)


async def proposed(it, *items, key="wang"):
    answer = await it.post(PROPOSALS, {"items": list(items)}, key=key)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def voted(it, made, key="li"):
    body = {"digest": made["digest"], "reason": "已核对"}
    return await it.post(f"{PROPOSALS}/{made['id']}/votes", body, key=key)


async def held(it, **more):
    """Rules that hold a payment to the payee."""
    answer = await it.post(
        "/v1/instructions", payment(creditor_account=ACCOUNT, creditor_name=NAME, **more)
    )
    view = await it.reaches(answer.json()["id"], "HELD", "SETTLED")
    return [hold["rule"] for hold in view.get("holds", [])]


def test_from_proposal_to_payee_and_its_history(tmp_path):
    async def tell(it):
        wishes = {"items": [CREATE], "comment": "新供应商"}
        await conforms(it, "PayeeWishes", wishes)
        answer = await it.post(PROPOSALS, wishes, key="wang")
        made = answer.json()
        await conforms(it, "PayeeProposal", made)
        assert (made["state"], made["count"], made["next_items"]) == ("proposed", 1, None)
        assert made["items"][0]["now"] is None
        opened = (await it.get(PROPOSALS, key="li")).json()
        await conforms(it, "PayeeProposals", opened)
        assert [one["id"] for one in opened["proposals"]] == [made["id"]]
        assert (await voted(it, made, key="wang")).status_code == 403, "by who proposed it"
        done = await voted(it, made)
        assert (done.status_code, done.json()["state"]) == (200, "approved")
        assert (await it.get(PROPOSALS, key="li")).json() == {"proposals": []}
        listed = (await it.get(f"/v1/payees?account={ACCOUNT}", key="erp")).json()
        await conforms(it, "Payees", listed)
        (payee,) = listed["payees"]
        assert (payee["approved"], payee["vendor"], listed["next"]) == (True, "V-1", None)
        one = (await it.get(f"/v1/payees/{payee['id']}", key="li")).json()
        await conforms(it, "PayeeWithHistory", one)
        assert [past["proposal"] for past in one["changes"]] == [made["id"]]
        block = await proposed(it, {"action": "block", "payee": payee["id"]})
        withdrawn = await it.call("POST", f"{PROPOSALS}/{block['id']}/withdrawal", key="li")
        assert withdrawn.json()["state"] == "withdrawn"
        shown = (await it.get(f"{PROPOSALS}/{made['id']}?after=1", key="li")).json()
        assert shown["items"] == []

    story(tmp_path, tell, tenant=KEYS)


def test_a_file_is_one_proposal_and_its_faults_are_told_by_line(tmp_path):
    async def tell(it):
        target = "/v1/payees/imports?comment=%E9%A6%96%E6%89%B9&source=a.csv"
        text = f"收款账号,户名\n{ACCOUNT},{NAME}\n1 2,甲\n".encode("gbk")
        refused = await it.call("POST", target, text, key="wang")
        assert refused.status_code == 400, refused.text
        assert [(one["line"], one["path"]) for one in refused.json()["faults"]] == [(3, "收款账号")]
        lines = "".join(f"{number:05},甲{number}\n" for number in range(3))
        answer = await it.call("POST", target, f"account,name\n{lines}".encode(), key="wang")
        made = answer.json()
        await conforms(it, "PayeeProposal", made)
        assert (made["count"], made["source"], made["comment"]) == (3, "a.csv", "首批")
        assert (await voted(it, made)).json()["state"] == "approved"
        first = (await it.get("/v1/payees?limit=2", key="li")).json()
        later = (await it.get(f"/v1/payees?limit=2&after={first['next']}", key="li")).json()
        assert (len(first["payees"]), len(later["payees"]), later["next"]) == (2, 1, None)
        assert (await it.call("POST", target, b"", key="wang")).status_code == 400
        assert (await it.call("POST", target, text, key="erp")).status_code == 403

    story(tmp_path, tell, tenant=KEYS)


FAULTY = (
    ({}, ["/items"]),
    ({"items": []}, ["/items"]),
    ({"items": [CREATE], "shoe": 1, "comment": 1}, ["/comment", "/shoe"]),
    (
        {"items": [7, {"action": "pay"}, {"action": ["block"]}]},
        ["/items/0", "/items/1/action", "/items/2/action"],
    ),
    ({"items": [CREATE | {"name": 7}]}, ["/items/0/name"]),
    (
        {"items": [CREATE | {"account": "6 1", "cnaps": "1"}]},
        ["/items/0/account", "/items/0/cnaps"],
    ),
    ({"items": [{"action": "block", "account": "1"}]}, ["/items/0/account"]),
    ({"items": [{"action": "block"}]}, ["/items/0/payee"]),
    (
        {"items": [{"action": "block", "payee": "\0"}], "comment": "\0"},
        ["/comment", "/items/0/payee"],
    ),
    ({"items": [{"action": "block", "payee": "pye_nothing"}]}, ["/items/0/payee"]),
)


def test_every_fault_of_a_proposal_is_told_with_its_place(tmp_path):
    async def tell(it):
        for body, paths in FAULTY:
            answer = await it.post(PROPOSALS, body, key="wang")
            assert answer.status_code == 400, answer.text
            assert sorted(one["path"] for one in answer.json()["faults"]) == paths

    story(tmp_path, tell, tenant=KEYS)


def test_nothing_across_tenants_and_nothing_that_is_not_there(tmp_path):
    async def tell(it):
        made = await proposed(it, CREATE)
        assert (await it.get(f"{PROPOSALS}/{made['id']}", key="zhao")).status_code == 404
        assert (await voted(it, made, key="zhao")).status_code == 404
        withdrawal = f"{PROPOSALS}/{made['id']}/withdrawal"
        assert (await it.call("POST", withdrawal, key="zhao")).status_code == 404
        assert (await it.get(PROPOSALS, key="zhao")).json() == {"proposals": []}
        assert (await voted(it, made)).status_code == 200
        (payee,) = (await it.get("/v1/payees", key="li")).json()["payees"]
        assert (await it.get(f"/v1/payees/{payee['id']}", key="zhao")).status_code == 404
        assert (await it.get("/v1/payees", key="zhao")).json()["payees"] == []
        assert (await it.get("/v1/payees/%00", key="li")).status_code == 404
        vote = {"digest": made["digest"], "reason": "\0"}
        answer = await it.post(f"{PROPOSALS}/{made['id']}/votes", vote, key="li")
        assert answer.json()["faults"][0]["code"] == "forbidden_character"
        for query in ("state=gone", "limit=0", "limit=501", "limit=x", "account=%00", "x=1"):
            assert (await it.get(f"/v1/payees?{query}", key="li")).status_code == 400, query

    story(tmp_path, tell, tenant=KEYS)


def test_under_a_document_its_rules_hold_and_its_rights_count(tmp_path):
    async def tell(it):
        payees_ = {"first_payment": True, "cooling_hours": 24, "shared_account": True}
        document = {**DOCUMENT, "payees": payees_}
        document["lifts"] = [{"rule": "*", "steps": [{"role": "governor"}]}]
        answer = await it.post("/v1/controls/proposals", {"content": document}, key="wang")
        assert answer.status_code == 200, answer.text
        for key in ("li", "chen"):
            body = {"digest": answer.json()["digest"]}
            await it.post("/v1/controls/proposals/1/votes", body, key=key)
        assert (await it.get("/v1/controls", key="li")).json()["version"] == 1
        assert await held(it) == ["first_payment"]
        assert (await it.post(PROPOSALS, {"items": [CREATE]}, key="clerk")).status_code == 403
        assert (await it.get("/v1/payees", key="clerk")).status_code == 403
        assert (await voted(it, await proposed(it, CREATE))).status_code == 200
        assert await held(it, amount="101.00") == ["first_payment", "payee_changed"]
        it.gateway.runtime.clock.jump(86_400)
        assert await held(it, amount="102.00") == []

    story(tmp_path, tell, tenant=KEYS)
