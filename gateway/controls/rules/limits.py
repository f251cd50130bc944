"""Limits and quotas: which counters a payment touches, and whether it still fits.

Rule kept here: a counter is named by what it counts, not by the rule that bounds it, so a new
document that renames or changes a limit finds what was used already. All numbers are minor units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from gateway.controls.rules.document import (
    ControlDocument,
    HoldRule,
    Limit,
    LimitOf,
    PlanLine,
    Span,
    within,
)
from gateway.controls.rules.facts import Facts
from gateway.controls.rules.words import LIMITS_OF, SPANS
from gateway.domain.money import Money, currency
from gateway.domain.party import masked

PLAN: Final = "plan"
_KEPT_MAX: Final = 50_000
_MONTH: Final = len("2026-09")
_YEAR: Final = len("2026")


class Key(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """What a counter counts, and its primary key where it is kept.

    ``of`` is a LimitOf or ``plan``; ``subject`` an actor's label, account number, company or ERP
    ('' for the tenant); ``period`` a day, month or year ('' is one payment and never stored);
    ``over`` the business types (``*`` for all), for a plan the budget item.
    """

    of: str
    subject: str
    period: str
    over: str
    currency: str


class Counter(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A counter and its cap. ``rule`` is the limit's id; '' marks a plan line that is missing."""

    key: Key
    cap: int
    rule: str

    @property
    def hold(self) -> HoldRule:
        """The rule that holds what does not fit."""
        return HoldRule.QUOTA if self.key.of == PLAN else HoldRule.LIMIT


Stored = tuple[str, str, str, str, str]
"""A key as it is stored: of, subject, period, over, currency."""


