"""Attacks that are a story rather than a file, played over the API under a control document.

``tests/data/attacks/scenarios.tsv`` names every one, its verdict and the test that plays it.
"""

from __future__ import annotations

import asyncio
import csv
import hmac
import re
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from gateway.sandbox.payees import own_account
from tests.hostile.api import api
from tests.hostile.attacks import FURTHER, OWN, needs_further
from tests.integration.web.world import SECRET, payment
from tests.sandbox_json import MAIN

TESTS = Path(__file__).resolve().parents[1]
TRADE = "900010102000000010"
MACHINE = {"secret": SECRET.decode(), "kind": "machine"}
PERSON = {"secret": SECRET.decode(), "kind": "person"}
ACCOUNT = {"connection": "cib-1", "city": "福州"}
PEOPLE = ("wang", "li", "trade", "auditor")
TENANT = {
    "company": [
        {"id": "c1", "name": "示例制造有限公司", "account": [{**ACCOUNT, "number": MAIN}]},
        {"id": "c3", "name": "示例贸易有限公司", "account": [{**ACCOUNT, "number": TRADE}]},
    ],
    "key": [
        {**MACHINE, "id": "erp", "name": "sap", "erp": "sap"},
        *({**PERSON, "id": it, "name": it} for it in PEOPLE),
    ],
}
CHECKS = ["view", "approve", "reject", "resolve", "resume", "controls", "payees", "lift:*"]
RULES = {
    "format": "controls/1",
    "people": [{"name": it} for it in PEOPLE],
    "roles": [
        {"name": "checker", "permissions": [{"rights": CHECKS}]},
        {"name": "auditor", "permissions": [{"rights": ["view", "audit"]}]},
        {"name": "erp", "permissions": [{"rights": ["view", "make", "cancel", "enquire"]}]},
    ],
    "assignments": [
        *({"person": it, "role": "checker"} for it in ("wang", "li")),
        {"person": "trade", "role": "checker", "companies": ["c3"]},
        {"person": "auditor", "role": "auditor"},
    ],
    "machines": [{"name": "sap", "roles": ["erp"]}],
    "matrix": [
        {
            "id": "all",
            "currency": "CNY",
            "bands": [
                {"up_to": "50000.00", "steps": []},
                {"up_to": "200000.00", "steps": [{"role": "checker"}]},
                {"steps": [{"role": "checker", "people": 2}]},
            ],
        }
    ],
    "limits": [
        {
            "id": "day",
            "of": "account",
            "subjects": [TRADE],
            "span": "day",
            "currency": "CNY",
            "amount": "500000.00",
        }
    ],
    "lifts": [{"rule": "*", "steps": [{"role": "checker"}]}],
    "payroll_viewers": ["checker", "erp"],
}
PROPOSALS = "/v1/controls/proposals"
ONLY_PEOPLE = "only a named person may do this, with a key of kind person"


class Place:
    """One gateway for all stories."""

    def __init__(self, runner, world):
        self.run = runner.run
        self.world = world
        proposed = self.post(PROPOSALS, {"content": RULES}, key="wang")
        assert proposed.status_code == 200, proposed.text
        version = proposed.json()
        vote = {"digest": version["digest"]}
        agreed = self.post(f"{PROPOSALS}/{version['version']}/votes", vote, key="li")
        assert agreed.json()["state"] == "in_force", agreed.text

    def post(self, target, document, **words):
        return self.run(self.world.post(target, document, **words))

    def get(self, target, **words):
        return self.run(self.world.get(target, **words))

    def call(self, method, target, **words):
        return self.run(self.world.call(method, target, **words))

    def made(self, **fields):
        answer = self.post("/v1/instructions", payment(**fields))
        assert answer.status_code == 200, answer.text
        return self.view(answer.json()["id"])

    def view(self, id_):
        return self.get(f"/v1/instructions/{id_}", key="wang").json()

    def approve(self, made, key, **other):
        return self.post(_target(made), _vote(made) | other, key=key)


def _target(made):
    return f"/v1/instructions/{made['id']}/decisions"


