"""The application: routes from the contract, one function from an error to an answer.

Rule kept here: whatever goes wrong, the caller gets a problem document with a trace id, and
only the caller's own faults are told in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from gateway.bootstrap import Gateway
from gateway.domain.errors import Corrupt, GatewayError, NotFound, Refused
from gateway.identity.options import NO_IDENTITY
from gateway.observe.words import what_failed
from gateway.ports.events import CALLED, FAILED, REFUSED
from gateway.ports.tenancy import ApiKey
from gateway.web.asked import Desk, Raw, desk_of, trace_id
from gateway.web.bodies import Spool
from gateway.web.certificates import Certificates
from gateway.web.contract import OPERATIONS
from gateway.web.door import Door
from gateway.web.front import Answers, Front
from gateway.web.problems import NoSuchMethod, Problem, problem

_CLIENT_GONE: Final = 499


def create_app(gateway: Gateway) -> Front:
    """The application over a built gateway; whoever built it starts and stops it."""
    identity = gateway.settings.identity or NO_IDENTITY
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.state.desk = Desk(
        gateway=gateway,
        door=Door(
            gateway.settings.directory,
            gateway.store,
            gateway.runtime.log,
            Certificates(proxy=identity.certificates, rules=identity.certificate_rules),
        ),
        spool=Spool(gateway.settings.data / "spool", gateway.runtime),
    )
    router, fixed = _routes()
    app.router.routes.extend(router.routes)
    _add_documents(app)
    for path in ("/ui", "/ui/{page:path}"):
        app.add_route(path, _page, methods=["GET", "POST"], include_in_schema=False)
    for kind, answer in _ANSWERS.items():
        app.add_exception_handler(kind, answer)
    return Front(app, fixed, _ANSWERS)


@cache
def _routes() -> tuple[APIRouter, Mapping[tuple[str, str], Raw]]:
    """The contract's routes, and those at fixed addresses; the same for every application."""
    router = APIRouter()
    fixed: dict[tuple[str, str], Raw] = {}
    for operation in OPERATIONS:
        endpoint = _counted(operation.name, operation.route())
        router.add_api_route(
            operation.path,
            endpoint,
            methods=[operation.method],
            name=operation.name,
            operation_id=operation.name,
            summary=operation.zh,
            response_model=None,
        )
        if "{" not in operation.path:
            fixed[operation.method, operation.path] = endpoint
    return router, fixed


def _counted(name: str, route: Raw) -> Raw:
    """Tell of an operation's answers and the time they took."""

    async def endpoint(request: Request) -> Response:
        state = request.state
        state.operation, state.began = name, desk_of(request).gateway.runtime.clock.monotonic()
        response = await route(request)
        _called(request, response.status_code)
        return response

    return endpoint


def _called(request: Request, status: int) -> None:
    """A request was answered; one that fits no operation took no time worth counting."""
    runtime = desk_of(request).gateway.runtime
    state = request.state
    now_s = runtime.clock.monotonic()
    runtime.log.tell(
        CALLED,
        operation=getattr(state, "operation", "none"),
        status=status,
        seconds=now_s - getattr(state, "began", now_s),
        trace=trace_id(request),
    )


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


async def _page(request: Request) -> Response:
    """A page for people; whoever serves machines alone never loads one."""
    from gateway.web.ui.routes import answer  # noqa: PLC0415 - people come later

    request.state.operation = "ui"
    request.state.began = desk_of(request).gateway.runtime.clock.monotonic()
    response = await answer(request)
    _called(request, response.status_code)
    return response


def _document(app: FastAPI) -> dict[str, object]:
    if app.openapi_schema is None:
        from gateway.web.openapi import document  # noqa: PLC0415 - serving starts without it

        app.openapi_schema = document(app)
    return app.openapi_schema


async def _answer_error(request: Request, error: Exception) -> Response:
    """The one way from an error to an answer."""
    told = _translated(error)
    made = problem(
        told,
        accept_language=request.headers.get("accept-language", ""),
        trace_id=trace_id(request),
        bank_reply=getattr(request.state, "asking_bank", False),
    )
    _tell_problem(request, told, made)
    _called(request, made.status)
    headers = dict(made.headers)
    if isinstance(error, HTTPException) and error.headers:
        headers |= error.headers  # Allow
    return Response(made.body, made.status, headers=headers)


def _tell_problem(request: Request, error: Exception, made: Problem) -> None:
    """Operators hear of every refusal by its code, and of what failed inside by its place."""
    log = desk_of(request).gateway.runtime.log
    key: ApiKey | None = getattr(request.state, "key", None)
    tenant, key_id = (key.tenant, key.id) if key else ("", "")
    operation, trace = getattr(request.state, "operation", "none"), trace_id(request)
    if isinstance(error, GatewayError) and not isinstance(error, Corrupt):
        log.tell(
            REFUSED,
            code=error.code,
            status=made.status,
            operation=operation,
            tenant=tenant,
            key=key_id,
            trace=trace,
        )
        return
    kind, place, why = what_failed(error)
    log.tell(
        FAILED,
        error=kind,
        place=place,
        why=why,
        operation=operation,
        tenant=tenant,
        key=key_id,
        trace=trace,
    )


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
    _called(request, _CLIENT_GONE)
    return Response(status_code=400)


_ANSWERS: Final[Answers] = {
    GatewayError: _answer_error,
    HTTPException: _answer_error,
    ClientDisconnect: _nobody_there,
    Exception: _answer_error,
}
