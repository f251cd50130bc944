"""Treasury systems through the whole gateway, bank and all: by tables, as JSON, as sheets."""

from __future__ import annotations

import asyncio
import json

import openpyxl
import pytest

from gateway.runtime import SystemClock
from gateway.sandbox.erps.tables import VENDORS, Treasury
from tests.integration.web.world import MAIN, payment, story

HOUSE = {"erps": ["iso20022", "byte", "nstar", "file"]}
COLUMNS = {
    "byte": {
        "system": "src_system",
        "order": "src_order_no",
        "creditor_name": "payee_name",
        "creditor_account": "payee_acct",
        "creditor_agent_name": "payee_bank_name",
        "creditor_city": "payee_city",
        "debtor_account": "payer_acct",
        "amount": "amount",
        "purpose": "purpose",
    },
    "nstar": {
        "system": "sys_code",
        "order": "bill_no",
        "creditor_name": "rcv_acc_name",
        "creditor_account": "rcv_acc_no",
        "creditor_agent_name": "rcv_bank_name",
        "creditor_city": "rcv_city",
        "debtor_account": "pay_acc_no",
        "amount": "amt",
        "purpose": "pay_use",
    },
}


def order(vendor, number, **changes):
    """A payment in one vendor's columns."""
    said = payment(number, **changes)
    cells = {"system": "sap", "order": number, **said}
    return {theirs: cells[ours] for ours, theirs in COLUMNS[vendor].items()}


def system(vendor, url, **more):
    return {
        "id": "sap",
        "dialect": vendor,
        "transport": "tables",
        "address": url,
        "poll_s": 1,
        **more,
    }


async def until(look):
    async with asyncio.timeout(20):
        while True:
            if look():
                return
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("vendor", ["byte", "nstar"])
def test_orders_in_tables_are_paid_and_the_answers_come_back(tmp_path, vendor):
    url = f"sqlite:///{tmp_path}/tms.db"
    treasury = Treasury(vendor, url, SystemClock().now)
    treasury.lay()
    words = VENDORS[vendor]
    account = "acct" if vendor == "byte" else "acc_no"
    kind = "kind" if vendor == "byte" else "query_kind"

    async def tell(it):
        treasury.submit([order(vendor, "A1"), order(vendor, "A2", creditor_account="中文")])
        treasury.ask({words.system: "sap", words.query: "Q1", kind: "balance", account: MAIN})

        def told(number):
            return treasury.books()["orders"][f"{number}/1"]["told"]

        await until(lambda: told("A1") and told("A1")[-1] in words.paid)
        assert told("A1")[0] == words.accepted
        assert told("A2") == [words.refused]
        await until(lambda: treasury.books()["queries"]["Q1"] == "OK")
        books = treasury.books()
        assert books["balances"] == 1
        assert books["complaints"] == []
        assert books["orders"]["A1/1"]["final"]

    story(tmp_path, tell, gateway=HOUSE, tenant={"erp": [system(vendor, url)]})
    treasury.close()


def test_the_same_orders_as_json_are_answered_in_their_own_form(tmp_path):
    rest = {"id": "sap", "dialect": "byte", "transport": "rest"}

    async def tell(it):
        message = {
            "format": "byte.orders.v1",
            "message_no": "M-1",
            "orders": [order("byte", "A1"), order("byte", "A2", amount="1e3")],
        }
        body = json.dumps(message).encode()
        for _ in range(2):
            reply = await it.call("POST", "/v1/exchange/sap", body)
            assert reply.headers["content-type"].startswith("application/json")
            said = reply.json()
            assert (said["format"], said["original_message_no"]) == ("byte.results.v1", "M-1")
            assert [row["src_order_no"] for row in said["results"]] == ["A1", "A2"]
            assert said["results"][1]["status"] == "REFUSED"
            assert said["results"][1]["errors"][0]["path"] == "/orders/1/amount"
        refused = (await it.call("POST", "/v1/exchange/sap", b'{"format":"byte.orders.v1"')).json()
        assert refused["format"] == "byte.refusal.v1"
        assert refused["accepted"] == "0"
        query = {"src_system": "sap", "query_no": "Q1", "kind": "balance", "acct": MAIN}
        asked = {"format": "byte.queries.v1", "queries": [query]}
        answer = (await it.call("POST", "/v1/exchange/sap", json.dumps(asked).encode())).json()
        assert answer["format"] == "byte.balance.v1"
        assert answer["rows"][0]["acct"] == MAIN

    story(tmp_path, tell, gateway=HOUSE, tenant={"erp": [rest]})


