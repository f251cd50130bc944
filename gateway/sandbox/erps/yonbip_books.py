"""What a YonBIP tenant holds: settlement documents, statement lines, balances, receipts.

Rule kept here: everything is remembered as it was sent, also what should not have been sent, so
that a test can see a result that was written twice. Written from the vendor's published pages,
not from the adapter.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

Json = Mapping[str, object]
WAITING: Final = 1
UNDER_WAY: Final = 2
SUCCEEDED: Final = 3
FAILED: Final = 4
PARTLY: Final = 7
STOPPED: Final = 6
_OPEN: Final = frozenset({WAITING, UNDER_WAY})
_RESULTS: Final = frozenset({SUCCEEDED, FAILED, PARTLY})
_LINE_RESULTS: Final = frozenset({4, 5})
_DIRECTIONS: Final = frozenset({1, 2})
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}", re.ASCII)
_FILE: Final = re.compile(r".+\.(?:pdf|ofd|png|jpe?g|bmp)", re.IGNORECASE)
_AMOUNT: Final = re.compile(r"\d{1,15}(?:\.\d{1,8})?", re.ASCII)
_KEY_MAX: Final = 32
_FIRST_ID: Final = 1991746854802259900


class RefusedError(Exception):
    """A business rule says no: code and message of the envelope."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(slots=True)
class Detail:
    """One settlement detail. ``told`` are the results written to it, in order, repeats too."""

    row: dict[str, object]
    told: list[Json] = field(default_factory=list)

    @property
    def status(self) -> int:
        """结算明细状态."""
        found = self.row["statementdetailstatus"]
        return found if isinstance(found, int) else 0

    def set(self, status: int, **changes: object) -> None:
        """Change the status and what goes with it."""
        self.row |= {"statementdetailstatus": status, **changes}

    def view(self) -> Json:
        """For the admin view."""
        return {**self.row, "told": list(self.told)}


@dataclass(slots=True)
class Document:
    """A settlement document with its details."""

    head: dict[str, object]
    details: list[Detail]

    def view(self) -> Json:
        """As the detail call answers it."""
        return {**self.head, "settleBench_b": [it.row for it in self.details]}


