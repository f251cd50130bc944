"""One entry of a 星空 付款单 (AP_PAYBILL) as a draft, whatever way its fields came.

Rule kept here: the key of a payment is bill number and entry id, and an attempt number of the
customer's own field once the entry failed and is submitted anew; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters.erp.kingdee import exact
from adapters.erp.kingdee.k3_options import K3Options
from gateway.ports.erp_draft import Draft

FORM: Final = "AP_PAYBILL"
ENTRIES: Final = "FPAYBILLENTRY"
MORE_PAYEES: Final = "FPAYBILLMORERECENTRY"
ID, NUMBER, ENTRY_ID = "FID", "FBillNo", "FEntryID"
ORGANISATION, CURRENCY = "FPAYORGID", "FCURRENCYID"
FIRST_ATTEMPT: Final = frozenset({"", "0", "1"})
_TRUE: Final = frozenset({"1", "true", "True"})

ENTRY_FIELDS: Final[Mapping[str, str]] = {
    "debtor_account": "FACCOUNTID",
    "creditor_account": "FOPPOSITEBANKACCOUNT",
    "creditor_name": "FOPPOSITECCOUNTNAME",  # spelt so by the vendor
    "creditor_agent_name": "FOPPOSITEBANKNAME",
    "creditor_agent_cnaps": "FCNAPS",
}
"""Our fields to those that are the same in every installation."""


def entry_fields(options: K3Options) -> dict[str, str]:
    """Our fields to those of an entry, with what the settings name."""
    named = {
        "amount": options["amount_field"],
        "purpose": options["purpose_field"],
        "memo": options["memo_field"],
        "creditor_city": options["city_field"],
        "urgency": options["urgent_field"],
        "reconciliation_code": options["reconciliation_field"],
    }
    return {**ENTRY_FIELDS, **{ours: theirs for ours, theirs in named.items() if theirs}}


def reference(number: str, entry: str, attempt: str = "") -> str:
    """What the payment is known by; '' where the bill does not say who it is."""
    if not number or not entry:
        return ""
    return f"{number}/{entry}" + ("" if attempt in FIRST_ATTEMPT else f"/{attempt}")


def draft(options: K3Options, fields: Mapping[str, str], base: str, line: int | None) -> Draft:
    """A draft of an entry's texts by the names of ``fields_asked``; ``base`` is its place."""
    theirs = entry_fields(options)
    texts = {ours: fields.get(name, "") for ours, name in theirs.items()}
    texts["amount"] = exact.amount(texts["amount"], base)
    texts["urgency"] = "urgent" if texts.get("urgency", "") in _TRUE else ""
    number, entry = fields.get(NUMBER, ""), fields.get(ENTRY_ID, "")
    attempt = fields.get(options["attempt_field"], "") if options["attempt_field"] else ""
    unit, organisation = fields.get(CURRENCY, ""), fields.get(ORGANISATION, "")
    at = {ours: f"{base}/{name}" for ours, name in theirs.items()}
    at |= {"erp_reference": f"{base}/{ENTRY_ID}" if number else f"{base}/{NUMBER}"}
    at |= {"currency": f"{base}/{CURRENCY}", "company": f"{base}/{ORGANISATION}"}
    return Draft(
        erp_reference=reference(number, entry, attempt),
        currency=options.currencies.get(unit, unit),
        company=options.companies.get(organisation, ""),
        at=at,
        line=line,
        source={
            "form": FORM,
            "bill_id": fields.get(ID, ""),
            "bill_no": number,
            "entry_id": entry,
            "attempt": attempt,
        },
        merged=(),
        **texts,
    )
