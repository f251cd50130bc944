"""Payment channels (支付渠道) as dated terms, and the choice between them.

Rule kept here: no amount and no hour stands in code. A channel is chosen only for an instant
at which its own terms, as dated, say that it is open and carries the amount.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, Protocol

from gateway.domain.calendar import DayStanding
from gateway.domain.instruction import Urgency
from gateway.domain.money import Money

MINUTES_A_DAY: Final = 24 * 60
BEIJING: Final = timedelta(hours=8)
"""Offset of Asia/Shanghai, which knows no summer time."""
_DAY: Final = timedelta(days=1)
_AHEAD_DAYS: Final = 40
"""How far ahead an opening is looked for: longer than any run of holidays."""


class ChannelCode(StrEnum):
    """The ways a payment may take. The strings are stored and imported."""

    HVPS = "hvps"
    """大额实时支付系统: real-time gross settlement."""
    BEPS = "beps"
    """小额批量支付系统: bulk."""
    IBPS = "ibps"
    """网上支付跨行清算系统 (超级网银)."""
    OWN_BANK = "own_bank"
    """行内: payer and payee bank with the same bank."""


class OpenOn(StrEnum):
    """The days of which an opening speaks."""

    WORKING = "working"
    FREE = "free"
    EVERY = "every"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Hours of a business day, in minutes from its midnight.

    ``opens_min`` is negative where the business day begins on the evening before (-210 is 20:30);
    ``closes_min`` is the close itself, 1440 at the day's end. The close is not open.
    """

    on: OpenOn
    opens_min: int
    closes_min: int

    def __post_init__(self) -> None:
        if not -MINUTES_A_DAY <= self.opens_min < self.closes_min <= MINUTES_A_DAY:
            raise ValueError("an opening lies within its day and the day before")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTerms:
    """What a channel carries, and when, from one day to another (both included).

    ``amount_max`` is in the currency's minor units, None without a bound. ``cut_off_min`` is how
    long before the close our last payment must go. ``rank`` and ``rank_urgent`` order channels
    that are open at the same instant, smaller first. ``source`` says where the terms are from.
    """

    code: ChannelCode
    valid_from: date
    openings: tuple[Opening, ...]
    source: str
    valid_to: date | None = None
    currency: str = "CNY"
    amount_max: int | None = None
    cut_off_min: int = 0
    rank: int = 0
    rank_urgent: int = 0
    fee_class: str = ""
    confirm_on_site: bool = True
    edition: int = 0
    """Of imports laid over each other, the later one wins on every day on which it holds."""

    def __post_init__(self) -> None:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("terms end before they begin")
        if self.cut_off_min < 0 or any(
            self.cut_off_min >= it.closes_min - it.opens_min for it in self.openings
        ):
            raise ValueError("a cut-off leaves some of every opening")

    def in_force(self, day: date) -> bool:
        """Whether these terms hold on ``day``."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Days(Protocol):
    """What a choice asks of a calendar."""

    def day(self, day: date) -> DayStanding:
        """What holds for ``day``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteFacts:
    """What a route depends on. ``at`` is an aware instant of Asia/Shanghai."""

    amount: Money
    own_bank: bool
    at: datetime
    urgency: Urgency = Urgency.NORMAL
    allowed: frozenset[ChannelCode] = frozenset(ChannelCode)


class Why(StrEnum):
    """Why a channel was not chosen."""

    NOT_ALLOWED = "not_allowed"
    OTHER_BANK = "other_bank"
    SAME_BANK = "same_bank"
    NO_TERMS = "no_terms"
    CURRENCY = "currency"
    AMOUNT = "amount"
    NEVER_OPEN = "never_open"
    LATER = "later"
    RANK = "rank"


@dataclass(frozen=True, slots=True)
class NotChosen:
    """A channel that was not chosen, and the reason in both languages.

    ``opens_at`` is when it would have taken the payment, where it would have.
    """

    code: ChannelCode
    why: Why
    opens_at: datetime | None = None

    @property
    def zh(self) -> str:
        """The reason in Chinese."""
        return _TEXTS[self.why][0].format(name=NAMES[self.code][0], when=self._when())

    @property
    def en(self) -> str:
        """The reason in English."""
        return _TEXTS[self.why][1].format(name=NAMES[self.code][1], when=self._when())

    def _when(self) -> str:
        return f"{self.opens_at:%Y-%m-%d %H:%M}" if self.opens_at else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """When a channel would take the payment: the instant, the business day, and by which terms."""

    leaves_at: datetime
    business_day: date
    last_at: datetime
    """The cut-off: from here on this opening takes no more."""
    provisional: bool
    terms: ChannelTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteChoice:
    """The chosen channel and its departure, or None; and why each of the others was not chosen.

    ``now`` tells a departure at the asked instant from one at the next opening. ``provisional``
    means that a day it depends on lies beyond the published calendar.
    """

    departure: Departure | None
    now: bool
    reasons: tuple[NotChosen, ...]

    @property
    def code(self) -> ChannelCode | None:
        """The chosen channel."""
        return self.departure.terms.code if self.departure else None

    @property
    def provisional(self) -> bool:
        """Whether the departure rests on a day that nobody has published yet."""
        return self.departure is not None and self.departure.provisional


