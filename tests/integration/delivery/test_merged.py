"""A payment that NC merged of several documents: unknown, paid, returned; told for each."""

from __future__ import annotations

import asyncio

from lxml import etree

from gateway.domain.money import CNY, Money
from gateway.sandbox import payees
from gateway.sandbox.faults import Fault, Scripted
from gateway.store import tables
from tests.integration.delivery.test_erp_systems import (  # the same two databases
    _database as _database,
)
from tests.integration.delivery.test_erp_systems import folder_of, read, whole_files, with_system
from tests.integration.web.world import MAIN, story

SOURCES = {"ZJ-1": "80.00", "ZJ-2": "30.50", "红-3": "-10.50"}
NC = {"dialect": "yonyou/nc", "states": ["UNCONFIRMED", "SETTLED", "REJECTED", "RETURNED"]}
DAYS = 3 * 24 * 3600


def envelope(number: str, sources: dict[str, str], *, name: str = "") -> bytes:
    """What NC posts: the merged instruction, and what it was merged of."""
    back = payees.other_account(910_777, payees.RETURNED_PREFIX)
    total = Money(sum(Money.parse(it, CNY, signed=True).minor for it in sources.values()), CNY)
    rows = "".join(
        f"<item><srcyurref>{it}</srcyurref><destyurref>{number}</destyurref>"
        f"<srcpkid>pk-{it}</srcpkid><trsamt>{amount}</trsamt></item>"
        for it, amount in sources.items()
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ufinterface billtype="GWPAY" sender="NC" receiver="gw" roottag="bill" replace="N" proc="add"
 filename="{name or number}.xml"><bill id="pk-{number}"><billhead><pk_org>101</pk_org>
<yurref>{number}</yurref><dbtacc>{MAIN}</dbtacc><crtacc>{back}</crtacc>
<crtaccname>{payees.payee_name(back)}</crtaccname><crtbranchname>中国样本银行上海分行</crtbranchname>
<crtbranchid>102290000001</crtbranchid><crtcity>上海</crtcity><trsamt>{total.text()}</trsamt>
<c_ccynbr>CNY</c_ccynbr><nusage>货款</nusage></billhead>
<ebank_logyurrefrel>{rows}</ebank_logyurrefrel></bill></ufinterface>""".encode()


async def told(home, wanted: dict[str, list[str]]) -> list[dict[str, str]]:
    """The records in the files for NC, once each document was told these states."""
    async with asyncio.timeout(15):
        while True:
            found = [
                {it.tag: it.text or "" for it in head}
                for path in whole_files(home / "out", "status-*.xml")
                for head in etree.fromstring(path.read_bytes()).iter("billhead")
            ]
            states: dict[str, list[str]] = {}
            for it in found:
                states.setdefault(it["yurref"], []).append(it["gwstate"])
            if states == wanted:
                return found
            assert all(len(it) <= len(wanted[name]) for name, it in states.items()), states
            await asyncio.sleep(0.05)


def test_each_source_document_is_told_what_became_of_the_payment(tmp_path):
    home = folder_of(tmp_path)

    async def tell(it):
        it.bank.faults.add(Scripted(kind=Fault.DROP_AFTER_COMMIT, operation="pay"))
        answer = await it.call("POST", "/v1/files?erp=yonyou/nc", envelope("HB-1", SOURCES))
        assert answer.status_code == 200, answer.text
        (row,) = await read(it, tables.instruction.select())
        records = await told(home, {name: ["UNCONFIRMED"] for name in SOURCES})
        assert {one["paystate"] for one in records} == {"2"}, "unknown is failed for none of them"
        it.clock.jump(3600)
        records = await told(home, {name: ["UNCONFIRMED", "SETTLED"] for name in SOURCES})
        last = {one["yurref"]: one for one in records if one["gwstate"] == "SETTLED"}
        for name, amount in SOURCES.items():
            one = last[name]
            assert (one["trsamt"], one["paystate"]) == (amount, "0")
            assert (one["destyurref"], one["srcpkid"]) == ("HB-1", f"pk-{name}")
        again = await it.call(
            "POST", "/v1/files?erp=yonyou/nc", envelope("HB-2", {"ZJ-2": "30.50"})
        )
        assert again.status_code == 422
        assert [one["code"] for one in again.json()["faults"]] == ["merged_taken"]
        (view,) = (await it.get("/v1/instructions?erp_reference=ZJ-2")).json()["instructions"]
        assert (view["id"], view["erp_reference"]) == (row.id, "HB-1")
        assert {one["erp_reference"]: one["amount"] for one in view["merged"]} == SOURCES
        question = {"kind": "status", "erp_reference": "红-3"}
        (asked,) = (await it.post("/v1/queries", question)).json()["answers"]
        assert (asked["erp_reference"], asked["amount"]) == ("红-3", "-10.50")
        assert (asked["merged_reference"], asked["state"]) == ("HB-1", "SETTLED")
        it.clock.jump(DAYS)
        states = ["UNCONFIRMED", "SETTLED", "RETURNED"]
        records = await told(home, dict.fromkeys(SOURCES, states))
        back = [one for one in records if one["gwstate"] == "RETURNED"]
        assert {one["isrefund"] for one in back} == {"Y"}
        assert {one["yurref"] for one in back} == SOURCES.keys(), "each document is reopened"
        anew = await it.call("POST", "/v1/files?erp=yonyou/nc", envelope("HB-3", {"ZJ-2": "30.50"}))
        assert anew.status_code == 200, "money that came back may be paid again"

    story(tmp_path, tell, tenant=with_system(home, **NC), gateway={"erps": ["yonyou"]})
