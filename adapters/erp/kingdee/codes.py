"""Code tables of 金蝶 systems, one per place where a status is told. Pure table.

Rule kept here: what is not known is never called failed. A 星空 bill whose payment failed (D) or
was taken back (A) may be submitted again, so only a payment that certainly did not and will not
happen gets there; 未确认 (E, NC) is what everything unknown is called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.domain.instruction import State

REFUSED: Final = "REFUSED"
"""What an instruction that was never accepted is told as."""
NOT_JUDGED: Final = frozenset(
    {"reused_reference", "already_accepted", "repeated_reference", "merged_taken"}
)
"""Refusals of a repetition: the one that came first goes on, so its status must not be touched."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A status as its place has it, and the word that goes with it ('' for none)."""

    status: str
    reason: str = ""


_S = State
BILL_STATUS: Final = "AP_PAYBILL FSubmitStatus/FBankStatus"
"""星空 付款单, both letters of an entry: whether it was submitted, and what the bank made of it."""
BILL_STATES: Final[Mapping[State, Standing]] = {
    # It stays submitted: a bill that reads 未提交 could be changed and submitted while we hold it.
    _S.RECEIVED: Standing("B/A"),
    _S.HELD: Standing("B/A", "HELD"),
    _S.APPROVED: Standing("B/A"),
    _S.SCHEDULED: Standing("B/A", "SCHEDULED"),
    _S.QUEUED: Standing("B/A"),
    _S.SENDING: Standing("B/B"),
    _S.ACKNOWLEDGED: Standing("B/B"),
    _S.BANK_APPROVAL: Standing("B/B", "BANK_APPROVAL"),
    _S.PROCESSING: Standing("B/B"),
    _S.UNCONFIRMED: Standing("B/E", "UNCONFIRMED"),
    _S.SETTLED: Standing("B/C"),
    _S.REJECTED: Standing("B/D"),
    # It was paid and stays so; that the money came back is said beside it.
    _S.RETURNED: Standing("B/C", "RETURNED"),
    _S.CANCELLED: Standing("A/A", "CANCELLED"),
    _S.EXPIRED: Standing("B/D", "EXPIRED"),
    # 星空 treats F as paid: the payee has the money, by another way.
    _S.PAID_ELSEWHERE: Standing("B/F", "PAID_ELSEWHERE"),
}
BILL_REFUSED: Final = Standing("A/D", REFUSED)
"""Refused before anything was accepted; nothing was sent to the bank."""

PAY_STATE: Final = "bei_bankpaybill bankpaystate"
"""苍穹 银行付款单."""
PAY_STATES: Final[Mapping[State, Standing]] = {
    _S.RECEIVED: Standing("OP"),
    _S.HELD: Standing("OP", "HELD"),
    _S.APPROVED: Standing("OP"),
    _S.SCHEDULED: Standing("OP", "SCHEDULED"),
    _S.QUEUED: Standing("OP"),
    _S.SENDING: Standing("OS"),
    _S.ACKNOWLEDGED: Standing("BP"),
    _S.BANK_APPROVAL: Standing("BP", "BANK_APPROVAL"),
    _S.PROCESSING: Standing("BP"),
    _S.UNCONFIRMED: Standing("NC", "UNCONFIRMED"),
    _S.SETTLED: Standing("TS"),
    _S.REJECTED: Standing("TF"),
    _S.RETURNED: Standing("TS", "RETURNED"),
    _S.CANCELLED: Standing("OZ", "CANCELLED"),
    _S.EXPIRED: Standing("TF", "EXPIRED"),
    _S.PAID_ELSEWHERE: Standing("TS", "PAID_ELSEWHERE"),
}
PAY_REFUSED: Final = Standing("TF", REFUSED)

TABLES: Final[Mapping[str, Mapping[State, Standing]]] = MappingProxyType(
    {BILL_STATUS: BILL_STATES, PAY_STATE: PAY_STATES}
)
"""By place, our state to the status told there."""
REJECTED_STATUSES: Final = frozenset({"B/D", "A/D", "A/A", "TF", "OZ"})
"""After these the ERP may let its user pay again."""
PENDING_STATUSES: Final = frozenset({"B/E", "NC"})

WORDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "HELD": ("挂起，等待人工处理", "held for a person"),
        "SCHEDULED": ("等待执行日", "waits for its day"),
        "BANK_APPROVAL": ("银行侧待审批，资金未动", "waits for approval at the bank"),
        "UNCONFIRMED": ("结果未明，切勿重发", "outcome not known, do not send again"),
        "RETURNED": ("已退汇", "returned after payment"),
        "CANCELLED": ("已取消，未付款", "cancelled, not paid"),
        "EXPIRED": ("已过期，未付款", "expired, not paid"),
        "PAID_ELSEWHERE": ("已由其他渠道支付，切勿再付", "paid another way, do not pay again"),
        REFUSED: ("网关未受理，未发往银行", "not accepted, nothing was sent"),
    }
)
"""What a reason is called for people (zh, en)."""

CNY: Final = "CNY"
CURRENCIES: Final[Mapping[str, str]] = {"PRE001": CNY}
"""星空's numbers of currencies; the others are customer data: option ``currencies``."""

# MsgCode of 星空's replies, by what is to be done. One that is not here says nothing: again later.
LOGIN_AGAIN: Final = frozenset({"1"})
NEVER: Final[Mapping[str, str]] = {
    "2": "no permission",
    "3": "no operation named",
    "5": "no form named",
    "8": "wrong parameter",
    "9": "field or value does not exist",
    "10": "not found",
    "11": "validation failed",
    "12": "not allowed in this status",
    "15": "administrator may not log in",
}
"""A person has to look; trying again will not help."""
LATER: Final[Mapping[str, str]] = {
    "4": "exception",
    "6": "database",
    "7": "licence",
    "13": "locked by somebody",
    "14": "too many calls",
}


def codes_of(table: Mapping[State, Standing], refused: Standing) -> dict[str, str]:
    """A table as the dialect shows it: our state's name to the code told there."""
    shown = {state.value: standing.status for state, standing in table.items()}
    return {**shown, REFUSED: refused.status}
