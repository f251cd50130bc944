"""The payment instruction (付款指令) and the ONE table of its states.

Rule kept here: nothing else in the gateway knows which state may follow which, and
for which cause. The picture in docs/states.md is drawn from this table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import msgspec

from gateway.domain.ids import InstructionId, TenantId
from gateway.domain.money import Money
from gateway.domain.party import Party


class State(StrEnum):
    """Where an instruction stands. The strings are stored and sent: they are forever."""

    RECEIVED = "RECEIVED"
    HELD = "HELD"
    APPROVED = "APPROVED"
    SCHEDULED = "SCHEDULED"
    QUEUED = "QUEUED"
    SENDING = "SENDING"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    BANK_APPROVAL = "BANK_APPROVAL"
    PROCESSING = "PROCESSING"
    UNCONFIRMED = "UNCONFIRMED"
    SETTLED = "SETTLED"
    REJECTED = "REJECTED"
    RETURNED = "RETURNED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    PAID_ELSEWHERE = "PAID_ELSEWHERE"


class Cause(StrEnum):
    """Why a state changed: what kind of fact stands behind it."""

    POLICY = "policy"
    """A rule of ours decided, shown as actor ``policy:…``."""
    PERSON = "person"
    """As many named people decided as the policy asks for."""
    TWO_PEOPLE = "two_people"
    """Two different people, with a reason."""
    ERP = "erp"
    """The ERP asked, before anything was sent."""
    SCHEDULE = "schedule"
    DISPATCH = "dispatch"
    """The relay took it: the exact bytes are durable, the socket is not yet touched."""
    NOT_SENT = "not_sent"
    """The transport knows that no byte left."""
    REFUSED_UNEXECUTED = "refused_unexecuted"
    """First send refused as a whole, by a refusal that is known to execute nothing."""
    BANK_ANSWER = "bank_answer"
    """The bank's direct answer to the first send."""
    DOUBT = "doubt"
    """Time-out, cut connection, crash or take-over after SENDING: it may have left."""
    ENQUIRY = "enquiry"
    """The bank's answer when asked about it (查证), or its replay of a stored result."""
    STATEMENT = "statement"
    RECEIPT = "receipt"
    REPLAN = "replan"
    """Its batch is unknown to the bank long past the quiet time, and was refused when resent."""


_PERSONS: Final = frozenset({Cause.PERSON})
_STOP: Final = frozenset({Cause.PERSON, Cause.ERP})
_ANSWER: Final = frozenset({Cause.BANK_ANSWER})
_ASKED: Final = frozenset({Cause.ENQUIRY})
_PROOF: Final = frozenset({Cause.ENQUIRY, Cause.STATEMENT, Cause.RECEIPT})
_PROOF_OR_PEOPLE: Final = _PROOF | {Cause.TWO_PEOPLE}
_ASKED_OR_PEOPLE: Final = _ASKED | {Cause.TWO_PEOPLE}

_S = State
_OPEN_AT_BANK: Final = (_S.ACKNOWLEDGED, _S.BANK_APPROVAL, _S.PROCESSING)


def _at_bank(state: State) -> dict[State, frozenset[Cause]]:
    """Exits of a state in which the bank has the instruction and has not decided."""
    exits: dict[State, frozenset[Cause]] = {
        other: _ASKED for other in (*_OPEN_AT_BANK, _S.UNCONFIRMED) if other is not state
    }
    exits |= {
        _S.SETTLED: _PROOF_OR_PEOPLE,
        _S.REJECTED: _ASKED_OR_PEOPLE,
        _S.CANCELLED: _ASKED_OR_PEOPLE,
        _S.EXPIRED: _ASKED_OR_PEOPLE,
        _S.RETURNED: frozenset({Cause.STATEMENT, Cause.RECEIPT}),
    }
    return exits


