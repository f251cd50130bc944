"""One authenticated request as the endpoints see it, and how an endpoint is put behind the door.

Rule kept here: an endpoint gets a key that was proven, its tenant, and nothing of anybody else.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.bootstrap import Gateway
from gateway.controls.sight import Onlooker, onlooker
from gateway.domain.decision import ActorKind
from gateway.domain.errors import Corrupt, Fault, NotFound, NotPermitted, Refused
from gateway.intake.accept import Caller
from gateway.observe.trace import TRACE_BYTES, TRACE_HEADER, trace_of
from gateway.ports.events import ACCEPTED
from gateway.ports.tenancy import ApiKey, Tenant
from gateway.store.tenancy import acting_for
from gateway.web.bodies import SMALL_MAX, Spool, digest_of, read_body
from gateway.web.door import Door

IDEMPOTENCY_HEADER: Final = "Idempotency-Key"
_IDEMPOTENCY_MAX: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What all endpoints share."""

    gateway: Gateway
    door: Door
    spool: Spool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An authenticated request. ``digest`` is the hex SHA-256 of the body."""

    request: Request
    desk: Desk
    key: ApiKey
    digest: str
    query: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)

    @property
    def gateway(self) -> Gateway:
        """The use cases."""
        return self.desk.gateway

    @property
    def tenant(self) -> Tenant:
        """The key's own tenant: the only one this request can see."""
        found = self.gateway.settings.directory.tenants.get(self.key.tenant)
        if found is None:
            raise Corrupt("a key names a tenant that is not configured")
        return found

    @property
    def onlooker(self) -> Onlooker:
        """Whoever holds the key, looking at the tenant."""
        return onlooker(self.tenant, self.key)

    def accepted(self, kind: str, lines: int, *, instruction: str = "", batch: str = "") -> None:
        """Tell operators of an acceptance: the line that joins trace id and payment."""
        state = self.request.state
        self.gateway.runtime.log.tell(
            ACCEPTED,
            kind=kind,
            lines=lines,
            instruction=instruction,
            batch=batch,
            tenant=self.tenant.id,
            key=self.key.id,
            trace=trace_id(self.request),
            seconds=self.gateway.runtime.clock.monotonic() - state.began,
        )

    def path(self, name: str) -> str:
        """A part of the address. Raises NotFound for one that nothing can be named by."""
        found = str(self.request.path_params[name])
        if not found.isprintable():
            raise NotFound
        return found

    def machine(self) -> Caller:
        """The calling ERP. Raises NotPermitted for a person's key."""
        if self.key.actor.kind is not ActorKind.MACHINE:
            raise NotPermitted(
                "instructions come from an ERP's machine key, not from a person's",
                "付款指令须由 ERP 的机器密钥提交，人员密钥不能提交",
            )
        return Caller(tenant=self.tenant, actor=self.key.actor, erp=self.key.erp)

    def person(self) -> None:
        """Raise NotPermitted for a machine key."""
        if self.key.actor.kind is not ActorKind.PERSON:
            raise NotPermitted(
                "only a named person may do this, with a key of kind person",
                "此操作只能由实名人员使用人员密钥进行",
            )

    def idempotency_key(self) -> str:
        """The Idempotency-Key header, or ''. Raises Refused when it is not usable."""
        found = self.request.headers.getlist(IDEMPOTENCY_HEADER)
        if not found:
            return ""
        (key, *more) = found
        plain = key.isascii() and key.isprintable() and 0 < len(key) <= _IDEMPOTENCY_MAX
        if more or not plain:
            raise refused_at(
                IDEMPOTENCY_HEADER,
                "header_format",
                "Idempotency-Key 须为 1–255 个可打印 ASCII 字符，且只出现一次",
                "Idempotency-Key must be 1 to 255 printable ASCII characters, given once",
            )
        return key


Endpoint = Callable[[Asked], Awaitable[Response]]
Raw = Callable[[Request], Awaitable[Response]]


def signed(
    endpoint: Endpoint,
    parameters: frozenset[str],
    *,
    body_max: int = SMALL_MAX,
    repeatable: bool = False,
    only_asks: bool = False,
) -> Raw:
    """Put an endpoint behind the door: body read, signature checked, nonce used up.

    ``parameters`` names the query parameters it takes, ``body_max`` bounds the body in bytes.
    The nonce of a call that may change something is made durable before the endpoint runs;
    ``repeatable`` says that a replay could do nothing new, so that both may share one commit.
    A replayed GET does nothing at all, nor does any other call that ``only_asks``: their nonces
    are kept in memory only.
    """

    async def answer(request: Request) -> Response:
        desk = desk_of(request)
        claim = desk.door.claim(request)
        body = await read_body(request, body_max)
        tasks = desk.gateway.runtime.tasks
        digest = await digest_of(desk.gateway.runtime, body)
        key = request.state.key = desk.door.check(claim, request, digest)
        query = query_of(request, parameters)
        asked = Asked(request=request, desk=desk, key=key, digest=digest, query=query, body=body)
        with acting_for((key.tenant,)):
            if only_asks or request.method == "GET":
                return await endpoint(asked)
            if not repeatable:
                await desk.door.remember(key, claim)
                return await endpoint(asked)
            works: list[Awaitable[object]] = [endpoint(asked), desk.door.remember(key, claim)]
            response = (await tasks.gather(works))[0]
        assert isinstance(response, Response)
        return response

    return answer


def trace_id(request: Request) -> str:
    """The request's trace id: its ``traceparent`` header's, or one of our own."""
    known: str = getattr(request.state, "trace", "")
    if known:
        return known
    made = desk_of(request).gateway.runtime.random.bytes(TRACE_BYTES)
    request.state.trace = trace = trace_of(request.headers.get(TRACE_HEADER, ""), made)
    return trace


def desk_of(request: Request) -> Desk:
    """The desk of the running application."""
    desk: Desk = request.app.state.desk
    return desk


def query_of(request: Request, parameters: frozenset[str]) -> dict[str, str]:
    """The query parameters. Raises Refused naming what is unknown or stands twice."""
    found: dict[str, str] = {}
    if not request.scope["query_string"]:
        return found
    faults: list[Fault] = []
    for name, value in request.query_params.multi_items():
        if name not in parameters:
            faults.append(
                Fault(
                    path=f"?{name[:40]}",
                    code="unknown_parameter",
                    zh="不认识的查询参数，请删除或更正",
                    en="unknown query parameter; remove or correct it",
                )
            )
        elif name in found:
            faults.append(
                Fault(
                    path=f"?{name}",
                    code="duplicate_parameter",
                    zh="查询参数出现多次，只能保留一个",
                    en="the query parameter stands more than once; keep exactly one",
                )
            )
        found.setdefault(name, value)
    if faults:
        raise Refused("the query was refused", "查询参数有误", faults[:20])
    return found


def refused_at(path: str, code: str, zh: str, en: str) -> Refused:
    """A refusal with one fault."""
    return Refused(en, zh, [Fault(path=path, code=code, zh=zh, en=en)])


def json_response(document: object) -> Response:
    """A JSON answer; faults inside it are rendered as everywhere else."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=_render)
    return json_bytes(text.encode(errors="replace"))


def json_bytes(body: bytes) -> Response:
    """JSON that is ready."""
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


def _render(value: object) -> object:
    if isinstance(value, Fault):
        return value.document()
    raise TypeError(type(value).__name__)
