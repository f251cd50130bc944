"""Reservations are exact: against any limits, in any chunks, as if one line came after another."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.controls.rules.document import (
    ControlDocument,
    Limit,
    LimitOf,
    PayeeKind,
    PlanLine,
    Span,
)
from gateway.controls.rules.facts import Facts
from gateway.controls.rules.limits import Limits, Wanted, fit

AMOUNTS = st.integers(1, 60)
CAPS = st.integers(1, 200)
BUSINESSES = ("payment", "payroll")
DAYS = [date(2026, 9, 29) + timedelta(days=number) for number in range(4)]
LIMITS = st.builds(
    Limit,
    id=st.uuids().map(str),
    of=st.sampled_from(LimitOf),
    span=st.sampled_from(Span),
    businesses=st.sampled_from([frozenset({"*"}), frozenset({"payment"})]),
    currency=st.sampled_from(["CNY", "USD"]),
    amount_minor=CAPS,
)
PLAN = st.builds(
    PlanLine,
    company=st.sampled_from(["c1", "c2"]),
    item=st.sampled_from(["A", "B"]),
    period=st.sampled_from(["2026", "2026-09", "2026-10", "2026-09-30"]),
    currency=st.just("CNY"),
    amount_minor=CAPS,
)
LINES = st.tuples(
    st.builds(
        Facts,
        maker=st.sampled_from(["person:a", "machine:a"]),
        erp=st.sampled_from(["sap", "u8"]),
        company=st.sampled_from(["c1", "c2"]),
        account=st.sampled_from(["1", "2"]),
        business=st.sampled_from(BUSINESSES),
        payee=st.just(PayeeKind.OTHER_BANK),
        known=st.just(True),
        amount_minor=AMOUNTS,
        currency=st.sampled_from(["CNY", "USD"]),
        budget_item=st.sampled_from(["", "A", "B"]),
    ),
    st.sampled_from(DAYS),
)


def subject(limit: Limit, facts: Facts) -> str:
    return {
        "operator": facts.maker,
        "account": facts.account,
        "company": facts.company,
        "tenant": "",
        "erp": facts.erp,
    }[limit.of.value]


def same_span(limit: Limit, one: date, other: date) -> bool:
    if limit.span is Span.DAY:
        return one == other
    return limit.span is Span.MONTH and (one.year, one.month) == (other.year, other.month)


def touches(limit: Limit, facts: Facts) -> bool:
    return facts.currency == limit.currency and (
        "*" in limit.businesses or facts.business in limit.businesses
    )


def fits(document: ControlDocument, line, taken) -> bool:
    """The rule itself, by adding up everything that was let through before."""
    facts, day = line
    for limit in document.limits:
        if touches(limit, facts):
            used = sum(
                other.amount_minor
                for other, when in taken
                if touches(limit, other)
                and subject(limit, other) == subject(limit, facts)
                and same_span(limit, when, day)
            )
            if used + facts.amount_minor > limit.amount_minor:
                return False
    lines = [
        one
        for one in document.plan
        if (one.company, one.item, one.currency)
        == (facts.company, facts.budget_item, facts.currency)
        and day.isoformat().startswith(one.period)
    ]
    for one in lines:
        used = sum(
            other.amount_minor
            for other, when in taken
            if (other.company, other.budget_item, other.currency)
            == (one.company, one.item, one.currency)
            and when.isoformat().startswith(one.period)
        )
        if used + facts.amount_minor > one.amount_minor:
            return False
    return bool(lines) or facts.company not in document.planned


@given(
    limits=st.lists(LIMITS, max_size=4),
    plan=st.lists(PLAN, max_size=4, unique_by=lambda one: (one.company, one.item, one.period)),
    planned=st.sampled_from([frozenset(), frozenset({"c1"})]),
    lines=st.lists(LINES, max_size=20),
    chunk=st.integers(1, 7),
)
def test_chunks_fit_as_if_one_line_came_after_another(limits, plan, planned, lines, chunk):
    document = ControlDocument(limits=tuple(limits), plan=tuple(plan), planned=planned)
    compiled = Limits(document)
    taken, passed, used = [], [], {}
    for line in lines:
        passed.append(fits(document, line, taken))
        if passed[-1]:
            taken.append(line)
    for start in range(0, len(lines), chunk):
        some = lines[start : start + chunk]
        wanted = [
            Wanted(amount_minor=facts.amount_minor, counters=compiled.counters(facts, day))
            for facts, day in some
        ]
        fitted = fit(wanted, used)
        assert [one is None for one in fitted.shortfalls] == passed[start : start + chunk]
        for lack in filter(None, fitted.shortfalls):
            assert lack.used + lack.wanted > lack.counter.cap
            assert lack.zh()
            assert lack.en()
        for key, amount in fitted.reserved.items():
            used[key] = used.get(key, 0) + amount
