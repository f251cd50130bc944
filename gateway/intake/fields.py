"""The form of each field of a draft, whoever the tenant is: presence, length, characters, pattern.

Rule kept here: the published JSON Schema says exactly the same (tested). Free texts lose
blanks at their ends (full-width ones too) and are put into Unicode form NFC; nothing else
of a sender's text is ever changed, and nothing is cut.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from itertools import repeat
from operator import attrgetter, le
from types import MappingProxyType
from typing import Final, TypeVar
from unicodedata import is_normalized, normalize

from gateway.domain.day import day_of
from gateway.domain.instruction import BusinessType, PayrollPurpose, Urgency
from gateway.domain.money import Currency, Money, MoneyFormatError, currency
from gateway.intake.faults import Faults
from gateway.ports.erp import Draft
from gateway.wire.charset import forbidden_characters

BLANKS: Final = " \u3000"
TEXT_MAX: Final = MappingProxyType(
    {
        "erp_reference": 140,
        "company": 140,
        "debtor_name": 140,
        "creditor_name": 140,
        "creditor_agent_name": 140,
        "creditor_city": 60,
        "purpose": 140,
        "memo": 140,
        "end_to_end_id": 35,
        "reconciliation_code": 64,
        "budget_item": 64,
    }
)
"""Most characters of each free text. The bank's own, tighter limits are its dialect's to check."""
REQUIRED_TEXTS: Final = frozenset({"erp_reference", "creditor_name", "purpose"})
ACCOUNT: Final = re.compile(r"[0-9A-Za-z-]{1,32}", re.ASCII)
CNAPS: Final = re.compile(r"[0-9]{12}", re.ASCII)
BIC: Final = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)

_TEXT_RULES: Final = tuple(
    (field, most, field in REQUIRED_TEXTS) for field, most in TEXT_MAX.items()
)
_REPEATED: Final = frozenset(
    {"company", "debtor_name", "creditor_agent_name", "creditor_city", "purpose", "memo"}
)
_texts_of: Final = attrgetter(*TEXT_MAX)
OWN_TEXTS: Final = (
    *("erp_reference", "creditor_name", "purpose"),
    *("memo", "end_to_end_id", "reconciliation_code", "budget_item"),
)
"""The free texts that are a line's own, the required first; the others go with its accounts."""
_OWN_REQUIRED: Final = len(REQUIRED_TEXTS)
_OWN_MAX: Final = tuple(TEXT_MAX[field] for field in OWN_TEXTS)
_E = TypeVar("_E", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """A draft's fields after the check of form; '' or None where absent or at fault."""

    texts: dict[str, str]
    debtor_account: str
    creditor_account: str
    cnaps: str
    bic: str
    unit: Currency | None
    business_type: BusinessType
    payroll_purpose: PayrollPurpose | None
    urgency: Urgency
    execution_date: date | None


def read_fields(draft: Draft, faults: Faults) -> Fields:
    """Check the form of every field but the amount, whose decimals hang on the account."""
    business = _choice("business_type", draft.business_type, BusinessType.PAYMENT, faults)
    return Fields(
        texts=_texts(draft, faults),
        debtor_account=_account("debtor_account", draft.debtor_account, faults),
        creditor_account=_account("creditor_account", draft.creditor_account, faults),
        cnaps=_pattern("creditor_agent_cnaps", draft.creditor_agent_cnaps, CNAPS, faults),
        bic=_pattern("creditor_agent_bic", draft.creditor_agent_bic, BIC, faults),
        unit=_unit(draft.currency, faults) if draft.currency else None,
        business_type=business,
        payroll_purpose=_payroll_purpose(draft, business, faults),
        urgency=_choice("urgency", draft.urgency, Urgency.NORMAL, faults),
        execution_date=_day(draft.execution_date, faults) if draft.execution_date else None,
    )


def _payroll_purpose(draft: Draft, business: BusinessType, faults: Faults) -> PayrollPurpose | None:
    """What kind of pay: salary unless said otherwise; on anything but payroll it means nothing."""
    before = len(faults.found)
    purpose = _choice("payroll_purpose", draft.payroll_purpose, PayrollPurpose.SALARY, faults)
    if business is BusinessType.PAYROLL:
        return purpose
    if draft.payroll_purpose and len(faults.found) == before:
        faults.add("payroll_purpose", "payroll_only")
    return None


def read_reference(raw: str, faults: Faults) -> str:
    """Read an ERP's reference; '' when it is at fault (then said in ``faults``)."""
    text = _text("erp_reference", raw, TEXT_MAX["erp_reference"], faults) if raw else ""
    if not text:
        faults.add("erp_reference", "required")
    elif raw.strip(BLANKS) != raw:
        faults.add("erp_reference", "surrounding_space")
    return text


def read_amount(raw: str, unit: Currency, faults: Faults, *, signed: bool = False) -> Money | None:
    """Read a positive amount, or one that is not zero where it may be ``signed``.

    None when it is at fault (then said in ``faults``).
    """
    if not raw:
        faults.add("amount", "required")
        return None
    try:
        amount = Money.parse(raw, unit, signed=signed)
    except MoneyFormatError as error:
        reason = "zero" if signed and error.reason == "sign" else error.reason  # -0
        faults.add("amount", f"amount_{reason}", str(unit.digits))
        return None
    if not amount.minor:
        faults.add("amount", "amount_zero")
        return None
    return amount


def _texts(draft: Draft, faults: Faults) -> dict[str, str]:
    texts: dict[str, str] = {}
    for (field, most, required), raw in zip(_TEXT_RULES, _texts_of(draft), strict=True):
        texts[field] = text = _text(field, raw, most, faults) if raw else ""
        if required and not text:
            faults.add(field, "required")
    # The reference is a key the ERP will ask by: a blank at its end is refused, never removed.
    if texts["erp_reference"] and draft.erp_reference.strip(BLANKS) != draft.erp_reference:
        faults.add("erp_reference", "surrounding_space")
    return texts


def stand_as_written(texts: tuple[str, ...]) -> bool:
    """Whether texts (those of ``OWN_TEXTS``) are right and would be taken over as they are.

    They are looked at in one: a mark that is in one of them is in all of them together.
    """
    if not all(texts[:_OWN_REQUIRED]) or not all(map(le, map(len, texts), _OWN_MAX)):
        return False
    whole = "|".join(texts)
    return (
        not forbidden_characters(whole)
        and (whole.isascii() or is_normalized("NFC", whole))
        and tuple(map(str.strip, texts, repeat(BLANKS))) == texts
    )


def _text(field: str, raw: str, most: int, faults: Faults) -> str:
    if len(raw) > most:
        faults.add(field, "too_long", str(most))
        return ""
    text = _seldom_new(raw) if field in _REPEATED else _cleaned(raw)
    if text is None:
        faults.add(field, "forbidden_character")
        return ""
    return text


def _cleaned(raw: str) -> str | None:
    """A text without blanks at its ends, in form NFC; None where it holds what no text may."""
    if forbidden_characters(raw):
        return None
    text = raw.strip(BLANKS)
    return text if text.isascii() else normalize("NFC", text)


@lru_cache(maxsize=2048)
def _seldom_new(raw: str) -> str | None:
    """Remembered, because texts of these fields are the same in most lines of a file."""
    return _cleaned(raw)


def _account(field: str, raw: str, faults: Faults) -> str:
    if not raw:
        faults.add(field, "required")
    elif ACCOUNT.fullmatch(raw):
        return raw
    else:
        faults.add(field, "account_format")
    return ""


def _pattern(field: str, raw: str, pattern: re.Pattern[str], faults: Faults) -> str:
    if not raw or pattern.fullmatch(raw):
        return raw
    faults.add(field, "cnaps_format" if pattern is CNAPS else "bic_format")
    return ""


def _unit(raw: str, faults: Faults) -> Currency | None:
    try:
        return currency(raw)
    except MoneyFormatError:
        faults.add("currency", "currency_rmb" if raw == "RMB" else "currency_unknown")
        return None


def _choice(field: str, raw: str, default: _E, faults: Faults) -> _E:
    if not raw:
        return default
    try:
        return type(default)(raw)
    except ValueError:
        faults.add(field, f"{field}_unknown")
        return default


def _day(raw: str, faults: Faults) -> date | None:
    day = day_of(raw)
    if day is None:
        faults.add("execution_date", "date_format")
    return day
