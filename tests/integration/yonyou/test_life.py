"""A day with YonBIP, NC, NC Cloud and U8: payments in, outcomes, lines and balances back.

The gateway is a whole one; the ERPs are stand-ins on real sockets, the bank the sandbox.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from gateway.sandbox import payees
from gateway.sandbox.erps.nc import Nc
from gateway.sandbox.erps.ncc import Ncc, NccSite
from gateway.sandbox.erps.u8 import U8
from gateway.sandbox.erps.yonbip import YonBip
from gateway.transport.http_server import serve
from gateway.wire.xml import Profile, parse
from tests.integration.web.world import MAIN, SECRET, world

APP_KEY, APP_SECRET = "41832a3d2df94989b500da6a22268747", "a-secret-of-the-test"
PAYEE = payees.own_account(910_001)
CLOSED = payees.personal_account(910_002, payees.PERSONAL_CLOSED_PREFIX)


@asynccontextmanager
async def together(folder, stand_in, keys=(), **system):
    """The whole: gateway, bank and ERP."""
    server = await serve(stand_in.answer, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.port}"
    try:
        tenant = {
            "egress": {"networks": ["127.0.0.0/8"], "ports": [server.port], "plain_http": True},
            "erp": [{"address": address, "poll_s": 1, **system}],
        }
        if keys:
            tenant["key"] = list(keys)
        async with world(folder, tenant=tenant, gateway={"erps": ["yonyou"]}) as it:
            yield it
    finally:
        await server.close()


async def until(found, seconds=30):
    """Wait for something to be there."""
    async with asyncio.timeout(seconds):
        while True:
            if it := found():
                return it
            await asyncio.sleep(0.02)


# ── YonBIP ────────────────────────────────────────────────────────────────────────────────────

BIP = {
    "id": "bip",
    "dialect": "yonyou/yonbip",
    "transport": "api",
    "options": {"app_key": APP_KEY, "accounts": MAIN},
    "secrets": {"app_secret": APP_SECRET},
}


def bip():
    return YonBip(app_key=APP_KEY, app_secret=APP_SECRET, now=lambda: datetime.now(UTC))


def payment(amount, **changes):
    return {
        "ourbankaccount_account": MAIN,
        "counterpartyaccname": payees.payee_name(PAYEE),
        "counterpartybankacc": PAYEE,
        "counterpartybankname": "兴业银行福州分行",
        "originalcurrencyamt": Decimal(amount),
        "description": "货款",
        **changes,
    }


def test_documents_are_fetched_paid_and_told_back_once(tmp_path):
    stand_in = bip()
    wrong = payment("5.00", counterpartybankacc="不是账号")
    closed = payment(
        "6.00", counterpartybankacc=CLOSED, counterpartyaccname=payees.payee_name(CLOSED)
    )
    stand_in.books.create("110", [payment("12.34"), wrong, closed])
    stand_in.books.create("110", [payment("9.99", ourbankaccount_account="110000000000000001")])
    details = list(stand_in.books.details.values())

    async def story():
        async with together(tmp_path, stand_in, **BIP):
            await until(lambda: [it.status for it in details] == [3, 4, 4, 1])

    asyncio.run(story())
    good, bad, rejected, others = details
    assert [len(it.told) for it in details] == [1, 1, 1, 0], "others are another channel's business"
    assert good.told[0]["indextradeseqno"]
    assert "/data/settleBench_b/1/counterpartybankacc" in str(bad.row["settlefailreason"])
    assert rejected.row["settlefailreason"]
    assert others.row["isrefund"] == 0


def test_a_bip_whose_answers_are_lost_gets_each_result_once(tmp_path):
    stand_in = bip()
    stand_in.books.create("110", [payment("12.34")])
    (detail,) = stand_in.books.details.values()

    async def story():
        async with together(tmp_path, stand_in, **BIP):
            await until(lambda: detail.row["bizbilldetailid"] and stand_in._calls)
            stand_in._losing = 2
            await until(lambda: detail.status == 3)
            await until(lambda: stand_in._losing == 0)

    asyncio.run(story())
    assert len(detail.told) == 1


def test_money_that_came_back_reopens_the_document_by_its_mark(tmp_path):
    stand_in = bip()
    back = payees.other_account(910_003, payees.RETURNED_PREFIX)
    returning = payment(
        "7.89",
        counterpartybankacc=back,
        counterpartyaccname=payees.payee_name(back),
        counterpartybankname="中国样本银行上海分行",
        counterpartybankcode="102290000001",
        counterpartybankcity="上海",
    )
    stand_in.books.create("110", [returning])
    (detail,) = stand_in.books.details.values()

    async def story():
        async with together(tmp_path, stand_in, **BIP) as it:
            await until(lambda: detail.status == 3)
            it.clock.jump(3 * 24 * 3600)
            await until(lambda: detail.row["isrefund"] == 1)

    asyncio.run(story())
    assert [it["isrefund"] for it in detail.told] == ["0", "1"]
    assert detail.told[1]["refundDate"]


def test_balances_and_lines_reach_bip_without_asking(tmp_path):
    stand_in = bip()
    feed = {"kinds": ["balance", "credit", "statement"], "accounts": [MAIN], "every_s": 1}

    async def story():
        async with together(tmp_path, stand_in, feed=feed, **BIP):
            await until(lambda: stand_in.books.balances)

    asyncio.run(story())
    balance = next(iter(stand_in.books.balances.values()))
    assert balance["enterpriseBankAccount_code"] == MAIN
    assert isinstance(balance["acctbal"], Decimal)


def test_documents_may_be_pushed_and_each_is_answered(tmp_path):
    made = bip().books.create(
        "110", [payment("31.00"), payment("32.00", counterpartybankacc="不是账号")]
    )
    key = {"id": "bip", "kind": "machine", "name": "bip", "erp": "bip", "secret": SECRET.decode()}
    pushed = {**BIP, "transport": "rest", "address": "", "options": {}, "secrets": {}}

    async def story():
        async with together(tmp_path, bip(), (key,), **pushed) as it:

            async def say(body):
                answer = await it.call("POST", "/v1/exchange/bip", body, key="bip")
                assert answer.status_code == 200, answer.text
                assert answer.headers["content-type"].startswith("application/json")
                return answer.json()

            body = msgspec.json.Encoder(decimal_format="number").encode(made.view())
            told = await say(body)
            assert told["code"] == "200"
            content = told["data"]
            assert (content["successCount"], content["failCount"]) == (1, 1)
            (refused,) = content["messages"]
            assert refused["sourceUnique"].endswith("_2")
            assert "/settleBench_b/1/counterpartybankacc" in refused["message"]
            taken = content["details"][0]["instruction"]
            view = await it.get(f"/v1/instructions/{taken}", key="bip")
            assert view.json()["amount"] == "31.00"
            for broken in (body[:300], b"{}", b"[]", body.replace(b"31.00", b"NaN")):
                assert (await say(broken))["code"] == "999"

    asyncio.run(story())


# ── NC ────────────────────────────────────────────────────────────────────────────────────────

NC = {
    "id": "nc",
    "dialect": "yonyou/nc",
    "transport": "xml",
    "options": {"account": "0001", "groupcode": "01", "receiver": "10101"},
}
NC_KEYS = ({"id": "nc", "kind": "machine", "name": "nc", "erp": "nc", "secret": SECRET.decode()},)


def order(number, amount, **changes):
    return {
        "pk_org": "10101",
        "yurref": number,
        "dbtacc": MAIN,
        "crtacc": PAYEE,
        "crtaccname": payees.payee_name(PAYEE),
        "crtbranchname": "兴业银行福州分行",
        "trsamt": amount,
        "c_ccynbr": "CNY",
        "nusage": "货款",
        **changes,
    }


def test_nc_hands_in_an_envelope_reads_the_answer_and_is_told_outcomes(tmp_path):
    stand_in = Nc()
    good = stand_in.add(order("YR1", "21.50"))
    bad = stand_in.add(order("YR2", "1e3"))

    async def story():
        async with together(tmp_path, stand_in, NC_KEYS, **NC) as it:
            body = stand_in.outgoing()
            answer = await it.call("POST", "/v1/exchange/nc", body, key="nc")
            assert answer.status_code == 200, answer.text
            assert answer.headers["content-type"].startswith("application/xml")
            stand_in.replied(answer.content)
            assert (good.sent, good.refused) == (True, "")
            assert "trsamt" in bad.refused
            await until(lambda: [it for it in good.told if it["paystate"] == "0"])
            again = await it.call("POST", "/v1/exchange/nc", body, key="nc")
            assert again.status_code == 200, "the same envelope changes nothing"
            query = body.replace(b'proc="add"', b'proc="query"')
            one = query[: query.index(b"</bill>") + len(b"</bill>")] + b"</ufinterface>"
            told = await it.call("POST", "/v1/exchange/nc", one, key="nc")
            assert told.status_code == 200, told.text
            return parse(told.content, Profile.FILE)

    root = asyncio.run(story())
    assert [it["paystate"] for it in good.told].count("0") == 1
    assert good.told[-1]["gwstate"] == "SETTLED"
    head = root.at("bill/billhead")
    assert (head.child_text("yurref"), head.child_text("paystate")) == ("YR1", "0")


def test_an_envelope_that_would_replace_is_refused_in_ncs_own_words(tmp_path):
    stand_in = Nc()
    stand_in.add(order("YR1", "21.50"))

    async def story():
        async with together(tmp_path, stand_in, NC_KEYS, **NC) as it:
            body = stand_in.outgoing().replace(b'replace="N"', b'replace="Y"')
            for sent in (body, body[:200], b"<other/>"):
                answer = await it.call("POST", "/v1/exchange/nc", sent, key="nc")
                assert answer.status_code == 200, answer.text
                root = parse(answer.content, Profile.MESSAGE)
                assert root.attr("successful") == "N"
                assert root.one("sendresult").one("resultcode").text() == "-1"

    asyncio.run(story())


# ── NC Cloud's OpenAPI ────────────────────────────────────────────────────────────────────────


def cloud():
    site = NccSite(client_id="bankgw", client_secret=APP_SECRET)
    stand_in = Ncc(site, lambda: datetime.now(UTC))
    return stand_in, {
        "id": "ncc",
        "dialect": "yonyou/ncc",
        "transport": "api",
        "options": {
            "client_id": "bankgw",
            "biz_center": "develop",
            "public_key": stand_in.public_key,
        },
        "secrets": {"client_secret": APP_SECRET},
    }


def test_instructions_of_ncc_are_fetched_paid_and_told_back_once(tmp_path):
    stand_in, system = cloud()
    system["options"]["accounts"] = MAIN
    system["feed"] = {"kinds": ["balance"], "accounts": [MAIN], "every_s": 1}
    good = stand_in.create(**order("YR1", "21.50"))
    wrong = stand_in.create(**order("YR2", "5.00", crtacc="不是账号"))
    name = payees.payee_name(CLOSED)
    closed = stand_in.create(**order("YR3", "6.00", crtacc=CLOSED, crtaccname=name))
    others = stand_in.create(**order("YR4", "9.99", dbtacc="110000000000000001"))

    async def story():
        async with together(tmp_path, stand_in, **system):
            await until(lambda: [it.state for it in (good, wrong, closed)] == ["0", "1", "1"])
            await until(lambda: stand_in.books.balances)

    asyncio.run(story())
    assert [it["paystate"] for it in good.told].count("0") == 1
    assert good.told[-1]["gwstate"] == "SETTLED"
    assert "/data/rows/1/crtacc" in wrong.told[-1]["payerrmsg"]
    assert closed.told[-1]["payerrmsg"]
    assert others.told == [], "another channel's account"
    assert {it["bankacc"] for it in stand_in.books.balances.values()} == {MAIN}


def test_an_ncc_whose_answers_are_lost_and_whose_tokens_end_gets_each_state_once(tmp_path):
    stand_in, system = cloud()
    good = stand_in.create(**order("YR1", "21.50"))

    async def story():
        async with together(tmp_path, stand_in, **system):
            stand_in._losing = 1
            await until(lambda: stand_in._losing == 0)
            stand_in._tokens.clear()
            await until(lambda: good.state == "0")

    asyncio.run(story())
    states = [it["paystate"] for it in good.told]
    assert states.count("0") == 1
    assert "1" not in states


# ── U8 ────────────────────────────────────────────────────────────────────────────────────────


def test_u8_hands_in_an_envelope_reads_the_answer_and_is_told_outcomes(tmp_path):
    stand_in = U8()
    fields = {name: text for name, text in order("", "21.50").items() if name != "yurref"}
    good = stand_in.add("FK1", fields)
    bad = stand_in.add("FK2", {**fields, "trsamt": "1e3"})
    key = {"id": "u8", "kind": "machine", "name": "u8", "erp": "u8", "secret": SECRET.decode()}
    system = {
        "id": "u8",
        "dialect": "yonyou/u8",
        "transport": "xml",
        "options": {"sender": "001"},
    }

    async def story():
        async with together(tmp_path, stand_in, (key,), **system) as it:
            body = stand_in.outgoing()
            answer = await it.call("POST", "/v1/exchange/u8", body, key="u8")
            assert answer.status_code == 200, answer.text
            stand_in.replied(answer.content)
            assert (good.sent, good.refused) == (True, "")
            assert "trsamt" in bad.refused
            await until(lambda: [one for one in good.told if one["paystate"] == "0"])
            again = await it.call("POST", "/v1/exchange/u8", body, key="u8")
            assert again.status_code == 200, "the same envelope changes nothing"

    asyncio.run(story())
    assert [it["paystate"] for it in good.told].count("0") == 1
    assert bad.told == []
