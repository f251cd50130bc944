"""A gateway beside a vendor's server: documents are fetched, paid and written back, once each."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from decimal import Decimal

from gateway.delivery import backoff
from gateway.runtime import SystemClock
from gateway.sandbox.erps.yonbip import YonBip
from gateway.transport.http_server import serve
from tests.integration.web.world import MAIN, payment, world

KEY, SECRET = "41832a3d2df94989b500da6a22268747", "a-secret-of-the-test"
ENDS = {3: "success", 4: "failure"}


def document(**changes: object) -> dict[str, object]:
    """A settlement as a user of the ERP makes it."""
    it = payment()
    return {
        "ourbankaccount_account": MAIN,
        "counterpartyaccname": it["creditor_name"],
        "counterpartybankacc": it["creditor_account"],
        "counterpartybankname": it["creditor_agent_name"],
        "counterpartybankcode": "309391000011",
        "originalcurrencyamt": Decimal("100.00"),
        "description": "货款",
        **changes,
    }


@asynccontextmanager
async def beside(tmp_path, stand_in, **more):
    """A gateway that fetches from the stand-in and writes back."""
    lost: list[str] = []

    async def answer(request):
        """The answer to the first result that is written gets lost."""
        if request.path.endswith("feedback") and not lost:
            lost.append(request.path)
            stand_in._losing = 1
        return await stand_in.answer(request)

    server = await serve(answer, "127.0.0.1", 0)
    erp = {
        "id": "bip",
        "dialect": "yonyou/yonbip",
        "transport": "api",
        "address": f"http://127.0.0.1:{server.port}",
        "options": {"app_key": KEY},
        "secrets": {"app_secret": SECRET},
        "poll_s": 1,
        **more,
    }
    egress = {"networks": ["127.0.0.0/8"], "ports": [server.port], "plain_http": True}
    house = {"erps": ["iso20022", "yonyou"]}
    try:
        async with world(tmp_path, tenant={"erp": [erp], "egress": egress}, gateway=house) as it:
            yield it
        assert lost
    finally:
        await server.close()


async def decided(stand_in, count: int) -> list:
    """The details, once so many have an end."""
    async with asyncio.timeout(20):
        while True:
            found = [it for it in stand_in.books.details.values() if it.status in ENDS]
            if len(found) >= count:
                return list(stand_in.books.details.values())
            await asyncio.sleep(0.05)


def test_documents_are_paid_and_each_is_told_once_whatever_gets_lost(tmp_path, monkeypatch):
    monkeypatch.setattr(backoff, "FIRST_US", 100_000)
    stand_in = YonBip(app_key=KEY, app_secret=SECRET, now=SystemClock().now)
    for _ in range(3):
        stand_in.books.create("110", [document()])

    async def run() -> None:
        async with beside(tmp_path, stand_in):
            details = await decided(stand_in, 3)
            assert [it.status for it in details] == [3, 3, 3]
            assert [len(it.told) for it in details] == [1, 1, 1]
            stand_in._tokens.clear()
            stand_in.books.create("110", [document()])
            details = await decided(stand_in, 4)
            assert [len(it.told) for it in details] == [1, 1, 1, 1]

    asyncio.run(run())
