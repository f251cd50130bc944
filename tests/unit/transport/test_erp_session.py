"""A log-in of several calls: each is made once, and one without an end is given up."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from gateway.domain.errors import WireError
from gateway.ports.erp_api import Access, Call, CallReply, ErpApi, Login, Moment, Token
from gateway.runtime import LoopTasks, SystemRandom
from gateway.transport.erp_session import ErpSession

NOW = datetime(2026, 9, 15, 2, 0, tzinfo=UTC)


class Line:
    def __init__(self) -> None:
        self.sent: list[tuple[str, tuple[tuple[str, str], ...]]] = []

    async def call(self, call: Call) -> CallReply:
        self.sent.append((call.path, call.headers))
        return CallReply(status=200, body=call.path.encode())


def session(line, steps):
    """One whose log-in takes so many calls."""

    def decode(reply: CallReply, moment: Moment) -> Token | Call:
        step = int(reply.body[1:])
        if step < steps:
            return Call(method="POST", path=f"/{step + 1}", endpoint="login")
        return Token(expires_at=moment.now + timedelta(hours=2), headers=(("token", "T"),))

    first = Call(method="POST", path="/1", endpoint="login")
    api = ErpApi(tell={}, login=Login(encode=lambda _access, _moment: first, decode=decode))
    runtime = SimpleNamespace(tasks=LoopTasks(lambda *_: None), random=SystemRandom())
    access = Access(system="x", options={}, secrets={})
    return ErpSession(line, api, access, runtime, lambda: NOW)


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_every_step_is_made_once(steps):
    async def story():
        line = Line()
        made = session(line, steps)
        for _ in range(2):
            await made.call(Call(method="GET", path="/bills", endpoint="bills"))
        return line.sent

    sent = asyncio.run(story())
    log_in = [(f"/{step}", ()) for step in range(1, steps + 1)]
    assert sent == [*log_in, *[("/bills", (("token", "T"),))] * 2]


def test_a_log_in_without_an_end_is_given_up():
    async def story():
        line = Line()
        with pytest.raises(WireError):
            await session(line, 99).call(Call(method="GET", path="/bills", endpoint="bills"))
        return line.sent

    assert [path for path, _ in asyncio.run(story())] == ["/1", "/2", "/3", "/4"]
