"""A day with 苍穹: bills are fetched, paid and told back; lines, balances and receipts follow.

The gateway is a whole one; 苍穹 is the stand-in on a real socket, the bank the sandbox.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from gateway.intake.shadow import found
from gateway.sandbox import payees
from gateway.store.tenancy import acting_for
from gateway.transport.http_server import serve
from tests.integration.web.world import MAIN, world
from tests.kingdee_ground import COSMIC_OPTIONS, COSMIC_SECRETS, cosmic_server

PAYEE = payees.own_account(920_001)
CLOSED = payees.personal_account(920_002, payees.PERSONAL_CLOSED_PREFIX)
GOOD = {
    "payeracct": MAIN,
    "payeeacct": PAYEE,
    "payeename": payees.payee_name(PAYEE),
    "payeebank": "兴业银行福州分行",
    "amount": "12.34",
    "currency": "CNY",
    "usage": "货款",
}
BACK = {
    "payeeacct": payees.other_account(920_003, payees.RETURNED_PREFIX),
    "payeename": payees.payee_name(payees.other_account(920_003, payees.RETURNED_PREFIX)),
    "payeebank": "中国样本银行上海分行",
    "recbanknumber": "102290000001",
    "reccity": "上海",
}


@asynccontextmanager
async def together(folder, stand_in, **changes):
    """The whole: gateway, bank and 苍穹."""
    server = await serve(stand_in.answer, "127.0.0.1", 0)
    system = {
        "id": "cosmic",
        "dialect": "kingdee/cosmic",
        "transport": "api",
        "address": f"http://127.0.0.1:{server.port}",
        "poll_s": 1,
        "options": COSMIC_OPTIONS,
        "secrets": COSMIC_SECRETS,
        **changes,
    }
    egress = {"networks": ["127.0.0.0/8"], "ports": [server.port], "plain_http": True}
    try:
        tenant = {"egress": egress, "erp": [system]}
        async with world(folder, tenant=tenant, gateway={"erps": ["kingdee"]}) as it:
            yield it
    finally:
        await server.close()


async def until(found):
    """Wait for something to be there."""
    async with asyncio.timeout(30):
        while True:
            if it := found():
                return it
            await asyncio.sleep(0.02)


async def differences(it, count):
    """What a shadow read otherwise, once there is so much of it."""
    async with asyncio.timeout(30):
        while True:
            with acting_for(("t1",)):
                rows = await it.gateway.store.read(lambda db: found(db, "t1", "cosmic", 10))
            told = [one for row in rows for one in row["differences"]]
            if len(told) >= count:
                return told
            await asyncio.sleep(0.02)


@pytest.fixture
def cosmic():
    return cosmic_server(now=lambda: datetime.now(UTC))


def test_bills_are_fetched_paid_and_told_back_once(tmp_path, cosmic):
    """Beside a new mapping that reads another currency: told where it differs, and no more."""
    closed = {"payeeacct": CLOSED, "payeename": payees.payee_name(CLOSED)}
    cosmic.create(billno="YHFK-1", **GOOD)
    cosmic.create(billno="YHFK-2", **{**GOOD, "payeeacct": "不是账号"})
    cosmic.create(billno="YHFK-3", **{**GOOD, **closed, "amount": "6.00"})
    good, bad, rejected = cosmic.books.bills.values()

    async def story():
        other = {**COSMIC_OPTIONS, "currencies": "CNY=USD"}
        shadow = {"shadow": "kingdee/cosmic", "shadow_options": other}
        async with together(tmp_path, cosmic, **shadow) as it:
            await until(lambda: [good.state, bad.state, rejected.state] == ["TS", "TF", "TF"])
            view = (await it.get(f"/v1/instructions/{good.told[-1]['gatewayid']}")).json()
            assert (view["erp_reference"], view["state"]) == ("YHFK-1", "SETTLED")
            assert view["amount"] == "12.34"
            assert good.told[-1]["bankreference"] == view["evidence"]["bank_reference"]
            refused = (await it.get("/v1/instructions?erp_reference=YHFK-2")).json()
            assert refused["instructions"] == []
            assert (view["currency"], view["amount"]) == ("CNY", "12.34")
            differing = await differences(it, 3)
            assert {one["field"] for one in differing} == {"currency"}
            assert {one["reference"] for one in differing} == {"YHFK-1", "YHFK-2", "YHFK-3"}

    asyncio.run(story())
    assert [it["bankpaystate"] for it in good.told].count("TS") == 1
    assert "payeeacct" in bad.told[-1]["bankreturnmsg"]
    assert rejected.told[-1]["bankreturnmsg"]


def test_an_older_system_pays_a_failed_bill_by_the_one_that_names_it(tmp_path, cosmic):
    """It knows the log-in of two calls alone."""
    cosmic.gate.account = cosmic_server(ways=frozenset({"apptoken"}), identity="").account
    cosmic.create(billno="YHFK-1", **{**GOOD, "payeeacct": "不是账号"})

    async def story():
        options = {**COSMIC_OPTIONS, "auth": "apptoken"}
        async with together(tmp_path, cosmic, options=options):
            await until(lambda: cosmic.books.bills["YHFK-1"].state == "TF")
            cosmic.create(billno="YHFK-2", **GOOD, lastsourcebillid="YHFK-1")
            await until(lambda: cosmic.books.bills["YHFK-2"].state == "TS")

    asyncio.run(story())
    assert cosmic.books.bills["YHFK-1"].status == "F"


def test_lost_answers_and_spent_tokens_tell_each_result_once(tmp_path, cosmic):
    cosmic.create(billno="YHFK-1", **GOOD)
    (bill,) = cosmic.books.bills.values()

    async def story():
        async with together(tmp_path, cosmic):
            await until(lambda: cosmic.calls)
            cosmic.faults.lose = 2
            cosmic.gate.end_tokens()
            await until(lambda: bill.state == "TS" and not cosmic.faults.lose)

    asyncio.run(story())
    assert [it["bankpaystate"] for it in bill.told].count("TS") == 1


def test_lines_credits_balances_and_receipts_reach_it_without_asking(tmp_path, cosmic):
    """A payment's own line and receipt, money that came back (到账), and what is left."""
    cosmic.create(billno="YHFK-1", **{**GOOD, **BACK, "amount": "7.89"})
    cosmic.create(billno="YHFK-2", **GOOD)
    first, second = cosmic.books.bills.values()
    kinds = ["balance", "credit", "statement", "receipt"]
    feed = {"kinds": kinds, "accounts": [MAIN], "every_s": 1}

    def kept(form):
        return list(cosmic.books.kept.get(form, {}).values())

    def incoming():
        return [it for it in kept("bei_transdetail") if it.get("creditamount") == Decimal("7.89")]

    async def story():
        async with together(tmp_path, cosmic, feed=feed) as it:
            await until(lambda: first.state == second.state == "TS")
            await until(lambda: kept("bei_elecreceipt"))
            it.clock.jump(3 * 24 * 3600)
            await until(lambda: first.refunded)
            await until(incoming)
            await until(lambda: any("debitamount" in it for it in kept("bei_transdetail")))
            await until(lambda: len(kept("bei_bankbalance")) > 1)

    asyncio.run(story())
    (came,) = incoming()
    assert came["accountbank"] == MAIN
    debits = [it for it in kept("bei_transdetail") if it.get("debitamount") == Decimal("12.34")]
    assert [it["srcbillno"] for it in debits] == ["YHFK-2"]
    assert {it["accountbank"] for it in kept("bei_bankbalance")} == {MAIN}
    assert all(isinstance(it["amount"], Decimal) for it in kept("bei_bankbalance"))
    papers = kept("bei_elecreceipt")
    assert {it["srcbillno"] for it in papers} <= {"YHFK-1", "YHFK-2"}
    assert all(it["filecontent"].startswith(b"%PDF-") for it in papers)
