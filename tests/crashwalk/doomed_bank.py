"""The sandbox bank as a process that ends at a chosen point of its own."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

from gateway.cli import main
from gateway.sandbox.server import SandboxServer
from gateway.transport import http_server
from gateway.transport.http_messages import Request, Response
from tests.crashwalk.points import Points, die


def bank(order: dict) -> int:
    """``gateway sandbox`` with points; returns its exit code."""
    points = Points(order["chosen"], Path(order["tale"]))
    sqlite3.connect = partial(sqlite3.connect, factory=partial(_Ledger, points))
    SandboxServer.answer = _answer(points, SandboxServer.answer)
    connection = http_server._Connection
    connection._write = _write(points, connection._write)
    return main.main(["sandbox", *order["arguments"]])


class _Ledger(sqlite3.Connection):
    """The books' file, with an end before and after each COMMIT."""

    def __init__(self, points: Points, *arguments: object, **more: object) -> None:
        super().__init__(*arguments, **more)
        self._points = points

    def execute(self, sql: str, *arguments: object) -> sqlite3.Cursor:
        """Run a statement."""
        if sql != "COMMIT":
            return super().execute(sql, *arguments)
        self._points.at("before COMMIT")
        done = super().execute(sql)
        self._points.at("after COMMIT")
        return done


def _answer(points: Points, real: Callable) -> Callable:
    """An end once a bank message is there, and one when its answer is ready."""

    async def answer(self: SandboxServer, request: Request) -> Response:
        if request.path.startswith("/admin"):
            return await real(self, request)
        points.at("asked")
        response = await real(self, request)
        points.at("answering")
        return response

    return answer


def _write(points: Points, real: Callable) -> Callable:
    """An end once half an answer has gone to the kernel."""

    def write(self: object, content: bytes) -> None:
        if b"<" in content and points.chosen("half an answer"):
            handle = self._transport.get_extra_info("socket").fileno()
            os.write(handle, content[: len(content) // 2])
            die()
        real(self, content)

    return write
