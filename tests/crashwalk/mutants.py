"""Planted faults: a walk that finds none of them proves nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping

from gateway import bootstrap
from gateway.domain.errors import GatewayError
from gateway.domain.message import WireReply
from gateway.intake.accept import Intake
from gateway.relay import messages, outcome_rows, relay, sender
from gateway.relay.plan import plan
from gateway.store.groups import Item


def _sent_before_its_commit() -> None:
    """The bytes go out within the transaction that archives them."""
    from tests.crashwalk.doomed import send_raw

    answers: dict[bytes, bytes] = {}

    def hasty(link, uow, limit, deadline):
        found = plan(link, uow, limit, deadline)
        for it in found.planned:
            with send_raw(link.connection.url, it.wire) as made:
                answers[it.wire.body()] = _read(made)
        return found

    real = bootstrap.HttpNet

    class Told:
        """Gives the answers that are there already."""

        def __init__(self, **how) -> None:
            self._net = real(**how)

        async def exchange(self, url, message, timeout_s, *, may_send=None) -> WireReply:
            early = answers.pop(message.body(), None)
            if early is None:
                return await self._net.exchange(url, message, timeout_s, may_send=may_send)
            return WireReply(200, "text/xml", early)

        async def aclose(self) -> None:
            await self._net.aclose()

    sender.plan = hasty
    bootstrap.HttpNet = Told


def _read(made) -> bytes:
    """The body of one answer with a length."""
    got = b""
    while True:
        head, _, body = got.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
        if len(body) >= int(fields.get(b"content-length", b"1000000")):
            return body
        piece = made.recv(65536)
        if not piece:
            return body
        got += piece


def _sent_again_at_restart() -> None:
    """A take-over sends again under a new serial instead of asking."""

    def take_over(links, uow) -> int:
        count = 0
        for tenant, connection in messages.orphaned(uow):
            link = links[tenant, connection]
            for message in messages.left_behind(uow, tenant, connection, 100):
                unsent = outcome_rows.Unsent(message=message, why="process restarted")
                outcome_rows.write(link, uow, [unsent])
                messages.close(uow, tenant, [message.id])
                count += 1
        return count

    relay.take_over = take_over


class _UndoneError(GatewayError):
    """Nothing of this is kept."""


def _answered_before_its_commit() -> None:
    """The ERP hears of an acceptance that is written only afterwards."""
    real = Intake.accept
    late = set()

    async def accept(self, caller, draft, *, key, body_digest):
        store = self.store

        class Behind:
            """A store that promises what it has not written."""

            async def gather(self, work, item, *, may_refuse=False):
                job = Item(work, item)
                done = []

                def trial(uow):
                    done.append(job(uow))
                    raise _UndoneError

                with contextlib.suppress(_UndoneError):
                    await store.write(trial)
                late.add(asyncio.ensure_future(_later(store, job)))
                return done[-1]

        self.store = Behind()
        try:
            return await real(self, caller, draft, key=key, body_digest=body_digest)
        finally:
            self.store = store

    Intake.accept = accept


async def _later(store, job) -> None:
    await asyncio.sleep(0.1)
    await store.write(job)


def _no_take_over() -> None:
    """What a dead process was sending stays its own."""
    relay.take_over = lambda links, uow: 0


PLANTED: Mapping[str, Callable[[], None]] = {
    "sent before its commit": _sent_before_its_commit,
    "sent again at restart": _sent_again_at_restart,
    "answered before its commit": _answered_before_its_commit,
    "no take-over": _no_take_over,
}
