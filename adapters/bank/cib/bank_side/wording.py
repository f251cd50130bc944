"""How the bank puts its reasons and states: codes and texts of answers, as pure tables.

The texts are of our own composition; they hold the bank's key words, by which refusals that
have no code of their own are told apart. Which code goes with which reason is an inference
where the document prints none (README.md).

Source: CIB interface document V4.0.4, samples' return codes and appendix 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from adapters.bank.cib import codes
from gateway.ports.bank import BankState, CoreResult, Reason


@dataclass(frozen=True, slots=True)
class Wording:
    """A STATUS as the bank writes it."""

    code: str
    text: str = ""
    severity: str = "ERROR"


ACCEPTED: Final = Wording("0", severity="INFO")
UNKNOWN_CODE: Final = Wording("97531", "系统返回未登记的代码")
"""A code that stands in no table: what a gateway must never take for a failure."""

_FAILURE: Final = Wording("6000", "系统异常，请联系银行")

SIGN_ON: Final = MappingProxyType(
    {
        Reason.OK: ACCEPTED,
        Reason.OPERATOR_UNKNOWN: Wording("2000", "客户或操作员不存在"),
        Reason.PASSWORD_WRONG: Wording("15500", "登录错误：用户名或密码不正确"),
        Reason.PASSWORD_LOCKED: Wording("15500", "密码错误次数超限，密码已经锁定"),
        Reason.SYSTEM_FAILURE: _FAILURE,
        Reason.MALFORMED: Wording("6000", "登录报文无法识别"),
    }
)
MESSAGE: Final = MappingProxyType(
    {
        Reason.OK: ACCEPTED,
        Reason.MALFORMED: Wording("2000", "报文节点顺序或内容不符合规范"),
        Reason.NOT_PERMITTED: Wording("2005", "操作员权限不足"),
        Reason.BUSINESS_NOT_OPEN: Wording("2000", "账户未开通该业务"),
        Reason.DEBTOR_UNKNOWN: Wording("2000", "付款账户不存在"),
        Reason.DEBTOR_CLOSED: Wording("2000", "账户未开通该业务，账户已销户"),
        Reason.DEBTOR_FROZEN: Wording("2000", "付款账户状态异常"),
        Reason.CREDITOR_UNKNOWN: Wording("2002", "收款账户不存在"),
        Reason.CREDITOR_MALFORMED: Wording("2002", "收款账号字段格式错误"),
        Reason.NAME_MISMATCH: Wording("2002", "收款账号与核心户名不符"),
        Reason.NOT_OWN_BANK: Wording("2002", "收款账号不是兴业银行账号"),
        Reason.INSUFFICIENT_FUNDS: Wording("75320", "可用余额不足"),
        Reason.OVER_LIMIT: Wording("2000", "超过单笔或当日限额"),
        Reason.AMOUNT_INVALID: Wording("2006", "金额格式错误"),
        Reason.DATE_INVALID: Wording("2002", "期望日期不在允许范围内"),
        Reason.PURPOSE_ILLEGAL: Wording("2002", "附言非法"),
        Reason.NO_SUCH_INSTRUCTION: Wording("2020", "指令不存在"),
        Reason.NO_ENTRIES: Wording(codes.NO_ENTRIES, "无符合条件的明细", "INFO"),
        Reason.ACCOUNT_UNKNOWN: Wording("2002", "账号不存在"),
        Reason.RECEIPTS_ORDERED: Wording("2002", "已存在任务日期的回单任务"),
        Reason.NO_SUCH_ORDER: Wording("2002", "任务指令不存在"),
        Reason.TOO_EARLY: Wording("2002", "请于15分钟后查询结果"),
        Reason.SYSTEM_FAILURE: _FAILURE,
        Reason.OPERATOR_UNKNOWN: Wording("2005", "操作员没有该项业务的授权"),
        Reason.PASSWORD_WRONG: Wording("6000", "系统异常"),
        Reason.PASSWORD_LOCKED: Wording("6000", "系统异常"),
    }
)

LINES_FAULTY: Final = Wording("2000", "转账明细内容有误")
"""A batch refused as a whole, with the faults at its lines."""

STATES: Final = MappingProxyType(
    {
        BankState.AUDITING: "AUDITING",
        BankState.AUDITED: "AUDITED",
        BankState.BRANCH_REVIEW: "WAIT_FOR_AUDIT",
        BankState.SENT_BACK: "SEND_BACK",
        BankState.PENDING: "PENDING",
        BankState.PROCESSING: "PROCESSING",
        BankState.PAID: codes.PAYOUT,
        BankState.PARTLY_PAID: codes.PART_PAYOUT,
        BankState.FAILED: codes.FAIL,
        BankState.WITHDRAWN: "CANCEL",
        BankState.EXPIRED: "EXPIRED",
    }
)
STATE_TEXTS: Final = MappingProxyType(
    {
        BankState.AUDITING: "等待网银复核授权",
        BankState.AUDITED: "已授权，等待期望日执行",
        BankState.BRANCH_REVIEW: "等待银行审核",
        BankState.SENT_BACK: "已退回经办人",
        BankState.PENDING: "结果待查询",
        BankState.PROCESSING: "处理中",
        BankState.PAID: "交易成功",
        BankState.PARTLY_PAID: "部分成功",
        BankState.FAILED: "交易失败",
        BankState.WITHDRAWN: "指令已撤销",
        BankState.EXPIRED: "指令已过期",
    }
)
PAYROLL_STATES: Final = MappingProxyType(
    {
        BankState.PAID: codes.PAYROLL_PAID,
        BankState.PROCESSING: codes.PAYROLL_RUNNING,
        BankState.PENDING: codes.PAYROLL_UNCLEAR,
    }
)
"""STATUS of a payroll line by its state; a failed one is worded by its reason, others wait."""
PAYROLL_WAITING: Final = "-1"
PAYROLL_REASONS: Final = MappingProxyType(
    {
        Reason.CREDITOR_UNKNOWN: "42",
        Reason.ACCOUNT_UNKNOWN: "42",
        Reason.NOT_OWN_BANK: "40",
        Reason.INSUFFICIENT_FUNDS: "46",
        Reason.NAME_MISMATCH: "49",
        Reason.AMOUNT_INVALID: "53",
    }
)
PAYROLL_OTHER: Final = "59"

CORE_RESULTS: Final = MappingProxyType(
    {
        CoreResult.NONE: codes.CORE_NONE,
        CoreResult.VALID: codes.CORE_VALID,
        CoreResult.INVALID: codes.CORE_INVALID,
    }
)
CLEARING: Final = MappingProxyType(
    {
        "accepted": "1",
        "checked": "2",
        "sent": "5",
        "suspended": codes.CORE_SUSPENDED,
        "settled": "Y",
        "failed": "F",
    }
)
