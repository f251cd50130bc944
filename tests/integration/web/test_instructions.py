"""Single instructions over the API: accepted once, settled, held, decided."""

from __future__ import annotations

import asyncio
import json

import pytest

from gateway.sandbox.admin import ledger_view
from gateway.sandbox.faults import Fault, Scripted
from tests.integration.web.world import payment, story


def test_an_accepted_payment_is_settled_and_shows_its_evidence(tmp_path):
    async def tell(it):
        accepted = await it.post("/v1/instructions", payment("PO-2026/1"))
        assert accepted.status_code == 200
        assert list(accepted.json()) == ["id", "erp_reference", "digest", "links"]
        view = await it.reaches(accepted.json()["id"], "SETTLED")
        assert view["evidence"]["grade"] != "none"
        assert [step["to"] for step in view["history"]][-1] == "SETTLED"
        found = await it.get(accepted.json()["links"]["status"])
        assert [one["id"] for one in found.json()["instructions"]] == [accepted.json()["id"]]
        assert ledger_view(it.ledger)["payments"] == 1

    story(tmp_path, tell)


def test_twenty_at_once_are_one_instruction_and_one_answer(tmp_path):
    async def tell(it):
        wish = payment("ONE")
        answers = await asyncio.gather(*(it.post("/v1/instructions", wish) for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        await it.reaches(answers[0].json()["id"], "SETTLED")
        later = await it.post("/v1/instructions", wish)
        assert later.content == answers[0].content
        found = (await it.get("/v1/instructions?erp_reference=ONE")).json()["instructions"]
        assert len(found) == 1
        assert ledger_view(it.ledger)["payments"] == 1

    story(tmp_path, tell)


def test_the_same_reference_with_other_content_shows_both_digests(tmp_path):
    async def tell(it):
        wish = payment("TWICE")
        first = await it.post("/v1/instructions", wish)
        other = await it.post("/v1/instructions", wish | {"amount": "100.01"})
        assert other.status_code == 409
        problem = other.json()
        assert problem["stored_digest"] == first.json()["digest"] != problem["sent_digest"]
        # Another ERP's references are its own.
        twin = payment("TWICE")
        assert (await it.post("/v1/instructions", twin, key="erp2")).status_code == 200

    story(tmp_path, tell)


def test_an_idempotency_key_belongs_to_one_content(tmp_path):
    async def tell(it):
        key = {"Idempotency-Key": "k-1"}
        wish = payment()
        first = await it.post("/v1/instructions", wish, headers=key)
        again = await it.post("/v1/instructions", wish, headers=key)
        assert (again.status_code, again.content) == (200, first.content)
        assert (await it.post("/v1/instructions", payment(), headers=key)).status_code == 409
        for bad in ("", "x" * 256):
            answer = await it.post("/v1/instructions", wish, headers={"Idempotency-Key": bad})
            assert answer.status_code == 400
            assert answer.json()["faults"][0]["path"] == "Idempotency-Key"

    story(tmp_path, tell)


def test_a_look_alike_is_held_until_a_person_lets_it_go(tmp_path):
    async def tell(it):
        first = payment()
        await it.post("/v1/instructions", first)
        twin = await it.post("/v1/instructions", first | {"erp_reference": "TWIN"})
        view = await it.reaches(twin.json()["id"], "HELD")
        listed = (await it.get("/v1/instructions?state=HELD,UNCONFIRMED", key="wang")).json()
        assert [one["erp_reference"] for one in listed["instructions"]] == ["TWIN"]
        target = f"/v1/instructions/{view['id']}/decisions"
        vote = {"action": "approve", "content_hash": view["digest"], "reason": "两张发票"}
        assert (await it.post(target, vote)).status_code == 403
        stale = await it.post(target, vote | {"content_hash": "0" * 64}, key="wang")
        assert stale.status_code == 403
        assert (await it.post(target, vote, key="zhao")).status_code == 404
        decided = await it.post(target, vote, key="wang")
        assert decided.json()["complete"] is True
        await it.reaches(view["id"], "SETTLED")

    story(tmp_path, tell)


@pytest.mark.parametrize("action", ["approve", "reject"])
def test_a_vote_whose_answer_was_lost_may_be_cast_again(tmp_path, action):
    async def tell(it):
        first = payment()
        await it.post("/v1/instructions", first)
        twin = await it.post("/v1/instructions", first | {"erp_reference": "TWIN"})
        view = await it.reaches(twin.json()["id"], "HELD")
        target = f"/v1/instructions/{view['id']}/decisions"
        vote = {"action": action, "content_hash": view["digest"], "reason": "两张发票"}
        decided = (await it.post(target, vote, key="wang")).json()
        end = await it.reaches(view["id"], "SETTLED", "CANCELLED")
        again = await it.post(target, vote, key="wang")
        assert again.json() == decided | {"state": end["state"]}
        other = await it.post(target, vote | {"reason": "另一理由"}, key="wang")
        assert other.status_code == 403
        after = (await it.get(f"/v1/instructions/{view['id']}")).json()
        assert (after["state"], len(after["history"])) == (end["state"], len(end["history"]))

    story(tmp_path, tell)


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        (b"{", [("", "json_malformed", 1)]),
        (b'{\n"action": tru}', [("", "json_malformed", 2)]),
        (b"[]", [("", "not_object", None)]),
        (b'{"action":"\xff"}', [("", "json_encoding", 1)]),
        (b"{}", [("/action", "required", None), ("/content_hash", "required", None)]),
        (
            b'{"action":"burn","content_hash":"a","more":1}',
            [("/more", "unknown_field", None), ("/action", "action_unknown", None)],
        ),
        (
            b'{"action":"reject","action":"approve","content_hash":"a"}',
            [("/action", "duplicate_field", None)],
        ),
        (b'{"action":"reject","content_hash":1}', [("/content_hash", "not_text", None)]),
    ],
)
def test_a_decision_is_read_strictly(tmp_path, body, faults):
    async def tell(it):
        answer = await it.call("POST", "/v1/instructions/ins_x/decisions", body, key="wang")
        assert answer.status_code == 400
        told = [(one["path"], one["code"], one["line"]) for one in answer.json()["faults"]]
        assert told == faults

    story(tmp_path, tell)


