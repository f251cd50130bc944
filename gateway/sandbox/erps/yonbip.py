"""A YonBIP tenant on a socket: token with signature, envelopes, and an admin view.

Rule kept here: strict where the vendor is, and as uneven: the code of an answer is a text at one
endpoint and a number at another, and results are not idempotent.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import msgspec

from gateway.sandbox.erps.yonbip_books import Books, Json, RefusedError
from gateway.transport.http_messages import Request, Response

_TOKEN_PATHS: Final = (
    "/open-auth/selfAppAuth/base/v1/getAccessToken",
    "/open-auth/selfAppAuth/getAccessToken",
)
_LIFE: Final = timedelta(hours=2)
_SKEW: Final = timedelta(minutes=10)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BATCH_MAX: Final = 100
_Answer = tuple[object, str, object]
"""Code (a text or a number), message, data."""


class YonBip:
    """One tenant. ``answer`` is the handler for ``gateway.transport.http_server.serve``.

    ``now`` is the machine's clock. ``paths`` below ``/admin`` make documents, show what each was
    told, revoke tokens, and lose answers of calls that were carried out.
    """

    def __init__(self, *, app_key: str, app_secret: str, now: Callable[[], datetime]) -> None:
        self.books = Books()
        self._app_key = app_key
        self._secret = app_secret.encode()
        self._now = now
        self._tokens: dict[str, datetime] = {}
        self._losing = 0
        self._calls: dict[str, int] = {}

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        if request.path.startswith("/admin"):
            return self._admin(request)
        if request.path.endswith(_TOKEN_PATHS):
            return self._token(request)
        known = _CALLS.get(request.path)
        if known is None:
            return Response(status=404, body=b"<html>404</html>", content_type="text/html")
        method, call = known
        if request.method != method:
            return _envelope(405, "请求方式错误", None, status=405)
        expires = self._tokens.get(request.query.get("access_token", ""))
        if expires is None or expires <= self._now():
            return _envelope("310036", "非法token", None)
        self._calls[request.path] = self._calls.get(request.path, 0) + 1
        try:
            code, message, content = call(self, request)
        except RefusedError as error:
            code, message, content = error.code, error.message, None
        if self._losing and method == "POST":
            self._losing -= 1
            return Response(status=502, body=b"<html>Bad Gateway</html>", content_type="text/html")
        return _envelope(code, message, content)

    # ── token ──

    def _token(self, request: Request) -> Response:
        query, now = request.query, self._now()
        if request.method != "GET" or set(query) != {"appKey", "timestamp", "signature"}:
            return _envelope("50000", "参数错误", None)
        text = f"appKey{query['appKey']}timestamp{query['timestamp']}"
        digest = hmac.new(self._secret, text.encode(), hashlib.sha256).digest()
        signed = base64.b64encode(digest).decode()
        stamp = query["timestamp"]
        if not stamp.isdigit() or query["appKey"] != self._app_key:
            return _envelope("50000", "appKey不存在", None)
        if not hmac.compare_digest(signed, query["signature"]):
            return _envelope("50000", "签名错误", None)
        if abs(_EPOCH + timedelta(milliseconds=int(stamp)) - now) > _SKEW:
            return _envelope("50000", "timestamp已过期", None)
        token = hashlib.sha256(f"{text}{len(self._tokens)}".encode()).hexdigest()[:32]
        self._tokens[token] = now + _LIFE
        given = {"access_token": token, "expire": int(_LIFE.total_seconds())}
        return _envelope("00000", "成功！", given)

    # ── business calls ──

    def _list(self, request: Request) -> _Answer:
        asked = _object(_body(request))
        statuses = asked.get("statementdetailstatus", [1, 2, 3, 4, 6])
        index, size = asked.get("pageIndex"), asked.get("pageSize")
        if not isinstance(index, int) or not isinstance(size, int) or size < 1 or index < 1:
            raise RefusedError("999", "分页参数错误")
        if asked.get("receipttype", 2) != _PAYS or not isinstance(statuses, list):
            return "200", "操作成功", self.books.page(index, size, frozenset(), "")
        wanted = frozenset(statuses)
        organisation = str(asked.get("accentity_code", ""))
        return "200", "操作成功", self.books.page(index, size, wanted, organisation)

    def _detail(self, request: Request) -> _Answer:
        id_ = request.query.get("id", "")
        if not id_.isdigit():
            raise RefusedError("999", "查询请求参数不是数字")
        document = self.books.documents.get(id_)
        if document is None:
            raise RefusedError("1002", "数据不存在")
        return 200, "操作成功", document.view()

    def _query(self, request: Request) -> _Answer:
        ids = _object(_object(_body(request)).get("data")).get("businessdetailsids")
        if not isinstance(ids, list) or not ids:
            raise RefusedError("999", "传入的业务单据明细id为空，请检查！")
        found = [
            {
                "settlebench_id": int(str(detail.row["mainid"])),
                "settlebench_b_bizbilldetailid": detail.row["bizbilldetailid"],
                "settlebench_b_bizbillno": detail.row["bizbillno"],
                "settlebench_b_statementdetailstatus": detail.status,
                "settlebench_b_isrefund": detail.row["isrefund"],
            }
            for detail in self.books.details.values()
            if detail.row["bizbilldetailid"] in ids
        ]
        return "200", "操作成功", found

    def _feedback(self, request: Request) -> _Answer:
        rows = _rows(request)
        failed = []
        for row in rows:
            if not row.get("sourceUnique"):
                raise RefusedError("999", "sourceUnique不能为空")
            try:
                self.books.feedback(row)
            except RefusedError as error:
                failed.append({"sourceUnique": row["sourceUnique"], "message": error.message})
        content = {
            "count": len(rows),
            "successCount": len(rows) - len(failed),
            "failCount": len(failed),
            "messages": failed,
        }
        return 200, "操作成功", content

    def _stop(self, request: Request) -> _Answer:
        self.books.stop(_object(_body(request)))
        return "200", "操作成功", None

    def _lines(self, request: Request) -> _Answer:
        done, failed = _each(_rows(request), self.books.add_line)
        content = {
            "total": len(done) + len(failed),
            "errornum": len(failed),
            "successnum": len(done),
            "success": done,
            "faild": failed,
        }
        return "200", "", content

    def _balances(self, request: Request) -> _Answer:
        done, failed = _each(_rows(request), self.books.add_balance)
        content = {
            "faildnum": len(failed),
            "successnum": len(done),
            "success": done,
            "falid": failed,
        }
        return "200", "", content

    def _receipt(self, request: Request) -> _Answer:
        rows = _rows(request)
        if len(rows) != 1:
            raise RefusedError("999", "每次只能新增一条回单")
        return "200", "", {"id": self.books.add_receipt(rows[0])}

    def _file(self, request: Request) -> _Answer:
        for row in _rows(request):
            self.books.add_file(row)
        return 200, "操作成功", None

    # ── admin ──

    def _admin(self, request: Request) -> Response:
        books = self.books
        match request.method, request.path:
            case "GET", "/admin/documents":
                details = [it.view() for it in books.details.values()]
                return _json({"details": details, "calls": self._calls})
            case "POST", "/admin/documents":
                asked = _object(_body(request))
                given = asked.get("details")
                details = [_object(it) for it in given] if isinstance(given, list) else []
                made = books.create(str(asked.get("organisation", "")), details)
                return _json(made.view())
            case "GET", "/admin/bank":
                return _json(
                    {
                        "lines": list(books.lines.values()),
                        "balances": list(books.balances.values()),
                        "receipts": list(books.receipts.values()),
                    }
                )
            case "POST", "/admin/revoke":
                self._tokens.clear()
                return _json({"tokens": 0})
            case "POST", "/admin/lose":
                found = _object(_body(request)).get("answers", 1)
                self._losing = found if isinstance(found, int) else 1
                return _json({"answers": self._losing})
        return _json({"message": "no such admin call"}, status=404)


_PAYS: Final = 2
_CALLS: Final[Mapping[str, tuple[str, Callable[[YonBip, Request], _Answer]]]] = {
    "/yonbip/ctm/stwb/settlebench": ("POST", YonBip._list),  # noqa: SLF001 - its own table
    "/yonbip/ctm/settleBench/detail": ("GET", YonBip._detail),  # noqa: SLF001
    "/yonbip/ctm/api/query/settlementdetail": ("POST", YonBip._query),  # noqa: SLF001
    "/yonbip/ctm/api/settlement/batch/feedback": ("POST", YonBip._feedback),  # noqa: SLF001
    "/yonbip/ctm/api/settlement/autoStopPay": ("POST", YonBip._stop),  # noqa: SLF001
    "/yonbip/ctm/cmp/bankReconciliationBatchSave": ("POST", YonBip._lines),  # noqa: SLF001
    "/yonbip/ctm/cmp/bankaccount/balance/batchSave": ("POST", YonBip._balances),  # noqa: SLF001
    "/yonbip/ctm/bank/tran/add": ("POST", YonBip._receipt),  # noqa: SLF001
    "/yonbip/ctm/bank/tran/update": ("POST", YonBip._file),  # noqa: SLF001
}


def _each(
    rows: list[Json], add: Callable[[Json], str]
) -> tuple[list[Json], list[dict[str, object]]]:
    done: list[Json] = []
    failed: list[dict[str, object]] = []
    for row in rows:
        try:
            done.append({**row, "id": add(row)})
        except RefusedError as error:
            failed.append({**row, "msg": error.message})
    return done, failed


def _rows(request: Request) -> list[Json]:
    found = _body(request)
    if not isinstance(found, list) or not found:
        raise RefusedError("1022020403000", "接口请求异常！请求体须为数组")
    if len(found) > _BATCH_MAX:
        raise RefusedError("1022020403000", f"接口请求异常！单次最多{_BATCH_MAX}条")
    return [_object(it) for it in found]


def _body(request: Request) -> object:
    """The body as JSON, numbers exact. Raises RefusedError."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise RefusedError("1022020403000", "接口请求异常！ContentType须为application/json")
    try:
        found: object = json.loads(request.body.decode(), parse_float=Decimal)
    except ValueError:
        raise RefusedError("1022020403000", "接口请求异常！请求体不是JSON") from None
    return found


def _object(found: object) -> Json:
    if not isinstance(found, dict):
        raise RefusedError("1022020403000", "接口请求异常！参数格式错误")
    return found


_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def _envelope(code: object, message: str, content: object, *, status: int = 200) -> Response:
    return _json({"code": code, "message": message, "data": content}, status=status)


def _json(content: Json, *, status: int = 200) -> Response:
    body = _ENCODER.encode(content)
    return Response(status=status, body=body, content_type="application/json;charset=UTF-8")
