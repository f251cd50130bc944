"""The ways of ERP systems through the whole gateway: an SFTP server, and NC's own envelopes."""

from __future__ import annotations

import asyncio

import pytest
from lxml import etree

from gateway.sandbox.erps.sftp_server import SftpStandIn, User, open_server
from tests.integration.web.world import MAIN, line, pain001, payment, story, world

PASSWORD = "correct horse"


def sftp_system(server: SftpStandIn) -> dict[str, object]:
    system = {
        "id": "sap",
        "dialect": "iso20022",
        "transport": "sftp",
        "address": server.address("erp"),
        "poll_s": 1,
        "options": {"settle_s": "0", "host_key": server.host_key},
        "secrets": {"password": PASSWORD},
    }
    egress = {"networks": ["127.0.0.0/8"], "ports": [server.port]}
    return {"tenant": {"erp": [system], "egress": egress}}


def test_files_on_a_server_are_paid_and_their_outcome_is_put_there(tmp_path):
    async def tell():
        server = await open_server(tmp_path / "server", {"erp": User(password=PASSWORD)})
        home = server.home("erp")
        (home / "in").mkdir()
        (home / "in" / "pay.xml").write_bytes(pain001("M-1", line(), line()))
        try:
            async with world(tmp_path, **sftp_system(server)) as it, asyncio.timeout(30):
                told: list[str] = []
                while told.count("ACSC") < 2:
                    it.clock.jump(1)
                    await asyncio.sleep(0.05)
                    told = [
                        text.text
                        for name, content in server.files("erp").items()
                        if name.startswith("out/status") and not name.endswith(".tmp")
                        for text in etree.fromstring(content).iter("{*}TxSts")
                    ]
        finally:
            await server.aclose()
        names = server.files("erp")
        assert "processed/pay.xml" in names
        assert any(name.startswith("out/pay.bat_") for name in names)
        assert not any(name.startswith(("in/", "work/")) for name in names)

    asyncio.run(tell())


# ── NC ──

ROOT = 'account="0001" billtype="F3" sender="NC" receiver="10101" roottag="bill" replace="N"'


def bills(*some: dict[str, str]) -> bytes:
    text = "".join(
        f'<bill id="{it["yurref"]}"><billhead>'
        + "".join(f"<{name}>{value}</{name}>" for name, value in it.items())
        + "</billhead></bill>"
        for it in some
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><ufinterface {ROOT}>{text}</ufinterface>'.encode()
    )


def bill(reference: str, **changes: str) -> dict[str, str]:
    it = payment()
    return {
        "yurref": reference,
        "dbtacc": MAIN,
        "crtacc": it["creditor_account"],
        "crtaccname": it["creditor_name"],
        "crtbranchname": it["creditor_agent_name"],
        "pk_currtype": "CNY",
        "trsamt": "100.00",
        "nusage": "货款",
    } | changes


def results(reply: bytes) -> dict[str, str]:
    """By document, the result code: 1 is good."""
    root = etree.fromstring(reply)
    assert root.tag == "ufinterface"
    assert root.get("roottag") == "sendresult"
    return {
        it.findtext("bdocid") or it.findtext("billpk") or "": it.findtext("resultcode") or ""
        for it in root.iter("sendresult")
    }


def nc() -> dict[str, object]:
    system = {
        "id": "sap",
        "dialect": "yonyou/nc",
        "transport": "xml",
        "options": {"account": "0001", "receiver": "10101"},
    }
    return {"gateway": {"erps": ["iso20022", "yonyou"]}, "tenant": {"erp": [system]}}


@pytest.mark.parametrize("again", [1, 2])
def test_nc_posts_its_envelope_and_reads_its_own_answer(tmp_path, again):
    async def tell(it):
        body = bills(bill("D1"), bill("D2"), bill("D3", trsamt="0.001"))
        for _ in range(again):
            reply = await it.call("POST", "/v1/exchange/sap?account=0001&receiver=10101", body)
            assert reply.status_code == 200, reply.text
            found = results(reply.content)
            assert [found[name] for name in sorted(found)] == ["1", "1", found[sorted(found)[2]]]
            assert found[sorted(found)[2]] != "1"
        listed = (await it.get("/v1/instructions?erp_reference=D1")).json()
        assert len(listed["instructions"] if isinstance(listed, dict) else listed) == 1

    story(tmp_path, tell, **nc())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html/>",
        bills()[:-20],
        b'<?xml version="1.0" encoding="GBK"?><ufinterface billtype="F3">\xff\xff</ufinterface>',
        b'<!DOCTYPE a [<!ENTITY x "y">]><ufinterface billtype="F3">&x;</ufinterface>',
    ],
)
def test_what_nc_cannot_mean_is_refused_in_its_own_answer(tmp_path, body):
    async def tell(it):
        reply = await it.call("POST", "/v1/exchange/sap", body)
        assert reply.status_code == 200, reply.text
        root = etree.fromstring(reply.content)
        assert (root.tag, root.get("successful")) == ("ufinterface", "N")

    story(tmp_path, tell, **nc())


def test_nc_asks_where_a_payment_stands_and_reads_it_at_once(tmp_path):
    async def tell(it):
        taken = await it.call("POST", "/v1/exchange/sap", bills(bill("D1")))
        assert taken.status_code == 200
        asked = bills({"yurref": "D1"}).replace(b"<ufinterface ", b'<ufinterface proc="query" ')
        async with asyncio.timeout(20):
            reply = await it.call("POST", "/v1/exchange/sap", asked)
            while reply.status_code == 200 and b"paystate>0<" not in reply.content:
                await asyncio.sleep(0.05)
                reply = await it.call("POST", "/v1/exchange/sap", asked)
        assert reply.status_code == 200, reply.text
        unknown = bills({"yurref": "D9"}).replace(b"<ufinterface ", b'<ufinterface proc="query" ')
        refused = await it.call("POST", "/v1/exchange/sap", unknown)
        assert etree.fromstring(refused.content).get("successful") == "N"

    story(tmp_path, tell, **nc())
