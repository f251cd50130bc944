"""A stand-in of 金蝶云星空 on a socket: its WebAPI, and an admin view of what it was told.

Strict where the real one is: both signature schemes, the envelope, MsgCode, repeated JSON,
audited bills, entries that a Save leaves out. Written from the vendor's description.
"""

from __future__ import annotations

import base64
import json
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Final

import msgspec

from gateway.sandbox.erps.k3cloud_books import BILL, ENTRIES, Books, OpError, page
from gateway.sandbox.erps.k3cloud_filter import FilterError, condition
from gateway.sandbox.erps.k3cloud_gate import Gate, K3Account
from gateway.transport.http_messages import Request, Response

__all__ = ["K3Account", "K3CloudServer"]

_PREFIX: Final = "Kingdee.BOS.WebApi.ServicesStub."
_SUFFIX: Final = ".common.kdsvc"
_LIMIT_UNLESS_SET: Final = 2000
_LIMIT_MAX: Final = 10_000
_BATCH_MAX: Final = 500
_OPERATIONS: Final = frozenset({"Submit", "Audit", "UnAudit"})
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_LOST: Final = OpError(1, "", "会话信息已丢失，请重新登录")


@dataclass(slots=True)
class Faults:
    """What goes wrong next; each counts down."""

    lose: int = 0
    """Calls that are carried out, and answered with a broken gateway's page."""
    refuse: int = 0
    """Calls that are not carried out: the server is busy (MsgCode 14)."""
    truth_as_text: bool = False
    """Truth values as texts, as some versions write them."""


