"""Where an Oracle Payments extract says what: element paths, which settings may replace.

An extract is made by the customer's own set-up (descriptive flexfields come as ``Extend``), so
no path is more than a usual one. A path is relative to ``OutboundPayment``; alternatives stand
apart by ``|`` and the first that has a text counts. Option ``at_purpose`` replaces ``purpose``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from gateway.domain.errors import Fault, Refused

PREFIX: Final = "at_"
PLACES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "reference": "PaymentNumber/PaymentReferenceNumber",
        "amount": "PaymentAmount/Value",
        "currency": "PaymentAmount/Currency/Code",
        "execution_date": "PaymentDate",
        "debtor_account": "BankAccount/BankAccountNumber|BankAccount/UserEnteredBankAccountNumber",
        "debtor_name": "BankAccount/BankAccountName|Payer/Name",
        "creditor_name": "PayeeBankAccount/BankAccountName|Payee/Name",
        "creditor_account": "PayeeBankAccount/BankAccountNumber"
        "|PayeeBankAccount/UserEnteredBankAccountNumber|PayeeBankAccount/IBANNumber",
        "creditor_agent_name": "PayeeBankAccount/BranchName|PayeeBankAccount/BankName",
        "creditor_agent_cnaps": "PayeeBankAccount/BranchNumber",
        "creditor_agent_bic": "PayeeBankAccount/SwiftCode",
        "creditor_city": "PayeeBankAccount/BankAddress/City",
        "purpose": "PaymentDetails|DocumentPayable/DocumentNumber/ReferenceNumber",
        "urgency": "SettlementPriority/Code|ServiceLevel/Code",
        "payroll": "PaymentReason/Code",
        "reconciliation_code": "UniqueRemittanceIdentifier/Number",
    }
)
"""Our names to paths. ``reference`` is unique within an instruction file only."""
OPTIONS: Final = frozenset(PREFIX + name for name in PLACES)
_PATH: Final = r"[A-Za-z]\w*(?:/[A-Za-z]\w*)*"
_PATHS: Final = re.compile(rf"{_PATH}(?:\|{_PATH})*", re.ASCII)
_PATHS_MAX: Final = 500

Paths = Mapping[str, tuple[str, ...]]
"""Our names to the alternatives, in their order."""


def paths_of(options: Mapping[str, str]) -> Paths:
    """The paths with those of the settings in place. Raises Refused with a fault per option."""
    found: dict[str, tuple[str, ...]] = {}
    faults: list[Fault] = []
    for name, usual in PLACES.items():
        text = options.get(PREFIX + name, "") or usual
        if len(text) > _PATHS_MAX or not _PATHS.fullmatch(text):
            faults.append(_fault(PREFIX + name))
            continue
        found[name] = tuple(text.split("|"))
    if not faults and (crossing := _crossing(found)):
        faults.append(_fault(PREFIX + crossing))
    if faults:
        raise Refused("options of the ERP system", "ERP 系统选项有误", faults=tuple(faults))
    return found


def _crossing(paths: Paths) -> str:
    """The name of a path that goes on below a text: an element is a text or has parts."""
    every = set(every_path(paths))
    for name, alternatives in paths.items():
        for path in alternatives:
            if any(other.startswith(path + "/") for other in every):
                return name
    return ""


def every_path(paths: Paths) -> Iterator[str]:
    """All paths that are looked at."""
    for alternatives in paths.values():
        yield from alternatives


def _fault(option: str) -> Fault:
    return Fault(
        path=option,
        code="invalid",
        zh="应为元素路径，如 PayeeBankAccount/BranchNumber，多个备选用 | 分隔，且不得互为上下级",
        en="must be element paths like PayeeBankAccount/BranchNumber, alternatives apart by |,"
        " none of them above another",
    )