def test_an_unknown_outcome_is_enquired_on_request_and_never_sent_again(tmp_path):
    async def tell(it):
        wish = payment()
        it.bank.faults.add(
            Scripted(kind=Fault.ERROR_5XX_AFTER_COMMIT, creditor_account=wish["creditor_account"])
        )
        accepted = (await it.post("/v1/instructions", wish)).json()
        await it.reaches(accepted["id"], "UNCONFIRMED")
        target = f"/v1/instructions/{accepted['id']}/enquiry"
        assert (await it.call("POST", target, key="foreign")).status_code == 404
        asked = await it.call("POST", target)
        assert asked.status_code == 200
        assert asked.json()["enquiry_at"] >= "2026-09-15T10:15"
        it.clock.jump(16 * 60)
        await it.reaches(accepted["id"], "SETTLED")
        assert (await it.call("POST", target)).status_code == 422
        assert ledger_view(it.ledger)["payments"] == 1

    story(tmp_path, tell)


def test_all_faults_of_an_instruction_are_told_at_once_in_two_languages(tmp_path):
    async def tell(it):
        wish = payment(amount="1e3", purpose="", creditor_account="?")
        answer = await it.post("/v1/instructions", wish)
        assert answer.status_code == 422
        faults = answer.json()["faults"]
        assert {one["path"] for one in faults} == {"/amount", "/purpose", "/creditor_account"}
        assert all(one["zh"] and one["en"] for one in faults)
        malformed = await it.call("POST", "/v1/instructions", b'{\n"amount": 1,,}')
        assert malformed.status_code == 400
        assert malformed.json()["faults"][0]["line"] == 2
        assert json.loads(malformed.content)["trace_id"].isalnum()

    story(tmp_path, tell)


def test_people_do_not_post_and_queries_are_strict(tmp_path):
    async def tell(it):
        assert (await it.post("/v1/instructions", payment(), key="wang")).status_code == 403
        for query in (
            *("", "?erp_reference=a&state=HELD", "?state=GONE", "?nope=1"),
            "?erp_reference=a&erp_reference=b",
        ):
            answer = await it.get(f"/v1/instructions{query}")
            assert answer.status_code == 400
            assert answer.json()["faults"]

    story(tmp_path, tell)
