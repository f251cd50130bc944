"""How much is left of limits and plan lines, and who may be told.

Rule kept here: what was used of a counter is told to those who may view all that it counts, to
whoever it counts, and to those who change or audit the controls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import msgspec

from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.document import (
    ANY,
    ControlDocument,
    Limit,
    LimitOf,
    Right,
    Span,
    within,
)
from gateway.controls.rules.facts import TENANT, Place
from gateway.controls.rules.limits import PLAN, Counter, Key
from gateway.domain.decision import Actor

_DAY_LENGTH, _MONTH_LENGTH, _YEAR_LENGTH = len("2026-09-15"), len("2026-09"), len("2026")


class Used(msgspec.Struct, frozen=True, gc=False):
    """A counter and what was taken of it (minor units), payments on their way included."""

    counter: Counter
    used: int

    @property
    def left(self) -> int:
        """What still fits; less than nothing where people let more pass."""
        return self.counter.cap - self.used


class Question(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Which counters are asked about: '' and None ask for every one.

    ``periods`` are days, months or years as texts.
    """

    periods: tuple[str, ...]
    company: str = ""
    item: str | None = None


def periods_of(day: date) -> tuple[str, ...]:
    """The periods that a day lies in."""
    text = day.isoformat()
    return (text, text[:_MONTH_LENGTH], text[:_YEAR_LENGTH])


def uses(
    rules: Rules, used: Mapping[Key, int], asked: Question, companies: Mapping[str, str]
) -> list[Used]:
    """Every bounded counter that is asked about; ``companies`` maps accounts to companies.

    Of limits that count each subject for itself those appear that were used.
    """
    found = [
        counter
        for counter in _bounded(rules.document, used, asked.periods)
        if _asked_about(counter.key, asked, companies)
    ]
    return [Used(it, used.get(it.key, 0)) for it in found]


def may_be_told(
    rules: Rules, actor: Actor, key: Key, companies: Mapping[str, str], on: date
) -> bool:
    """Whether somebody may know what was used of a counter."""
    if key.of == LimitOf.OPERATOR and key.subject == actor.label():
        return True
    if any(rules.may(actor, right, TENANT, on).allowed for right in (Right.CONTROLS, Right.AUDIT)):
        return True
    return all(
        rules.may(actor, Right.VIEW, place, on).allowed for place in _counted(key, companies)
    )


def _counted(key: Key, companies: Mapping[str, str]) -> Iterator[Place]:
    """Where the payments are made that a counter counts."""
    company = key.subject if key.of in (PLAN, LimitOf.COMPANY) else ANY
    account = key.subject if key.of == LimitOf.ACCOUNT else ANY
    if account != ANY:
        company = companies.get(account, ANY)
    for business in (ANY,) if key.of == PLAN else key.over.split(","):
        yield Place(company=company, account=account, business=business)


def _asked_about(key: Key, asked: Question, companies: Mapping[str, str]) -> bool:
    if asked.item is not None and (key.of != PLAN or key.over != asked.item):
        return False
    if not asked.company:
        return True
    if key.of == LimitOf.ACCOUNT:
        return companies.get(key.subject) == asked.company
    return key.of in (PLAN, LimitOf.COMPANY) and key.subject == asked.company


def _bounded(
    document: ControlDocument, used: Mapping[Key, int], periods: Sequence[str]
) -> Iterator[Counter]:
    seen: set[Key] = set()
    for line in document.plan:
        if line.period in periods:
            key = Key(PLAN, line.company, line.period, line.item, line.currency)
            seen.add(key)
            yield Counter(key=key, cap=line.amount_minor, rule=line.item)
    for key in used:
        if key.of == PLAN and key not in seen and within(document.planned, key.subject):
            yield Counter(key=key, cap=0, rule="")
    for limit in document.limits:
        for period in periods:
            if len(period) == {Span.DAY: _DAY_LENGTH, Span.MONTH: _MONTH_LENGTH}.get(limit.span):
                for key in _keys(limit, period, used):
                    yield Counter(key=key, cap=limit.amount_minor, rule=limit.id)


def _keys(limit: Limit, period: str, used: Mapping[Key, int]) -> Iterator[Key]:
    """The counters of a limit: of each subject that it names, else of each that was used."""
    over = ",".join(sorted(limit.businesses))
    if limit.of is LimitOf.TENANT:
        subjects = [""]
    elif ANY not in limit.subjects:
        subjects = sorted(limit.subjects)
    else:
        subjects = sorted({it.subject for it in used if it.of == limit.of.value})
    for subject in subjects:
        key = Key(limit.of.value, subject, period, over, limit.currency)
        if ANY not in limit.subjects or limit.of is LimitOf.TENANT or key in used:
            yield key
