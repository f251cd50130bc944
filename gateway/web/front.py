"""The operations at fixed addresses, straight to their endpoint; all others by the framework.

Rule kept here: the way is shorter, the answers are the same. The framework's own middleware and
router cost as much as reading, checking and answering a small request; errors still take the
one way that they take everywhere.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.applications import Starlette
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Route = Callable[[Request], Awaitable[Response]]
Answers = Mapping[type[Exception], Callable[[Request, Exception], Awaitable[Response]]]
_HTTP: Final = "http"


class Front:
    """An application before the framework's. ``routes`` are by method and path."""

    def __init__(
        self, app: Starlette, routes: Mapping[tuple[str, str], Route], answers: Answers
    ) -> None:
        self.state = app.state
        self._app = app
        self._routes = routes
        self._known = {kind: answer for kind, answer in answers.items() if kind is not Exception}
        self._kinds = tuple(self._known)
        self._short: ASGIApp = ServerErrorMiddleware(self._answer, handler=answers[Exception])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == _HTTP and (scope["method"], scope["path"]) in self._routes:
            scope["app"] = self._app
            await self._short(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        try:
            response = await self._routes[scope["method"], scope["path"]](request)
        except self._kinds as error:
            kind = next(it for it in type(error).__mro__ if it in self._known)
            response = await self._known[kind](request, error)
        await response(scope, receive, send)
