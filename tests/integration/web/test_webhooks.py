"""Webhooks of a whole gateway: an ERP posts, is told, and has dead letters delivered again."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import jsonschema

from gateway.signing.webhook_signature import is_signed, write_secret
from gateway.transport.http_messages import Response
from gateway.transport.http_server import serve
from gateway.web.answers import ANSWERS
from gateway.wire.schemas import schema_path
from tests.integration.web import world as ground
from tests.integration.web.world import payment, world

KEY = bytes(range(32))
PATIENCE_S = 60
DELIVERIES = "/v1/webhooks/deliveries"


class Receiver:
    """An ERP's end; ``down`` answers 500."""

    def __init__(self) -> None:
        self.events: list[dict] = []
        self.down = False

    async def __call__(self, request) -> Response:
        event = json.loads(request.body)
        stamp = int(request.headers["webhook-timestamp"])
        assert is_signed(
            KEY, event["id"], stamp, request.body, request.headers["webhook-signature"]
        )
        self.events.append(event)
        return Response(status=500 if self.down else 200)

    async def hears(self, count: int) -> list[dict]:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.events) < count:  # noqa: ASYNC110 - filled by the server's task
                await asyncio.sleep(0.01)
        return self.events


@asynccontextmanager
async def telling(folder, *, states=("SETTLED",), **words):
    """A gateway whose first tenant has a webhook."""
    receiver = Receiver()
    server = await serve(receiver, "127.0.0.1", 0)
    webhook = {
        "id": "erp",
        "url": f"http://127.0.0.1:{server.port}/hooks",
        "secret": write_secret(KEY),
        "states": list(states),
        **words,
    }
    egress = {"networks": ["127.0.0.0/8"], "ports": [server.port], "plain_http": True}
    try:
        async with world(folder, tenant={"webhook": [webhook], "egress": egress}) as it:
            yield it, receiver
    finally:
        await server.close()


def story(folder, tell, **words):
    async def run():
        async with telling(folder, **words) as (it, receiver):
            await tell(it, receiver)

    asyncio.run(run())


async def posted(it) -> str:
    answer = await it.post("/v1/instructions", payment())
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


async def listed(it, query="", **who) -> list[dict]:
    answer = await it.get(f"{DELIVERIES}{query}", **who)
    assert answer.status_code == 200, answer.text
    return answer.json()["deliveries"]


async def so_many(it, count: int, query="") -> list[dict]:
    """Wait until so many are listed."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = await listed(it, query)
            if len(found) >= count:
                return found
            await asyncio.sleep(0.02)


def test_an_erp_is_told_what_the_api_says(tmp_path):
    async def tell(it, receiver):
        instruction = await posted(it)
        (event,) = await receiver.hears(1)
        view = (await it.get(f"/v1/instructions/{instruction}")).json()
        told = event["instruction"]
        for name in ("id", "erp", "erp_reference", "state", "state_zh", "final"):
            assert told[name] == view[name], name
        for name in ("code", "text", "bank_reference"):
            assert told[name] == view["evidence"][name], name
        assert told["version"] == view["version"]
        assert told["reason"] == view["reason"]
        assert event["occurred_at"] == view["changed_at"]
        schema = json.loads(
            schema_path("canonical", "v1", "webhook-event.schema.json").read_text("utf-8")
        )
        jsonschema.Draft202012Validator(schema).validate(event)

    story(tmp_path, tell)


def test_every_step_is_told_in_order_to_who_wants_all(tmp_path):
    async def tell(it, receiver):
        instruction = await posted(it)
        await it.reaches(instruction, "SETTLED")
        view = (await it.get(f"/v1/instructions/{instruction}")).json()
        events = await receiver.hears(view["version"])
        assert [event["instruction"]["version"] for event in events] == list(
            range(1, view["version"] + 1)
        )
        assert [event["sequence"] for event in events] == list(range(1, view["version"] + 1))
        states = [event["instruction"]["state"] for event in events]
        steps = [step["to"] for step in view["history"] if step["from"]]
        assert states == steps

    story(tmp_path, tell, states=["all"])


def test_dead_letters_are_listed_and_delivered_again(tmp_path):
    async def tell(it, receiver):
        receiver.down = True
        instruction = await posted(it)
        (found,) = await so_many(it, 1)
        jsonschema.validate(found, ANSWERS["Delivery"])
        assert found["instruction"] == instruction
        assert (found["state"], found["status"], found["tries"]) == ("dead", 500, 1)
        assert found["failure"] == "answered 500"
        receiver.down = False
        for who in ("foreign", "zhao"):  # another tenant sees and moves nothing
            assert await listed(it, key=who) == []
            refused = await it.call("POST", found["links"]["redelivery"], key=who)
            assert refused.status_code == 404
        answer = await it.call("POST", found["links"]["redelivery"], key="wang")
        assert answer.status_code == 200
        assert answer.json()["state"] == "pending"
        first, second = await receiver.hears(2)
        assert first == second
        await so_many(it, 1, "?state=delivered")
        assert await listed(it) == []
        again = await it.call("POST", found["links"]["redelivery"])  # a machine key may as well
        assert again.status_code == 200
        assert (await receiver.hears(3))[2] == first

    story(tmp_path, tell, tries_max=1)


def test_what_is_asked_wrongly_is_refused_with_its_place(tmp_path):
    async def tell(it, receiver):
        for query, place in (
            ("?state=lost", "?state"),
            ("?after=%20", "?after"),
            ("?from=1", "?from"),
        ):
            answer = await it.get(f"{DELIVERIES}{query}")
            assert answer.status_code == 400
            assert [fault["path"] for fault in answer.json()["faults"]] == [place]
        unknown = await it.call("POST", f"{DELIVERIES}/evt_none/redelivery")
        assert unknown.status_code == 404

    story(tmp_path, tell)


def test_the_list_goes_on_after_the_last_one_seen(tmp_path):
    async def tell(it, receiver):
        for _ in range(3):
            await posted(it)
        await receiver.hears(3)
        whole = await so_many(it, 3, "?state=delivered")
        ids = [found["id"] for found in whole]
        assert ids == sorted(ids)
        rest = await listed(it, f"?state=delivered&after={ids[0]}")
        assert [found["id"] for found in rest] == ids[1:]

    story(tmp_path, tell)


def test_what_was_not_told_before_the_end_is_told_after_the_next_start(tmp_path, monkeypatch):
    database = ground.database()
    monkeypatch.setattr(ground, "database", lambda: database)  # both lives have the same

    async def run():
        receiver = Receiver()
        receiver.down = True
        server = await serve(receiver, "127.0.0.1", 0)
        webhook = {
            "id": "erp",
            "url": f"http://127.0.0.1:{server.port}/hooks",
            "secret": write_secret(KEY),
            "states": ["SETTLED"],
        }
        egress = {"networks": ["127.0.0.0/8"], "ports": [server.port], "plain_http": True}
        more = {"tenant": {"webhook": [webhook], "egress": egress}}
        async with world(tmp_path, **more) as it:
            await it.reaches(await posted(it), "SETTLED")
            await receiver.hears(1)
        receiver.down = False
        before = len(receiver.events)
        async with world(tmp_path, tenant=more["tenant"]) as it:
            it.clock.jump(3600)  # its pause is over
            events = await receiver.hears(before + 1)
        assert len({event["id"] for event in events}) == 1
        await server.close()

    asyncio.run(run())
