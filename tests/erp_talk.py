"""Conversations with a vendor's stand-in over real sockets, as delivery and intake lead them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

from gateway.domain.instruction import State
from gateway.ports.erp_api import Access, Call, CallReply, Conversation, Moment, Verdict
from gateway.ports.erp_told import StatusTold
from gateway.ports.webhooks import Reach
from gateway.transport.api_line import ApiLine, Place
from gateway.transport.egress_rules import read_network
from gateway.transport.http_server import serve

NOW = datetime(2026, 9, 15, 2, 0, tzinfo=UTC)
NONCE = "0123456789abcdef0123456789abcdef"
MOMENT = Moment(now=NOW, nonce=NONCE)
REACH = Reach(
    networks=(read_network("127.0.0.0/8"),), ports=tuple(range(1, 65536)), plain_http=True
)


class Talk:
    """One ERP system as the gateway speaks to it: a line, a token, conversations."""

    def __init__(self, line, api, access):
        self.line = line
        self.api = api
        self.access = access
        self.token = None
        self.calls: list[str] = []

    async def call(self, call: Call) -> CallReply:
        if self.api.login is not None and self.token is None:
            reply = await self.line.call(self.api.login.encode(self.access, MOMENT))
            self.token = self.api.login.decode(reply, MOMENT)
        self.calls.append(call.endpoint)
        if self.token is not None:
            call = replace(
                call,
                query=(*call.query, *self.token.query),
                headers=(*call.headers, *self.token.headers),
            )
        return await self.line.call(call)

    async def tell(self, kind, *told, again=False):
        """The verdicts; a spent token is renewed once."""
        telling = self.api.tell[kind]
        replies: list[CallReply] = []
        for _ in range(50):
            step = telling.say(
                Conversation(
                    told=told,
                    access=self.access,
                    moment=MOMENT,
                    again=again,
                    replies=tuple(replies),
                )
            )
            if not isinstance(step, Call):
                if any(it.verdict is Verdict.LOGIN for it in step) and self.token is not None:
                    self.token, replies = None, []
                    continue
                return step
            replies.append(await self.call(step))
        raise AssertionError("the conversation never ends")

    async def pull(self):
        """Every waiting document."""
        pull, cursor, drafts = self.api.pull, "", []
        for _ in range(200):
            reply = await self.call(pull.encode(self.access, MOMENT, cursor))
            read = (
                pull.decode(self.access, reply)
                if pull.follow is None
                else pull.follow(self.access, reply, cursor)
            )
            assert not isinstance(read, Verdict), read
            drafts += read.drafts
            cursor = read.cursor
            if not cursor:
                return drafts
        raise AssertionError("the pages never end")


@contextlib.asynccontextmanager
async def talking(stand_in, dialect, options, secrets) -> AsyncIterator[Talk]:
    """A stand-in on a port of its own, and a line to it."""
    server = await serve(stand_in.answer, "127.0.0.1", 0)
    line = ApiLine(Place(url=f"http://127.0.0.1:{server.port}", timeout_s=10), REACH)
    try:
        access = Access(system="erp", options=options, secrets=secrets)
        yield Talk(line, dialect.api(options), access)
    finally:
        await line.aclose()
        await server.close()


def run(story):
    """Run a coroutine to its end."""
    return asyncio.run(story)


def told_of(draft, state=State.SETTLED, **changes):
    """What its ERP is told of a payment that it handed in."""
    fields = {
        "instruction": f"ins_{draft.erp_reference}",
        "version": 7,
        "state": str(state),
        "erp": "bip",
        "erp_reference": draft.erp_reference,
        "at": NOW,
        "amount": draft.amount,
        "currency": draft.currency,
        "bank_reference": "BK1",
        "source": draft.source,
        **changes,
    }
    return StatusTold(**fields)


def verdicts(taken):
    """What became of each record."""
    return [it.verdict for it in taken]
