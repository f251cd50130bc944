"""A client's rules from the dry run to the next run, and what people's matches teach."""

from __future__ import annotations

from tests.integration.web.world import story
from tests.sandbox_json import MAIN

AT = f"/v1/reconciliations/{MAIN}"
RULES = "/v1/reconciliation-rules"
DAY = "2026-09-10"
PERIOD = {"from": "2026-09-01", "to": "2026-09-30"}


def test_from_a_dry_run_to_a_run_under_the_new_version(tmp_path):
    async def tell(it):
        await it.call("POST", "/v1/statement-files", _mt940().encode())
        sent = {"items": [_item("L1", "19.50", "REF1"), _item("L2", "5", "", "in")]}
        assert (await it.post("/v1/ledger-items", sent)).status_code == 200
        assert await it.gateway.reconciling.look_soon()  # the import asked for it
        stand = (await it.get(AT)).json()
        assert (stand["last_run"]["rules_version"], stand["matched"]) == (0, {})
        await _tried(it)
        digest = await _in_force(it)
        assert (await it.get(RULES)).json()["digest"] == digest
        run = (await it.post("/v1/reconciliations", {"account": MAIN})).json()
        assert (run["matched"], run["rules_version"]) == (1, 1)
        (match,) = (await it.get(f"{AT}/matches")).json()["matches"]
        assert (match["rule"], match["rules_version"]) == ("key-fee", 1)
        await _taught(it)

    story(tmp_path, tell)


async def _tried(it):
    wish = {"rules": {"fee_max": 100}, **PERIOD}
    told = (await it.post(f"{AT}/dry-run", wish, key="wang")).json()
    assert (told["against"], told["entries"], told["items"]) == (0, 2, 2)
    assert (told["newly"]["count"], told["no_longer"]["count"]) == (1, 0)
    (example,) = told["newly"]["examples"]
    assert [one["amount"] for one in example["entries"]] == ["-20.00"]
    below = await it.post(f"{AT}/dry-run", {"rules": {"margin": 9}, **PERIOD}, key="wang")
    assert (below.status_code, below.json()["faults"][0]["path"]) == (400, "/rules/margin")
    assert (await it.post(f"{AT}/dry-run", wish, key="foreign")).status_code == 404


async def _in_force(it):
    proposal = {"rules": {"fee_max": 100}, "comment": "手续费"}
    assert (await it.post(RULES, proposal)).status_code == 403  # a machine
    low = await it.post(RULES, {"rules": {"threshold": 50, "fee_max": -1}}, key="wang")
    assert low.status_code == 400
    assert {one["path"] for one in low.json()["faults"]} == {"/rules/threshold", "/rules/fee_max"}
    made = (await it.post(RULES, proposal, key="wang")).json()
    assert (made["version"], made["state"]) == (1, "proposed")
    assert made["changes"] == [{"name": "fee_max", "before": 0, "after": 100}]
    again = (await it.post(f"{AT}/dry-run", {"version": 1, **PERIOD}, key="li")).json()
    assert again["newly"]["count"] == 1
    vote = {"digest": made["digest"], "reason": "已试算"}
    votes = made["links"]["vote"]
    assert (await it.post(votes, vote, key="wang")).status_code == 403
    assert (await it.post(votes, vote, key="zhao")).status_code == 404  # of another tenant
    done = (await it.post(votes, vote, key="li")).json()
    assert (done["state"], done["confirmed_by"], done["in_force"]) == ("in_force", "person:李", 1)
    other = (await it.post(RULES, {"rules": {}}, key="wang")).json()
    gone = await it.call("POST", f"{RULES}/{other['version']}/withdrawal", key="li")
    assert gone.json()["state"] == "withdrawn"
    assert (await it.get(f"{RULES}/9")).status_code == 404
    assert (await it.get(f"{RULES}/x")).status_code == 404
    return made["digest"]


async def _taught(it):
    open_lines = (await it.get(f"{AT}/open?side=bank")).json()["open"]
    by_left = {one["left"]: one for one in open_lines}
    assert set(by_left) == {"-0.50", "5.00"}  # the fee, the interest
    line = by_left["5.00"]
    wish = {"entries": [{"ref": line["ref"]}], "items": [{"ref": "L2"}], "reason": "利息"}
    made = await it.post(f"{AT}/decisions", {"action": "match", **wish}, key="wang")
    (told,) = (await it.get(f"{AT}/memories")).json()["memories"]
    assert (told["match"], told["confirmed_by"]) == (made.json()["id"], "person:王")
    assert (told["bank_side"]["text"], told["book_side"]["name"]) == (
        "interest september",
        "开户行",
    )
    target = f"{AT}/memories/{told['id']}"
    assert (await it.call("DELETE", target)).status_code == 403
    gone = await it.call("DELETE", f"{target}?reason=x", key="li")
    assert gone.json() == {"account": MAIN, "forgotten": told["id"]}
    assert (await it.get(f"{AT}/memories")).json()["memories"] == []
    assert (await it.call("DELETE", f"{AT}/memories/rmm_0", key="li")).status_code == 404


def _item(item_id, amount, reference, direction="out"):
    told = {"item_id": item_id, "account": MAIN, "direction": direction, "amount": amount}
    name = "开户行" if direction == "in" else ""
    told |= {"counterparty_name": name, "currency": "CNY", "date": DAY}
    return told | {"erp_reference": reference}


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
            ":86:interest september",
            ":62F:C260910CNY85,",
            "-",
            "",
        ]
    )