TRANSITIONS: Final[Mapping[State, Mapping[State, frozenset[Cause]]]] = MappingProxyType(
    {
        _S.RECEIVED: {
            _S.HELD: frozenset({Cause.POLICY}),
            _S.APPROVED: frozenset({Cause.POLICY, Cause.PERSON}),
            _S.CANCELLED: _STOP,
        },
        _S.HELD: {
            # Of a policy only what it held itself for want of data, once there is data.
            _S.APPROVED: _PERSONS | {Cause.POLICY},
            _S.CANCELLED: _STOP,
            _S.PAID_ELSEWHERE: frozenset({Cause.TWO_PEOPLE}),
        },
        _S.APPROVED: {
            _S.HELD: frozenset({Cause.POLICY}),
            _S.SCHEDULED: frozenset({Cause.POLICY}),
            _S.QUEUED: frozenset({Cause.POLICY}),
            _S.CANCELLED: _STOP,
        },
        _S.SCHEDULED: {
            _S.HELD: frozenset({Cause.POLICY}),
            _S.QUEUED: frozenset({Cause.SCHEDULE}),
            _S.CANCELLED: _STOP,
        },
        _S.QUEUED: {
            _S.HELD: frozenset({Cause.POLICY}),
            _S.SENDING: frozenset({Cause.DISPATCH}),
            _S.CANCELLED: _STOP,
        },
        _S.SENDING: {
            _S.QUEUED: frozenset({Cause.NOT_SENT, Cause.REFUSED_UNEXECUTED}),
            _S.UNCONFIRMED: frozenset({Cause.BANK_ANSWER, Cause.DOUBT}),
            _S.ACKNOWLEDGED: _ANSWER,
            _S.BANK_APPROVAL: _ANSWER,
            _S.PROCESSING: _ANSWER,
            _S.SETTLED: _ANSWER,
            _S.REJECTED: _ANSWER,
            _S.CANCELLED: _ANSWER,
            _S.EXPIRED: _ANSWER,
        },
        **{state: _at_bank(state) for state in _OPEN_AT_BANK},
        _S.UNCONFIRMED: {
            _S.QUEUED: frozenset({Cause.REPLAN}),
            **dict.fromkeys(_OPEN_AT_BANK, _ASKED),
            _S.SETTLED: _PROOF_OR_PEOPLE,
            _S.REJECTED: _ASKED_OR_PEOPLE,
            _S.CANCELLED: _ASKED_OR_PEOPLE,
            _S.EXPIRED: _ASKED_OR_PEOPLE,
            _S.RETURNED: frozenset({Cause.STATEMENT, Cause.RECEIPT, Cause.TWO_PEOPLE}),
            _S.PAID_ELSEWHERE: frozenset({Cause.TWO_PEOPLE}),
        },
        _S.SETTLED: {_S.RETURNED: _PROOF_OR_PEOPLE},
        _S.REJECTED: {},
        _S.RETURNED: {},
        _S.CANCELLED: {},
        _S.EXPIRED: {},
        _S.PAID_ELSEWHERE: {},
    }
)

FINAL: Final = frozenset(
    {_S.SETTLED, _S.REJECTED, _S.RETURNED, _S.CANCELLED, _S.EXPIRED, _S.PAID_ELSEWHERE}
)
"""States that end an instruction. SETTLED is final but for a return (退汇) proven later."""

FREED: Final = frozenset({_S.REJECTED, _S.RETURNED, _S.CANCELLED, _S.EXPIRED})
"""States after which no payment of ours holds the money: the ERP's document may be paid anew."""

PENDING_REASON: Final = {
    _S.HELD: "HELD",
    _S.SCHEDULED: "SCHEDULED",
    _S.UNCONFIRMED: "UNCONFIRMED",
}
"""Why an instruction that has neither succeeded nor failed is waiting."""

FATE_OPEN: Final = frozenset({_S.SENDING, *_OPEN_AT_BANK, _S.UNCONFIRMED})
"""States in which a message of ours may still move money: no other message may carry it."""


def allowed(before: State, after: State, cause: Cause) -> bool:
    """Whether the table lets ``before`` become ``after`` for ``cause``."""
    return cause in TRANSITIONS[before].get(after, frozenset())


