"""Floors: what a client's rules may never say, and the wrong match that each of them prevents."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from gateway.domain.errors import Refused
from gateway.reconciliation.engine import reconcile
from gateway.reconciliation.floors import FEE_MAX, TOLERANCE_MAX, floor_faults, may_hold
from gateway.reconciliation.rules import PASSES, STANDARD, Points, RuleSet
from tests.reconciliation_ground import Score, columns
from tests.reconciliation_scenes import generated
from tests.reconciliation_small import NAME, automatic, entry, item

INSIDE = (
    {"threshold": 1000},
    {"margin": 1000},
    {"date_window_days": 6},
    {"key_window_days": 0},
    {"key_window_days": 27},
    {"netting_window_days": 0},
    {"amount_tolerance": TOLERANCE_MAX},
    {"fee_max": FEE_MAX},
    {"sum_candidates": 2},
    {"sum_rarity": 1000},
    {"passes": ("keys",)},
    {"passes": ()},
    {"suggest_from": 1, "rivals_shown": 100},
)
BEYOND = (
    ("threshold", 59),
    ("margin", 9),
    ("date_window_days", 4),
    ("date_window_days", 7),
    ("key_window_days", 28),
    ("sum_window_days", 34),
    ("sum_window_days", 36),
    ("netting_window_days", 36),
    ("amount_tolerance", TOLERANCE_MAX + 1),
    ("fee_max", FEE_MAX + 1),
    ("sum_candidates", 15),
    ("sum_steps", 40_001),
    ("sum_rarity", 199),
    ("name", "x" * 101),
    ("passes", ("guess",)),
)


@pytest.mark.parametrize("change", INSIDE, ids=str)
def test_inside_the_floors_a_rule_set_may_hold(change):
    assert may_hold(replace(STANDARD, **change)).name == "standard"


@pytest.mark.parametrize(("name", "value"), BEYOND, ids=str)
def test_beyond_a_floor_it_is_refused_with_field_and_reason(name, value):
    with pytest.raises(Refused) as caught:
        may_hold(replace(STANDARD, **{name: value}))
    (fault,) = caught.value.faults
    assert fault.path == name
    assert fault.zh != fault.en
    assert min(len(fault.zh), len(fault.en)) > 5


@pytest.mark.parametrize("name", Points.__struct_fields__)
def test_no_point_may_be_another(name):
    for step in (-1, 1):
        points = replace(STANDARD.points, **{name: getattr(STANDARD.points, name) + step})
        found = floor_faults(replace(STANDARD, points=points))
        assert [it.path for it in found] == [f"points.{name}"]


# ── why the floors are where they are ─────────────────────────────────────────────────────────


def test_a_week_would_take_the_rent_of_another_week():
    entries = [entry(-100, day=107, counterparty_name=NAME)]
    items = [item("L", -100, day=100, counterparty_name=NAME)]
    assert automatic(entries, items, RuleSet(date_window_days=7))
    assert not automatic(entries, items, RuleSet(date_window_days=6))


def test_a_narrow_window_hides_the_rival():
    entries = [entry(-100, day=105, counterparty_name=NAME)]
    items = [item(f"L{day}", -100, day=day, counterparty_name=NAME) for day in (100, 105)]
    assert automatic(entries, items, RuleSet(date_window_days=4))
    assert not automatic(entries, items, RuleSet(date_window_days=5))


def test_a_month_would_take_the_number_of_another_month():
    entries = [entry(-100, day=128, end_to_end_id="HT-2026-7")]
    items = [item("L", -100, erp_reference="HT-2026-7")]
    assert automatic(entries, items, RuleSet(key_window_days=28))
    assert not automatic(entries, items, RuleSet(key_window_days=27))


def test_fewer_points_would_match_another_name_on_the_account():
    entries = [entry(-100, counterparty_name="甲公司", counterparty_account="622200001111")]
    items = [item("L", -100, counterparty_name="大华厂", counterparty_account="622200001111")]
    assert automatic(entries, items, RuleSet(threshold=55))
    assert not automatic(entries, items)


def test_a_smaller_margin_would_let_spelling_and_days_decide():
    entries = [entry(-100, day=105, counterparty_name=NAME)]
    items = [
        item("L1", -100, day=105, counterparty_name=NAME),
        item("L2", -100, day=100, counterparty_name=NAME.replace("有限", "有限责任")),
    ]
    assert automatic(entries, items, RuleSet(margin=7))
    assert not automatic(entries, items, RuleSet(margin=10))


def test_a_sum_by_chance_is_no_sum():
    entries = [entry(-300, counterparty_name=NAME)]
    items = [item(f"L{it}", -it, counterparty_name=NAME) for it in (100, 200, 800)]
    assert automatic(entries, items, RuleSet(sum_rarity=1))
    assert not automatic(entries, items, RuleSet(sum_rarity=200))


@pytest.mark.parametrize("threshold", [60, 80, 1000])
def test_a_higher_threshold_leaves_nothing_to_a_sum_that_a_single_one_fits(threshold):
    entries = [entry(it, counterparty_name=NAME) for it in (-1_234_567, -432_101, -802_466)]
    items = [item("L", -1_234_567, counterparty_name=NAME)]
    found = automatic(entries, items, RuleSet(threshold=threshold))
    assert all(rule != "sum-of-entries" for rule, *_ in found)


@pytest.mark.parametrize("seed", range(4))
def test_rules_inside_the_floors_are_never_wrong(seed):
    """What a tolerance allows is what the client says it is."""
    random = Random(seed)
    rules = RuleSet(
        threshold=random.choice((60, 70, 90, 1000)),
        margin=random.choice((10, 30, 1000)),
        date_window_days=random.choice((5, 6)),
        key_window_days=random.choice((0, 5, 27)),
        netting_window_days=random.choice((0, 5, 35)),
        amount_tolerance=random.choice((0, TOLERANCE_MAX)),
        fee_max=random.choice((0, FEE_MAX)),
        sum_candidates=random.choice((2, 14)),
        sum_rarity=random.choice((200, 10_000)),
        passes=tuple(it for it in PASSES if random.randrange(4)),
    )
    books = generated(seed + 40_000, 200)
    score = Score()
    score.add(books, reconcile(columns(books), may_hold(rules)))
    assert [it for it in score.mistakes if it[0] not in {"key-tolerance", "key-fee"}] == []
    assert score.right
