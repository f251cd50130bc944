"""Requests made from the published contract, and requests made to break it: never our fault."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode

from gateway.sandbox.payees import own_account
from gateway.web.contract import OPERATIONS
from tests.hostile.api import api
from tests.integration.web.world import batch_of, payment
from tests.sandbox_json import MAIN

EXAMPLES = 8
CONTROLS = "/v1/controls/proposals"
STOP = {"scope": "account", "subject": MAIN, "reason": "x"}
RULES = {
    "format": "controls/1",
    "people": [{"name": "王"}, {"name": "李"}],
    "roles": [
        {
            "name": "chief",
            "permissions": [
                {
                    "rights": [
                        *("view", "approve", "reject", "resolve", "stop", "resume", "lift:*"),
                        *("payees", "controls", "audit", "cancel", "enquire"),
                    ]
                }
            ],
        },
        {"name": "erp", "permissions": [{"rights": ["view", "make", "cancel", "enquire"]}]},
    ],
    "assignments": [{"person": it, "role": "chief"} for it in ("王", "李")],
    "machines": [{"name": "*", "roles": ["erp"]}],
    "matrix": [
        {
            "id": "all",
            "currency": "CNY",
            "bands": [
                {"up_to": "1000.00", "steps": []},
                {"steps": [{"role": "chief", "people": 2}]},
            ],
        }
    ],
    "payees": {
        "first_payment": True,
        "cooling_hours": 24,
        "shared_account": True,
        "duplicate_days": 3,
    },
    "lifts": [{"rule": "*", "steps": [{"role": "chief"}]}],
    "payroll_viewers": ["chief", "erp"],
}
WELL = GenerationMode.POSITIVE
OURS = frozenset({"x-gw-key", "x-gw-timestamp", "x-gw-nonce", "x-gw-signature"})
FRAMING = frozenset({"content-length", "host", "connection", "transfer-encoding"})
# The bank cannot be reached here, and the answer says so; anything else from 500 on is a fault.
BANK_AWAY = frozenset({502, 503, 504})


class Caller:
    """One gateway for all examples, and its contract.

    Its first tenant lives by a control document, its second by its settings.
    """

    def __init__(self, runner, world):
        self._runner = runner
        self._world = world
        self.document = self.get("/openapi.json").json()
        schema = schemathesis.openapi.from_dict(generous(self.document))
        found = [one.ok() for one in schema.get_all_operations()]
        self.operations = {one.label: one for one in found}
        self.known = self._made()
        validators = Draft202012Validator
        self.schema = lambda name: validators(
            {"$ref": f"#/components/schemas/{name}"} | self.document
        )

    def _made(self):
        """Something of each kind to be asked for: the members that name it, by where it lies."""
        version = self._post(CONTROLS, {"content": RULES}, key="wang")
        agreed = {"digest": version["digest"]}
        self._post(f"{CONTROLS}/{version['version']}/votes", agreed, key="li")
        further = self._post(CONTROLS, {"content": RULES | {"planned": ["c1"]}}, key="wang")
        batch = self._post("/v1/batches", batch_of(2))
        held = self._post("/v1/instructions", payment(amount="5000.00"))
        of_it = f"/v1/instructions/{held['id']}"
        vote = {"content_hash": held["digest"], "reason": "x"}
        told = self._runner.run(
            self._world.call("POST", f"{of_it}/attachments?name=a.pdf", b"%PDF-1.7", key="wang")
        )
        file = told.json()
        entry = {"account": MAIN, "day": "2026-09-15", "reference": "N1", "amount": "5000.00"}
        wish = vote | {"action": "resolve_paid_elsewhere", "entry": entry}
        resolution = self._post(f"{of_it}/resolutions", wish, key="wang")
        stop = self._post("/v1/stops", STOP, key="wang")
        payee = {"action": "create", "account": own_account(77), "name": "示例公司"}
        change = self._post("/v1/payees/proposals", {"items": [payee]}, key="wang")
        self._post(
            f"/v1/payees/proposals/{change['id']}/votes", {"digest": change["digest"]}, key="li"
        )
        (listed,) = self.get("/v1/payees", key="wang").json()["payees"]
        block = {"items": [{"action": "block", "payee": listed["id"]}]}
        blocked = self._post("/v1/payees/proposals", block, key="wang")
        return {
            "/v1/batches": {"id": batch["id"]},
            "/v1/instructions": {
                "id": held["id"],
                "attachment": file["id"],
                "resolution": resolution["id"],
                "content_hash": held["digest"],
                "digest": resolution["digest"],
            },
            "/v1/accounts": {"number": MAIN},
            "/v1/connections": {"id": "cib-1"},
            "/v1/stops": {"id": stop["id"]},
            "/v1/controls": {"version": further["version"], "digest": further["digest"]},
            "/v1/payees/proposals": {"id": blocked["id"], "digest": blocked["digest"]},
            "/v1/payees": {"id": listed["id"]},
            "/v1/calendar": {"day": "2026-09-15"},
            "/v1/controls/explanation": {"from": MAIN, "to": own_account(78), "amount": "1.00"},
            "/v1/route": {"amount": "50000.01"},
        }

    def get(self, target, key=None):
        call = self._world.get(target, key=key) if key else self._world.client.get(target)
        return self._runner.run(call)

    def _post(self, target, document, **words):
        answer = self._runner.run(self._world.post(target, document, **words))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fill(self, case):
        """Let a case ask for what there is."""
        place = max((it for it in self.known if case.path.startswith(it)), key=len, default="")
        for name, value in self.known.get(place, {}).items():
            for members in (case.path_parameters, case.query, case.body):
                if isinstance(members, dict) and name in members:
                    members[name] = value

    def send(self, case, key):
        """Send a case as its own words say, but signed."""
        made = requests.Request(**case.as_transport_kwargs(base_url="http://gw")).prepare()
        url, body = httpx.URL(made.url), made.body or b""
        body = body.encode() if isinstance(body, str) else body
        headers = [
            (name.encode("latin-1"), value if isinstance(value, bytes) else value.encode("latin-1"))
            for name, value in made.headers.items()
            if name.lower() not in OURS | FRAMING
        ]
        signed = self._world.signed(made.method, url.raw_path.decode(), body, key=key)
        headers += [(name.encode(), value.encode()) for name, value in signed.items()]
        call = self._world.client.request(made.method, url, content=body, headers=headers)
        return self._runner.run(call)


@pytest.fixture(scope="module")
def caller(tmp_path_factory):
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        folder: Path = tmp_path_factory.mktemp("contract")
        yield Caller(runner, runner.run(stack.enter_async_context(api(folder))))
        runner.run(stack.aclose())


def generous(part):
    """The contract without what must not stand in a text: the generator cannot read that."""
    if isinstance(part, dict):
        return {name: generous(one) for name, one in part.items() if name != "not"}
    return [generous(one) for one in part] if isinstance(part, list) else part


def check(caller, operation, answer):
    status = answer.status_code
    assert status < 500 or status in BANK_AWAY, answer.text
    documented = caller.document["paths"][operation.path][operation.method.lower()]["responses"]
    assert str(status) in documented, f"{status} {answer.text}"
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        caller.schema("Problem").validate(answer.json())
    elif operation.gives and answer.headers["content-type"] == "application/json":
        caller.schema(operation.gives).validate(answer.json())


@pytest.mark.parametrize(
    ("operation", "mode"),
    # Without a parameter or a body there is nothing to get wrong.
    [(one, mode) for one in OPERATIONS for mode in GenerationMode if one.signed or mode is WELL],
    ids=lambda it: it.value if isinstance(it, GenerationMode) else it.name,
)
def test_nothing_that_is_asked_is_our_fault(caller, operation, mode):
    wanted = caller.operations[f"{operation.method} {operation.path}"]

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,  # a red run can be repeated
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=wanted.as_strategy(generation_mode=mode),
        key=st.sampled_from(["erp", "wang", "foreign", "zhao"]),
        known=st.booleans(),
    )
    def asked(case, key, known):
        if known:
            caller.fill(case)
        if "wait" in (case.query or {}) and str(case.query["wait"]).isdigit():
            case.query["wait"] = 0  # nobody has the time
        check(caller, operation, caller.send(case, key))

    asked()


def test_the_contract_is_taken_whole(caller):
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(caller.document)))
    labels = {one.ok().label for one in schema.get_all_operations()}
    assert labels == {f"{one.method} {one.path}" for one in OPERATIONS}