class BusinessType(StrEnum):
    """业务类型 of an instruction."""

    PAYMENT = "payment"
    PAYROLL = "payroll"
    INTERNAL = "internal"


class PayrollPurpose(StrEnum):
    """What kind of pay a payroll instruction is (代发用途)."""

    SALARY = "salary"
    BONUS = "bonus"
    WELFARE = "welfare"
    EXPENSE = "expense"
    OTHER = "other"


class Urgency(StrEnum):
    """How the payer wants it carried; the connection's dialect turns it into a channel."""

    NORMAL = "normal"
    URGENT = "urgent"
    """Real time, where the bank has a channel for it."""


_TYPE_WORDS: Final = {it: it.value for it in BusinessType}
_URGENCY_WORDS: Final = {it: it.value for it in Urgency}
# Sorted keys, no spaces, UTF-8: the bytes of json.dumps(sort_keys=True, ensure_ascii=False).
_CANONICAL: Final = msgspec.json.Encoder(order="deterministic").encode


class Instruction(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A payment instruction as accepted: immutable. Its state lives beside it, as history rows.

    ``local`` is whether payer and payee bank are in the same city; ``own_bank`` whether
    the payee's account is at the paying bank itself.
    """

    tenant: TenantId
    id: InstructionId
    erp: str
    erp_reference: str
    company: str
    debtor: Party
    creditor: Party
    amount: Money
    purpose: str
    memo: str = ""
    own_bank: bool
    local: bool
    business_type: BusinessType = BusinessType.PAYMENT
    urgency: Urgency = Urgency.NORMAL
    execution_date: date | None = None
    end_to_end_id: str = ""
    reconciliation_code: str = ""
    payroll_purpose: str = ""
    """For payroll: what kind of pay it is (salary, bonus, welfare, expense, other)."""
    budget_item: str = ""
    """预算项目: under which item of the payer's budget it is paid; stays with us, '' for none."""
    merged: str = ""
    """Source documents of a merged payment (合并支付), see ``domain.merged``; '' for others."""

    def content(self) -> dict[str, str]:
        """What the payer asked for, without ids: the thing that digests and approvals bind."""
        amount, creditor, debtor = self.amount, self.creditor.account, self.debtor.account
        agent = creditor.agent
        content = {
            "amount": amount.text(),
            "business_type": _TYPE_WORDS[self.business_type],
            "company": self.company,
            "creditor_account": creditor.number,
            "creditor_agent_bic": agent.bic,
            "creditor_agent_cnaps": agent.cnaps,
            "creditor_agent_name": agent.name,
            "creditor_city": agent.city,
            "creditor_name": self.creditor.name,
            "currency": amount.currency.code,
            "debtor_account": debtor.number,
            "end_to_end_id": self.end_to_end_id,
            "erp": self.erp,
            "erp_reference": self.erp_reference,
            "execution_date": self.execution_date.isoformat() if self.execution_date else "",
            "local": "Y" if self.local else "N",
            "memo": self.memo,
            "own_bank": "Y" if self.own_bank else "N",
            "purpose": self.purpose,
            "reconciliation_code": self.reconciliation_code,
            "urgency": _URGENCY_WORDS[self.urgency],
        }
        # Only where there is one: the digest of everything else stays what it always was.
        if self.payroll_purpose:
            content["payroll_purpose"] = self.payroll_purpose
        if self.budget_item:
            content["budget_item"] = self.budget_item
        if self.merged:
            content["merged"] = self.merged
        return content

    def digest(self) -> str:
        """SHA-256 (hex) over the content as canonical JSON: sorted keys, no spaces, UTF-8."""
        return content_digest(self.content())


def content_digest(content: dict[str, str]) -> str:
    """SHA-256 (hex) over a flat record as canonical JSON.

    Raises UnicodeEncodeError for a lone surrogate, which has no UTF-8.
    """
    return hashlib.sha256(_CANONICAL(content)).hexdigest()
