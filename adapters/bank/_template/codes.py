"""The bank's words, and what they prove. Whatever stands in no table proves nothing.

Source: none; invented.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from gateway.domain.outcome import Verdict
from gateway.ports.bank import BankState, Reason

OK: Final = "0000"
UNKNOWN: Final = "X999"
"""A code that stands in no table, for the bank side's fault of that name."""

SIGN_ON, PAY, STATUS, BALANCE = "sign_on", "pay", "payment_status", "balance"
REQUESTS: Final = MappingProxyType({"Pay": PAY, "Status": STATUS, "Balance": BALANCE})
"""Element of a request to our operation name; a request without one only signs on."""
ANSWERS: Final = MappingProxyType(
    {PAY: "PayAnswer", STATUS: "StatusAnswer", BALANCE: "BalanceAnswer"}
)
"""Our operation name to the element of its answer."""

RESULTS: Final = MappingProxyType(
    {
        "client-review": (Verdict.BANK_APPROVAL, "client_netbank"),
        "waits-for-day": (Verdict.BANK_APPROVAL, "bank_due_date"),
        "branch-review": (Verdict.BANK_APPROVAL, "bank_branch"),
        "sent-back": (Verdict.BANK_APPROVAL, "returned_to_maker"),
        "pending": (Verdict.UNCONFIRMED, "pending"),
        "processing": (Verdict.PROCESSING, ""),
        "paid": (Verdict.SETTLED, ""),
        "partly-paid": (Verdict.UNCONFIRMED, "partly_paid"),  # one payment cannot be
        "failed": (Verdict.REJECTED, ""),
        "withdrawn": (Verdict.CANCELLED, ""),
        "expired": (Verdict.EXPIRED, ""),
    }
)
"""The bank's state of an instruction to a verdict and its refinement."""
STATES: Final = MappingProxyType(
    {
        BankState.AUDITING: "client-review",
        BankState.AUDITED: "waits-for-day",
        BankState.BRANCH_REVIEW: "branch-review",
        BankState.SENT_BACK: "sent-back",
        BankState.PENDING: "pending",
        BankState.PROCESSING: "processing",
        BankState.PAID: "paid",
        BankState.PARTLY_PAID: "partly-paid",
        BankState.FAILED: "failed",
        BankState.WITHDRAWN: "withdrawn",
        BankState.EXPIRED: "expired",
    }
)
"""The same, as the bank side writes it."""

SIGN_ON_REFUSALS: Final = MappingProxyType(
    {
        Reason.OPERATOR_UNKNOWN: ("S001", "操作员不存在"),
        Reason.PASSWORD_WRONG: ("S002", "密码错误"),
        Reason.PASSWORD_LOCKED: ("S003", "操作员已锁定"),
    }
)
REFUSALS: Final = MappingProxyType(
    {
        Reason.OK: (OK, "成功"),
        Reason.MALFORMED: ("M001", "报文格式错误"),
        Reason.NOT_PERMITTED: ("P001", "无权限"),
        Reason.BUSINESS_NOT_OPEN: ("P002", "业务未开通"),
        Reason.DEBTOR_UNKNOWN: ("D001", "付款账户不存在"),
        Reason.DEBTOR_CLOSED: ("D002", "付款账户已销户"),
        Reason.DEBTOR_FROZEN: ("D003", "付款账户已冻结"),
        Reason.CREDITOR_UNKNOWN: ("C001", "收款账户不存在"),
        Reason.CREDITOR_MALFORMED: ("C002", "收款账号错误"),
        Reason.NAME_MISMATCH: ("C003", "收款户名不符"),
        Reason.NOT_OWN_BANK: ("C004", "收款账户不属于本行"),
        Reason.INSUFFICIENT_FUNDS: ("F001", "余额不足"),
        Reason.OVER_LIMIT: ("F002", "超过限额"),
        Reason.AMOUNT_INVALID: ("A001", "金额错误"),
        Reason.DATE_INVALID: ("A002", "日期错误"),
        Reason.PURPOSE_ILLEGAL: ("A003", "用途不合规"),
        Reason.NO_SUCH_INSTRUCTION: ("N001", "无此指令"),
        Reason.NO_ENTRIES: ("N002", "无明细"),
        Reason.ACCOUNT_UNKNOWN: ("N003", "账户不存在"),
        Reason.SYSTEM_FAILURE: ("E001", "系统故障"),
    }
)
"""Why the bank says no: code and text."""

KNOWN_SIGN_ON: Final = frozenset(code for code, _ in SIGN_ON_REFUSALS.values())
NOT_FOUND: Final = REFUSALS[Reason.NO_SUCH_INSTRUCTION][0]
NOT_EXECUTED: Final = frozenset(
    REFUSALS[reason][0]
    for reason in REFUSALS
    if reason
    not in {
        Reason.OK,
        Reason.SYSTEM_FAILURE,  # says nothing about what was done before it failed
        Reason.NO_SUCH_INSTRUCTION,  # an answer to enquiries; nonsense after a payment
        Reason.NO_ENTRIES,
        Reason.ACCOUNT_UNKNOWN,
    }
)
"""Refusals of a payment that are documented to execute nothing."""
