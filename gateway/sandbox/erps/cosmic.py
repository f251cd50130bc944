"""A stand-in of 金蝶云苍穹 on a socket: log-ins, its kapi, and an admin view of what it was told.

Strict where the real one is: tokens, nonces and time stamps, JSON with a repeated member, paths
that nobody published, pages, one verdict for each record. Operations are those that a customer
publishes. Written from the vendor's description.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Final

import msgspec

from gateway.sandbox.erps.cosmic_books import PAY_BILL, ROWS, Books, RowError, columns
from gateway.sandbox.erps.cosmic_gate import CosmicAccount, Denied, Gate
from gateway.transport.http_messages import Request, Response

__all__ = ["CosmicAccount", "CosmicServer"]

_APP: Final = "bei"
_PAGE_MAX: Final = 1000
_ROWS_MAX: Final = 1000
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_ADMIN: Final = "/admin/"


class _RepeatedError(ValueError):
    """A member that stands twice in one object."""


@dataclass(slots=True)
class Faults:
    """What goes wrong next; each counts down."""

    lose: int = 0
    """Calls that are carried out, and answered with a broken gateway's page."""
    refuse: int = 0
    """Calls that are not carried out: the system is busy."""
    only_count: bool = False
    """Statuses that were all taken are answered by a count alone, as a plain plug-in does."""


@dataclass(slots=True)
class CosmicServer:
    """Answers HTTP requests. ``now`` is the machine's time: time stamps are held against it."""

    account: CosmicAccount
    now: Callable[[], datetime]
    base_path: str = "/ierp"
    books: Books = field(default_factory=Books)
    faults: Faults = field(default_factory=Faults)
    calls: list[str] = field(default_factory=list)
    """What was called, in order: ``bei_bankpaybill/query``."""
    gate: Gate = field(init=False)

    def __post_init__(self) -> None:
        self.gate = Gate(self.account)

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        if request.path.startswith(_ADMIN):
            return self._admin(request)
        path = request.path.removeprefix(self.base_path)
        if path == request.path:
            return Response(status=404, body=b"no such page")
        if request.method != "POST":
            return _failed("405", "请求方式不正确，仅支持POST")
        try:
            body = _object(request)
        except ValueError:
            return _failed("400", "请求不是合法的 JSON 对象")
        try:
            return self._called(path, request, body)
        except Denied as denied:
            return _denied(path, denied)

    def _called(self, path: str, request: Request, body: Mapping[str, object]) -> Response:
        now = self.now()
        match path:
            case "/kapi/oauth2/getToken":
                return _told(self.gate.get_token(body, now))
            case "/api/getAppToken.do":
                return _granted(self.gate.get_app_token(body, now))
            case "/api/login.do":
                return _granted(self.gate.login(body, now))
        denied = self.gate.refusal(request.headers, dict(request.query), now)
        if denied is not None:
            raise denied
        return self._published(path, body)

    # ── the kapi ──────────────────────────────────────────────────────────────────────────

    def _published(self, path: str, body: Mapping[str, object]) -> Response:
        """An operation that the customer published. Raises Denied."""
        place = "/".join(it for it in ("/kapi/v2", self.account.isv, _APP) if it) + "/"
        named = path.removeprefix(place)
        form, _, operation = named.partition("/")
        if named == path or (form != PAY_BILL and form not in ROWS):
            raise Denied("404", "Cannot found OpenAPI(or disabled)")
        if self.faults.refuse:
            self.faults.refuse -= 1
            return _failed("500", "系统繁忙，请稍后重试")
        if "data" not in body:
            raise Denied("400", "请求参数没有 data 数据。")
        self.calls.append(f"{form}/{operation}")
        match form, operation:
            case _, "query":
                said = self._query(form, body)
            case "bei_bankpaybill", "writeback":
                said = self._written(body, self.books.write_back)
            case _, "save" if form in ROWS:
                said = self._written(body, partial(self.books.save, form))
            case _:
                raise Denied("404", "Cannot found OpenAPI(or disabled)")
        if self.faults.lose:
            self.faults.lose -= 1
            return Response(status=502, body=b"Bad Gateway")
        return said

    def _query(self, form: str, body: Mapping[str, object]) -> Response:
        wanted = body["data"]
        if not isinstance(wanted, dict):
            raise Denied("400", "data 须为对象")
        number, size = (_count(body, name) for name in ("pageNo", "pageSize"))
        if size > _PAGE_MAX:
            raise Denied("400", f"页大小pageSize不能超过{_PAGE_MAX}。")
        strange = sorted(wanted.keys() - columns(form))
        if strange:
            raise Denied("400", f"查询参数 {strange[0]} 不存在")
        found = [row for row in self.books.rows(form) if _fits(row, wanted)]
        start = (number - 1) * size
        return _told(
            {
                "rows": found[start : start + size],
                "pageNo": number,
                "pageSize": size,
                "totalCount": len(found),
                "lastPage": start + size >= len(found),
            }
        )

    def _written(
        self, body: Mapping[str, object], write: Callable[[Mapping[str, object]], str]
    ) -> Response:
        """Each record by itself: the good ones are written, the others named."""
        rows = body["data"]
        if not isinstance(rows, list) or not 0 < len(rows) <= _ROWS_MAX:
            raise Denied("400", f"data 须为 1 至 {_ROWS_MAX} 条记录")
        results = [_result(place, row, write) for place, row in enumerate(rows)]
        failed = sum(not it["billStatus"] for it in results)
        counts = {
            "totalCount": str(len(rows)),
            "successCount": str(len(rows) - failed),
            "failCount": str(failed),
        }
        if self.faults.only_count and not failed:
            return _told(counts)
        data = {**counts, "result": results}
        return _told(data) if not failed else _failed("1", "部分记录未保存", data)

    # ── the operator's view ───────────────────────────────────────────────────────────────

    def bills(self) -> list[dict[str, object]]:
        """Every bill: where it stands, and everything it was told, oldest first."""
        return [
            {
                "bill_no": number,
                "state": bill.state,
                "bill_status": bill.status,
                "refunded": bill.refunded,
                "told": bill.told,
            }
            for number, bill in self.books.bills.items()
        ]

    def create(self, **fields: object) -> None:
        """A bill as its user hands it to the hub. Raises RowError."""
        self.books.create(fields)

    def _admin(self, request: Request) -> Response:
        match request.method, request.path:
            case "GET", "/admin/bills":
                return _json({"bills": self.bills()})
            case "GET", "/admin/rows":
                return _json({form: self.books.rows(form) for form in ROWS})
            case "POST", "/admin/bills":
                order = msgspec.json.decode(request.body, type=dict[str, str])
                try:
                    self.create(**order)
                except RowError as error:
                    return _failed("400", f"{error.field}: {error.words}")
                return _json({"bills": self.bills()})
        return Response(status=404, body=b"no such admin call")


