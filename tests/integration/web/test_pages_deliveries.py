"""The page of deliveries: what was given up, why, and told again with one click."""

from __future__ import annotations

import asyncio

from gateway.store import tables
from gateway.store.tenancy import acting_for
from tests.integration.web.world import payment
from tests.ui_ground import PEOPLE, story, text_of


def system(home, **more):
    return {
        "id": "sap",
        "dialect": "iso20022",
        "transport": "folder",
        "address": str(home),
        "options": {"settle_s": "0"},
        "tries_max": 1,
        **more,
    }


async def event(world, delivery: str):
    """The event of the outcome, once it is there."""
    table = tables.webhook_event
    query = table.select().where(table.c.delivery == delivery, table.c.state == "SETTLED")
    async with asyncio.timeout(15):
        while True:
            with acting_for(["t1"]):
                found = await world.gateway.store.read(lambda db: db.execute(query).first())
            if found is not None:
                return found
            await asyncio.sleep(0.02)


def test_a_dead_letter_is_shown_with_its_reason_and_told_again(tmp_path):
    home = tmp_path / "not-mounted"

    async def tell(site):
        wang = await site.member("wang")
        answer = await site.world.post("/v1/instructions", payment("R-1"))
        await site.world.reaches(answer.json()["id"], "SETTLED")
        dead = await event(site.world, "dead")
        await wang.get("/ui/deliveries")
        shown = text_of(wang.seen)
        assert "erp:sap" in shown
        assert "支付成功" in shown
        assert "given up: 1" in shown
        assert "供应商" not in shown
        home.mkdir()
        answer = await wang.post(f"/ui/deliveries/{dead.id}")
        assert answer.status_code == 303, text_of(answer.text)
        await event(site.world, "delivered")
        await wang.get("/ui/deliveries")
        assert "given up: 0" in text_of(wang.seen)

    story(tmp_path, tell, tenant={"erp": [system(home)], "person": PEOPLE})


def test_a_strangers_delivery_is_not_found_and_a_form_needs_its_token(tmp_path):
    home = tmp_path / "not-mounted"

    async def tell(site):
        zhao, wang = await site.member("zhao"), await site.member("wang")
        answer = await site.world.post("/v1/instructions", payment("R-1"))
        await site.world.reaches(answer.json()["id"], "SETTLED")
        dead = await event(site.world, "dead")
        await zhao.get("/ui/deliveries")
        assert dead.id not in zhao.seen
        assert (await zhao.post(f"/ui/deliveries/{dead.id}")).status_code == 404
        await wang.get("/ui/deliveries")
        answer = await wang.post(f"/ui/deliveries/{dead.id}", token="0" * 64)
        assert answer.status_code == 403
        assert (await event(site.world, "dead")).id == dead.id

    others = [{"name": "赵", "login": "zhao"}]
    story(tmp_path, tell, other_people=others, tenant={"erp": [system(home)], "person": PEOPLE})
