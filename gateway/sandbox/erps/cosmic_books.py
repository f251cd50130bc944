"""What the stand-in of 苍穹 holds: bank payment bills, and rows that a bank's hub writes.

Rule kept here: a bill that has ended (TS, TF, OZ) stays as it is, but for money that came back; a
row's key is there once; a field that the operation does not have refuses its row.
"""

from __future__ import annotations

import base64
import hashlib
import re
from binascii import Error as NotBase64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final

PAY_BILL: Final = "bei_bankpaybill"
DETAIL: Final = "bei_transdetail"
BALANCE: Final = "bei_bankbalance"
RECEIPT: Final = "bei_elecreceipt"
IN_HAND: Final = "E"
"""Bill status: with the bank's hub; F once another bill pays in its stead."""
PAID_ANEW: Final = "F"
ENDED: Final = frozenset({"TS", "TF", "OZ"})
STATES: Final = ENDED | {"OP", "OS", "BP", "NC", "OF"}
FAILED: Final = frozenset({"TF", "OZ"})
SOURCES: Final = frozenset({"frombank", "import", "cbs", "gw"})
"""Where a row may come from; gw is the customer's own entry for this gateway."""
_BILL_NEEDS: Final = ("billno", "payeracct", "payeeacct", "payeename", "amount", "currency")
_BILL_FIELDS: Final = frozenset(
    {*_BILL_NEEDS, "company", "batchseqid", "srcbilltype", "srcbillno", "sourcebillid"}
    | {"payeebank", "recbanknumber", "recprovince", "reccity", "isprivatepay", "usage"}
    | {"expectdealtime", "statementrefno", "payunique", "lastsourcebillid"}
)
_TOLD: Final[Mapping[str, type]] = {
    "billno": str,
    "bankpaystate": str,
    "bankreturnmsg": str,
    "returntime": str,
    "isrefund": bool,
    "isupdatestate": bool,
    # columns of the customer's own, as the adapter's documentation asks for them
    "bankreference": str,
    "gatewayid": str,
    "gatewaystate": str,
}
_DETAIL: Final[Mapping[str, type]] = {
    **dict.fromkeys(
        ("uniqueseq", "detailid", "accountbank", "company", "currency", "bizdate", "biztime"), str
    ),
    **dict.fromkeys(("oppunit", "oppbanknumber", "oppbank", "description", "bankcheckflag"), str),
    **dict.fromkeys(("receiptno", "datasource", "bankserial", "srcbillno", "standing"), str),
    **dict.fromkeys(("creditamount", "debitamount", "transbalance"), Decimal),
    "isrefund": bool,
}
_BALANCE: Final[Mapping[str, type]] = {
    **dict.fromkeys(
        ("uniqueseq", "accountbank", "currency", "bizdate", "asktime", "datasource"), str
    ),
    **dict.fromkeys(("amount", "valibalance", "freezebalance", "lstbalance"), Decimal),
}
_RECEIPT: Final[Mapping[str, type]] = {
    **dict.fromkeys(
        ("receiptno", "accountbank", "bizdate", "detailid", "srcbillno", "bankserial"), str
    ),
    **dict.fromkeys(("filename", "filesha256", "filecontent", "datasource", "filepath"), str),
    "bankcheckflag": str,
    "amount": Decimal,
}
ROWS: Final[Mapping[str, Mapping[str, type]]] = {
    DETAIL: _DETAIL,
    BALANCE: _BALANCE,
    RECEIPT: _RECEIPT,
}
KEYS: Final[Mapping[str, str]] = {
    DETAIL: "uniqueseq",
    BALANCE: "uniqueseq",
    RECEIPT: "receiptno",
}
_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    DETAIL: ("uniqueseq", "detailid", "accountbank", "currency", "bizdate", "datasource"),
    BALANCE: ("uniqueseq", "accountbank", "currency", "bizdate", "datasource", "amount"),
    RECEIPT: ("receiptno", "accountbank", "bizdate", "filename", "filecontent", "datasource"),
}
_TEN_DECIMALS: Final = Decimal("0.0000000001")
_CENTS: Final = Decimal("0.01")
_AMOUNT: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,10})?", re.ASCII)
_TIME: Final = "%Y-%m-%d %H:%M:%S"


