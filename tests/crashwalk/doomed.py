"""Processes that end at a chosen point: the product's own, with points where I/O happens.

Nothing of the product is replaced but by a subclass or wrapper that counts and then does the
same. Runs in a child of ``nursery``.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import event

from gateway import bootstrap, settings
from gateway.cli import worker
from gateway.delivery import ways
from gateway.domain.message import WireMessage, WireReply
from gateway.intake import bulk, releasing
from gateway.ports.webhooks import Answer
from gateway.runtime import run_process
from gateway.transport.egress import Egress
from gateway.transport.http_client import HttpNet
from gateway.web import server
from tests.crashwalk import mutants
from tests.crashwalk.points import Points, die
from tests.records import replace

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PATHS = {"os.rename": 0, "os.link": 1, "os.remove": 0, "os.mkdir": 0, "os.chmod": 0}


def gateway(order: dict) -> int:
    """``gateway serve`` or ``gateway worker`` with points; returns its exit code."""
    points = Points(order["chosen"], Path(order["tale"]), _end(order))
    loaded = replace(settings.load(Path(order["config"])), poll_s=0.02, lease_s=1)
    _small_chunks()
    _watch_files(points, loaded.data)
    if order.get("statements"):
        _watch_statements(points)
    bootstrap.HttpNet = partial(_Net, points)
    bootstrap.build = partial(bootstrap.build, probe=partial(_commit, points))
    ways.Egress = partial(_Egress, points)
    server.create_app = partial(_app, points, server.create_app)
    for name in order.get("mutants", ()):
        mutants.PLANTED[name]()
    if order["role"] == "worker":
        return run_process(lambda life: worker._work(loaded, life, as_json=True))
    return server.run(loaded, ready=lambda _: None, err=sys.stderr)


def _end(order: dict) -> Callable[[], None]:
    """What happens at the chosen point."""
    if order.get("strikes"):
        return partial(_strike, order["strikes"])
    return _pause if order.get("pauses") else die


def _pause() -> None:
    """Stand still until somebody wakes us."""
    os.kill(os.getpid(), signal.SIGSTOP)


def _strike(pid: int) -> None:
    """What ends at the chosen point is another process, at once; we go on without it."""
    os.kill(pid, signal.SIGQUIT)
    while Path(f"/proc/{pid}").exists():
        time.sleep(0.001)


def _commit(points: Points, name: str) -> None:
    """Before and after each COMMIT; what began and was not committed leaves nothing behind."""
    if name != "begin":
        points.at({"commit": "before COMMIT", "committed": "after COMMIT"}.get(name, name))


def _small_chunks() -> None:
    """A few lines are a large file here, so that every step of one is taken more than once."""
    bulk.CHUNK, bulk.INLINE, releasing._CHUNK = 2, 3, 2


class _Net(HttpNet):
    """The way to the bank, with an end before, in the middle of and after each request."""

    def __init__(self, points: Points, **settings: Any) -> None:
        super().__init__(**settings)
        self._points = points

    async def exchange(
        self,
        url: str,
        message: WireMessage,
        timeout_s: float,
        *,
        may_send: Callable[[], bool] | None = None,
    ) -> WireReply:
        """One request and its answer, if it comes to that."""
        points = self._points
        points.at("before connect")

        def sending() -> bool:
            if may_send is not None and not may_send():
                return False
            points.at("before the first byte")
            for name, share in (("after the first bytes", 2), ("after the request", 1)):
                if points.chosen(name):
                    if points.mortal:
                        send_raw(url, message, share)
                    points.end()
            return True

        reply = await super().exchange(url, message, timeout_s, may_send=sending)
        points.at("after the reply")
        return reply


class _Egress(Egress):
    """The way to an ERP's webhook, with an end before and after each request."""

    def __init__(self, points: Points, *arguments: object, **more: object) -> None:
        super().__init__(*arguments, **more)
        self._points = points

    async def post(self, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        """One attempt."""
        self._points.at("before the webhook")
        answer = await super().post(headers, body)
        self._points.at("after the webhook")
        return answer


def send_raw(url: str, message: WireMessage, share: int = 1) -> socket.socket:
    """Hand the head and 1/``share`` of the body to a socket of our own, and wait for nothing."""
    where, body = urlsplit(url), message.body()
    head = (
        f"POST {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\n"
        f"Content-Type: {message.content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    made = socket.create_connection((where.hostname, where.port))
    made.sendall(head.encode() + body[: len(body) // share])
    return made


def _app(points: Points, create, made):
    """The API: an end once a call that changes something is there, and one before its answer."""
    inner = create(made)

    async def app(scope, receive, send) -> None:
        if scope["method"] == "GET":
            await inner(scope, receive, send)
            return
        points.at("asked")

        async def answering(message) -> None:
            if message["type"] == "http.response.start":
                points.at("answering")
            await send(message)

        await inner(scope, receive, answering)

    return app


def _watch_files(points: Points, folder: Path) -> None:
    """Before a file of the data folder is opened to be written, once it is empty, and so on."""
    inside = f"{folder}{os.sep}"

    def hook(name: str, arguments: tuple) -> None:
        if name == "open":
            path, _, flags = arguments
            if isinstance(path, str) and path.startswith(inside) and flags & _WRITES:
                points.at(f"before open {_kind(path)}")
                if points.mortal and points.chosen(f"opened {_kind(path)}"):
                    os.close(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY))
                    die()
        elif name in _PATHS:
            path = arguments[_PATHS[name]]
            if os.fspath(path).startswith(inside):
                points.at(f"before {name} {_kind(path)}")

    sys.addaudithook(hook)


def _kind(path: str | os.PathLike[str]) -> str:
    """What kind of file it is, whatever number its name carries."""
    kinds = [it for it in Path(path).suffixes if not it[1:].isdigit()]
    return kinds[-1] if kinds else "file"


def _watch_statements(points: Points) -> None:
    """Every statement while the schema is brought up to date."""
    real = bootstrap.migrate

    def migrate(engine) -> bool:
        def passing(*_) -> None:
            points.at("statement")

        event.listen(engine, "before_cursor_execute", passing)

        def committing(_) -> None:
            points.at("migration commit")

        watched = {"before_cursor_execute": passing, "commit": committing}
        for name, watch in watched.items():
            event.listen(engine, name, watch)
        try:
            return real(engine)
        finally:
            for name, watch in watched.items():
                event.remove(engine, name, watch)

    bootstrap.migrate = migrate