def test_a_sheet_with_a_saved_mapping_is_taken_and_answered_line_by_line(tmp_path):
    sheet = {
        "id": "sap",
        "dialect": "file",
        "transport": "rest",
        "options": {
            "column_erp_reference": "单号",
            "column_amount": "实付",
            "value_debtor_account": MAIN,
            "value_purpose": "货款",
        },
    }

    async def tell(it):
        lines = [payment("A1"), payment("A2", amount="=1+1")]
        rows = ["单号,实付,收款人名称,收款账号,收款开户行,收款行城市"]
        rows += [
            ",".join(
                line[field]
                for field in (
                    *("erp_reference", "amount", "creditor_name", "creditor_account"),
                    *("creditor_agent_name", "creditor_city"),
                )
            )
            for line in lines
        ]
        body = ("\r\n".join(rows) + "\r\n").encode("gbk")
        reply = await it.call("POST", "/v1/exchange/sap", body)
        assert reply.headers["content-type"].startswith("text/csv")
        said = reply.content.decode("utf-8-sig").splitlines()
        assert said[1].startswith("2,A1,")
        assert said[2].startswith("3,A2,REFUSED")
        assert "B 实付" in said[2]
        again = await it.call("POST", "/v1/exchange/sap", body)
        assert again.status_code == 200
        stored = (await it.get("/v1/instructions?erp_reference=A1")).json()
        assert len(stored["instructions"]) == 1
        other = await it.call("POST", "/v1/exchange/sap", body.replace(b"A2", b"A3"))
        assert other.status_code == 200, "another file, known by its digest"

    story(tmp_path, tell, gateway=HOUSE, tenant={"erp": [sheet]})


def test_a_workbook_in_a_folder_is_paid_and_answered_by_workbooks(tmp_path):
    folder = tmp_path / "box"
    (folder / "in").mkdir(parents=True)
    wages = {
        "id": "sap",
        "dialect": "file/xlsx",
        "transport": "folder",
        "address": str(folder),
        "poll_s": 1,
        "options": {"settle_s": "0", "value_debtor_account": MAIN},
    }
    good, bad = payment("W1"), payment("W2", amount="=1+1")
    fields = {
        "业务参考号": "erp_reference",
        "金额": "amount",
        "收款人名称": "creditor_name",
        "收款账号": "creditor_account",
        "收款开户行": "creditor_agent_name",
        "收款行城市": "creditor_city",
        "用途": "purpose",
    }
    made = openpyxl.Workbook()
    made.active.append(list(fields))
    for one in (good, bad):
        made.active.append([one[name] for name in fields.values()])
    made.save(folder / "in" / "wages.xlsx")

    def said():
        """Every status of each payment in the workbooks that came back."""
        found = {}
        for path in sorted((folder / "out").glob("*.xlsx")):
            for row in openpyxl.load_workbook(path).active.iter_rows(min_row=2, values_only=True):
                found.setdefault(row[1], set()).add(row[2])
        return found

    async def tell(_):
        await until(lambda: (folder / "out").is_dir() and "SETTLED" in said().get("W1", ()))
        assert said()["W2"] == {"REFUSED"}
        assert [it.name for it in (folder / "processed").iterdir()]

    story(tmp_path, tell, gateway=HOUSE, tenant={"erp": [wages]})
