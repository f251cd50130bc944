"""What the settings say of a 星空 system, read once and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adapters.erp.kingdee.codes import CURRENCIES
from adapters.erp.kingdee.signing import client_of
from gateway.domain.errors import Fault, Refused

HEADERS: Final = "headers"
SESSION: Final = "session"
PAGE_MAX: Final = 10_000
"""Most rows of one query: the vendor's limit."""
BATCH_MAX: Final = 500
"""Most rows that are saved in one call."""
SECRETS: Final = frozenset({"app_secret"})

_DEFAULTS: Final[Mapping[str, str]] = {
    "acct_id": "",
    "user": "",
    "app_id": "",
    "lcid": "2052",
    "org": "0",
    "auth": HEADERS,
    "base_path": "/k3cloud",
    "page": "2000",
    "batch": "200",
    "filter": "FDOCUMENTSTATUS='C' AND FSubmitStatus='B' AND FBankStatus='A'",
    "currencies": "",
    "companies": "",
    # fields of the payment bill that differ between installations; '' is not asked for
    "amount_field": "FREALPAYAMOUNTFOR_D",
    "purpose_field": "FCOMMENT",
    "memo_field": "",
    "city_field": "",
    "urgent_field": "",
    "reconciliation_field": "",
    # the customer's own fields that the status is written into
    "attempt_field": "F_GW_Attempt",
    "status_field": "F_GW_BankStatus",
    "state_field": "F_GW_State",
    "text_field": "F_GW_BankMsg",
    "reference_field": "F_GW_BankRef",
    "instruction_field": "F_GW_Id",
    "status_operation": "",
    # the customer's own forms for entries and balances; '' is not told
    "entry_form": "GW_BankEntry",
    "balance_form": "GW_BankBalance",
}
OPTIONS: Final = frozenset(_DEFAULTS)
_REQUIRED: Final = ("acct_id", "user", "app_id")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,79}", re.ASCII)
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)*", re.ASCII)
_COUNT: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class K3Options:
    """The options of one 星空 system, defaults filled in."""

    values: Mapping[str, str]
    currencies: Mapping[str, str]
    """The system's number of a currency to its ISO code."""
    companies: Mapping[str, str]
    """The number of an organisation to our company."""

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    @property
    def page(self) -> int:
        """Rows per query."""
        return int(self.values["page"])

    @property
    def batch(self) -> int:
        """Rows per BatchSave."""
        return int(self.values["batch"])


def k3_options(options: Mapping[str, str], *, calling: bool = True) -> K3Options:
    """Read options. Raises Refused with every fault: what is missing and what is of no form.

    ``calling`` False: the system only posts to us, and is not called.
    """
    values = {**_DEFAULTS, **options}
    required = _REQUIRED if calling else ()
    faults = [_fault(it, "必填", "must be given") for it in required if not values[it]]
    faults += [
        _fault(it, "须形如 a=b, c=d", "must be like a=b, c=d")
        for it in ("currencies", "companies")
        if values[it] and any("=" not in part for part in values[it].split(","))
    ]
    faults += [
        _fault(it, "不是字段或单据标识", "is no name of a field or form")
        for it in values
        if it.endswith(("_field", "_form", "_operation"))
        and values[it]
        and _NAME.fullmatch(values[it]) is None
    ]
    if values["auth"] not in {HEADERS, SESSION}:
        faults.append(_fault("auth", "须为 headers 或 session", "must be headers or session"))
    if _PATH.fullmatch(values["base_path"]) is None:
        faults.append(_fault("base_path", "须形如 /k3cloud", "must be like /k3cloud"))
    if not _counts(values["page"]) or not 1 <= int(values["page"]) <= PAGE_MAX:
        faults.append(_fault("page", f"须为 1 至 {PAGE_MAX}", f"must be 1 to {PAGE_MAX}"))
    if not _counts(values["batch"]) or not 1 <= int(values["batch"]) <= BATCH_MAX:
        faults.append(_fault("batch", f"须为 1 至 {BATCH_MAX}", f"must be 1 to {BATCH_MAX}"))
    faults += [
        _fault(it, "须为数字", "must be a number")
        for it in ("lcid", "org")
        if not _counts(values[it])
    ]
    faults += _bad_app(values)
    if faults:
        raise Refused("options of 星空 are wrong", "星空系统的选项有误", faults)
    return K3Options(
        values=values,
        currencies={**CURRENCIES, **pairs(values["currencies"])},
        companies=pairs(values["companies"]),
    )


def pairs(written: str) -> dict[str, str]:
    """``a=b, c=d`` as a mapping; a part without a sign of equality is left out."""
    found = (part.partition("=") for part in written.split(",") if "=" in part)
    return {name.strip(): value.strip() for name, _, value in found}


def _bad_app(values: Mapping[str, str]) -> list[Fault]:
    if values["auth"] != HEADERS or not values["app_id"]:
        return []
    try:
        client_of(values["app_id"])
    except ValueError:
        zh, en = "应用 ID 须完整（含下划线后的部分）", "must be whole, with the part after '_'"
        return [_fault("app_id", zh, en)]
    return []


def _counts(text: str) -> bool:
    return _COUNT.fullmatch(text) is not None


def _fault(name: str, zh: str, en: str) -> Fault:
    return Fault(path=name, code="option", zh=f"选项 {name} {zh}", en=f"option {name} {en}")
