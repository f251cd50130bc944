"""Envelopes and files of ERP systems through the whole gateway, bank and all."""

from __future__ import annotations

import asyncio
import io
import json
from contextlib import redirect_stdout

import pytest
from lxml import etree

from gateway import settings
from gateway.cli.main import main
from gateway.store.tenancy import acting_for
from tests.integration.web.world import MAIN, line, pain001, payment, story

ALIAS = "CN00CIBK0001"


def erp(folder, **more):
    (folder / "box" / "in").mkdir(parents=True)
    system = {
        "id": "sap",
        "dialect": "iso20022",
        "transport": "folder",
        "address": str(folder / "box"),
        "poll_s": 1,
        "options": {"settle_s": "0"},
        "aliases": {ALIAS: MAIN},
    }
    return {"tenant": {"erp": [system | more]}}


def rows(it, sql: str) -> list[tuple]:
    with acting_for(("t1",)):
        found = it.gateway.store.read_now(lambda db: db.exec_driver_sql(sql).all())
    return [tuple(row) for row in found]


def count(it) -> int:
    return rows(it, "SELECT count(*) FROM instruction")[0][0]


def listed(folder, loaded) -> None:
    """What ``gateway erp files`` says, in a process of its own that only reads."""
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()) as out:
        patch.setattr(settings, "load", lambda _: loaded)
        assert main(["erp", "files", "--json"]) == 1
        assert main(["erp", "files", "--system", "sap", "--refused"]) == 1
        assert main(["erp", "files", "--system", "nope"]) == 2
    *lines, text, fault = [it for it in out.getvalue().splitlines() if it.strip()]
    rows = [json.loads(it) for it in lines]
    assert {row["name"]: row["outcome"] for row in rows} == {
        "a.xml": "accepted",
        "b.xml": "accepted",
        "c.xml": "refused",
    }
    assert "已拒收 refused  c.xml" in text
    assert "/" in fault


def texts(reply: bytes, name: str) -> list[str]:
    root = etree.fromstring(reply)
    return [it.text for it in root.iter("{*}" + name)]


def test_an_envelope_is_answered_in_its_own_format_and_again_with_the_same_payments(tmp_path):
    async def tell(it):
        envelope = pain001("M-1", line(), line())
        first = await it.call("POST", "/v1/exchange/sap?account=01&receiver=x", envelope)
        assert first.status_code == 200
        assert first.headers["content-type"].startswith("application/xml")
        assert texts(first.content, "OrgnlMsgId") == ["M-1"]
        assert len(texts(first.content, "TxSts")) == 2
        again = await it.call("POST", "/v1/exchange/sap", envelope)
        assert again.status_code == 200
        assert count(it) == 2

    story(tmp_path, tell, **erp(tmp_path))


def test_a_refusal_is_in_the_senders_format_too_and_nothing_is_taken(tmp_path):
    async def tell(it):
        good = pain001("M-1", line())
        other = pain001("M-1", line())
        assert (await it.call("POST", "/v1/exchange/sap", good)).status_code == 200
        for body, said in ((other, b"RJCT"), (b"<html>", b"RJCT"), (b"", b"RJCT")):
            refused = await it.call("POST", "/v1/exchange/sap", body)
            assert refused.status_code == 200, refused.content
            assert refused.headers["content-type"].startswith("application/xml")
            assert said in refused.content
        assert count(it) == 1

    story(tmp_path, tell, **erp(tmp_path))


@pytest.mark.parametrize(
    ("system", "key", "status"),
    [("sap", "erp2", 404), ("nope", "erp", 404), ("sap", "wang", 403), ("sap", "foreign", 404)],
)
def test_only_the_systems_own_key_may_post_its_envelopes(tmp_path, system, key, status):
    async def tell(it):
        envelope = pain001("M-1", line())
        refused = await it.call("POST", f"/v1/exchange/{system}", envelope, key=key)
        assert refused.status_code == status
        unsigned = await it.client.post("/v1/exchange/sap", content=envelope)
        assert unsigned.status_code == 401
        tampered = await it.call("POST", "/v1/exchange/sap", envelope, secret=b"another")
        assert tampered.status_code == 401
        assert count(it) == 0

    story(tmp_path, tell, **erp(tmp_path))


def test_without_systems_there_is_no_exchange(tmp_path):
    async def tell(it):
        assert it.gateway.front.exchange is None
        refused = await it.call("POST", "/v1/exchange/sap", pain001("M-1", line()))
        assert refused.status_code == 404

    story(tmp_path, tell)


