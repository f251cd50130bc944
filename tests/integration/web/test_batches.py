"""Bulk calls over the API: JSON batches, pain.001 files, and their answers."""

from __future__ import annotations

import asyncio
import json

import pytest

from gateway.web.batches import wants_xml
from tests.integration.web.world import line, pain001, payment, story
from tests.unit.iso20022.samples import assert_valid

FILES = "/v1/files?erp=iso20022"
XML = {"Accept": "application/xml"}


def batch(reference, *lines, **more):
    return {"batch_reference": reference, "instructions": list(lines)} | more


def test_good_lines_are_accepted_and_bad_ones_listed(tmp_path):
    async def tell(it):
        wish = batch("B-1", payment(), payment(amount="0"), payment())
        answer = await it.post("/v1/batches", wish)
        assert answer.status_code == 200
        told = answer.json()
        assert (told["accepted"], told["refused"]) == (2, 1)
        assert [one["result"] for one in told["results"]] == ["accepted", "refused", "accepted"]
        assert told["results"][1]["faults"][0]["path"] == "/instructions/1/amount"
        await it.settled_batch(told["id"], 2)
        again = await it.post("/v1/batches", wish)
        assert again.content == answer.content
        spaced = json.dumps(wish, indent=2).encode()
        assert (await it.call("POST", "/v1/batches", spaced)).content == answer.content
        report = (await it.get(f"/v1/batches/{told['id']}/report")).json()
        assert [one["state"] for one in report["lines"]] == ["SETTLED", "REFUSED", "SETTLED"]
        assert report["lines"][1]["faults"][0]["code"] == "amount_zero"

    story(tmp_path, tell)


@pytest.mark.parametrize("where", ["query", "body"])
def test_one_bad_line_refuses_all_where_the_caller_wants_that(tmp_path, where):
    async def tell(it):
        target = "/v1/batches?on_refused=all" if where == "query" else "/v1/batches"
        more = {"on_refused": "all"} if where == "body" else {}
        wish = batch(
            "B-1", payment("A"), payment("B", amount="x", purpose=""), payment("C"), **more
        )
        refused = await it.post(target, wish)
        assert refused.status_code == 422
        paths = {one["path"] for one in refused.json()["faults"]}
        assert paths == {"/instructions/1/amount", "/instructions/1/purpose"}
        assert (await it.get("/v1/instructions?erp_reference=A")).json() == {"instructions": []}
        # Nothing was stored, so the reference is still free.
        mended = batch("B-1", payment("A"), payment("B"), **more)
        assert (await it.post(target, mended)).json()["accepted"] == 2

    story(tmp_path, tell)


def test_the_same_batch_reference_with_other_lines_is_refused(tmp_path):
    async def tell(it):
        first = payment()
        assert (await it.post("/v1/batches", batch("B-1", first))).status_code == 200
        other = await it.post("/v1/batches", batch("B-1", first | {"amount": "7.00"}))
        assert other.status_code == 409
        assert len({other.json()["stored_digest"], other.json()["sent_digest"]}) == 2
        contradiction = await it.post(
            "/v1/batches?on_refused=lines", batch("B-2", payment(), on_refused="all")
        )
        assert contradiction.json()["faults"][0]["code"] == "on_refused_contradiction"
        empty = await it.post("/v1/batches", batch("B-3"))
        assert (empty.status_code, empty.json()["faults"][0]["code"]) == (400, "batch_empty")

    story(tmp_path, tell)


def test_a_thousand_lines_in_one_call(tmp_path):
    async def tell(it):
        wish = batch("BIG", *(payment(amount="1.00") for _ in range(1000)))
        answer = await it.post("/v1/batches", wish)
        assert (answer.json()["accepted"], len(answer.json()["results"])) == (1000, 1000)
        view = (await it.get(f"/v1/batches/{answer.json()['id']}")).json()
        assert sum(view["states"].values()) == 1000

    story(tmp_path, tell)


