"""The application: routes from the contract, one function from an error to an answer.

Rule kept here: whatever goes wrong, the caller gets a problem document with a trace id, and
only the caller's own faults are told in it.
"""

from __future__ import annotations

import logging
from typing import Final

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from gateway.bootstrap import Gateway
from gateway.domain.errors import Corrupt, GatewayError, NotFound, Refused
from gateway.web.asked import Desk, Raw, desk_of
from gateway.web.bodies import Spool
from gateway.web.contract import OPERATIONS, Operation
from gateway.web.door import Door
from gateway.web.meter import Meter
from gateway.web.problems import NoSuchMethod, problem

_log: Final = logging.getLogger("gateway.web")
_CLIENT_GONE: Final = 499


def create_app(gateway: Gateway) -> FastAPI:
    """The application over a built gateway; whoever built it starts and stops it."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    meter = Meter()
    app.state.desk = Desk(
        gateway=gateway,
        door=Door(gateway.settings.directory, gateway.store, meter),
        meter=meter,
        spool=Spool(gateway.settings.data / "spool", gateway.runtime),
    )
    for operation in OPERATIONS:
        _add(app, operation)
    _add_documents(app)
    app.add_exception_handler(GatewayError, _answer_error)
    app.add_exception_handler(HTTPException, _answer_error)
    app.add_exception_handler(ClientDisconnect, _nobody_there)
    app.add_exception_handler(Exception, _answer_error)
    return app


def _add(app: FastAPI, operation: Operation) -> None:
    app.add_api_route(
        operation.path,
        _counted(operation.name, operation.route()),
        methods=[operation.method],
        name=operation.name,
        operation_id=operation.name,
        summary=operation.zh,
        response_model=None,
    )


def _counted(name: str, route: Raw) -> Raw:
    """Count an operation's answers and the time they took."""

    async def endpoint(request: Request) -> Response:
        request.state.operation = name
        desk = desk_of(request)
        clock = desk.gateway.runtime.clock
        began = clock.monotonic()
        try:
            response = await route(request)
        finally:
            desk.meter.seconds[name] += clock.monotonic() - began
        desk.meter.requests[name, response.status_code] += 1
        return response

    return endpoint


def _add_documents(app: FastAPI) -> None:
    """/openapi.json and /docs, made when first asked for."""

    async def openapi(request: Request) -> Response:
        del request
        return JSONResponse(app.openapi())

    async def docs(request: Request) -> Response:
        from gateway.web.docs_page import HEADERS, page  # noqa: PLC0415 - few ever ask

        del request
        return HTMLResponse(page(app.openapi()), headers=HEADERS)

    app.add_route("/openapi.json", openapi, include_in_schema=False)
    app.add_route("/docs", docs, include_in_schema=False)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, object]:
    if app.openapi_schema is None:
        from gateway.web.openapi import document  # noqa: PLC0415 - serving starts without it

        app.openapi_schema = document(app)
    return app.openapi_schema


async def _answer_error(request: Request, error: Exception) -> Response:
    """The one way from an error to an answer."""
    desk = desk_of(request)
    trace_id = desk.gateway.runtime.ids.new("trace")
    told = _translated(error)
    made = problem(
        told,
        accept_language=request.headers.get("accept-language", ""),
        trace_id=trace_id,
        bank_reply=getattr(request.state, "asking_bank", False),
    )
    if not isinstance(told, GatewayError) or isinstance(told, Corrupt):
        _log.error("%s: %s", trace_id, type(error).__name__, exc_info=error)
    desk.meter.requests[getattr(request.state, "operation", "none"), made.status] += 1
    headers = dict(made.headers)
    if isinstance(error, HTTPException) and error.headers:
        headers |= error.headers  # Allow
    return Response(made.body, made.status, headers=headers)


def _translated(error: Exception) -> Exception:
    """The router's own refusals in our words."""
    if not isinstance(error, HTTPException):
        return error
    if error.status_code == 405:  # noqa: PLR2004 - HTTP
        return NoSuchMethod()
    if error.status_code == 404:  # noqa: PLR2004 - HTTP
        return NotFound("no such address; see /docs", "没有该地址，请查阅接口文档 /docs")
    return Refused()


async def _nobody_there(request: Request, error: Exception) -> Response:
    """The caller went away while sending; nothing was accepted and nobody reads this."""
    del error
    desk_of(request).meter.requests[getattr(request.state, "operation", "none"), _CLIENT_GONE] += 1
    return Response(status_code=400)
