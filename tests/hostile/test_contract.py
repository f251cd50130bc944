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

from gateway.web.contract import OPERATIONS
from tests.hostile.api import api
from tests.integration.web.world import batch_of, payment
from tests.sandbox_json import MAIN

EXAMPLES = 8
WELL = GenerationMode.POSITIVE
OURS = frozenset({"x-gw-key", "x-gw-timestamp", "x-gw-nonce", "x-gw-signature"})
FRAMING = frozenset({"content-length", "host", "connection", "transfer-encoding"})
# The bank cannot be reached here, and the answer says so; anything else from 500 on is a fault.
BANK_AWAY = frozenset({502, 503, 504})


class Caller:
    """One gateway for all examples, and its contract."""

    def __init__(self, runner, world):
        self._runner = runner
        self._world = world
        self.document = self.get("/openapi.json").json()
        told = self._post("/v1/batches", batch_of(2))
        self.known = {
            "id": [told["id"], told["results"][0]["id"], "cib-1"],
            "number": [MAIN],
        }
        self._post("/v1/instructions", payment())
        validators = Draft202012Validator
        self.schema = lambda name: validators(
            {"$ref": f"#/components/schemas/{name}"} | self.document
        )

    def get(self, target):
        return self._runner.run(self._world.client.get(target))

    def _post(self, target, document):
        return self._runner.run(self._world.post(target, document)).json()

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


def found(document, wanted):
    schema = schemathesis.openapi.from_dict(generous(document))
    (operation,) = [
        one.ok()
        for one in schema.get_all_operations()
        if one.ok().label == f"{wanted.method} {wanted.path}"
    ]
    return operation


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
    wanted = found(caller.document, operation)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=wanted.as_strategy(generation_mode=mode),
        key=st.sampled_from(["erp", "wang", "foreign"]),
        known=st.booleans(),
        pick=st.integers(0, 2),
    )
    def asked(case, key, known, pick):
        for name in case.path_parameters or {}:
            if known and name in caller.known:
                choices = caller.known[name]
                case.path_parameters[name] = choices[pick % len(choices)]
        if "wait" in (case.query or {}) and str(case.query["wait"]).isdigit():
            case.query["wait"] = 0  # nobody has the time
        check(caller, operation, caller.send(case, key))

    asked()


def test_the_contract_is_taken_whole(caller):
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(caller.document)))
    labels = {one.ok().label for one in schema.get_all_operations()}
    assert labels == {f"{one.method} {one.path}" for one in OPERATIONS}
