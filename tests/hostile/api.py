"""The API without sockets: the application itself, asked in process with signed requests."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import httpx

from gateway import bootstrap, settings
from gateway.runtime import SharedClock
from gateway.web.app import create_app
from tests.integration.web.world import World, content
from tests.postgres import lay_migrated
from tests.sandbox_json import START

NOBODY = "http://127.0.0.1:9"


@asynccontextmanager
async def api(folder, **policy):
    """A gateway whose relay is not started: what is accepted stays where it is."""

    def dead(name, error):
        raise AssertionError(name) from error

    clock = SharedClock.create(folder / "clock.json", START)
    parsed = settings.parse(content(NOBODY, "clock.json", **policy), folder)
    lay_migrated(parsed.database)
    made = bootstrap.build(parsed, dead)
    transport = httpx.ASGITransport(create_app(made), raise_app_exceptions=False)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://gw") as client:
            yield World(made, client, clock, None, None)
    finally:
        await made.stop()


def story(folder, tell):
    """Run ``tell(world)``; what it returns is returned."""

    async def run():
        async with api(folder) as it:
            return await tell(it)

    return asyncio.run(run())


def verdict(answer):
    """Status and the codes of the faults, as one line; every refusal is a problem document."""
    if answer.status_code < 400:
        return f"{answer.status_code}"
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["trace_id"], answer.text
    codes = sorted({one["code"] for one in told.get("faults", [])}) or [told["code"]]
    return f"{answer.status_code} {','.join(codes)}"
