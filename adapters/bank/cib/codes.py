"""Pure tables: what the bank's codes mean. No code in them decides anything else.

Rule kept here: what stands in no table is UNCONFIRMED, never success and never failure.

Source: CIB interface document V4.0.4: instruction states of appendix 1, refusal texts of
appendix 7, currencies of appendices 2 and 10; the codes are those of the document's samples,
which has no list of its own. How each code is classed is our inference (README.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from gateway.domain.money import CNY, Currency, currency
from gateway.domain.outcome import Verdict

OK: Final = "0"
NO_ENTRIES: Final = "6421"
"""No transactions in the period: the account's balances still follow."""
NOT_READY: Final = "2002"
"""Of an overview: the day is not loaded yet. Everywhere else the code is a refusal."""

# ── instruction state, XFERPRCCODE ────────────────────────────────────────────────────────

FAIL: Final = "FAIL"
PAYOUT: Final = "PAYOUT"
PART_PAYOUT: Final = "PART_PAYOUT"
RESULTS: Final = MappingProxyType(
    {
        "AUDITING": (Verdict.BANK_APPROVAL, "client_netbank"),
        # Approved, due on a later day: the bank itself holds it until then.
        "AUDITED": (Verdict.BANK_APPROVAL, "bank_due_date"),
        "WAIT_FOR_AUDIT": (Verdict.BANK_APPROVAL, "bank_branch"),
        "SEND_BACK": (Verdict.BANK_APPROVAL, "returned_to_maker"),
        "SUBMIT_SUCC": (Verdict.PROCESSING, ""),
        "BATCH_SUBMIT_SUCC": (Verdict.PROCESSING, ""),
        "PROCESSING": (Verdict.PROCESSING, ""),
        "PENDING": (Verdict.UNCONFIRMED, "pending"),
        # Only a batch is paid in part; one payment that is has to be looked at.
        PART_PAYOUT: (Verdict.UNCONFIRMED, "part_payout"),
        PAYOUT: (Verdict.SETTLED, ""),
        FAIL: (Verdict.REJECTED, ""),
        "CANCEL": (Verdict.CANCELLED, ""),
        "EXPIRED": (Verdict.EXPIRED, ""),
    }
)
UNKNOWN_RESULT: Final = (Verdict.UNCONFIRMED, "unknown_result")

# ── lines of batches ──────────────────────────────────────────────────────────────────────

LINE_RESULTS: Final = MappingProxyType({code: verdict for code, (verdict, _) in RESULTS.items()})
"""STATUS of a line in a batch of payments: the words of a whole instruction."""
PAYROLL_IDLE: Final = frozenset({"-1", "60"})
"""Payroll lines not begun: they share the fate of the whole."""
PAYROLL_PAID: Final = "23"
PAYROLL_RUNNING: Final = "90"
PAYROLL_UNCLEAR: Final = "3885"
PAYROLL_RESULTS: Final = MappingProxyType(
    dict.fromkeys((str(code) for code in range(40, 60)), Verdict.REJECTED)
    | dict.fromkeys((*PAYROLL_IDLE, PAYROLL_RUNNING), Verdict.PROCESSING)
    | {PAYROLL_PAID: Verdict.SETTLED, PAYROLL_UNCLEAR: Verdict.UNCONFIRMED}
)
"""STATUS of a payroll line: digits of its own."""
PAYROLL_PURPOSES: Final = MappingProxyType(
    {"salary": "006", "bonus": "022", "welfare": "047", "expense": "048", "other": "048"}
)
"""Our kinds of pay to DESCRIPTION. The bank has no code for "other": paid out as an expense."""
PAYROLL_KINDS: Final = MappingProxyType(
    {
        "006": "salary",
        "022": "bonus",
        "047": "welfare",
        "048": "expense",
        **dict.fromkeys(("008", "007", "813", "080", "605", "747"), "other"),
    }
)
"""Every DESCRIPTION of the bank to our kind of pay."""

# ── core result, CORERESULT and CORESTATUS ────────────────────────────────────────────────

CORE_NONE: Final = "0"
CORE_VALID: Final = "1"
CORE_INVALID: Final = "2"
CORE_SUSPENDED: Final = "G"
CORE_WRITTEN_OFF: Final = "9999X026"
"""CORECLM of a suspended inter-bank payment that was written off: it will not be paid."""
CLEARING: Final = MappingProxyType(
    {
        "1": Verdict.PROCESSING,
        "2": Verdict.PROCESSING,
        "5": Verdict.PROCESSING,
        CORE_SUSPENDED: Verdict.PROCESSING,
        "Y": Verdict.SETTLED,
        "F": Verdict.REJECTED,
        "": Verdict.PROCESSING,
    }
)

# ── STATUS/CODE ───────────────────────────────────────────────────────────────────────────


class CodeClass(StrEnum):
    """What a non-zero STATUS/CODE proves."""

    SIGN_ON = "S"
    """Refused at sign-on: nothing of the message was executed."""
    REJECT = "R"
    """Refused at validation: nothing of THIS message was executed."""
    UNCONFIRMED = "U"
    """Proves nothing: enquire."""
    INFO = "I"
    """No data, or ask later."""