@pytest.mark.parametrize("version", ["pain.001.001.03", "pain.001.001.09"])
def test_a_file_is_answered_in_json_and_in_pain002(tmp_path, version):
    async def tell(it):
        file = pain001(
            "M-1", line(), line(creditor_name="<"[:0] or "示" * 200), line(), version=version
        )
        answer = await it.call("POST", FILES, file)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert (told["reference"], told["format"]) == ("M-1", version)
        assert (told["lines"], told["accepted"], told["refused"]) == (3, 2, 1)
        assert told["refused_lines"][0]["line"] == 2
        assert told["refused_lines"][0]["faults"][0]["line"] > 1
        assert (await it.call("POST", FILES, file)).content == answer.content
        await it.settled_batch(told["id"], 2)
        report = await it.get(told["links"]["report"])
        assert report.headers["content-type"] == "application/xml"
        assert report.content.count(b"<TxSts>ACSC<") == 2
        assert report.content.count(b"<TxSts>RJCT<") == 1
        directly = await it.call("POST", FILES, file, headers=XML)
        assert directly.content.count(b"<TxSts>ACSC<") == 2
        if version.endswith("03"):
            for reply in (report, directly):
                assert_valid(reply.content, "pain001", "pain002/schemas/pain.002.001.03.xsd")
        assert not list((tmp_path / "var/spool").iterdir())

    story(tmp_path, tell)


def test_a_message_id_belongs_to_one_file_of_one_erp(tmp_path):
    async def tell(it):
        first, second = pain001("M-1", line()), pain001("M-1", line())
        answers = await asyncio.gather(*(it.call("POST", FILES, first) for _ in range(5)))
        accepted = [answer for answer in answers if answer.status_code == 200]
        assert len({answer.content for answer in accepted}) == 1
        # While the first is being read the others are told to come back.
        assert {answer.status_code for answer in answers} <= {200, 503}
        other = await it.call("POST", FILES, second)
        assert other.status_code == 409
        assert other.json()["stored_digest"] != other.json()["sent_digest"]
        assert (await it.call("POST", FILES, second, key="erp2")).status_code == 200

    story(tmp_path, tell)


def test_a_broken_file_is_refused_whole_and_told_where(tmp_path):
    async def tell(it):
        file = pain001("M-1", line(end_to_end_id="A"), line(end_to_end_id="B"))
        cut = await it.call("POST", FILES, file[: len(file) // 2])
        assert cut.status_code == 400
        assert cut.json()["faults"][0]["line"] >= 1
        wrong = file.replace(b"<NbOfTxs>2<", b"<NbOfTxs>3<")
        lies = await it.call("POST", FILES, wrong)
        assert lies.status_code == 422
        assert "number_of_transactions" in {one["code"] for one in lies.json()["faults"]}
        bomb = b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'
        assert (await it.call("POST", FILES, bomb)).json()["faults"][0]["code"] == "doctype"
        whole = pain001("M-2", line(), line(creditor_account="?"))
        refused = await it.call("POST", FILES + "&on_refused=all", whole)
        assert refused.status_code == 422
        assert (await it.call("POST", FILES, b"")).status_code == 400
        unknown = await it.call("POST", "/v1/files?erp=nope", file)
        assert unknown.json()["faults"][0]["code"] == "erp_unknown"
        assert (await it.call("POST", FILES, file)).json()["accepted"] == 2
        assert not list((tmp_path / "var/spool").iterdir())

    story(tmp_path, tell)


def test_a_batch_of_another_tenant_does_not_exist(tmp_path):
    async def tell(it):
        mine = (await it.post("/v1/batches", batch("B-1", payment()))).json()
        one = mine["results"][0]["id"]
        for target in (
            *(f"/v1/batches/{mine['id']}", f"/v1/batches/{mine['id']}/report"),
            *(f"/v1/instructions/{one}", "/v1/accounts/900010101000000011/balance"),
        ):
            answer = await it.get(target, key="foreign")
            assert answer.status_code == 404
            assert mine["id"] not in answer.text
        found = await it.get("/v1/instructions?state=SETTLED,QUEUED,SENDING", key="foreign")
        assert found.json() == {"instructions": []}
        assert (await it.get("/v1/batches/bat_none")).status_code == 404

    story(tmp_path, tell)


@pytest.mark.parametrize(
    ("accept", "xml"),
    [
        ("", False),
        ("*/*", False),
        ("application/xml", True),
        ("text/xml;q=0.9", True),
        ("application/json, application/xml", False),
        ("text/html, application/xml;q=0.9, */*", True),
    ],
)
def test_the_answer_is_xml_where_that_is_asked_for(accept, xml):
    assert wants_xml(accept) is xml


def test_several_files_at_once(tmp_path):
    async def tell(it):
        files = [pain001(f"M-{n}", *(line() for _ in range(20))) for n in range(6)]
        answers = await asyncio.gather(*(it.call("POST", FILES, file) for file in files))
        assert [answer.json()["accepted"] for answer in answers] == [20] * 6
        assert [answer.json()["reference"] for answer in answers] == [f"M-{n}" for n in range(6)]

    story(tmp_path, tell)
