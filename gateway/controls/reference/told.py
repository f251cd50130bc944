"""Reference data as JSON: what the API and the command print of days, offices and routes."""

from __future__ import annotations

from gateway.controls.reference.rows import Import
from gateway.domain.bank_office import BankOffice, NameGrade
from gateway.domain.calendar import DayStanding
from gateway.domain.channel import NAMES, NotChosen, RouteChoice

Document = dict[str, object]


def import_document(it: Import) -> Document:
    """One import of the history."""
    return {
        "id": it.id,
        "kind": it.kind.value,
        "source": it.source,
        "holds_from": it.holds_from.isoformat(),
        "rows": it.rows,
        "digest": it.digest,
        "imported_at": it.imported_at.isoformat(),
        "imported_by": it.imported_by,
    }


def day_document(it: DayStanding, calendar: str) -> Document:
    """What holds for a day. ``provisional``: nobody has published it yet."""
    return {
        "day": it.day.isoformat(),
        "calendar": calendar,
        "working": it.working,
        "provisional": it.provisional,
        "name": it.name,
        "source": it.source,
    }


def office_document(it: BankOffice, grade: NameGrade) -> Document:
    """An office, and how well it fits what was asked."""
    return {
        "number": it.number,
        "name": it.name,
        "bank_code": it.bank_code,
        "area_code": it.area_code,
        "clearing_number": it.clearing_number or None,
        "city": it.city or None,
        "status": it.status.value,
        "valid_from": it.valid_from.isoformat() if it.valid_from else None,
        "grade": grade.value,
    }


def route_document(it: RouteChoice) -> Document:
    """The proposed channel with its departure, and why each other one was not chosen."""
    leaves = it.departure
    proposed: Document | None = None
    if leaves is not None:
        terms = leaves.terms
        zh, en = NAMES[terms.code]
        proposed = {
            "channel": terms.code.value,
            "zh": zh,
            "en": en,
            "now": it.now,
            "leaves_at": leaves.leaves_at.isoformat(),
            "business_day": leaves.business_day.isoformat(),
            "last_at": leaves.last_at.isoformat(),
            "provisional": leaves.provisional,
            "source": terms.source,
            "confirm_on_site": terms.confirm_on_site,
        }
    return {"proposed": proposed, "not_chosen": [_reason(one) for one in it.reasons]}


def _reason(it: NotChosen) -> Document:
    return {
        "channel": it.code.value,
        "why": it.why.value,
        "zh": it.zh,
        "en": it.en,
        "opens_at": it.opens_at.isoformat() if it.opens_at else None,
    }
