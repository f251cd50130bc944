"""The day of a treasurer: a statement, a ledger, a run, decisions, a sheet that closes a period."""

from __future__ import annotations

import io
import zipfile

from tests.integration.web.world import story
from tests.sandbox_json import MAIN

AT = f"/v1/reconciliations/{MAIN}"
DAY = "2026-09-10"


def test_from_a_statement_and_a_ledger_to_a_closed_period(tmp_path):
    async def tell(it):
        await it.call("POST", "/v1/statement-files", _mt940().encode())
        sent = {"items": [_item("L1", "20", "REF1"), _item("L2", "3", ""), _item("L3", "2", "")]}
        first = await it.post("/v1/ledger-items", sent)
        assert first.status_code == 200
        assert (await it.post("/v1/ledger-items", sent)).content == first.content
        other = {"items": [_item("L1", "21", "REF1")]}
        assert (await it.post("/v1/ledger-items", other)).status_code == 409
        balance = {"balances": [{"account": MAIN, "date": DAY, "balance": "75.00"}]}
        assert (await it.post("/v1/ledger-balances", balance)).status_code == 200
        run = (await it.post("/v1/reconciliations", {"account": MAIN})).json()
        assert (run["matched"], run["passed"]) == (1, 0)
        stand = (await it.get(AT)).json()
        assert stand["matched"] == {"auto": {"matches": 1, "sum": "20.00"}}
        assert [it["paid_sum"] for it in stand["open"]["book"]] == ["5.00", "0.00", "0.00", "0.00"]
        (line,) = (await it.get(f"{AT}/open?side=bank")).json()["open"]
        assert (line["left"], line["age_days"]) == ("5.00", 5)
        await _decided(it, line["ref"])
        await _closed(it)

    story(tmp_path, tell)


async def _decided(it, ref):
    note = {"action": "note", "side": "bank", "ref": ref, "owner": "王", "comment": "利息"}
    assert (await it.post(f"{AT}/decisions", note)).status_code == 403  # a machine
    assert (await it.post(f"{AT}/decisions", note, key="wang")).status_code == 200
    (line,) = (await it.get(f"{AT}/open?side=bank")).json()["open"]
    assert (line["owner"], line["notes"][0]["comment"]) == ("王", "利息")
    wrong = {"action": "match", "entries": [{"ref": ref}], "items": [{"ref": "L2"}], "reason": "x"}
    refused = await it.post(f"{AT}/decisions", wrong, key="wang")
    assert refused.status_code == 400
    assert "8.00" in refused.json()["detail"]
    both = {"action": "write_off", "items": [{"ref": "L3"}], "reason": "两元"}
    made = (await it.post(f"{AT}/decisions", both, key="wang")).json()["id"]
    again = {"action": "unmatch", "match": made, "reason": "错了"}
    assert (await it.post(f"{AT}/decisions", again, key="li")).status_code == 200
    told = (await it.get(f"{AT}/matches")).json()["matches"]
    assert {(one["kind"], one["state"]) for one in told} == {
        ("auto", "held"),
        ("write_off", "undone"),
    }
    for body in ({"action": "guess"}, {"action": "match"}, {"surprise": 1}):
        assert (await it.post(f"{AT}/decisions", body, key="wang")).status_code == 400


async def _closed(it):
    draft = (await it.get(f"{AT}/sheets/{DAY}")).json()
    assert (draft["state"], draft["sheet"]["state"]) == ("draft", "balanced")
    assert draft["sheet"]["adjusted_bank"] == "80.00"
    made = (await it.post(f"{AT}/sheets", {"day": DAY}, key="wang")).json()
    assert made["state"] == "prepared"
    review = {"digest": made["digest"], "reason": "已核对"}
    at = f"{AT}/sheets/{DAY}/review"
    assert (await it.post(at, review, key="wang")).status_code == 403
    assert (await it.post(at, review, key="li")).json()["reviewed_by"] == "person:李"
    assert (await it.post(f"{AT}/sheets", {"day": DAY}, key="wang")).status_code == 403
    (late,) = (await it.post("/v1/ledger-items", {"items": [_item("L9", "1", "")]})).json()["items"]
    assert late["counted_day"] == "2026-09-11"
    book = await it.get(f"{AT}/sheets/{DAY}/workbook")
    with zipfile.ZipFile(io.BytesIO(book.content)) as packed:
        text = packed.read("xl/worksheets/sheet1.xml").decode()
    assert made["digest"] in text
    assert "银行已收，企业未收" in text
    (kept,) = (await it.get(f"{AT}/sheets")).json()["sheets"]
    assert (kept["state"], kept["result"]) == ("reviewed", "balanced")
    assert (await it.get("/v1/reconciliations")).json()["reconciliations"][0]["closed_until"] == DAY


def test_strangers_see_nothing_and_faults_are_told(tmp_path):
    async def tell(it):
        for target in (AT, f"{AT}/sheets/{DAY}", f"/v1/ledger-items?account={MAIN}"):
            assert (await it.get(target, key="foreign")).status_code == 404
        assert (await it.get("/v1/reconciliations", key="foreign")).json() != {
            "reconciliations": []
        }
        assert (await it.post("/v1/ledger-items", {"items": []}, key="wang")).status_code == 403
        other = await it.post("/v1/ledger-items", {"items": [_item("X", "1", "")]}, key="foreign")
        assert other.json()["faults"][0]["code"] == "account_unknown"
        for query in ("", "?side=x", "?side=bank&start=-1"):
            assert (await it.get(f"{AT}/open{query}")).status_code == 400
        assert (await it.get(f"{AT}/sheets/2026-13-01")).status_code == 400
        wish = {"account": MAIN, "up_to": "yesterday"}
        assert (await it.post("/v1/reconciliations", wish)).status_code == 400

    story(tmp_path, tell)


def _item(item_id, amount, reference):
    told = {"item_id": item_id, "account": MAIN, "direction": "out", "amount": amount}
    return told | {"currency": "CNY", "date": DAY, "erp_reference": reference}


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