class RowError(Exception):
    """A record that is not taken: the field, and why."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(words)
        self.field = name
        self.words = words


@dataclass(slots=True)
class Bill:
    """A bank payment bill. ``told`` is all that was ever written into it, oldest first."""

    fields: dict[str, object]
    state: str = "OS"
    status: str = IN_HAND
    refunded: bool = False
    told: list[dict[str, object]] = field(default_factory=list)


@dataclass(slots=True)
class Books:
    """Everything, in memory."""

    bills: dict[str, Bill] = field(default_factory=dict)
    kept: dict[str, dict[str, dict[str, object]]] = field(default_factory=dict)
    """Rows by form and key."""

    # ── what users do ─────────────────────────────────────────────────────────────────────

    def create(self, given: Mapping[str, object]) -> Bill:
        """A bill as its user hands it to the hub (提交银企). Raises RowError.

        One that names an earlier bill in ``lastsourcebillid`` pays in its stead.
        """
        strange = sorted(given.keys() - _BILL_FIELDS)
        if strange:
            raise RowError(strange[0], f"字段 {strange[0]} 不存在")
        for name in _BILL_NEEDS:
            if not given.get(name):
                raise RowError(name, f"{name} 必录")
        number, amount = str(given["billno"]), str(given["amount"])
        if number in self.bills:
            raise RowError("billno", "单据编号已存在")
        if _AMOUNT.fullmatch(amount) is None or not Decimal(amount):
            raise RowError("amount", "金额须大于 0")
        unique = (str(given.get("sourcebillid", "")), str(given.get("payunique", number)))
        if any(unique == _unique(it.fields) for it in self.bills.values()):
            raise RowError("payunique", "违反付款防重")
        self._instead(str(given.get("lastsourcebillid", "")))
        made = Bill({**given, "payunique": unique[1]})
        self.bills[number] = made
        return made

    def _instead(self, failed: str) -> None:
        """The bill that is paid anew must have failed, and is paid anew once."""
        if not failed:
            return
        earlier = self.bills.get(failed)
        if earlier is None or earlier.state not in FAILED or earlier.status == PAID_ANEW:
            raise RowError("lastsourcebillid", "源单未失败或已重付")
        earlier.status = PAID_ANEW

    # ── what the hub writes ───────────────────────────────────────────────────────────────

    def write_back(self, row: Mapping[str, object]) -> str:
        """What became of a bill; its number. Raises RowError."""
        _typed(row, _TOLD)
        number, state = str(row.get("billno", "")), row.get("bankpaystate")
        bill = self.bills.get(number)
        if bill is None:
            raise RowError("billno", "单据不存在")
        if "returntime" in row:
            _read("returntime", lambda: datetime.strptime(str(row["returntime"]), _TIME))  # noqa: DTZ007 - a wall time, as the vendor's
        if state is not None and state not in STATES:
            raise RowError("bankpaystate", f"付款状态 {state} 不存在")
        refunded = row.get("isrefund") is True
        if refunded and state != "TS":
            raise RowError("isrefund", "仅交易成功的付款可退票")
        if bill.state in ENDED and state not in {None, bill.state}:
            raise RowError("bankpaystate", f"付款已终结（{bill.state}），不允许修改")
        if bill.refunded and state is not None and not refunded:
            raise RowError("isrefund", "已退票")
        if state is not None:
            bill.state, bill.refunded = str(state), refunded
        bill.told.append(dict(row))
        return number

    def save(self, form: str, row: Mapping[str, object]) -> str:
        """One row of a form; its key. Raises RowError."""
        _typed(row, ROWS[form])
        for name in _NEEDS[form]:
            if row.get(name) in {None, ""}:
                raise RowError(name, f"{name} 必录")
        if row["datasource"] not in SOURCES:
            raise RowError("datasource", "数据来源不存在")
        _read("bizdate", lambda: date.fromisoformat(str(row["bizdate"])))
        key, rows = str(row[KEYS[form]]), self.kept.setdefault(form, {})
        if key in rows:
            raise RowError(KEYS[form], "违反字段唯一性要求")
        made = dict(row)
        if form == DETAIL:
            _one_side(row)
        if form == RECEIPT:
            made |= self._filed(row)
        rows[key] = made
        return key

    def _filed(self, row: Mapping[str, object]) -> dict[str, object]:
        """A receipt's file, put away, and whether its line is there (回单匹配)."""
        try:
            content = base64.b64decode(str(row["filecontent"]), validate=True)
        except (NotBase64, ValueError):
            raise RowError("filecontent", "不是 base64") from None
        digest = row.get("filesha256")
        if not content or (digest and digest != hashlib.sha256(content).hexdigest()):
            raise RowError("filecontent", "文件与摘要不符")
        lines = self.kept.get(DETAIL, {}).values()
        matched = any(it["detailid"] == row.get("detailid") for it in lines)
        return {"filecontent": content, "ismatch": matched}

    # ── what queries see ──────────────────────────────────────────────────────────────────

    def rows(self, form: str) -> Iterable[dict[str, object]]:
        """A form's rows; of a file its length alone."""
        if form == PAY_BILL:
            return [_shown(it) for it in self.bills.values()]
        return [
            {**row, "filecontent": ""} if "filecontent" in row else row
            for row in self.kept.get(form, {}).values()
        ]


def columns(form: str) -> frozenset[str]:
    """The fields that a query of this form may name."""
    if form == PAY_BILL:
        return _BILL_FIELDS | _TOLD.keys() | {"billstatus"}
    return frozenset(ROWS[form]) - {"filecontent"}


def _shown(bill: Bill) -> dict[str, object]:
    told: dict[str, object] = {}
    for said in bill.told:
        told |= said
    empty = dict.fromkeys(sorted(_BILL_FIELDS | _TOLD.keys()), "")
    currency = {"number": bill.fields["currency"], "name": ""}
    amount = Decimal(str(bill.fields["amount"])).quantize(_TEN_DECIMALS)
    return (
        {**empty, **bill.fields, **told}
        | {"currency": currency, "amount": amount}
        | {"bankpaystate": bill.state, "billstatus": bill.status, "isrefund": bill.refunded}
    )


def _unique(fields: Mapping[str, object]) -> tuple[str, str]:
    return str(fields.get("sourcebillid", "")), str(fields["payunique"])


def _typed(row: Mapping[str, object], known: Mapping[str, type]) -> None:
    """Raises RowError for a field that is not there, or is of another kind."""
    for name, it in row.items():
        wanted = known.get(name)
        if wanted is None:
            raise RowError(name, f"字段 {name} 不存在")
        if not isinstance(it, wanted):
            raise RowError(name, f"字段 {name} 类型不正确")
        if isinstance(it, Decimal) and it != it.quantize(_CENTS):
            raise RowError(name, f"字段 {name} 小数位过多")


def _one_side(row: Mapping[str, object]) -> None:
    sides = [row[it] for it in ("creditamount", "debitamount") if it in row]
    if len(sides) != 1 or not isinstance(sides[0], Decimal) or sides[0] <= 0:
        raise RowError("creditamount", "借贷金额须且只能录入一方，且大于 0")


def _read(name: str, reading: Callable[[], object]) -> None:
    try:
        reading()
    except ValueError:
        raise RowError(name, f"{name} 格式不正确") from None
