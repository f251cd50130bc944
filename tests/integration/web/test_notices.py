"""Notices of bookings, from the bank in a box to a kept line: sooner than any round."""

from __future__ import annotations

import asyncio

import pytest

from adapters.bank.cib import DIALECT
from gateway.domain.message import WireReply
from gateway.sandbox.notifying import Notices, Notifier
from gateway.sandbox.server import SandboxServer
from gateway.store import tables
from gateway.store.tenancy import acting_for
from tests.integration.web import world
from tests.sandbox_json import MAIN

DOOR = "/v1/bank-notices/t1/cib-1"
SECRET = "only-for-these-tests"
HEADER = {"X-Notice-Secret": SECRET}


class ToGateway:
    """The bank's way to the gateway, through the application itself."""

    def __init__(self, it) -> None:
        self._it = it
        self.posted: list[int] = []

    async def exchange(self, url, message, _timeout_s, *, may_send=None):
        assert may_send is None
        answer = await self._it.client.post(url, content=message.body(), headers=HEADER)
        self.posted.append(answer.status_code)
        return WireReply(answer.status_code, "", answer.content)


@pytest.fixture
def with_door(monkeypatch):
    plain = world.content

    def content(bank, clock, **policy):
        made = plain(bank, clock, **policy)
        made["tenant"][0]["connection"][0]["notices"] = {
            "secret": SECRET,
            "peers": ["127.0.0.0/8"],
        }
        return made

    servers = []

    class Kept(SandboxServer):
        def __init__(self, *args) -> None:
            super().__init__(*args)
            servers.append(self)

    monkeypatch.setattr(world, "content", content)
    monkeypatch.setattr(world, "SandboxServer", Kept)
    return servers


def test_a_booking_is_kept_before_the_next_round_would_ask(tmp_path, with_door):
    async def tell(it):
        on_ledger = with_door[0].on_ledger
        net = ToGateway(it)
        notices = Notices(it.ledger, DIALECT.bank_side, "gateway")
        notifier = Notifier(notices, DOOR, net, it.gateway.tasks, on_ledger)
        await on_ledger(notices.begin)
        assert await notifier.push() == 0  # what was booked before is not told
        made = (await it.post("/v1/instructions", world.payment())).json()
        await it.reaches(made["id"], "SETTLED")
        assert await notifier.push() >= 1
        assert set(net.posted) <= {200, 404}  # the payee's bank account is none of ours
        assert 200 in net.posted
        assert await notifier.push() == 0
        (row,) = await _seen(it)
        interval_us = it.gateway.settings.statements_every_minutes * 60_000_000
        assert 0 <= row.kept_us - row.at_us < interval_us
        kept = (await it.get(f"/v1/accounts/{MAIN}/entries")).json()["entries"]
        assert "-100.00" in [line["amount"] for line in kept]
        await _door(it, await on_ledger(lambda: _last_notice(it)))

    world.story(tmp_path, tell)


async def _seen(it):
    async with asyncio.timeout(10):
        while True:
            with acting_for(("t1",)):
                rows = await it.gateway.store.read(
                    lambda db: db.execute(
                        tables.bank_notice.select().where(tables.bank_notice.c.account == MAIN)
                    ).all()
                )
            if rows and all(row.kept_us for row in rows):
                return rows
            await asyncio.sleep(0.05)


def _last_notice(it) -> bytes:
    """Of the payer's account, as it was posted."""
    (last,) = it.ledger.db.execute("SELECT MAX(id) FROM posting WHERE account = ?", (MAIN,))
    again = Notices(it.ledger, DIALECT.bank_side, "again")
    again.told(last[0] - 1)
    return again.waiting()[0][1].body()


async def _door(it, body):
    async def post(target=DOOR, sent=body, **headers):
        return await it.client.post(target, content=sent, headers=headers)

    assert (await post(**HEADER)).json() == {"taken": False}
    for wrong in (await post(), await post(**{"X-Notice-Secret": "another"})):
        assert (wrong.status_code, wrong.json()["code"]) == (401, "not_authenticated")
    for target in ("/v1/bank-notices/t1/none", "/v1/bank-notices/t2/cib-2"):
        assert (await post(target, **HEADER)).status_code == 401
    assert (await post(sent=b"<FOX/>", **HEADER)).status_code == 400
    assert (await post(sent=b"x" * 70_000, **HEADER)).status_code == 413
