"""Look-alikes: the same money to the same payee about the same day, from whatever ERP.

Rule kept here: of several alike the one released first is free, and each later one names those
that it looks like. One statement per chunk, each key looked up in the index made for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Select, Text, and_, bindparam, func, select

from gateway.controls.holds import Finding
from gateway.controls.rules.document import HoldRule
from gateway.domain.instruction import BusinessType, State
from gateway.lifecycle.release import Candidate
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.elements import elements, number_at, text_at
from gateway.store.prepared import prepare
from gateway.store.uow import Uow

_NO_RIVAL: Final = (
    State.RECEIVED.value,  # not released yet: whichever is released first is free
    State.REJECTED.value,
    State.CANCELLED.value,
    State.EXPIRED.value,
)
_NAMED_MAX: Final = 3
"""So many are named to people; one is enough to hold a payment."""
_i = tables.instruction
_wanted: Final = elements(bindparam("wanted", type_=Text()), "wanted")


def _alike(*of_day: ColumnElement[bool]) -> Select[tuple[str, str, str, str, int, str]]:
    return (
        select(
            *(_i.c.id, _i.c.erp_reference, _i.c.erp),
            *(_i.c.creditor_account, _i.c.amount_minor, _i.c.pay_day),
            *(_i.c.company, _i.c.business_type),
        )
        # An outer join: of an inner one SQLite would walk every payment there ever was. For the
        # same reason the rows of nothing, of keys without a payment like them, are left out in a
        # way that it does not see through.
        .select_from(
            _wanted.outerjoin(
                _i,
                and_(
                    _i.c.tenant == bindparam("of_tenant"),
                    _i.c.creditor_account == text_at(_wanted, 0),
                    _i.c.amount_minor == number_at(_wanted, 1),
                    *of_day,
                    _i.c.state.not_in(_NO_RIVAL),
                ),
            )
        )
        .where(func.coalesce(_i.c.id, "") != "")
    )


_SAME_DAY: Final = prepare(_alike(_i.c.pay_day == text_at(_wanted, 2)))
_NEAR: Final = prepare(
    _alike(_i.c.pay_day >= text_at(_wanted, 2), _i.c.pay_day <= text_at(_wanted, 3))
)


class Rival(msgspec.Struct, frozen=True, gc=False):
    """A payment that another one looks like: how its ERP calls it, the ERP, and its day.

    ``wages`` is the company that pays wages with it, '' for any other payment.
    """

    reference: str
    erp: str
    day: str
    wages: str = ""

    def told(self, unnamed: str) -> str:
        """As a finding names it."""
        return f"{self.reference} ({self.erp}, {self.day})" if self.reference else unnamed


def look_alikes(
    uow: Uow, tenant: Tenant, candidates: Sequence[Candidate], days: int = 0
) -> dict[str, list[Rival]]:
    """For each candidate that looks like another payment: those that it looks like.

    ``days`` is how far their days may lie apart. Of several alike in one call the first is free:
    it is the later ones that repeat it.
    """
    spans = [(it.creditor_account, it.amount_minor, *_span(it.pay_day, days)) for it in candidates]
    # Each key once: alike candidates would otherwise each bring the same rivals.
    wanted = list(dict.fromkeys(spans))
    values = {"of_tenant": tenant.id, "wanted": msgspec.json.encode(wanted).decode()}
    rows = uow.tuples(_NEAR if days else _SAME_DAY, values)
    # Where no two have payee and amount in common, their days need not be looked at.
    if not rows and len({(account, minor) for account, minor, _, _ in spans}) == len(spans):
        return {}
    ours = {it.standing.id for it in candidates}
    seen: dict[tuple[str, int], dict[str, Rival]] = {}
    for name, reference, erp, account, minor, day, company, business in rows:
        if name not in ours:
            rival = Rival(reference, erp, day, _wages(company, business))
            seen.setdefault((account, minor), {})[name] = rival
    found: dict[str, list[Rival]] = {}
    for candidate, (account, minor, first, last) in zip(candidates, spans, strict=True):
        others = seen.setdefault((account, minor), {})
        near = (it for it in others.values() if first <= it.day <= last)
        rivals = list(islice(near, _NAMED_MAX))
        if rivals:
            found[candidate.standing.id] = rivals
        others[candidate.standing.id] = Rival(
            candidate.erp_reference,
            candidate.erp,
            _written(candidate.pay_day),
            _wages(candidate.company, candidate.business),
        )
    return found


def discreet(
    alike: Mapping[str, Sequence[Rival]], candidates: Sequence[Candidate]
) -> dict[str, list[Rival]]:
    """The same without the names of wages, but where the candidate is wages of that company.

    What is found is written down once and read by everybody who may see the candidate.
    """
    if not alike:
        return {}
    own: dict[str, str] = {it.standing.id: _wages(it.company, it.business) for it in candidates}
    return {
        name: [it if it.wages in {"", own[name]} else Rival("", "", "") for it in rivals]
        for name, rivals in alike.items()
    }


def _wages(company: str, business: str) -> str:
    """The company that pays wages, '' where it is no wages."""
    return company if business == BusinessType.PAYROLL.value else ""


def references(alike: Mapping[str, Sequence[Rival]]) -> dict[str, list[str]]:
    """The same by the references alone."""
    return {name: [it.reference or "*" for it in rivals] for name, rivals in alike.items()}


def resembles(rivals: Sequence[Rival], days: int) -> Finding:
    """What holds a payment that looks like these."""
    listed_zh = "、".join(it.told("另一笔付款") for it in rivals)
    listed_en = ", ".join(it.told("another payment") for it in rivals)
    same_zh, same_en = ("、日期", ", amount and day") if not days else ("", " and amount")
    near_zh = f"在前后 {days} 天内" if days else ""
    near_en = f" within {days} days" if days else ""
    return Finding(
        HoldRule.DUPLICATE.value,
        f"收款人、金额{same_zh}与 {listed_zh} {near_zh}相同",
        f"the same payee{same_en}{near_en} as {listed_en}",
    )


@lru_cache(maxsize=1024)
def _span(day: date, days: int) -> tuple[str, str]:
    """The first and the last day that count as the same."""
    if not days:
        return _written(day), _written(day)
    at = day.toordinal()
    return (
        date.fromordinal(max(at - days, 1)).isoformat(),
        date.fromordinal(min(at + days, date.max.toordinal())).isoformat(),
    )


_written: Final = lru_cache(maxsize=512)(date.isoformat)