def choose(facts: RouteFacts, terms: Iterable[ChannelTerms], days: Days) -> RouteChoice:
    """Choose the channel that leaves first; of several, the one whose terms rank it first.

    Hours are Beijing time: raises ValueError for an instant told in any other offset.
    """
    if facts.at.utcoffset() != BEIJING:
        raise ValueError("the instant must be told in Asia/Shanghai")
    known = tuple(terms)
    departures: list[Departure] = []
    reasons: list[NotChosen] = []
    for code in ChannelCode:
        found = _departure(code, facts, known, days)
        if isinstance(found, Departure):
            departures.append(found)
        else:
            reasons.append(NotChosen(code, found))
    departures.sort(key=lambda it: (it.leaves_at, _rank(it.terms, facts.urgency), it.terms.code))
    best = departures[0] if departures else None
    for other in departures[1:]:
        why = Why.LATER if best and other.leaves_at > best.leaves_at else Why.RANK
        reasons.append(NotChosen(other.terms.code, why, other.leaves_at))
    return RouteChoice(
        departure=best, now=best is not None and best.leaves_at == facts.at, reasons=tuple(reasons)
    )


def terms_on(code: ChannelCode, day: date, terms: Iterable[ChannelTerms]) -> ChannelTerms | None:
    """The terms of ``code`` that hold on ``day``: of the latest import those that began last.

    So a short exception (a holiday's higher bound) stands over what holds in general.
    """
    held = [it for it in terms if it.code is code and it.in_force(day)]
    return max(held, key=lambda it: (it.edition, it.valid_from), default=None)


def openings(
    code: ChannelCode, at: datetime, terms: Iterable[ChannelTerms], days: Days
) -> Iterator[Departure]:
    """Every departure from ``at`` on, by business day; one that has begun leaves at ``at``.

    A cut-off lies ``cut_off_min`` before the close. Midnight of a channel that goes on next day
    is no close, so no cut-off is asked for there. Once a provisional day decided whether an
    opening exists, all later ones are provisional too.
    """
    known = tuple(terms)
    provisional = False
    for ahead in range(_AHEAD_DAYS):
        day = at.date() + ahead * _DAY
        held = terms_on(code, day, known)
        if held is None:
            continue
        standing = days.day(day)
        midnight = datetime.combine(day, time(), tzinfo=at.tzinfo)
        for hours in sorted(held.openings, key=lambda it: it.opens_min):
            last_at = midnight + timedelta(minutes=_last_min(hours, held))
            leaves_at = max(at, midnight + timedelta(minutes=hours.opens_min))
            if leaves_at >= last_at:
                continue
            provisional = provisional or (hours.on is not OpenOn.EVERY and standing.provisional)
            if _speaks_of(hours, standing):
                yield Departure(
                    leaves_at=leaves_at,
                    business_day=day,
                    last_at=last_at,
                    provisional=provisional,
                    terms=held,
                )


def _speaks_of(hours: Opening, standing: DayStanding) -> bool:
    return hours.on is OpenOn.EVERY or (hours.on is OpenOn.WORKING) is standing.working


def _last_min(hours: Opening, terms: ChannelTerms) -> int:
    endless = hours.closes_min == MINUTES_A_DAY
    return hours.closes_min - (0 if endless else terms.cut_off_min)


def _departure(
    code: ChannelCode, facts: RouteFacts, terms: tuple[ChannelTerms, ...], days: Days
) -> Departure | Why:
    """The first departure that carries the payment, or why there is none."""
    if code not in facts.allowed:
        return Why.NOT_ALLOWED
    if facts.own_bank is not (code is ChannelCode.OWN_BANK):
        return Why.SAME_BANK if facts.own_bank else Why.OTHER_BANK
    if not any(it.code is code and (it.valid_to or date.max) >= facts.at.date() for it in terms):
        return Why.NO_TERMS
    first: Why | None = None
    for found in openings(code, facts.at, terms, days):
        hinders = _hinders(found.terms, facts.amount)
        if hinders is None:
            return found
        first = first or hinders
    return first or Why.NEVER_OPEN


def _hinders(terms: ChannelTerms, amount: Money) -> Why | None:
    if terms.currency != amount.currency.code:
        return Why.CURRENCY
    if terms.amount_max is not None and amount.minor > terms.amount_max:
        return Why.AMOUNT
    return None


def _rank(terms: ChannelTerms, urgency: Urgency) -> int:
    return terms.rank_urgent if urgency is Urgency.URGENT else terms.rank


NAMES: Final = {
    ChannelCode.HVPS: ("大额支付系统", "HVPS"),
    ChannelCode.BEPS: ("小额支付系统", "BEPS"),
    ChannelCode.IBPS: ("超级网银", "IBPS (super online banking)"),
    ChannelCode.OWN_BANK: ("行内转账", "transfer inside the bank"),
}
"""Channels as people call them (zh, en)."""

_TEXTS: Final = {
    Why.NOT_ALLOWED: ("{name}未对该账户开放", "{name} is not allowed for this account"),
    Why.OTHER_BANK: ("收款行是他行，不能走{name}", "the payee banks elsewhere: no {name}"),
    Why.SAME_BANK: ("收款行是本行，不走{name}", "the payee banks with the same bank: no {name}"),
    Why.NO_TERMS: (
        "{name}在该日期没有有效参数，请导入",
        "no terms of {name} hold from that day on; import them",
    ),
    Why.CURRENCY: ("{name}不支持该币种", "{name} does not carry this currency"),
    Why.AMOUNT: ("金额超过{name}单笔上限", "the amount is above the bound of {name}"),
    Why.NEVER_OPEN: (
        "{name}在可预见的日期内不开放，请检查参数",
        "{name} does not open within sight; check its terms",
    ),
    Why.LATER: ("{name}要到 {when} 才开放", "{name} opens only at {when}"),
    Why.RANK: ("{name}可用，但按优先次序排在后面", "{name} is open but ranks behind"),
}
