"""What an NC Cloud site holds: payment instructions, statement lines, balances, receipts.

Rule kept here: every write is remembered as it came, repeats too, so that a test can see a state
that was written twice. Written from the vendor's data model (银企直联) and from what its OpenAPI
says of envelopes, not from the adapter.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

Json = Mapping[str, object]
PAID: Final = "0"
FAILED: Final = "1"
UNKNOWN: Final = "2"
UNDER_WAY: Final = "3"
WAITING: Final = "4"
_TOLD: Final = frozenset({PAID, FAILED, UNKNOWN, UNDER_WAY})
_ENDS: Final = frozenset({PAID, FAILED})
_AMOUNT: Final = re.compile(r"(?:0|[1-9]\d{0,14})(?:\.\d{1,2})?", re.ASCII)
_SIGNED: Final = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,2})?", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}", re.ASCII)
_CLOCK: Final = re.compile(r"\d{2}:\d{2}:\d{2}", re.ASCII)
_KEY_MAX: Final = 40
_REFERENCE_MAX: Final = 30
_MESSAGE_MAX: Final = 450


class RefusedError(Exception):
    """One record is not taken, and why."""


@dataclass(slots=True)
class Paylog:
    """One payment instruction. ``told`` are the states written to it, in order, repeats too."""

    row: dict[str, str]
    told: list[dict[str, str]] = field(default_factory=list)

    @property
    def state(self) -> str:
        """支付状态."""
        return self.row["paystate"]

    def view(self) -> Json:
        """For the admin view."""
        return {**self.row, "told": list(self.told)}


class Books:
    """Everything of one site, in memory."""

    def __init__(self) -> None:
        self.paylogs: dict[str, Paylog] = {}
        self.lines: dict[str, dict[str, str]] = {}
        self.balances: dict[str, dict[str, str]] = {}
        self.receipts: dict[str, dict[str, str]] = {}

    def create(self, given: Mapping[str, str]) -> Paylog:
        """A user sends a payment to the bank: fields of ``ebank_paylog``, ``yurref`` among them.

        Raises ValueError for a reference that is too long or known.
        """
        reference = given["yurref"]
        if reference in self.paylogs or not 0 < len(reference) <= _REFERENCE_MAX:
            raise ValueError("yurref is known already, or of another length")
        number = len(self.paylogs) + 1
        made = Paylog(
            row={
                "pk_ebank_paylog": f"1001ZZ{number:014d}",
                "srcpkid": f"1001A1{number:014d}",
                "pk_org": "10101",
                "c_ccynbr": "CNY",
                "paystate": WAITING,
                "isrefund": "N",
                **given,
            }
        )
        self.paylogs[reference] = made
        return made

    # ── queries ──

    def instructions(self, asked: Json) -> list[Mapping[str, str]]:
        """Instructions by reference, or by state, organisation and account."""
        filters = {
            name: _texts(asked[name])
            for name in ("yurref", "paystate", "pk_org", "dbtacc")
            if name in asked
        }
        if "yurref" not in filters:
            filters.setdefault("paystate", frozenset({WAITING}))
        return [
            it.row
            for it in self.paylogs.values()
            if all(it.row.get(name, "") in wanted for name, wanted in filters.items())
        ]

    # ── writes: each takes a record and raises RefusedError ──

    def set_state(self, row: Mapping[str, str]) -> None:
        """Write a state."""
        paylog = self.paylogs.get(row.get("yurref", ""))
        if paylog is None:
            raise RefusedError("支付指令不存在")
        own = paylog.row["pk_ebank_paylog"]
        if row.get("pk_ebank_paylog", own) != own:
            raise RefusedError("支付指令主键与支付参考号不符")
        state, back = row.get("paystate", ""), row.get("isrefund", "N")
        if state not in _TOLD:
            raise RefusedError("支付状态不在取值范围内")
        if not _INSTANT.fullmatch(row.get("paytime", "")) or back not in {"Y", "N"}:
            raise RefusedError("支付时间或退汇标志格式错误")
        if any(len(row.get(name, "")) > _MESSAGE_MAX for name in ("paymsg", "payerrmsg")):
            raise RefusedError("支付信息超长")
        paylog.told.append(dict(row))
        if paylog.state in _ENDS and (paylog.state, state, back) != (PAID, PAID, "Y"):
            raise RefusedError("支付指令已有最终结果，不允许修改")
        paylog.row |= {"paystate": state, "isrefund": back}

    def add_line(self, row: Mapping[str, str]) -> None:
        """A statement line (ebank_dzd)."""
        _needed(row, "uid2", "curacc", "trans_date", "cdflag", "trsamt", "currcode")
        _formed(row, _DAY, "trans_date", "bookgdt", "valdt")
        _formed(row, _CLOCK, "trans_time")
        _formed(row, _AMOUNT, "trsamt")
        _formed(row, _SIGNED, "balance")
        mark = {"1": "DBIT", "2": "CRDT"}.get(row["cdflag"], "")
        if not mark or row.get("cdtdbtind", mark) != mark:
            raise RefusedError("收付标志错误")
        _new(self.lines, row["uid2"], row)

    def add_balance(self, row: Mapping[str, str]) -> None:
        """A balance (ebank_balance)."""
        _needed(row, "gwid", "bankacc", "curdate", "balance", "currcode")
        _formed(row, _DAY, "curdate")
        _formed(row, _SIGNED, "balance", "usablebalance", "frozenbalance", "yesterdaybalance")
        _new(self.balances, row["gwid"], row)

    def add_receipt(self, row: Mapping[str, str]) -> None:
        """A receipt (obm_yhhd) with its file."""
        _needed(row, "gwid", "receiptno", "bankacc", "filename", "filedigest", "filecontent")
        _formed(row, _DAY, "trans_date")
        _formed(row, _AMOUNT, "trsamt")
        try:
            base64.b64decode(row["filecontent"], validate=True)
        except binascii.Error:
            raise RefusedError("回单文件不是base64") from None
        _new(self.receipts, row["gwid"], {**row, "filecontent": _digest(row["filecontent"])})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _texts(given: object) -> frozenset[str]:
    """A filter: one text, or a list of texts. Raises RefusedError."""
    found = given if isinstance(given, list) else [given]
    if not found or not all(isinstance(it, str) and it for it in found):
        raise RefusedError("查询条件格式错误")
    return frozenset(str(it) for it in found)


def _needed(row: Mapping[str, str], *names: str) -> None:
    lacking = [name for name in names if not row.get(name)]
    if lacking:
        raise RefusedError(f"缺少字段{','.join(lacking)}")


def _formed(row: Mapping[str, str], form: re.Pattern[str], *names: str) -> None:
    wrong = [name for name in names if row.get(name) and not form.fullmatch(row[name])]
    if wrong:
        raise RefusedError(f"字段格式错误{','.join(wrong)}")


def _new(into: dict[str, dict[str, str]], key: str, row: Mapping[str, str]) -> None:
    if len(key) > _KEY_MAX:
        raise RefusedError("唯一号超长")
    if key in into:
        raise RefusedError("唯一号重复，记录已存在")
    into[key] = dict(row)
