"""What tests of the treasurer's pages stand on: a day's statement, its books, where pages are."""

from __future__ import annotations

import re

from tests.sandbox_json import MAIN
from tests.ui_ground import text_of

DAY = "2026-09-10"
BY_HAND = {"reconcile_every_minutes": 0, "statements_every_minutes": 0}
"""Nothing is fetched or matched but what the test asks for."""
LINES = (("D", "20", "REF1"), ("C", "5", ""), ("D", "8", "BIG"), ("C", "7", ""))
ADDRESS = re.compile(r"/ui/reconciliation/[0-9a-f]{16}")


def item(item_id, amount, direction="out", **more):
    told = {"item_id": item_id, "account": MAIN, "direction": direction, "amount": amount}
    return told | {"currency": "CNY", "date": DAY, "erp_reference": ""} | more


def mt940(closing="84,", lines=LINES):
    told = [":20:STARTUMS", f":25:{MAIN}", ":28C:00001/001", ":60F:C260910CNY100,"]
    for number, (sign, amount, reference) in enumerate(lines, 1):
        told += [f":61:2609100910{sign}{amount},NTRF{reference}//BANK{number}", ":86:货款"]
    return "\r\n".join([*told, f":62F:C260910CNY{closing}", "-", ""])


async def books(site, *items):
    """A statement of one day, ledger items of the same, both balances."""
    world = site.world
    answer = await world.call("POST", "/v1/statement-files", mt940().encode())
    assert answer.json()["state"] == "imported", answer.text
    if items:
        answer = await world.post("/v1/ledger-items", {"items": list(items)})
        assert answer.status_code == 200, answer.text
    balances = {"balances": [{"account": MAIN, "date": DAY, "balance": "84.00"}]}
    assert (await world.post("/v1/ledger-balances", balances)).status_code == 200


async def at_of(browser):
    """The address of the one account, from the page that lists it."""
    answer = await browser.get("/ui/reconciliation")
    assert answer.status_code == 200
    return ADDRESS.search(answer.text)[0]


async def matches(site):
    told = (await site.world.get(f"/v1/reconciliations/{MAIN}/matches")).json()["matches"]
    return sorted((it["kind"], it["state"]) for it in told)


async def seen_words(browser, path):
    answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    assert MAIN not in answer.text, path
    return text_of(answer.text)


ITEMS = (
    item("L1", "20", erp_reference="REF1"),
    item("L2", "5"),
    item("L3", "3"),
    item("L4", "2", counterparty_name="<b>甲</b>", counterparty_account="6222020200112233445"),
    item("S1", "7", "in"),
    item("S2", "7", "in"),
)
