"""Hours of the channels: what no channel takes on its day waits for people (截止时间).

Rule kept here: only the dated terms and the calendar decide, on the shared clock. A payment is of
the business day it is meant to be paid on; a channel that takes it for a later one is closed to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Final

import msgspec

from gateway.controls.holds import Finding
from gateway.controls.inspecting import Inspection
from gateway.controls.rules.document import HoldRule
from gateway.domain.calendar import CN_STATE_COUNCIL
from gateway.domain.channel import (
    MINUTES_A_DAY,
    NAMES,
    ChannelCode,
    ChannelTerms,
    Opening,
    OpenOn,
    RouteChoice,
    RouteFacts,
    Why,
    openings,
)
from gateway.domain.money import Money, currency
from gateway.lifecycle.release import Candidate
from gateway.store.uow import Uow

if TYPE_CHECKING:
    from gateway.controls.reference.held import Reference
    from gateway.controls.reference.look_up import Dated

_SHUT: Final = -1
_ANY_AMOUNT: Final = 1 << 62
_MINUTES_AN_HOUR: Final = 60
_DAYS: Final = {
    OpenOn.WORKING: ("工作日", "working days"),
    OpenOn.FREE: ("非工作日", "free days"),
    OpenOn.EVERY: ("每日", "every day"),
}


class _Kind(msgspec.Struct, frozen=True, gc=False):
    """What payments have in common whose channels are open or closed together."""

    own_bank: bool
    currency: str
    day: date


class Cutoffs:
    """Holds what no channel takes on its day, where the document says so."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference

    def look(
        self, uow: Uow, inspection: Inspection, candidates: Sequence[Candidate]
    ) -> Mapping[str, Sequence[Finding]]:
        """See ``Inspector.look``."""
        if inspection.rules.document.calendar is None:
            return {}
        dated, now = self._reference.dated_in(uow), inspection.now
        bounds: dict[_Kind, int] = {}
        found: dict[str, Sequence[Finding]] = {}
        for it in candidates:
            kind = _Kind(it.own_bank, it.currency, max(it.pay_day, now.date()))
            bound = bounds.get(kind)
            if bound is None:
                bound = bounds[kind] = _bound(kind, dated, now)
            if it.amount_minor > bound:
                found[it.standing.id] = [_finding(kind, it.amount_minor, dated, now)]
        return found


def _bound(kind: _Kind, dated: Dated, now: datetime) -> int:
    """The largest amount that a channel still takes on that day, in minor units."""
    terms, days = dated.routes.terms(), dated.calendars.calendar(CN_STATE_COUNCIL)
    codes = [it for it in ChannelCode if (it is ChannelCode.OWN_BANK) is kind.own_bank]
    if not any(it.code in codes and it.currency == kind.currency for it in terms):
        return _ANY_AMOUNT  # nobody has said when money of this currency goes
    bound = _SHUT
    for code in codes:
        for found in openings(code, _from(kind, now), terms, days):
            if found.business_day != kind.day:
                break
            if found.terms.currency == kind.currency:
                most = found.terms.amount_max
                bound = max(bound, _ANY_AMOUNT if most is None else most)
    return bound


def _from(kind: _Kind, now: datetime) -> datetime:
    """From when on it could leave: now, or the beginning of its day."""
    return now if kind.day == now.date() else datetime.combine(kind.day, time(), now.tzinfo)


def _finding(kind: _Kind, amount_minor: int, dated: Dated, now: datetime) -> Finding:
    amount = Money(amount_minor, currency(kind.currency))
    at = _from(kind, now)
    choice = dated.routes.choose(RouteFacts(amount=amount, own_bank=kind.own_bank, at=at))
    zh, en = _next(choice)
    above = [it for it in choice.reasons if it.why is Why.AMOUNT or choice.departure is None]
    return Finding(
        HoldRule.CUTOFF.value,
        "；".join([f"{kind.day} 已无可用支付渠道{zh}", *(it.zh for it in above)]),
        "; ".join([f"no channel takes it on {kind.day}{en}", *(it.en for it in above)]),
    )


def _next(choice: RouteChoice) -> tuple[str, str]:
    """The channel that takes it next, its hours and when."""
    leaves = choice.departure
    if leaves is None:
        return "", ""
    terms = leaves.terms
    name_zh, name_en = NAMES[terms.code]
    hours_zh, hours_en = _hours(terms)
    at = f"{leaves.leaves_at:%Y-%m-%d %H:%M}"
    zh = f"：{name_zh}（{hours_zh}）最早于 {at} 受理，记入 {leaves.business_day}"
    en = f": {name_en} ({hours_en}) takes it from {at} on, for {leaves.business_day}"
    if leaves.provisional:
        zh += "（当日日历尚未公布，为暂定）"
        en += " (that day's calendar is not published yet: provisional)"
    return zh, en


def _hours(terms: ChannelTerms) -> tuple[str, str]:
    told = [_opening(it) for it in terms.openings]
    zh, en = "、".join(it[0] for it in told), ", ".join(it[1] for it in told)
    if terms.cut_off_min:
        zh += f"，提前 {terms.cut_off_min} 分钟截止"
        en += f", cut-off {terms.cut_off_min} minutes before"
    return zh, en


def _opening(it: Opening) -> tuple[str, str]:
    days_zh, days_en = _DAYS[it.on]
    opens, closes = _clock(it.opens_min % MINUTES_A_DAY), _clock(it.closes_min)
    if it.opens_min < 0:
        return f"{days_zh}前一日 {opens} 至 {closes}", (
            f"{days_en} from {opens} of the day before to {closes}"
        )
    return f"{days_zh} {opens} 至 {closes}", f"{days_en} {opens} to {closes}"


def _clock(minutes: int) -> str:
    return f"{minutes // _MINUTES_AN_HOUR:02}:{minutes % _MINUTES_AN_HOUR:02}"
