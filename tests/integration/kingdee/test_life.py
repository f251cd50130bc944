"""A day with 星空: bills are fetched, paid, told back, and submitted anew after a fault.

The gateway is a whole one; 星空 is the stand-in on a real socket, the bank the sandbox.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from gateway.sandbox import payees
from gateway.sandbox.erps.k3cloud import K3CloudServer
from gateway.transport.http_server import serve
from tests.integration.web.world import MAIN, world
from tests.integration.web.world import SECRET as KEY_BYTES
from tests.kingdee_ground import ACCOUNT, OPTIONS, SECRET

KEY = KEY_BYTES.decode()
PAYEE = payees.own_account(900_001)
GOOD = {
    "FACCOUNTID": {"FNumber": MAIN},
    "FOPPOSITEBANKACCOUNT": PAYEE,
    "FOPPOSITECCOUNTNAME": payees.payee_name(PAYEE),
    "FOPPOSITEBANKNAME": "兴业银行福州分行",
    "FREALPAYAMOUNTFOR": "12.34",
    "FCOMMENT": "货款",
}


def settings_of(port, **changes):
    return {
        "egress": {"networks": ["127.0.0.0/8"], "ports": [port], "plain_http": True},
        "erp": [
            {
                "id": "k3",
                "dialect": "kingdee/k3cloud",
                "transport": "api",
                "address": f"http://127.0.0.1:{port}",
                "poll_s": 1,
                "options": {**OPTIONS, "status_operation": "Synchronism"},
                "secrets": {"app_secret": SECRET},
                **changes,
            }
        ],
    }


@asynccontextmanager
async def together(folder, stand_in, keys=(), **changes):
    """The whole: gateway, bank and 星空."""
    server = await serve(stand_in.answer, "127.0.0.1", 0)
    try:
        erps = {"erps": ["kingdee"]}
        tenant = settings_of(server.port, **changes)
        if keys:
            tenant["key"] = list(keys)
        async with world(folder, tenant=tenant, gateway=erps) as it:
            yield it
    finally:
        await server.close()


async def becomes(stand_in, number, status, place=0):
    """Wait until 星空 reads so."""
    async with asyncio.timeout(30):
        while True:
            shown = [it for it in stand_in.bills() if it["bill_no"] == number][place]
            if shown["status"] == status:
                return shown
            await asyncio.sleep(0.02)


@pytest.fixture
def k3():
    return K3CloudServer(account=ACCOUNT, now=lambda: datetime.now(UTC))


@pytest.mark.parametrize("auth", ["headers", "session"])
def test_a_bill_is_fetched_paid_and_told_back_once(tmp_path, k3, auth):
    async def story():
        k3.create("FKD1", [GOOD])
        options = {**OPTIONS, "auth": auth, "status_operation": "Synchronism"}
        async with together(tmp_path, k3, options=options) as it:
            shown = await becomes(k3, "FKD1", "B/C")
            told = shown["told"][-1]
            assert (told["F_GW_State"], told["F_GW_BankStatus"]) == ("SETTLED", "B/C")
            view = (await it.get(f"/v1/instructions/{told['F_GW_Id']}")).json()
            assert view["erp_reference"] == f"FKD1/{shown['entry_id']}"
            assert (view["state"], view["amount"]) == ("SETTLED", "12.34")
            assert told["F_GW_BankRef"] == view["evidence"]["bank_reference"]

    asyncio.run(story())


def test_a_refused_bill_is_corrected_and_submitted_anew(tmp_path, k3):
    async def story():
        k3.create("FKD1", [{**GOOD, "FOPPOSITEBANKACCOUNT": "不是账号"}, GOOD])
        async with together(tmp_path, k3):
            refused = await becomes(k3, "FKD1", "A/D", 0)
            assert "FOPPOSITEBANKACCOUNT" in refused["told"][-1]["F_GW_BankMsg"]
            await becomes(k3, "FKD1", "B/C", 1)
            (bill,) = k3.books.bills.values()
            bill.entries[0].fields["FOPPOSITEBANKACCOUNT"] = payees.own_account(900_002)
            bill.entries[0].fields["FOPPOSITECCOUNTNAME"] = payees.payee_name(
                payees.own_account(900_002)
            )
            k3.books.operate("SubmitBank", "FKD1")
            paid = await becomes(k3, "FKD1", "B/C", 0)
            assert paid["told"][-1]["F_GW_State"] == "SETTLED"

    asyncio.run(story())


def test_a_plug_in_posts_bills_and_asks_where_they_stand(tmp_path, k3):
    """K1: nothing is fetched; every answer, refusals too, is in 星空's own envelope."""

    def posted(number, *entries):
        model = {"FBillNo": number, "FCURRENCYID": {"FNumber": "PRE001"}, "FPAYBILLENTRY": entries}
        return {"formid": "AP_PAYBILL", "data": {"Model": model}}

    async def story():
        keys = [{"id": "k3", "kind": "machine", "name": "k3", "erp": "k3", "secret": KEY}]
        erp = {"transport": "rest", "address": "", "options": {}, "secrets": {}}
        async with together(tmp_path, k3, keys, **erp) as it:

            async def say(document, target="/v1/exchange/k3"):
                body = document if isinstance(document, bytes) else json.dumps(document).encode()
                answer = await it.call("POST", target, body, key="k3")
                assert answer.status_code == 200, answer.text
                return json.loads(answer.text, parse_float=str)["Result"]

            bad = {**GOOD, "FEntryID": 2, "FOPPOSITEBANKACCOUNT": "?"}
            told = await say(posted("FKD7", {**GOOD, "FEntryID": 1}, bad))
            assert told["ResponseStatus"]["IsSuccess"] is False
            (error,) = told["ResponseStatus"]["Errors"]
            assert error["FieldName"].endswith("FPAYBILLENTRY/1/FOPPOSITEBANKACCOUNT")
            assert [line["FBankStatus"] for line in told["NeedReturnData"]][1] == "D"
            instruction = told["NeedReturnData"][0]["InstructionId"]
            async with asyncio.timeout(30):
                while True:
                    view = await it.get(f"/v1/instructions/{instruction}", key="k3")
                    if view.json()["state"] == "SETTLED":
                        break
                    await asyncio.sleep(0.02)

            asked = {"formid": "AP_PAYBILL", "opNumber": "Synchronism"}
            lines = {"Lines": [{"FBillNo": "FKD7", "FEntryID": 1}]}
            (line,) = (await say({**asked, "data": lines}))["NeedReturnData"]
            assert (line["FSubmitStatus"], line["FBankStatus"]) == ("B", "C")
            assert line["Amount"] == "12.34"
            asked = {"formid": "CN_BANKACNT", "opNumber": "QueryBalance"}
            (row,) = (await say({**asked, "data": {"accounts": [MAIN]}}))["NeedReturnData"]
            assert row["F_GW_Account"] == MAIN
            assert row["F_GW_Ledger"]

            for broken in (b"{", json.dumps(posted("FKD8")).encode()):
                refused = await say(broken)
                assert refused["ResponseStatus"]["IsSuccess"] is False
                assert "没有一笔付款被提交" in refused["ResponseStatus"]["Errors"][-1]["Message"]

    asyncio.run(story())