def _vote(made):
    return {"action": "approve", "content_hash": made["digest"], "reason": "已核对"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        opened = api(tmp_path_factory.mktemp("scenarios"), tenant=TENANT)
        yield Place(runner, runner.run(stack.enter_async_context(opened)))
        runner.run(stack.aclose())


def without_trace(answer):
    return {name: value for name, value in answer.json().items() if name != "trace_id"}


def test_nobody_approves_what_they_made(place):
    """A person makes no payment, a machine decides none, and a proposal is one yes of two."""
    assert place.post("/v1/instructions", payment(), key="wang").status_code == 403
    made = place.made(amount="80000.00")
    machine = place.approve(made, "erp")
    assert (machine.status_code, machine.json()["detail_en"]) == (403, ONLY_PEOPLE)
    assert place.view(made["id"])["state"] == "HELD"
    next_rules = {"content": RULES | {"planned": ["c1"]}}
    version = place.post(PROPOSALS, next_rules, key="wang").json()
    target = f"{PROPOSALS}/{version['version']}"
    assert (
        place.post(f"{target}/votes", {"digest": version["digest"]}, key="wang").status_code == 403
    )
    assert place.get(target, key="wang").json()["state"] == "proposed"
    wish = {"items": [{"action": "create", "account": own_account(91), "name": "示例公司"}]}
    change = place.post("/v1/payees/proposals", wish, key="wang").json()
    target = f"/v1/payees/proposals/{change['id']}"
    assert (
        place.post(f"{target}/votes", {"digest": change["digest"]}, key="wang").status_code == 403
    )
    assert place.get(target, key="wang").json()["state"] == "proposed"


def test_an_approval_holds_for_what_was_read_and_nothing_is_edited_afterwards(place):
    wish = payment(amount="300000.00")
    first = place.post("/v1/instructions", wish).json()
    made = place.view(first["id"])
    assert place.approve(made, "wang").json()["state"] == "HELD"
    edited = wish | {"amount": "9999999.00"}
    again = place.post("/v1/instructions", edited)
    assert (again.status_code, again.json()["code"]) == (409, "reused_reference")
    for method in ("PATCH", "PUT"):
        assert place.call(method, f"/v1/instructions/{made['id']}").status_code == 405
    stale = place.approve(made, "li", content_hash="0" * 64)
    assert (stale.status_code, "content has changed" in stale.json()["detail_en"]) == (403, True)
    now = place.view(made["id"])
    assert (now["amount"], now["digest"]) == ("300000.00", made["digest"])


def test_a_payment_split_under_the_limit_is_stopped_by_their_sum(place):
    states = [place.made(debtor_account=TRADE, amount="49999.00")["state"] for _ in range(20)]
    assert states == ["QUEUED"] * 10 + ["HELD"] * 10
    held = place.made(debtor_account=TRADE, amount="49999.00")
    assert [it["rule"] for it in held["holds"]] == ["limit"]


def test_fifty_approvals_at_once_release_once(place):
    made = place.made(amount="80000.00")

    async def at_once():
        votes = (
            place.world.post(_target(made), _vote(made), key=("wang", "li")[number % 2])
            for number in range(50)
        )
        return await asyncio.gather(*votes)

    told = place.run(at_once())
    assert {it.status_code for it in told} <= {200, 403}
    history = [step["to"] for step in place.view(made["id"])["history"]]
    assert history.count("QUEUED") == 1


@pytest.mark.parametrize("key", ["zhao", "trade"])
def test_neither_another_tenant_nor_another_company_finds_a_payment(place, key):
    made = place.made(amount="80000.00")
    nothing = {**made, "id": "ins_none"}
    met, absent = place.approve(made, key), place.approve(nothing, key)
    assert (met.status_code, absent.status_code) == (404, 404)
    assert without_trace(met) == without_trace(absent)
    shown = place.get(f"/v1/instructions/{made['id']}", key=key)
    assert shown.status_code == 404
    assert place.view(made["id"])["version"] == made["version"]


def test_who_may_only_look_does_nothing_else_and_machines_decide_nothing(place):
    made = place.made(amount="80000.00")
    assert place.get(f"/v1/instructions/{made['id']}", key="auditor").status_code == 200
    for key in ("auditor", "erp"):
        assert place.approve(made, key).status_code == 403
    assert place.post("/v1/instructions", payment(), key="auditor").status_code == 403
    assert (
        place.post(PROPOSALS, {"content": RULES | {"planned": ["c1"]}}, key="auditor").status_code
        == 403
    )
    assert place.post("/v1/keys/rotate", {}).status_code == 404
    assert place.view(made["id"])["state"] == "HELD"


@pytest.mark.parametrize(
    "target",
    [
        "/v1/payees?limit=100000000",
        f"/v1/accounts/{MAIN}/statements?limit=100000000",
        "/v1/instructions?state=HELD&limit=100000000",
    ],
)
def test_no_list_is_as_long_as_the_caller_wants(place, target):
    assert place.get(target, key="wang").status_code == 400


@pytest.mark.parametrize("name", ["X-Request-Id", "traceparent", "Idempotency-Key", "Origin"])
def test_nothing_of_a_callers_header_stands_in_an_answers_head(place, name):
    value = "a\r\nSet-Cookie: planted=1"
    target = "/v1/accounts"
    headers = [(key.encode(), it.encode()) for key, it in place.world.signed("GET", target).items()]
    headers.append((name.encode(), value.encode()))
    answer = place.run(place.world.client.get(target, headers=headers))
    assert answer.status_code in {200, 400}
    assert "planted" not in str(answer.headers)


def test_a_signature_is_compared_in_the_same_time_wherever_it_differs(place, monkeypatch):
    compared = []
    honest = hmac.compare_digest

    def watched(one, other):
        compared.append((one, other))
        return honest(one, other)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    guess = "0" * 64
    answer = place.call("GET", "/v1/accounts", headers={"X-Gw-Signature": guess})
    assert answer.status_code == 401
    assert guess in [other for _, other in compared]


# ── the table ───────────────────────────────────────────────────────────────────────────────


def table():
    with (OWN / "scenarios.tsv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


@pytest.mark.parametrize("row", table(), ids=lambda row: row["scenario"])
def test_every_scenario_has_a_test_that_plays_it(row):
    for named in row["tests"].split(" "):
        file, _, name = named.partition("::")
        found = re.findall(
            rf"^def {re.escape(name)}\(", (TESTS / file).read_text("utf-8"), re.MULTILINE
        )
        assert len(found) == 1, named


@needs_further
def test_every_scenario_of_the_collection_is_in_the_table():
    with (FURTHER / "index.tsv").open(encoding="utf-8", newline="") as lines:
        wanted = {
            row["file"]
            for row in csv.DictReader(lines, delimiter="\t")
            if row["class"] == "scenario"
        }
    assert wanted <= {row["scenario"] for row in table()}
