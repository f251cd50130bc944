"""Code tables of Yonyou's endpoints: the same number means another thing at another endpoint.

Rule kept here: one table per endpoint, each with every state of ours. ``NOT_TOLD`` says that
this endpoint is not called in that state: its documents stay as they are, which reads as
"still on the way", and never as failed. An outcome that is not known is never a failure code.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.domain.instruction import PayrollPurpose, State

NOT_TOLD: Final = "-"
"""Nothing is written at this endpoint in this state: see the reason beside its table."""

_S = State


def _table(codes: Mapping[State, str], others: str) -> Mapping[State, str]:
    return MappingProxyType({state: codes.get(state, others) for state in State})


# ── YonBIP and YonSuite ───────────────────────────────────────────────────────────────────────

SUCCEEDED: Final = "3"
FAILED: Final = "4"
STOPPED: Final = "6"
PARTLY: Final = "7"
REFUNDED: Final = "1"
"""``isrefund``: the money came back after success."""
DETAIL_OPEN: Final = frozenset({"1", "2"})
"""A settlement detail that waits (1) or is under way (2): its result may be written."""

FEEDBACK: Final = _table(
    {
        _S.SETTLED: SUCCEEDED,
        # The payee has the money by another way: a failure would make the ERP pay again.
        _S.PAID_ELSEWHERE: SUCCEEDED,
        # Written together with isrefund 1; the vendor asks for status 3 there.
        _S.RETURNED: SUCCEEDED,
        _S.REJECTED: FAILED,
        _S.EXPIRED: FAILED,
    },
    # Takes 3, 4 and 7 only: what is not decided stays at 2 (结算中). CANCELLED: see STOP.
    NOT_TOLD,
)
"""``settlement/batch/feedback``, ``statementdetailstatus``: 3 success, 4 failure, 7 partly."""

STOP: Final = _table({_S.CANCELLED: STOPPED}, NOT_TOLD)
"""``settlement/autoStopPay``: makes a detail 6 (已止付). No other state is told there."""

DETAIL: Final = _table(
    {
        **dict.fromkeys(
            (_S.RECEIVED, _S.HELD, _S.APPROVED, _S.SCHEDULED, _S.QUEUED),
            "1",
        ),
        _S.SETTLED: SUCCEEDED,
        _S.PAID_ELSEWHERE: SUCCEEDED,
        _S.RETURNED: SUCCEEDED,
        _S.REJECTED: FAILED,
        _S.EXPIRED: FAILED,
        _S.CANCELLED: STOPPED,
    },
    "2",
)
"""A settlement detail as it reads: 1 waits, 2 under way, 3 success, 4 failure, 6 stopped."""

FUND_PAYMENT: Final = _table(
    {
        _S.SETTLED: "3",
        _S.PAID_ELSEWHERE: "3",
        _S.RETURNED: "3",
        # 4 is a stop here, not a failure; a payment that will never be made is stopped.
        _S.REJECTED: "4",
        _S.EXPIRED: "4",
        _S.CANCELLED: "4",
    },
    NOT_TOLD,  # takes final results only
)
"""``updateSettleDataAndGeneratorVoucher``: 3 success, 4 stopped, 5 partly (5 is no failure)."""

INSTRUCTION: Final = _table(
    {
        _S.SETTLED: "4",
        _S.PAID_ELSEWHERE: "4",
        _S.RETURNED: "4",
        _S.REJECTED: "5",
        _S.EXPIRED: "5",
        _S.CANCELLED: "6",
    },
    NOT_TOLD,  # a change of an instruction's state names a final result
)
"""``instruct/batchSaveStateChange``: 4 success, 5 failure, 6 stopped (4 is no failure)."""

PAYROLL_LINE: Final = _table(
    {
        _S.SETTLED: "4",
        _S.PAID_ELSEWHERE: "4",
        _S.RETURNED: "4",
        _S.REJECTED: "5",
        _S.EXPIRED: "5",
        _S.CANCELLED: "5",
    },
    NOT_TOLD,  # lines of a payroll are told once they are final
)
"""``dataBatchDetailList``, ``paystatus``: 4 success, 5 failure."""

PAY_STATUS: Final = _table(
    {
        **dict.fromkeys(
            (_S.RECEIVED, _S.HELD, _S.APPROVED, _S.SCHEDULED, _S.QUEUED),
            "0",
        ),
        _S.UNCONFIRMED: "6",
        _S.SETTLED: "3",
        _S.RETURNED: "3",
        _S.REJECTED: "4",
        _S.EXPIRED: "4",
        _S.CANCELLED: "2",
        _S.PAID_ELSEWHERE: "7",
    },
    "5",
)
"""``paystatus`` of the payment workbench: 0 to be paid, 2 not ordered, 3 success, 4 failure,
5 under way, 6 not known (支付不明), 7 paid offline."""

PAYROLLS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "PROXYSALARY": PayrollPurpose.SALARY.value,
        **dict.fromkeys(
            ("BYXH", "BYXG", "BYXF", "BYXK", "BYXM", "BYXN"), PayrollPurpose.EXPENSE.value
        ),
    }
)
"""``batchtype`` of a payroll: salary, and allowances for travel, meals, telephone …; any other
kind is OTHER."""

CURRENCY_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "人民币": "CNY",
        "RMB": "CNY",
        "美元": "USD",
        "欧元": "EUR",
        "港币": "HKD",
        "港元": "HKD",
        "英镑": "GBP",
        "日元": "JPY",
        "澳门元": "MOP",
        "新加坡元": "SGD",
        "瑞士法郎": "CHF",
        "加拿大元": "CAD",
        "澳大利亚元": "AUD",
    }
)
"""What the vendor's masters call a currency, where they do not say its ISO code."""

