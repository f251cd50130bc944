"""Code tables of ISO 20022 payment initiation and status reports.

Rule kept here: a status never says more than is known. An unknown outcome is pending,
never a rejection, because an ERP that reads a rejection voids the payment and pays
again; and a pending status always says what it waits for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.domain.instruction import BusinessType, PayrollPurpose, State

PAIN_002_03: Final = "pain.002.001.03"
PAIN_002_10: Final = "pain.002.001.10"
CAMT_054_04: Final = "camt.054.001.04"
NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:"

NOT_PROVIDED: Final = "NOTPROVIDED"
"""What a sender writes into a mandatory identification that it does not have."""
BUDGET_WORD: Final = "/BUDGET/"
"""Begins the further remark of a remittance (AddtlRmtInf) that names the budget item."""
FURTHER_LENGTH_MAX: Final = 140
"""Characters of an AddtlRmtInf."""
ID_LENGTH_MAX: Final = 35
"""Max35Text: every identification of a message, batch or transaction."""
TEXT_LENGTH_MAX: Final = 105
"""Max105Text: one line of additional information; longer texts take several lines."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A transaction status and the proprietary reason that always goes with it ('' for none)."""

    status: str
    reason: str = ""


_S = State
_COMMON: Final[Mapping[State, Standing]] = {
    _S.HELD: Standing("PDNG", "HELD"),
    _S.APPROVED: Standing("ACCP"),
    _S.SCHEDULED: Standing("PDNG", "SCHEDULED"),
    _S.QUEUED: Standing("ACCP"),
    # It may not even have left yet: accepted by us is all that is known.
    _S.SENDING: Standing("ACCP"),
    _S.ACKNOWLEDGED: Standing("ACSP"),
    # The bank has it and waits for people; no ERP may take the line for dead.
    _S.BANK_APPROVAL: Standing("ACSP", "BANK_APPROVAL"),
    _S.PROCESSING: Standing("ACSP"),
    _S.UNCONFIRMED: Standing("PDNG", "UNCONFIRMED"),
    _S.SETTLED: Standing("ACSC"),
    _S.REJECTED: Standing("RJCT"),
    # The payment was settled and stays so; the return is its own event (camt.054 RtrInf).
    _S.RETURNED: Standing("ACSC"),
    _S.EXPIRED: Standing("RJCT", "EXPIRED"),
    # The payee has the money, by another way: a rejection would make the ERP pay again.
    _S.PAID_ELSEWHERE: Standing("ACSC", "PAID_ELSEWHERE"),
}

TABLES: Final[Mapping[str, Mapping[State, Standing]]] = MappingProxyType(
    {
        # Version 03 knows neither RCVD nor CANC for a transaction.
        PAIN_002_03: {
            **_COMMON,
            _S.RECEIVED: Standing("ACTC"),
            _S.CANCELLED: Standing("RJCT", "CANCELLED"),
        },
        PAIN_002_10: {
            **_COMMON,
            _S.RECEIVED: Standing("RCVD"),
            _S.CANCELLED: Standing("CANC", "CANCELLED"),
        },
    }
)
"""One table per version of the report: our state to the transaction status."""

KNOWN_BEFORE: Final = frozenset(
    {"reused_reference", "already_accepted", "repeated_reference", "merged_taken"}
)
"""Faults that say the same reference came before: what came then goes on, whatever is said now."""
REFUSED_STATE: Final = "REFUSED"
"""What stands in the place of a state for a line that was never accepted."""
REFUSED: Final = Standing("RJCT")
"""A line that was never accepted: refused by validation, nothing was sent."""

REJECTED_STATUSES: Final = frozenset({"RJCT", "CANC"})
PENDING_STATUSES: Final = frozenset({"PDNG"})
PROGRESS: Final = ("RCVD", "ACTC", "ACCP", "ACSP", "ACSC")
"""Accepted statuses in the order in which a payment passes them."""

REASON_NARRATIVE: Final = "NARR"
REASON_NOT_SPECIFIED: Final = "MS03"
ISO_REASONS: Final = frozenset(
    {"AC01", "AC04", "AC06", "AG01", "AG02", "AM01", "AM02", "AM03", "AM04", "AM05", "AM09"}
    | {"AM10", "BE01", "BE04", "BE05", "CURR", "CUST", "DT01", "DUPL", "ED01", "ED05", "FF01"}
    | {"MS02", "MS03", "NARR", "RC01", "RF01", "RR01", "RR02", "RR03", "RR04", "TM01"}
)
"""External status and return reasons that may stand as a code; all others are proprietary."""

BUSINESS_TYPES: Final[Mapping[str, str]] = {
    "SALA": BusinessType.PAYROLL.value,
    "BONU": BusinessType.PAYROLL.value,
}
"""Category purpose (or purpose) to business type; every other code is an ordinary payment."""
PAYROLL_PURPOSES: Final[Mapping[str, str]] = {
    "SALA": PayrollPurpose.SALARY.value,
    "BONU": PayrollPurpose.BONUS.value,
}
"""Which kind of pay a payroll code means."""
URGENT_PRIORITY: Final = "HIGH"
URGENT_SERVICE: Final = "URGP"
CNAPS_SYSTEM: Final = "CNAPS"
TRANSFER_METHODS: Final = frozenset({"TRF", "TRA"})
"""Payment methods that are credit transfers; a cheque (CHK) is not something a line here is."""

WARNINGS: Final[Mapping[str, str]] = {
    "comment": "跳过了注释 / comments were skipped",
    "pi": "跳过了处理指令 / processing instructions were skipped",
    "schema_location": "忽略了 schemaLocation / schemaLocation was ignored",
    "version_unknown": "命名空间未标明版本 / no version in the namespace; read by names",
    "equivalent_amount": "EqvtAmt 不受理，该笔无金额 / EqvtAmt is not taken: no amount",
}
"""What a reader may remark without refusing, in both languages."""

_FORMAT: Final = re.compile(
    r"(?P<name>(?:pain|camt)\.\d{3})\.\d{3}\.(?P<version>\d{2})(?:\.[a-z]{2}\.\d{2})?", re.ASCII
)
_LAST_ANSWERED_BY_03: Final = 8


def named_codes(version: str) -> dict[str, str]:
    """What each state is called in a version of the report."""
    return {state.value: found.status for state, found in TABLES[version].items()}


def format_of(namespace: str) -> str:
    """The message format that a namespace names, local variants included; '' if none.

    ``urn:iso:std:iso:20022:tech:xsd:pain.001.001.09`` gives ``pain.001.001.09``, the Swiss
    ``…/de/pain.001.001.03.ch.02.xsd`` gives ``pain.001.001.03.ch.02``.
    """
    found = _FORMAT.search(namespace)
    return found[0] if found else ""


def reply_version(original_format: str) -> str:
    """The status report version that answers an initiation: .03 up to .08, .10 for later ones.

    An initiation whose version is not known is answered in the older, more common one.
    """
    found = _FORMAT.match(original_format)
    later = found is not None and int(found["version"]) > _LAST_ANSWERED_BY_03
    return PAIN_002_10 if later else PAIN_002_03
