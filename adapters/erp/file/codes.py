"""Column names, words and codes of spreadsheets. Pure table.

Rule kept here: an outcome that is open has a word of its own, never that of a failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.domain.instruction import BusinessType, PayrollPurpose, State, Urgency

BATCH: Final = "batch"
"""The column of the batch number, beside the fields of a draft."""

MERGED: Final = "merged"
"""The column of the number under which an ERP merged rows into one payment. It has no name of its
own: only a saved mapping makes payments of several rows."""

HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    BATCH: ("批次号", "batch_no", "batch"),
    "erp_reference": ("业务参考号", "单据编号", "付款单号", "erp_reference", "reference"),
    "company": ("付款公司", "公司", "company"),
    "debtor_account": ("付款账号", "付款人账号", "debtor_account", "payer_account"),
    "debtor_name": ("付款人名称", "付款户名", "debtor_name", "payer_name"),
    "creditor_name": ("收款人名称", "收款户名", "收款人", "creditor_name", "payee_name"),
    "creditor_account": ("收款账号", "收款人账号", "creditor_account", "payee_account"),
    "creditor_agent_name": ("收款开户行", "收款行名称", "开户行", "creditor_agent_name"),
    "creditor_agent_cnaps": ("联行号", "收款行联行号", "creditor_agent_cnaps", "cnaps"),
    "creditor_agent_bic": ("收款行BIC", "creditor_agent_bic", "bic"),
    "creditor_city": ("收款行城市", "收款城市", "creditor_city"),
    "amount": ("金额", "付款金额", "金额(元)", "amount"),
    "currency": ("币种", "currency"),
    "purpose": ("用途", "purpose"),
    "memo": ("附言", "备注", "memo"),
    "business_type": ("业务类型", "business_type"),
    "payroll_purpose": ("代发用途", "payroll_purpose"),
    "urgency": ("加急", "urgency"),
    "execution_date": ("期望付款日期", "付款日期", "execution_date"),
    "end_to_end_id": ("端到端标识", "end_to_end_id"),
    "reconciliation_code": ("对账标识码", "reconciliation_code"),
    "budget_item": ("预算项目", "budget_item"),
    MERGED: (),
}
"""What a column may be called unless the saved mapping says otherwise."""

NEEDED: Final = ("erp_reference", "creditor_name", "creditor_account", "amount")
"""Columns without which a sheet is no payment file."""
FIXED: Final = (
    *("company", "debtor_account", "currency", "purpose", "business_type", "payroll_purpose"),
    *("urgency", "execution_date", "budget_item"),
)
"""Fields that may have one value for all lines, from the options."""
DIGITS: Final = frozenset({"debtor_account", "creditor_account", "creditor_agent_cnaps"})
"""Fields that a spreadsheet's number would spoil: leading zeros and the 16th digit are lost."""

QUESTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "kind": ("查询种类", "kind", "query"),
    "id": ("查询编号", "query_no", "id"),
    "account": ("账号", "account"),
    "start": ("起始日期", "start"),
    "end": ("截止日期", "end"),
    "erp_reference": ("业务参考号", "erp_reference", "reference"),
}
"""Columns of a sheet of questions."""
KINDS: Final[Mapping[str, str]] = {
    "余额": "balance",
    "明细": "statement",
    "对账单": "statement",
    "历史余额": "history",
    "查证": "status",
    "付款状态": "status",
    "回单": "receipt",
}

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "currency": {"人民币": "CNY"},
    "urgency": {
        "是": Urgency.URGENT.value,
        "加急": Urgency.URGENT.value,
        "y": Urgency.URGENT.value,
        "1": Urgency.URGENT.value,
        "否": Urgency.NORMAL.value,
        "普通": Urgency.NORMAL.value,
        "n": Urgency.NORMAL.value,
        "0": Urgency.NORMAL.value,
    },
    "business_type": {
        "付款": BusinessType.PAYMENT.value,
        "对外付款": BusinessType.PAYMENT.value,
        "代发": BusinessType.PAYROLL.value,
        "工资": BusinessType.PAYROLL.value,
        "内部转账": BusinessType.INTERNAL.value,
    },
    "payroll_purpose": {
        "工资": PayrollPurpose.SALARY.value,
        "奖金": PayrollPurpose.BONUS.value,
        "福利": PayrollPurpose.WELFARE.value,
        "报销": PayrollPurpose.EXPENSE.value,
        "其他": PayrollPurpose.OTHER.value,
    },
}
"""Words of people to ours; every other text goes to validation as it stands."""

REFUSED: Final = "REFUSED"
STATES: Final[Mapping[str, str]] = {
    State.RECEIVED: "已受理",
    State.HELD: "挂起待审",
    State.APPROVED: "已批准",
    State.SCHEDULED: "待执行日",
    State.QUEUED: "待发送",
    State.SENDING: "发送中",
    State.ACKNOWLEDGED: "银行已接收",
    State.BANK_APPROVAL: "银行侧待审批",
    State.PROCESSING: "银行处理中",
    State.UNCONFIRMED: "结果未明，切勿重发",
    State.SETTLED: "支付成功",
    State.REJECTED: "支付失败",
    State.RETURNED: "已退汇",
    State.CANCELLED: "已取消",
    State.EXPIRED: "已过期",
    State.PAID_ELSEWHERE: "已由其他渠道支付",
    REFUSED: "未受理",
}
"""What people read beside the state's name."""

CODES: Final[Mapping[str, Mapping[str, str]]] = {"状态": {state: state.value for state in State}}
"""The column 状态 holds our state's name; the next one its Chinese."""

FAULTS: Final[Mapping[str, tuple[str, str]]] = {
    "formula": (
        "单元格是公式（或以 = + - @ 开头），请改为普通文本或数值",
        "the cell is a formula, or begins with = + - @; write the plain text or number",
    ),
    "cell_error": ("单元格是错误值（如 #REF!），请更正", "the cell holds an error such as #REF!"),
    "number_cell": (
        "该列须为文本格式：数值格式会丢失前导零和第 16 位以后的数字，请把列设为文本后重新填写",
        "the column must be text: as a number it loses leading zeros and digits after the 15th",
    ),
    "number_exact": (
        "金额超过表格数值的精度，请把单元格设为文本格式后填写",
        "the amount is beyond what a spreadsheet's number holds exactly; write it as text",
    ),
    "date_cell": (
        "日期须为日期格式的单元格，或按约定格式填写的文本",
        "the date must be a cell of a date format, or text in the agreed form",
    ),
    "cells": (
        "该行的列数与表头不同（可能有未加引号的分隔符），整行未读取",
        "this row has another number of cells than the header; nothing of it was read",
    ),
}
"""Faults of a cell's form: zh, en."""