def test_files_of_the_folder_are_paid_and_the_folder_hears_of_it(tmp_path):
    box = tmp_path / "box"

    async def tell(it):
        ours, theirs = pain001("M-1", line(), line()), pain001("M-2", line())
        theirs = theirs.replace(MAIN.encode(), ALIAS.encode())
        for name, content in (("a.xml", ours), ("b.xml", theirs), ("c.xml", b"<x/>")):
            (box / "in" / f"{name}.tmp").write_bytes(content)
            (box / "in" / f"{name}.tmp").rename(box / "in" / name)
        async with asyncio.timeout(30):
            while len(list((box / "processed").glob("*"))) < 2 or not list(
                (box / "refused").glob("*")
            ):
                it.clock.jump(1)
                await asyncio.sleep(0.05)
        assert {path.name for path in (box / "processed").iterdir()} == {"a.xml", "b.xml"}
        assert [path.name for path in (box / "refused").iterdir()] == ["c.xml"]
        stored = rows(it, "SELECT DISTINCT debtor_account, maker, erp FROM instruction")
        assert stored == [(MAIN, "machine:sap", "sap")]
        (again,) = [path for path in (box / "out").iterdir() if path.name.startswith("a.")]
        assert len(texts(again.read_bytes(), "TxSts")) == 2
        (refused,) = [path for path in (box / "out").iterdir() if path.name.startswith("c.")]
        assert b"RJCT" in refused.read_bytes()
        await asyncio.to_thread(listed, tmp_path, it.gateway.settings)
        # The same payments by another way are the same payments.
        posted = await it.call("POST", "/v1/files?erp=iso20022", ours)
        assert posted.status_code == 200
        assert count(it) == 3

    story(tmp_path, tell, **erp(tmp_path))


def test_an_account_as_the_erp_writes_it_is_ours_whatever_way_it_comes(tmp_path):
    async def tell(it):
        one = payment(debtor_account=ALIAS)
        assert (await it.post("/v1/instructions", one)).status_code in {200, 201}
        batch = {"batch_reference": "B1", "instructions": [payment(debtor_account=ALIAS)]}
        assert (await it.post("/v1/batches", batch)).status_code == 200
        file = pain001("M-9", line()).replace(MAIN.encode(), ALIAS.encode())
        assert (await it.call("POST", "/v1/files?erp=iso20022", file)).status_code == 200
        assert (await it.call("POST", "/v1/exchange/sap", file)).status_code == 200
        assert rows(it, "SELECT debtor_account, count(*) FROM instruction GROUP BY 1") == [
            (MAIN, 3)
        ]
        # The same payment with our own number is the same; another ERP has no such writing.
        again = await it.post("/v1/instructions", one | {"debtor_account": MAIN})
        assert again.status_code in {200, 201}
        assert count(it) == 3
        other = await it.post("/v1/instructions", payment(debtor_account=ALIAS), key="erp2")
        assert other.status_code == 422

    story(tmp_path, tell, **erp(tmp_path))


CAMT_060 = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.060.001.05"><AcctRptgReq>
<GrpHdr><MsgId>Q1</MsgId></GrpHdr>{requests}</AcctRptgReq></Document>"""
REQUEST = """<RptgReq><Id>{number}</Id><ReqdMsgNmId>camt.053.001.08</ReqdMsgNmId>
<Acct><Id><Othr><Id>{account}</Id></Othr></Id></Acct>
<AcctOwnr><Pty><Nm>A</Nm></Pty></AcctOwnr>
<RptgPrd><FrToDt><FrDt>2026-09-15</FrDt><ToDt>2026-09-15</ToDt></FrToDt><Tp>ALLL</Tp></RptgPrd>
<ReqdTxTp><Sts>BOOK</Sts><CdtDbtInd>CRDT</CdtDbtInd></ReqdTxTp></RptgReq>"""


def question(*accounts: str) -> bytes:
    requests = [REQUEST.format(number=f"R{it}", account=it) for it in accounts]
    return CAMT_060.format(requests="".join(requests)).encode()


def test_a_file_of_questions_is_answered_with_the_banks_own_entries(tmp_path):
    box = tmp_path / "box"

    async def tell(it):
        whole = box / "in" / "ask.xml"
        whole.with_suffix(".tmp").write_bytes(question(ALIAS, "1234567"))
        whole.with_suffix(".tmp").rename(whole)
        async with asyncio.timeout(30):
            while not (
                list((box / "out").glob("statement-*.xml"))
                and (box / "processed" / "ask.xml").exists()
            ):
                it.clock.jump(1)
                await asyncio.sleep(0.05)
        (answer,) = (box / "out").glob("statement-*.xml")
        assert b"camt.053" in answer.read_bytes()
        assert ALIAS.encode() in answer.read_bytes()  # as its ERP writes the account
        (unanswered,) = (box / "out").glob("ask.*.unanswered.xml")
        assert b"not_found" in unanswered.read_bytes() or b"RJCT" in unanswered.read_bytes()

    story(tmp_path, tell, **erp(tmp_path))