class Books:
    """Everything of one tenant, in memory."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.details: dict[str, Detail] = {}
        self.lines: dict[str, Json] = {}
        self.balances: dict[str, Json] = {}
        self.receipts: dict[str, dict[str, object]] = {}
        self._keys: dict[str, tuple[object, str]] = {}
        self._last_id = _FIRST_ID

    def new_id(self) -> int:
        """A number that was never given before, too long for a float."""
        self._last_id += 1
        return self._last_id

    # ── documents ──

    def create(self, organisation: str, details: list[Json]) -> Document:
        """A user makes a document of payments; members of a detail as in the detail call."""
        id_ = str(self.new_id())
        number = f"00ST{id_[-9:]}"
        made = [self._detail(id_, number, at, it) for at, it in enumerate(details, 1)]
        document = Document(
            head={
                "id": id_,
                "code": number,
                "accentity_code": organisation,
                "receipttype": 2,
                "vouchdate": "2026-09-15 00:00:00",
            },
            details=made,
        )
        self.documents[id_] = document
        self.details |= {str(it.row["id"]): it for it in made}
        return document

    def _detail(self, document: str, number: str, at: int, given: Json) -> Detail:
        return Detail(
            row={
                "receipttypeb": 2,
                "isdirectacc": True,
                "statementdetailstatus": WAITING,
                "isrefund": 0,
                "originalcurrency_name": "人民币",
                "bizbilldetailid": str(self.new_id()),
                "bizbillno": f"FDP{number[4:]}{at:03d}",
                **given,
                "id": self.new_id(),
                "mainid": document,
                "settleDetailId": f"{number}_{at}",
            }
        )

    def page(self, index: int, size: int, statuses: frozenset[int], organisation: str) -> Json:
        """A page of the list: one row per detail, without the payee's account and bank."""
        rows = [
            {
                **{name: document.head[name] for name in ("code", "receipttype", "vouchdate")},
                "id": document.head["id"],
                "mainid": detail.row["mainid"],
                "settleDetailId": detail.row["settleDetailId"],
                "statementdetailstatus": detail.row["statementdetailstatus"],
                "originalcurrencyamt": detail.row.get("originalcurrencyamt"),
                "isdirectacc": detail.row["isdirectacc"],
            }
            for document in self.documents.values()
            for detail in document.details
            if detail.status in statuses and organisation in {"", document.head["accentity_code"]}
        ]
        start = (index - 1) * size
        return {
            "pageIndex": index,
            "pageSize": size,
            "pageCount": -(-len(rows) // size),
            "recordCount": len(rows),
            "recordList": rows[start : start + size],
        }

    def feedback(self, row: Json) -> None:
        """Write a result to a detail. It is counted even where it repeats: nothing is idempotent.

        Raises RefusedError.
        """
        detail = self.details.get(str(row.get("settleDetailAId", "")))
        if detail is None:
            raise RefusedError("1002", "数据不存在")
        status, refund = row.get("statementdetailstatus"), row.get("isrefund", "0")
        if not isinstance(status, int) or status not in _RESULTS:
            raise RefusedError("999", "结算明细状态只能为3、4、7")
        if refund == "1":
            if status != SUCCEEDED or not _INSTANT.fullmatch(str(row.get("refundDate", ""))):
                raise RefusedError("999", "回传退票时结算明细状态应为结算成功")
            detail.told.append(row)
            detail.set(SUCCEEDED, isrefund=1)
            return
        if status == SUCCEEDED and not _DAY.fullmatch(str(row.get("settlesuccessdate", ""))):
            raise RefusedError("999", "结算成功日期格式错误")
        detail.told.append(row)
        if detail.status not in _OPEN and not detail.status == status == PARTLY:
            raise RefusedError("999", "结算明细已完结，不允许回传")
        if status == PARTLY or row.get("dataBatchDetailList"):
            _set_lines(detail, row)
        detail.set(
            status,
            settlefailreason=row.get("settlefailreason", ""),
            indextradeseqno=row.get("indextradeseqno", ""),
        )

    def stop(self, row: Json) -> None:
        """Stop a detail's payment. Raises RefusedError."""
        id_ = row.get("settleDetailId")
        if not isinstance(id_, int):
            raise RefusedError("999", "结算明细ID不能为空")
        detail = self.details.get(str(id_))
        if detail is None:
            raise RefusedError("1002", "数据不存在")
        detail.told.append(row)
        if detail.status not in _OPEN:
            raise RefusedError("999", "结算明细已完结，不允许止付")
        detail.set(STOPPED)

    # ── what the bank said ──

    def add_line(self, row: Json) -> str:
        """A statement line; its id. Raises RefusedError."""
        for name in ("bankaccount", "bank_seq_no", "currency"):
            if not isinstance(row.get(name), str) or not row[name]:
                raise RefusedError("999", f"{name}不能为空")
        if not _DAY.fullmatch(str(row.get("tran_date", ""))):
            raise RefusedError("999", "交易日期格式错误")
        if row.get("tran_time") and not _INSTANT.fullmatch(str(row["tran_time"])):
            raise RefusedError("999", "交易时间格式错误")
        if not isinstance(row.get("dc_flag"), int) or row["dc_flag"] not in _DIRECTIONS:
            raise RefusedError("999", "收付方向错误")
        _exact(row.get("tran_amt"), "tran_amt")
        known = self._known(row)
        if known:
            return known
        same = tuple(row.get(it) for it in ("bankaccount", "bank_seq_no", "tran_date", "dc_flag"))
        for line in self.lines.values():
            names = ("bankaccount", "bank_seq_no", "tran_date", "dc_flag")
            if tuple(line.get(it) for it in names) == same:
                raise RefusedError("999", "重复数据不允许新增！")
        return self._store(self.lines, row)

    def add_balance(self, row: Json) -> str:
        """A balance; its id. Raises RefusedError."""
        for name in ("balancedate", "enterpriseBankAccount_code", "enterpriseBankAccount_name"):
            if not row.get(name):
                raise RefusedError("999", f"{name}不能为空")
        for name in ("acctbal", "avlbal"):
            _exact(row.get(name), name, signed=True)
        return self._known(row) or self._store(self.balances, row)

    def add_receipt(self, row: Json) -> str:
        """What a receipt proves; its id. Raises RefusedError."""
        for name in ("receiptno", "bank_seq_no", "tran_date", "bankaccount_account"):
            if not row.get(name):
                raise RefusedError("999", f"{name}不能为空")
        if row.get("dc_flag") not in {"1", "2"}:
            raise RefusedError("999", "收付方向错误")
        if not _AMOUNT.fullmatch(str(row.get("tran_amt", ""))):
            raise RefusedError("999", "交易金额错误")
        if not _FILE.fullmatch(str(row.get("filename", ""))):
            raise RefusedError("999", "文件后缀不支持")
        known = self._known(row)
        if known:
            return known
        if any(it["filename"] == row["filename"] for it in self.receipts.values()):
            raise RefusedError("999", "回单文件名称已存在")
        id_ = self._store({}, row)
        self.receipts[id_] = dict(row)
        return id_

    def add_file(self, row: Json) -> None:
        """A receipt's file. Raises RefusedError."""
        receipt = self.receipts.get(str(row.get("id", "")))
        if receipt is None or receipt["filename"] != row.get("fileName"):
            raise RefusedError("1002", "数据不存在")
        try:
            content = base64.b64decode(str(row.get("bankpdf", "")), validate=True)
        except binascii.Error:
            raise RefusedError("999", "回单文件不是base64") from None
        if not content:
            raise RefusedError("999", "回单文件为空")
        receipt["octets"] = len(content)

    def _known(self, row: Json) -> str:
        """The id under a repeated key, '' for a new one. Raises RefusedError for other content."""
        key = row.get("resubmitCheckKey", "")
        if not isinstance(key, str) or len(key) > _KEY_MAX:
            raise RefusedError("999", "resubmitCheckKey长度不能超过32位")
        if not key or key not in self._keys:
            return ""
        content, id_ = self._keys[key]
        if content != row:
            raise RefusedError("999", "resubmitCheckKey对应的数据不一致")
        return id_

    def _store(self, into: dict[str, Json], row: Json) -> str:
        id_ = str(self.new_id())
        into[id_] = row
        key = row.get("resubmitCheckKey")
        if isinstance(key, str) and key:
            self._keys[key] = (row, id_)
        return id_


def _set_lines(detail: Detail, row: Json) -> None:
    """Results of a payroll's lines. Raises RefusedError."""
    given, lines = row.get("dataBatchDetailList"), detail.row.get("dataSettledBatchDetailReqVO")
    if not isinstance(given, list) or not given or not isinstance(lines, list):
        raise RefusedError("999", "部分成功时代发明细不能为空")
    _exact(row.get("successTotalAmt"), "successTotalAmt")
    _exact(row.get("failTotalAmt"), "failTotalAmt")
    by_id = {line["bussBatchDetailId"]: line for line in lines}
    for one in given:
        line = by_id.get(one.get("bussBatchDetailId"))
        if line is None or one.get("paystatus") not in _LINE_RESULTS:
            raise RefusedError("999", "代发明细不存在或支付状态错误")
        line["paystatus"] = one["paystatus"]


def _exact(found: object, name: str, *, signed: bool = False) -> None:
    """A JSON number of at most two decimals. Raises RefusedError."""
    if isinstance(found, bool) or not isinstance(found, int | Decimal):
        raise RefusedError("999", f"{name}须为数值")
    if (found < 0 and not signed) or found != round(found, 2):
        raise RefusedError("999", f"{name}金额错误")
