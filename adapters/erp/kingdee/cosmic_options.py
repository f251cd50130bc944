"""What the settings say of a 苍穹 system, read once and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adapters.erp.kingdee.k3_options import pairs
from gateway.domain.errors import Fault, Refused

SECRETS: Final = frozenset({"client_secret", "acgw_identity"})
PAGE_MAX: Final = 1000
ONE_STEP: Final = "token"
TWO_STEPS: Final = "apptoken"
"""The log-in of two steps, see cosmic_login.py."""

_DEFAULTS: Final[Mapping[str, str]] = {
    "base_path": "/ierp",
    "isv": "",
    "client_id": "",
    "username": "",
    "account_id": "",
    "language": "zh_CN",
    "auth": ONE_STEP,
    # of the log-in of two steps alone
    "tenant_id": "",
    "user_type": "UserName",
    "app_secret_field": "appSecuret",
    "page": "100",
    "pull_states": "OS",
    "currencies": "",
    "companies": "",
    # operations as the customer published them, below /kapi/v2 and the developer's mark (金蝶's own
    # have none); '' is not told
    "pull_path": "bei/bei_bankpaybill/query",
    "status_path": "bei/bei_bankpaybill/writeback",
    "entry_path": "bei/bei_transdetail/save",
    "entry_query_path": "bei/bei_transdetail/query",
    "balance_path": "bei/bei_bankbalance/save",
    "balance_query_path": "bei/bei_bankbalance/query",
    "receipt_path": "bei/bei_elecreceipt/save",
    "receipt_query_path": "bei/bei_elecreceipt/query",
}
OPTIONS: Final = frozenset(_DEFAULTS)
_REQUIRED: Final = ("client_id", "username", "account_id")
_PATH: Final = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*", re.ASCII)
_BASE: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)*", re.ASCII)
_STATES: Final = re.compile(r"[A-Z]{2}(?:,[A-Z]{2})*", re.ASCII)
_CHOICES: Final = {"auth": (ONE_STEP, TWO_STEPS), "app_secret_field": ("appSecuret", "appSecret")}
"""Installations spell the secret's member either way."""
_COUNT: Final = re.compile(r"[0-9]{1,4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CosmicOptions:
    """The options of one 苍穹 system, defaults filled in."""

    values: Mapping[str, str]
    currencies: Mapping[str, str]
    companies: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    @property
    def page(self) -> int:
        """Bills per page."""
        return int(self.values["page"])


def cosmic_options(options: Mapping[str, str], *, calling: bool = True) -> CosmicOptions:
    """Read options. Raises Refused with every fault.

    ``calling`` False: the system only posts to us, and is not called.
    """
    values = {**_DEFAULTS, **options}
    required = _REQUIRED if calling else ()
    faults = [_fault(it, "必填", "must be given") for it in required if not values[it]]
    faults += [
        _fault(it, "须形如 bei/bei_bankpaybill/query", "must be like bei/bei_bankpaybill/query")
        for it in values
        if it.endswith("_path") and it != "base_path"
        if values[it] and _PATH.fullmatch(values[it]) is None
    ]
    if _BASE.fullmatch(values["base_path"]) is None:
        faults.append(_fault("base_path", "须形如 /ierp", "must be like /ierp"))
    if values["isv"] and _PATH.fullmatch(values["isv"]) is None:
        faults.append(_fault("isv", "不是开发商标识", "is no name of a developer"))
    if _STATES.fullmatch(values["pull_states"]) is None:
        faults.append(_fault("pull_states", "须形如 OS 或 OP,OS", "must be like OS or OP,OS"))
    faults += [
        _fault(name, f"须为 {' 或 '.join(known)}", f"must be {' or '.join(known)}")
        for name, known in _CHOICES.items()
        if values[name] not in known
    ]
    if _COUNT.fullmatch(values["page"]) is None or not 1 <= int(values["page"]) <= PAGE_MAX:
        faults.append(_fault("page", f"须为 1 至 {PAGE_MAX}", f"must be 1 to {PAGE_MAX}"))
    faults += [
        _fault(it, "须形如 a=b, c=d", "must be like a=b, c=d")
        for it in ("currencies", "companies")
        if values[it] and any("=" not in part for part in values[it].split(","))
    ]
    faults += [
        _fault(f"{it}_query_path", "与写入路径须同时给出", "is needed beside the path that writes")
        for it in ("entry", "balance", "receipt")
        if values[f"{it}_path"] and not values[f"{it}_query_path"]
    ]
    if faults:
        raise Refused("options of 苍穹 are wrong", "苍穹系统的选项有误", faults)
    return CosmicOptions(
        values=values,
        currencies=pairs(values["currencies"]),
        companies=pairs(values["companies"]),
    )


def _fault(name: str, zh: str, en: str) -> Fault:
    return Fault(path=name, code="option", zh=f"选项 {name} {zh}", en=f"option {name} {en}")