class Shortfall(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The first counter that a payment does not fit, what was used of it, and what was wanted."""

    counter: Counter
    used: int
    wanted: int

    def en(self) -> str:
        """The finding in English."""
        what, _ = named(self.counter)
        if self.counter.key.of == PLAN and not self.counter.rule:
            return f"{what}: the plan has no such line"
        cap, used, wanted = self._amounts()
        return f"{what}: at most {cap}, {used} used, {wanted} wanted"

    def zh(self) -> str:
        """The finding in Chinese."""
        _, what = named(self.counter)
        if self.counter.key.of == PLAN and not self.counter.rule:
            return f"{what}：资金计划中没有该项"
        cap, used, wanted = self._amounts()
        return f"{what}：上限 {cap}，已用 {used}，本笔 {wanted}"

    def _amounts(self) -> tuple[str, str, str]:
        unit = currency(self.counter.key.currency)
        cap, used, wanted = (
            f"{unit.code} {Money(minor, unit).text()}"
            for minor in (self.counter.cap, self.used, self.wanted)
        )
        return cap, used, wanted


class Wanted(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An amount and all counters it must fit."""

    amount_minor: int
    counters: tuple[Counter, ...]


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """By line in order: None where it fits, else why not; and what those that fit add up to."""

    shortfalls: tuple[Shortfall | None, ...]
    reserved: dict[Key, int]


class Limits:
    """The limits and the plan of a document, compiled for look-up."""

    def __init__(self, document: ControlDocument) -> None:
        self._limits = document.limits
        self._plan: dict[tuple[str, str, str, str], PlanLine] = {
            (line.company, line.item, line.currency, line.period): line for line in document.plan
        }
        self._planned = document.planned
        self._by_plan = bool(document.plan or document.planned)
        self._found: dict[tuple[str, ...], dict[date, tuple[Counter, ...]]] = {}
        self._keys: dict[Key, Key] = {}

    def counters(self, facts: Facts, pay_day: date) -> tuple[Counter, ...]:
        """All counters of a payment on the bank's calendar day ``pay_day``."""
        key = (
            facts.maker,
            facts.erp,
            facts.company,
            facts.account,
            facts.business,
            facts.currency,
        )
        days = self._found.get(key)
        if days is None:
            if len(self._found) >= _KEPT_MAX:
                self._found.clear()
                self._keys.clear()
            days = self._found[key] = {}
        found = days.get(pay_day)
        if found is None:
            found = days[pay_day] = self._limit_counters(facts, pay_day)
        if not self._by_plan:
            return found
        return (*found, *map(self._shared, self._plan_counters(facts, pay_day)))

    def _limit_counters(self, facts: Facts, pay_day: date) -> tuple[Counter, ...]:
        touched = (
            _counter(limit, subject, pay_day)
            for limit in self._limits
            if limit.currency == facts.currency and within(limit.businesses, facts.business)
            for subject in (_subject(limit.of, facts),)
            if within(limit.subjects, subject)
        )
        return tuple(self._shared(one) for one in touched)

    def _shared(self, counter: Counter) -> Counter:
        """The counter with the key that all of its kind share: looked up without comparing."""
        key = self._keys.setdefault(counter.key, counter.key)
        return Counter(key=key, cap=counter.cap, rule=counter.rule)

    def _plan_counters(self, facts: Facts, pay_day: date) -> list[Counter]:
        """Every plan line the payment counts against: of its year, its month and its day."""
        company, item, day = facts.company, facts.budget_item, pay_day.isoformat()
        lines = [
            self._plan.get((company, item, facts.currency, period))
            for period in (day, day[:_MONTH], day[:_YEAR])
        ]
        found = [
            Counter(key=_plan_key(line), cap=line.amount_minor, rule=item) for line in lines if line
        ]
        if not found and within(self._planned, company):
            key = Key(PLAN, company, day[:_MONTH], item, facts.currency)
            found = [Counter(key=key, cap=0, rule="")]
        return found


def kept(counters: Sequence[Counter]) -> tuple[Stored, ...]:
    """What a payment takes of, each once: the limit of one payment has nothing to keep."""
    keys = dict.fromkeys(it.key for it in counters if it.key.period)
    return tuple((it.of, it.subject, it.period, it.over, it.currency) for it in keys)


def fit(wanted: Sequence[Wanted], used: Mapping[Key, int]) -> Fitted:
    """Which lines fit, in order, given what was used (reservations included).

    A line that does not fit takes nothing, so a smaller one after it may still fit.
    """
    taken: dict[Key, int] = {}
    shortfalls: list[Shortfall | None] = []
    for line in wanted:
        amount = line.amount_minor
        after: list[tuple[Key, int]] = []
        lack = None
        for counter in line.counters:
            key = counter.key
            before = taken.get(key)
            if before is None:
                before = used.get(key, 0)
            if before + amount > counter.cap:
                lack = Shortfall(counter=counter, used=before, wanted=amount)
                break
            if key.period:  # the limit of one payment has nothing to keep
                after.append((key, before + amount))
        shortfalls.append(lack)
        if lack is None:
            # Two limits on one counter write the same sum twice, so it is counted once.
            taken.update(after)
    reserved = {key: now - used.get(key, 0) for key, now in taken.items()}
    return Fitted(shortfalls=tuple(shortfalls), reserved=reserved)


def _subject(of: LimitOf, facts: Facts) -> str:
    return {
        LimitOf.OPERATOR: facts.maker,
        LimitOf.ACCOUNT: facts.account,
        LimitOf.COMPANY: facts.company,
        LimitOf.TENANT: "",
        LimitOf.ERP: facts.erp,
    }[of]


def _counter(limit: Limit, subject: str, pay_day: date) -> Counter:
    day = pay_day.isoformat()
    period = {Span.INSTRUCTION: "", Span.DAY: day, Span.MONTH: day[:_MONTH]}[limit.span]
    over = ",".join(sorted(limit.businesses))
    key = Key(limit.of.value, subject, period, over, limit.currency)
    return Counter(key=key, cap=limit.amount_minor, rule=limit.id)


def _plan_key(line: PlanLine) -> Key:
    return Key(PLAN, line.company, line.period, line.item, line.currency)


def named(counter: Counter) -> tuple[str, str]:
    """A counter by name, English and Chinese; of an account number only what may be seen."""
    key = counter.key
    if key.of == PLAN:
        item = key.over or "-"
        return (
            f"plan of company {key.subject}, budget item {item}, {key.period}",
            f"公司 {key.subject} 预算项目 {item}（{key.period}）",
        )
    span = {0: Span.INSTRUCTION, _MONTH: Span.MONTH}.get(len(key.period), Span.DAY)
    subject = masked(key.subject) if key.of == LimitOf.ACCOUNT else key.subject
    (of_en, of_zh), (span_en, span_zh) = LIMITS_OF[LimitOf(key.of)], SPANS[span]
    when = f" {key.period}" if key.period else ""
    return (
        f"limit '{counter.rule}' ({of_en} {subject}, per {span_en}{when})".replace(" ,", ","),
        f"限额“{counter.rule}”（{of_zh} {subject} {span_zh}{when}）",
    )