# ── NC and NC Cloud ───────────────────────────────────────────────────────────────────────────

RESULT_OK: Final = "1"
RESULT_REFUSED: Final = "-1"
"""``sendresult``, ``resultcode``: 1 the bill was taken in, whatever became of it since; negative
it was not. Not a payment's outcome: that is told by ``paystate``."""

PAID: Final = "paid"
NOT_PAID: Final = "failed"
UNKNOWN: Final = "unknown"
UNDER_WAY: Final = "processing"
PAY_STATE_NAMES: Final = _table(
    {
        _S.SETTLED: PAID,
        _S.PAID_ELSEWHERE: PAID,
        _S.RETURNED: PAID,
        _S.REJECTED: NOT_PAID,
        _S.CANCELLED: NOT_PAID,
        _S.EXPIRED: NOT_PAID,
        _S.UNCONFIRMED: UNKNOWN,
    },
    UNDER_WAY,
)
"""What kind of ``paystate`` each state is; its number is an option of the system."""
PAY_STATES: Final[Mapping[str, str]] = MappingProxyType(
    {PAID: "0", NOT_PAID: "1", UNKNOWN: "2", UNDER_WAY: "3"}
)
"""``paystate`` unless set otherwise. Only 0 is proven; the others are to be confirmed on site."""
PAY_STATE: Final = _table(
    {state: PAY_STATES[name] for state, name in PAY_STATE_NAMES.items()}, PAY_STATES[UNDER_WAY]
)
"""``ebank_paylog``, ``paystate``, as it is unless set otherwise."""

# ── U8 and U8+ ────────────────────────────────────────────────────────────────────────────────

ITEM_OK: Final = "0"
ITEM_FAILED: Final = "1"
"""``item``, ``succeed``: 0 is success and 1 an error. As at NC, of the exchange, not of the
payment."""


def by_name(table: Mapping[State, str], not_told: str = "") -> dict[str, str]:
    """A table as a dialect declares it; ``not_told`` is why nothing is written in a state."""
    return {state.value: not_told if code == NOT_TOLD else code for state, code in table.items()}