class Layer(StrEnum):
    """Where a STATUS stands: codes mean different things there."""

    SIGN_ON = "signon"
    PAYMENT = "payment"
    BATCH = "batch"
    """A message of many payments, refused as a whole."""
    ENQUIRY = "enquiry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """One line of the table. Codes '' match any code, ``text`` None matches any text."""

    layers: frozenset[Layer]
    kind: CodeClass
    codes: frozenset[str] = frozenset()
    text: re.Pattern[str] | None = None
    reason: str = ""

    def holds(self, layer: Layer, code: str, text: str) -> bool:
        """Whether this line speaks about the given answer."""
        return (
            layer in self.layers
            and (not self.codes or code in self.codes)
            and (self.text is None or self.text.search(text) is not None)
        )


def _codes(*groups: str) -> frozenset[str]:
    return frozenset(" ".join(groups).split())


_SIGN_ON: Final = frozenset({Layer.SIGN_ON})
_BATCH: Final = frozenset({Layer.BATCH})
_PAYMENT: Final = frozenset({Layer.PAYMENT, Layer.BATCH})
_ENQUIRY: Final = frozenset({Layer.ENQUIRY})
_BUSINESS: Final = _PAYMENT | _ENQUIRY

# First match wins. Doubt comes first, so that no refusal text can hide it.
MEANINGS: Final[tuple[Meaning, ...]] = (
    Meaning(layers=_SIGN_ON, kind=CodeClass.SIGN_ON, codes=_codes("2000 15500")),
    Meaning(
        layers=_SIGN_ON,
        kind=CodeClass.SIGN_ON,
        text=re.compile("登录错误|密码错误次数超限|密码已经锁定"),
    ),
    Meaning(
        layers=_BUSINESS,
        kind=CodeClass.UNCONFIRMED,
        text=re.compile("系统存在多条记录"),
        reason="several_records",
    ),
    Meaning(
        layers=_BUSINESS, kind=CodeClass.UNCONFIRMED, codes=_codes("12345"), reason="serial_used"
    ),
    Meaning(
        layers=_BUSINESS,
        kind=CodeClass.UNCONFIRMED,
        codes=_codes("1740"),
        reason="bank_timeout",
    ),
    Meaning(
        layers=_PAYMENT,
        kind=CodeClass.REJECT,
        codes=_codes("52000"),
        # The same code also says "execution exception, enquire": only this text is a refusal.
        text=re.compile("校验.*(未通过|不通过|失败)"),
    ),
    Meaning(
        layers=_BUSINESS,
        kind=CodeClass.UNCONFIRMED,
        codes=_codes("6000 51010 52000"),
        reason="bank_doubt",
    ),
    Meaning(layers=_ENQUIRY, kind=CodeClass.INFO, codes=_codes("2020"), reason="not_found"),
    Meaning(
        layers=_ENQUIRY,
        kind=CodeClass.INFO,
        codes=_codes("2000"),
        # 2000 is generic: only these words, or none at all, say that there is no instruction.
        text=re.compile("指令.*不存在|查无|无此|无记录|没有.*记录|未找到|^$"),
        reason="not_found",
    ),
    Meaning(
        layers=_PAYMENT,
        kind=CodeClass.REJECT,
        codes=_codes(
            "2005 2006 2021 50006 75001 75320 408019",
            "1031 2373 4854 20001 20009 20012 32021 60101 60102",
            "40001 40003 40023 40062 40183 40220 40240 40260 40560 40562",
            "40607 40620 40641 40668 40705 40807",
        ),
    ),
    Meaning(
        layers=_PAYMENT,
        kind=CodeClass.REJECT,
        codes=_codes("2000 2002"),
        text=re.compile(
            "户名.*不符"
            "|[账帐][号户](不存在|无效|未授权|未签约)"
            "|金额.*(低于|小于|不足)最低"
            "|已签约|启用签名|不[可能]为空|日期.*(有误|错误|范围)"
        ),
    ),
    Meaning(
        layers=_PAYMENT,
        kind=CodeClass.REJECT,
        # Printed without any code: the text alone identifies them.
        text=re.compile(
            "权限不足|没有该项业务的授权|[账帐]户未开通该业务|不允许转向该[账帐]户"
            "|付款[账帐][号户]不存在|付款[账帐]号不是兴业账号"
            "|收款[账帐]号(字段|节点)格式错误|收款[账帐]号不是兴业银行[账帐]号|附言非法"
            "|汇出账户与结算中心账户登记关系错误|集团支付额度不足|结算中心账户错误"
        ),
    ),
    Meaning(
        layers=_BATCH,
        kind=CodeClass.REJECT,
        codes=_codes("2000 2002 6352 51027 60010"),
        text=re.compile("明细.*(有误|错误)|明细笔数|总?笔数不符|总金额.*不符|必填.*不可为空|NRA"),
    ),
    Meaning(layers=_BATCH, kind=CodeClass.REJECT, codes=_codes("6352 60010")),
)

_DENIED: Final = _codes("2005 50006")
_DENIED_TEXT: Final = re.compile("权限不足|没有该项业务的授权|[账帐]户未开通该业务")
_TRACE: Final = re.compile(r"\s*\[[0-9]{3}-[0-9]+\]\s*$")


def meaning(layer: Layer, code: str, text: str) -> Meaning | None:
    """What a non-zero STATUS says, or None when it stands in no table."""
    plain = _TRACE.sub("", text)
    return next((line for line in MEANINGS if line.holds(layer, code, plain)), None)


def denies(code: str, text: str) -> bool:
    """Whether a refused query says that the operator lacks a right."""
    return code in _DENIED or _DENIED_TEXT.search(text) is not None


# ── currencies ────────────────────────────────────────────────────────────────────────────

CURRENCY_NUMBERS: Final = MappingProxyType(
    {
        "01": "CNY",
        "11": "EUR",
        "12": "GBP",
        "13": "HKD",
        "14": "USD",
        "15": "CHF",
        "21": "SEK",
        "22": "DKK",
        "23": "NOK",
        "27": "JPY",
        "28": "CAD",
        "29": "AUD",
        "32": "MYR",
        "43": "SGD",
        "81": "MOP",
        "84": "THB",
        "87": "NZD",
        "88": "TWD",
    }
)
RMB: Final = "RMB"
"""How payments and statements write CNY."""
CURRENCIES: Final = MappingProxyType(
    {"": CNY, RMB: CNY}
    | {code: currency(code) for code in CURRENCY_NUMBERS.values()}
    | {number: currency(code) for number, code in CURRENCY_NUMBERS.items()}
)
"""Every spelling of a currency the bank uses; an absent one is CNY."""


def currency_number(unit: Currency) -> str:
    """The bank's two digits of a currency. Raises KeyError for one the bank does not name."""
    return _NUMBERS[unit.code]


