"""The sandbox bank on a socket: dialect messages under ``/``, the admin API under ``/admin``.

Rule kept here: whatever touches the ledger runs on one batcher, whose group is one commit, and
nothing is answered before that commit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from gateway.domain.errors import NotFound, NotPermitted, Refused
from gateway.ports.runtime import Tasks
from gateway.sandbox import admin, executions
from gateway.sandbox.admin import Json, SharedClock
from gateway.sandbox.bank import SandboxBank
from gateway.sandbox.exchange import Delivery, Exchange
from gateway.transport.http_messages import Action, Request, Response

T = TypeVar("T")
B = TypeVar("B", bound=msgspec.Struct)

_ACTIONS: Final[Mapping[Delivery, Action]] = {
    Delivery.NORMAL: Action.SEND,
    Delivery.REFUSE: Action.RESET,
    Delivery.DROP: Action.CLOSE,
    Delivery.HALF_OPEN: Action.HALF_OPEN,
    Delivery.TRUNCATE: Action.TRUNCATE,
    Delivery.DUPLICATE: Action.DUPLICATE,
}
_ENTRIES: Final = re.compile(r"/admin/accounts/([^/]+)/entries")
_FILE: Final = re.compile(r"/files/([^/]+)")
_DECISION: Final = re.compile(r"/admin/payments/([^/]+)/decision")
_NUMBER_MAX: Final = 18
_STATUS: Final[Mapping[type[Refused], int]] = {NotFound: 404, NotPermitted: 409}


class SandboxServer:
    """Answers HTTP requests for one or more bank fronts over one ledger.

    ``banks`` maps a dialect code to its front. ``answer`` is the handler to be given to
    ``gateway.transport.http_server.serve``; ``close`` finishes what is queued.
    """

    def __init__(self, banks: Mapping[str, SandboxBank], clock: SharedClock, tasks: Tasks) -> None:
        if not banks or len({id(bank.ledger) for bank in banks.values()}) != 1:
            raise ValueError("a sandbox serves one ledger through at least one dialect")
        self._banks = dict(banks)
        self._clock = clock
        self._first = next(iter(self._banks.values()))
        self._batcher = tasks.batcher("sandbox-ledger", self._first.run_group)

    def close(self) -> None:
        """Finish what is queued. The ledger stays open: its owner closes it."""
        self._batcher.close()

    async def answer(self, request: Request) -> Response:
        """Answer one request; faults of admin requests become 4xx with texts in two languages."""
        path = request.path.rstrip("/") or "/"
        if path == "/healthz":
            return _json({"status": "ok"})
        if path == "/admin" or path.startswith("/admin/"):
            try:
                if path == "/admin/receipts":
                    return _json(await self._receipts(request))
                return _json(await self._admin(request, path))
            except msgspec.DecodeError as error:
                return _fault(422, "malformed", f"请求体有错误：{error}", f"body: {error}")
            except Refused as error:
                return _fault(_STATUS.get(type(error), 422), error.code, error.zh, error.en)
        if (file := _FILE.fullmatch(path)) is not None and request.method == "GET":
            return await self._receipt_file(file[1])
        return await self._message(request, path)

    async def _receipt_file(self, file_id: str) -> Response:
        """A receipt file; who knows its id may have it, as behind a bank's file server."""
        now = self._clock.now()
        found = await self._run(lambda: self._first.receipts.file(file_id, now))
        if found is None:
            return _fault(404, "not_found", "没有该回单文件", "no such receipt file")
        return Response(status=200, content_type=found[0], body=found[1])

    async def _message(self, request: Request, path: str) -> Response:
        only = self._first if path == "/" and len(self._banks) == 1 else None
        bank = only or self._banks.get(path[1:])
        if bank is None:
            return _fault(404, "not_found", "没有该银行前置地址", "no bank front at this address")
        if request.method != "POST":
            return _fault(405, "method", "请使用 POST", "use POST")
        now = self._clock.now()
        return _response(await self._batcher.submit(lambda: bank.handle(request.body, now)))

    async def _admin(self, request: Request, path: str) -> Json:
        first, query = self._first, request.query
        entries, decision = _ENTRIES.fullmatch(path), _DECISION.fullmatch(path)
        match request.method, path:
            case "GET", "/admin/ledger":
                return await self._run(lambda: admin.ledger_view(first.ledger))
            case "GET", "/admin/payments" | "/admin/batches" | "/admin/executions":
                return await self._run(lambda: _listed(first, path, query))
            case "GET", "/admin/clock":
                return {"now": self._clock.now().isoformat()}
            case "POST", "/admin/clock":
                clock_order = _body(request, admin.ClockOrder)
                return await self._run(
                    lambda: admin.set_clock(self._clock, self._fronts(), clock_order)
                )
            case "GET", "/admin/faults":
                return self._faults()
            case "POST", "/admin/faults":
                fault_order = _body(request, admin.FaultOrder)
                schedules = {id(bank.faults): bank.faults for bank in self._fronts()}
                admin.set_faults(tuple(schedules.values()), fault_order)
                return self._faults()
            case "GET", _ if entries:
                number = entries[1]
                return await self._run(lambda: admin.entries_view(first.ledger, number))
            case "POST", _ if decision:
                serial, order = decision[1], _body(request, admin.DecisionOrder)
                return await self._run(
                    lambda: admin.decide(first, serial, order, self._clock.now())
                )
        raise NotFound(
            "no such admin call; see docs/sandbox.md", "没有该管理接口，见 docs/sandbox.md"
        )

    async def _receipts(self, request: Request) -> Json:
        """Orders of receipt files; a POST has some of what comes next go wrong."""
        flaws = _body(request, admin.FlawOrder).flaws if request.method == "POST" else ()
        now = self._clock.now()
        return await self._run(lambda: admin.receipts_view(self._first, now, flaws))

    async def on_ledger(self, work: Callable[[], T]) -> T:
        """Do a job where the ledger may be touched; its result, once it is durable."""
        return await self._run(work)

    async def _run(self, work: Callable[[], T]) -> T:
        return await self._batcher.submit(work)

    def _fronts(self) -> Sequence[SandboxBank]:
        return tuple(self._banks.values())

    def _faults(self) -> Json:
        return {code: admin.faults_view(bank.faults) for code, bank in self._banks.items()}


def _response(exchange: Exchange) -> Response:
    action = _ACTIONS[exchange.delivery]
    if exchange.reply is None:
        return Response(action=action, delay_s=exchange.delay_s)
    return Response(
        status=exchange.reply.status,
        body=exchange.reply.body,
        content_type=exchange.reply.content_type,
        action=action,
        delay_s=exchange.delay_s,
    )


def _body(request: Request, kind: type[B]) -> B:
    return msgspec.json.decode(request.body, type=kind)


def _listed(bank: SandboxBank, path: str, query: Mapping[str, str]) -> Json:
    """Payments, batches, or everything executed, page by page."""
    if path == "/admin/executions":
        return executions.page(bank.ledger.db, _number(query.get("after", "0")))
    view = admin.payments_view if path == "/admin/payments" else admin.batches_view
    return view(bank, query.get("serial", ""), query.get("customer", ""))


def _number(text: str) -> int:
    """A voucher's number. Raises Refused for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) <= _NUMBER_MAX):
        raise Refused("'after' must be a voucher's number", "after 须为凭证号")
    return int(text)


def _json(content: Json, status: int = 200) -> Response:
    return Response(
        status=status, body=msgspec.json.encode(content), content_type="application/json"
    )


def _fault(status: int, code: str, zh: str, en: str) -> Response:
    return _json({"code": code, "zh": zh, "en": en}, status)