@dataclass(slots=True)
class K3CloudServer:
    """Answers HTTP requests. ``now`` is the machine's time: signatures are held against it."""

    account: K3Account
    now: Callable[[], datetime]
    base_path: str = "/k3cloud"
    books: Books = field(default_factory=Books)
    faults: Faults = field(default_factory=Faults)
    calls: list[str] = field(default_factory=list)
    """The operations that were called, in order."""
    gate: Gate = field(init=False)

    def __post_init__(self) -> None:
        self.gate = Gate(self.account)

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        if request.path.startswith("/admin/"):
            return self._admin(request)
        service = request.path.removeprefix(f"{self.base_path}/{_PREFIX}").removesuffix(_SUFFIX)
        if service == request.path or request.method != "POST":
            return _text(404, "no such service")
        try:
            body = _object(json.loads(request.body, parse_float=Decimal))
        except (ValueError, OpError):
            return _text(200, "response_error:the body is no JSON object")
        if service == "AuthService.LoginBySign":
            parameters = body.get("parameters")
            given = parameters if isinstance(parameters, list) else []
            return _json(self.gate.sign_on(given, self.now()))
        why = self.gate.refusal(request.path, request.headers, self.now())
        if why == "session":
            return _json(self._failed(_LOST))
        if why:
            return _text(401, f"response_error:{why}")
        return self._called(service, body)

    # ── the WebAPI ────────────────────────────────────────────────────────────────────────

    def _called(self, service: str, body: Mapping[str, object]) -> Response:
        group, _, operation = service.partition(".")
        if group != "DynamicFormService":
            return _text(404, "no such service")
        self.calls.append(operation)
        if self.faults.refuse:
            self.faults.refuse -= 1
            return _json(self._failed(OpError(14, "", "调用过于频繁")))
        try:
            told = self._operated(operation, body)
        except OpError as error:
            told = self._failed(error)
            if operation == "ExecuteBillQuery":
                told = [[told]]
        if self.faults.lose:
            self.faults.lose -= 1
            return _text(502, "Bad Gateway")
        return _json(told)

    def _operated(self, operation: str, body: Mapping[str, object]) -> object:
        form, named, said = _arguments(operation, body)
        match operation:
            case "ExecuteBillQuery":
                return self._query(said)
            case "Save":
                return self._saved(form, [_object(said.get("Model"))], said)
            case "BatchSave":
                return self._saved(form, _models(said), said)
            case "ExcuteOperation":
                return self._numbers(form, named, said)
            case "View":
                return self._view(form, said)
            case "AttachmentUpload":
                return self._attached(said)
            case _ if operation in _OPERATIONS:
                return self._numbers(form, operation, said)
        raise OpError(3, "", f"unknown operation {operation}")

    def _query(self, said: Mapping[str, object]) -> list[list[object]]:
        form, keys = str(said.get("FormId") or ""), str(said.get("FieldKeys") or "")
        limit = int(str(said.get("Limit") or 0)) or _LIMIT_UNLESS_SET
        if limit > _LIMIT_MAX:
            raise OpError(8, "Limit", f"Limit 不能超过 {_LIMIT_MAX}")
        try:
            test = condition(str(said.get("FilterString") or ""))
            rows = [row for row in self.books.rows(form) if test(row)]
        except FilterError as error:
            raise OpError(9, "FilterString", str(error)) from error
        order = [it.strip() for it in str(said.get("OrderString") or "").split(",") if it.strip()]
        for name in reversed(order):
            rows.sort(key=lambda row: _sortable(row.get(name)))
        columns = [it.strip() for it in keys.split(",")]
        return page(rows, columns, int(str(said.get("StartRow") or 0)), limit)

    def _saved(
        self, form: str, models: Sequence[Mapping[str, object]], how: Mapping[str, object]
    ) -> Mapping[str, object]:
        """Each model by itself: the good ones are saved, the others named."""
        if len(models) > _BATCH_MAX:
            raise OpError(8, "Model", f"一次最多 {_BATCH_MAX} 张单据")
        return self._each([partial(self.books.save, form, it, how) for it in models])

    def _numbers(
        self, form: str, operation: str, said: Mapping[str, object]
    ) -> Mapping[str, object]:
        numbers = said.get("Numbers")
        if form != BILL or not isinstance(numbers, list) or not numbers:
            raise OpError(8, "Numbers", "请指定单据编号")
        return self._each([partial(self.books.operate, operation, str(it)) for it in numbers])

    def _view(self, form: str, said: Mapping[str, object]) -> Mapping[str, object]:
        number = str(said.get("Number") or "")
        found = [it for it in self.books.bills.values() if it.number == number]
        if form != BILL or not found:
            raise OpError(10, "Number", "单据不存在")
        bill = found[0]
        entries = [
            {
                "Id": it.id,
                **it.fields,
                "FSubmitStatus": it.submitted,
                "FBankStatus": it.bank,
            }
            for it in bill.entries
        ]
        shown = {"Id": bill.id, **bill.fields, "DocumentStatus": bill.status, ENTRIES: entries}
        return {"Result": {"ResponseStatus": self._status([], []), "Result": shown}}

    def _attached(self, said: Mapping[str, object]) -> Mapping[str, object]:
        try:
            content = base64.b64decode(str(said.get("SendByte") or ""), validate=True)
        except NotBase64:
            raise OpError(8, "SendByte", "不是 base64") from None
        file_id = self.books.attach(said, content)
        return {"Result": {"ResponseStatus": self._status([], []), "FileId": file_id}}

    def _each(self, works: Sequence[Callable[[], tuple[str, str]]]) -> Mapping[str, object]:
        done: list[dict[str, object]] = []
        failed: list[tuple[int, OpError]] = []
        for place, work in enumerate(works):
            try:
                made, number = work()
            except OpError as error:
                failed.append((place, error))
            else:
                done.append({"Id": made, "Number": number, "DIndex": place})
        one = done[0] if len(works) == 1 and done else {"Id": "", "Number": ""}
        return {
            "Result": {
                "ResponseStatus": self._status(done, failed),
                "Id": one["Id"],
                "Number": one["Number"],
                "NeedReturnData": [{}],
            }
        }

    def _failed(self, error: OpError) -> Mapping[str, object]:
        return {"Result": {"ResponseStatus": self._status([], [(0, error)])}}

    def _status(
        self, done: Sequence[Mapping[str, object]], failed: Sequence[tuple[int, OpError]]
    ) -> Mapping[str, object]:
        succeeded: object = not failed
        if self.faults.truth_as_text:
            succeeded = str(succeeded).lower()
        return {
            "ErrorCode": 500 if failed else 0,
            "IsSuccess": succeeded,
            "Errors": [
                {"FieldName": it.field, "Message": it.words, "DIndex": at} for at, it in failed
            ],
            "SuccessEntitys": list(done),
            "SuccessMessages": [],
            "MsgCode": failed[0][1].code if failed else 0,
        }

    # ── the operator's view ───────────────────────────────────────────────────────────────

    def bills(self) -> list[dict[str, object]]:
        """Every entry of every bill: its status, and everything it was told, oldest first."""
        return [
            {
                "bill_id": str(bill.id),
                "bill_no": bill.number,
                "entry_id": str(entry.id),
                "document_status": bill.status,
                "status": f"{entry.submitted}/{entry.bank}",
                "told": entry.told,
            }
            for bill in self.books.bills.values()
            for entry in bill.entries
        ]

    def create(self, number: str, entries: Sequence[Mapping[str, object]]) -> None:
        """A bill as a user makes one: saved, submitted, audited, handed to the bank."""
        head = {"FBillNo": number, "FPAYORGID": {"FNumber": "100"}}
        model = {**head, "FCURRENCYID": {"FNumber": "PRE001"}, "FPAYBILLENTRY": list(entries)}
        self.books.save(BILL, model, {})
        for operation in ("Submit", "Audit", "SubmitBank"):
            self.books.operate(operation, number)

    def _admin(self, request: Request) -> Response:
        match request.method, request.path:
            case "GET", "/admin/bills":
                return _json({"bills": self.bills()})
            case "GET", "/admin/entries":
                return _json({form: list(rows.values()) for form, rows in self.books.own.items()})
            case "GET", "/admin/files":
                shown = [{**it, "content": len(_bytes(it))} for it in self.books.files]
                return _json({"files": shown})
            case "POST", "/admin/bills":
                order = msgspec.json.decode(request.body, type=_NewBill)
                self.create(order.number, order.entries)
                return _json({"bills": self.bills()})
        return _text(404, "no such admin call")