def _object(request: Request) -> dict[str, object]:
    """The body. Raises ValueError for another type of content, or JSON that is none."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise ValueError
    found = json.loads(
        request.body,
        parse_float=Decimal,
        parse_int=Decimal,
        parse_constant=_constant,
        object_pairs_hook=_members,
    )
    if not isinstance(found, dict):
        raise ValueError  # noqa: TRY004 - one kind of error for what is no message
    return found


def _members(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RepeatedError
    return found


def _constant(name: str) -> object:
    raise ValueError(name)


def _count(body: Mapping[str, object], name: str) -> int:
    found = body.get(name)
    if not isinstance(found, Decimal) or found < 1 or found != int(found):
        raise Denied("400", f"{name}不能为空，且须为正整数。")
    return int(found)


def _fits(row: Mapping[str, object], wanted: Mapping[str, object]) -> bool:
    for name, value in wanted.items():
        several = value if isinstance(value, list) else [value]
        found = row.get(name)
        if isinstance(found, dict):
            found = found["number"]
        if found not in several:
            return False
    return True


def _result(
    place: int, row: object, write: Callable[[Mapping[str, object]], str]
) -> Mapping[str, object]:
    try:
        if not isinstance(row, dict):
            raise RowError("", "须为对象")
        key = write(row)
    except RowError as error:
        said = {"errors": [{"fieldName": error.field, "message": error.words}]}
        return {"billIndex": place, "billStatus": False, "id": "", "number": "", **said}
    return {"billIndex": place, "billStatus": True, "id": key, "number": key, "errors": []}


def _told(data: object) -> Response:
    return _json({"status": True, "errorCode": "0", "message": "", "data": data})


def _failed(code: str, words: str, data: object = None) -> Response:
    return _json({"status": False, "errorCode": code, "message": words, "data": data})


def _granted(data: Mapping[str, object]) -> Response:
    return _json({"state": "success", "status": True, "data": data})


def _denied(path: str, denied: Denied) -> Response:
    """Nobody is let in; the older log-ins have an envelope of their own."""
    if path.startswith("/kapi/"):
        return _failed(denied.code, denied.words)
    data = {"success": False, "error_code": denied.code, "error_desc": denied.words}
    return _json({"state": "error", "status": False, "data": data})


def _json(content: object) -> Response:
    return Response(body=_ENCODER.encode(content), content_type="application/json; charset=utf-8")