_NUMBERS: Final = {code: number for number, code in CURRENCY_NUMBERS.items()}

# ── element names per operation ───────────────────────────────────────────────────────────

SIGN_ON: Final = "signon"
PAYMENT: Final = "payment"
PAYMENT_STATUS: Final = "payment_status"
CORE_RESULT: Final = "core_result"
BALANCE: Final = "balance"
STATEMENT: Final = "statement"
BATCH: Final = "batch_payment"
PAYROLL: Final = "payroll"
PAYROLL_STATUS: Final = "payroll_status"
HISTORY: Final = "history_balance"
OVERVIEW: Final = "day_overview"
RECEIPT: Final = "receipt"
RECEIPT_ORDER: Final = "receipt_order"
RECEIPT_FILES: Final = "receipt_poll"
CONFIRM: Final = "balance_confirmation"
CONFIRM_RESULT: Final = "balance_confirmation_status"

OPERATIONS: Final = MappingProxyType(
    {
        "XFER": PAYMENT,
        "XFERINQ": PAYMENT_STATUS,
        "INQSTATE": CORE_RESULT,
        "CURRACCTQUERY": BALANCE,
        "SCUSTSTMT": STATEMENT,
        "ICTRANSFER": "fast_payment",
        "ICTRANSFERINQ": "fast_payment_status",
        "RBATCHTRSFR": BATCH,
        "ASYNBATCHTRSFR": "async_batch",
        "RPAYOFF": PAYROLL,
        "RPAYOFFINQ": PAYROLL_STATUS,
        "GATHER": "collection",
        "HISBALQUERY": HISTORY,
        "ELECTRONICRECEIPT": RECEIPT_ORDER,
        "ASYNRECEIPTINFO": RECEIPT_FILES,
        "RECEIPT": RECEIPT,
        "VSASUBACCTINFO": "sub_accounts",
        "VATSTMT": "sub_account_statement",
        "VAT": "sub_account_payment",
        "VSAINTRSF": "sub_account_transfer",
        "TIMEQUERY": "time_deposits",
        "TIMEDEPOSITQUERY": "time_deposit",
        "TRADEOVERVIEW": OVERVIEW,
        "BATCHCHECK": CONFIRM,
        "BATCHCHECKQUERY": CONFIRM_RESULT,
        "BALNTRADEINQUIRY": "balance_and_statement",
        "FSTMT": "fixed_width_statement",
        "XPMT": "group_payment",
    }
)
"""Stem of a transaction element (``<stem>TRNRQ``, ``<stem>TRNRS``) to our operation name."""
STATUS_OPERATIONS: Final = frozenset(
    {PAYMENT_STATUS, "fast_payment_status", PAYROLL_STATUS, CORE_RESULT}
)
PAYING_OPERATIONS: Final = frozenset(
    {
        PAYMENT,
        "fast_payment",
        BATCH,
        "async_batch",
        PAYROLL,
        "collection",
        "sub_account_payment",
        "sub_account_transfer",
        "group_payment",
    }
)