class _NewBill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: str
    entries: list[dict[str, object]]


def _arguments(operation: str, body: Mapping[str, object]) -> tuple[str, str, Mapping[str, object]]:
    """Form, operation's name and argument, from named or from positional parameters."""
    if "parameters" in body:
        given = body["parameters"]
        if not isinstance(given, list) or not given:
            raise OpError(8, "parameters", "参数错误")
        texts = [str(it) for it in given[:-1]]
        form = texts[0] if texts else ""
        return form, texts[1] if len(texts) > 1 else "", _argument(given[-1])
    form, named = str(body.get("formid") or ""), str(body.get("opNumber") or "")
    if operation not in {"ExecuteBillQuery", "AttachmentUpload"} and not form:
        raise OpError(5, "formid", "单据标识为空")
    return form, named, _argument(body.get("data"))


def _argument(value: object) -> Mapping[str, object]:
    if isinstance(value, str):
        try:
            value = json.loads(value, parse_float=Decimal)
        except ValueError:
            raise OpError(8, "data", "参数不是 Json") from None
    return _object(value)


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise OpError(8, "", "an object was expected")
    return value


def _models(said: Mapping[str, object]) -> list[Mapping[str, object]]:
    found = said.get("Model")
    if not isinstance(found, list):
        raise OpError(8, "Model", "a list of models was expected")
    return [_object(it) for it in found]


def _sortable(value: object) -> tuple[int, Decimal, str]:
    text = str(value)
    return (0, Decimal(text), "") if text.isdigit() else (1, Decimal(0), text)


def _bytes(file: Mapping[str, object]) -> bytes:
    content = file["content"]
    return content if isinstance(content, bytes) else b""


def _json(content: object) -> Response:
    return Response(body=_ENCODER.encode(content), content_type="application/json; charset=utf-8")


def _text(status: int, words: str) -> Response:
    return Response(status=status, body=words.encode())
