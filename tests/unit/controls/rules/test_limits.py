"""Limits and plan lines: exact, in order, and the finding says what was used."""

from __future__ import annotations

from datetime import date

from gateway.controls.rules.document import HoldRule
from gateway.controls.rules.limits import Key, Limits, Wanted, fit
from tests.unit.controls.rules.sample import MAIN, TODAY, document, facts

DAY = Key("company", "c1", "2026-09-15", "*", "CNY")


def limit(**changes):
    return {
        "id": "day",
        "of": "company",
        "span": "day",
        "currency": "CNY",
        "amount": "100.00",
    } | changes


def counters(*rows, on=TODAY, plan=(), planned=(), **changes):
    made = Limits(document(limits=list(rows), plan=list(plan), planned=list(planned)))
    return made.counters(facts(**changes), on)


def keys(*rows, **changes):
    return [one.key for one in counters(*rows, **changes)]


def test_each_limit_counts_its_own_subject():
    rows = [limit(id=of, of=of) for of in ("operator", "account", "company", "tenant", "erp")]
    found = keys(*rows, maker="machine:sap", erp="sap")
    assert [one.subject for one in found] == ["machine:sap", MAIN, "c1", "", "sap"]
    assert {one.period for one in found} == {"2026-09-15"}


def test_days_and_months_are_those_of_the_payment():
    rows = [limit(), limit(id="m", span="month"), limit(id="i", span="instruction")]
    assert [one.period for one in keys(*rows, on=date(2026, 12, 31))] == [
        "2026-12-31",
        "2026-12",
        "",
    ]


def test_a_limit_touches_only_what_it_names():
    assert not keys(limit(currency="USD"))
    assert not keys(limit(businesses=["payroll"]))
    assert not keys(limit(subjects=["c2"]))
    (found,) = keys(limit(businesses=["payment", "internal"], subjects=["c1"]))
    assert found.over == "internal,payment"


def test_renaming_a_limit_does_not_forget_what_was_used():
    assert keys(limit(id="a")) == keys(limit(id="b", amount="7.00"))


def wanted(amount, *found):
    return Wanted(amount_minor=amount, counters=found)


def test_exactly_up_to_the_cap():
    (day,) = counters(limit())
    fitted = fit([wanted(10_000, day)], {})
    assert fitted.shortfalls == (None,)
    assert fitted.reserved == {DAY: 10_000}
    assert fit([wanted(10_001, day)], {}).shortfalls[0] is not None
    assert fit([wanted(1, day)], {DAY: 10_000}).shortfalls[0] is not None
    assert fit([wanted(1, day)], {DAY: 9_999}).shortfalls == (None,)


def test_in_order_and_a_smaller_one_after_it_may_still_fit():
    (day,) = counters(limit())
    fitted = fit([wanted(amount, day) for amount in (6_000, 5_000, 4_000, 1)], {DAY: 0})
    assert [one is None for one in fitted.shortfalls] == [True, False, True, False]
    assert fitted.reserved == {DAY: 10_000}
    lack = fitted.shortfalls[1]
    assert (lack.used, lack.wanted, lack.counter.cap) == (6_000, 5_000, 10_000)
    assert "100.00" in lack.en()
    assert "60.00" in lack.en()
    assert "50.00" in lack.zh()
    assert lack.counter.hold is HoldRule.LIMIT


def test_what_fits_one_counter_and_not_the_other_takes_neither():
    day, month = counters(limit(), limit(id="m", span="month", amount="50.00"))
    fitted = fit([wanted(6_000, day, month), wanted(5_000, day, month)], {})
    assert fitted.shortfalls[0].counter.rule == "m"
    assert fitted.reserved == {day.key: 5_000, month.key: 5_000}


def test_two_limits_on_one_counter_count_once():
    both = counters(limit(), limit(id="b", amount="70.00"))
    assert both[0].key == both[1].key
    fitted = fit([wanted(4_000, *both), wanted(3_000, *both), wanted(1, *both)], {})
    assert fitted.reserved == {DAY: 7_000}
    assert fitted.shortfalls[2].counter.rule == "b"


def test_a_limit_for_one_payment_counts_nothing():
    (one,) = counters(limit(span="instruction"))
    fitted = fit([wanted(10_000, one), wanted(10_000, one), wanted(10_001, one)], {})
    assert [it is None for it in fitted.shortfalls] == [True, True, False]
    assert fitted.reserved == {}
    assert "single payment" in fitted.shortfalls[2].en()


def test_no_account_number_in_a_finding():
    (one,) = counters(limit(of="account"))
    lack = fit([wanted(10_001, one)], {}).shortfalls[0]
    assert MAIN not in lack.en() + lack.zh()
    assert MAIN[-4:] in lack.en()


def test_yen_have_no_decimals():
    (one,) = counters(limit(currency="JPY", amount="100"), currency="JPY")
    assert fit([wanted(100, one)], {}).shortfalls == (None,)
    assert "JPY 100," in fit([wanted(101, one)], {}).shortfalls[0].en()


# ── the plan ────────────────────────────────────────────────────────────────────────────────


def line(**changes):
    usual = {"company": "c1", "item": "A01", "period": "2026-09", "currency": "CNY"}
    return usual | {"amount": "900.00"} | changes


def test_a_payment_counts_against_every_plan_line_of_its_day():
    plan = [line(), line(period="2026", amount="5000.00"), line(period="2026-09-16")]
    found = counters(plan=plan, budget_item="A01")
    assert [(one.key.period, one.cap) for one in found] == [("2026-09", 90_000), ("2026", 500_000)]
    assert {one.hold for one in found} == {HoldRule.QUOTA}
    assert len(counters(plan=plan, budget_item="A01", on=date(2026, 9, 16))) == 3


def test_without_a_line_it_is_not_counted_unless_the_company_pays_by_plan():
    plan = [line()]
    for other in ({"budget_item": "B"}, {}, {"budget_item": "A01", "currency": "USD"}):
        assert not counters(plan=plan, **other)
        (missing,) = counters(plan=plan, planned=["c1"], **other)
        lack = fit([wanted(1, missing)], {}).shortfalls[0]
        assert lack.counter.hold is HoldRule.QUOTA
        assert "no such line" in lack.en()
        assert "没有该项" in lack.zh()
    assert not counters(plan=plan, planned=["c2"], budget_item="B")
    assert counters(planned=["*"], budget_item="B")


def test_a_used_up_plan_says_so():
    (one,) = counters(plan=[line()], budget_item="A01")
    lack = fit([wanted(2, one)], {one.key: 89_999}).shortfalls[0]
    assert "A01" in lack.en()
    assert "899.99" in lack.zh()
