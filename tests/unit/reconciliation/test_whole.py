"""What nets itself, the engine as a whole, and the guards that hold it."""

from __future__ import annotations

import pytest

from gateway.domain.errors import Refused
from gateway.reconciliation import key_groups, parties, sums
from gateway.reconciliation.columns import PartRow, columns_of
from gateway.reconciliation.dry_run import compare
from gateway.reconciliation.engine import reconcile
from gateway.reconciliation.rules import STANDARD, RuleSet
from tests.reconciliation_small import NAME, automatic, decided, entry, item

# ── netting ───────────────────────────────────────────────────────────────────────────────


def test_a_red_letter_nets_its_original_in_whole_or_in_part():
    first = item("L", -1000, erp_reference="FK-1001")
    whole = item("M", 1000, 101, erp_reference="FK-1001", red_letter=True)
    part = item("M", 200, 101, erp_reference="FK-1001", red_letter=True)
    assert automatic([], [first, whole]) == [("red-letter", (), (0, 1))]
    paid = entry(-800, 102, end_to_end_id="FK-1001")
    assert automatic([paid], [first, part]) == [("key-sum", (0,), (0, 1))]
    again = item("N", -900, 102, erp_reference="FK-1001")
    assert automatic([entry(-900, 102, end_to_end_id="FK-1001")], [first, whole, again]) == [
        ("exact-key", (0,), (2,)),
        ("red-letter", (), (0, 1)),
    ]


def test_what_a_red_letter_took_back_is_matched_to_nobody():
    items = [
        item("L", -1000, counterparty_name=NAME),
        item("M", 1000, 101, counterparty_name=NAME, red_letter=True),
    ]
    assert automatic([entry(-1000, counterparty_name=NAME)], items) == []
    keyed = [
        item("L", -10, erp_reference="FK-1"),
        item("M", 10, erp_reference="FK-1", red_letter=True),
    ]
    assert automatic([entry(-10, end_to_end_id="FK-1")], keyed) == []


def test_a_reversal_nets_its_only_original():
    said = {"counterparty_name": NAME}
    pair = [entry(-500, **said), entry(500, 101, remittance="冲正", **said)]
    assert automatic(pair, []) == [("reversal", (0, 1), ())]
    assert automatic([*pair, entry(-500, **said)], []) == []
    assert automatic([pair[0], entry(500, 101, **said)], []) == []


def test_wages_and_what_came_back_of_them():
    entries = [
        entry(-90_000, end_to_end_id="GZ-0901"),
        entry(3_000, 101, end_to_end_id="GZ-0901", returned=True),
    ]
    assert automatic(entries, [item("L", -87_000, erp_reference="GZ-0901")]) == [
        ("key-sum", (0, 1), (0,))
    ]


def test_a_fee_beside_the_payment_does_not_disturb_it():
    entries = [
        entry(-1000, end_to_end_id="FK-1001"),
        entry(-5, end_to_end_id="FK-1001", remittance="手续费"),
    ]
    assert automatic(entries, [item("L", -1000, erp_reference="FK-1001")]) == [
        ("exact-key", (0,), (0,))
    ]
    assert automatic(entries, [item("L", -1005, erp_reference="FK-1001")]) == [
        ("key-fee", (0, 1), (0,))
    ]


# ── the whole ─────────────────────────────────────────────────────────────────────────────


def test_amounts_that_do_not_fit_are_refused():
    with pytest.raises(Refused):
        columns_of([entry(10**18 + 1)], [])
    assert (
        automatic([entry(-(10**18), end_to_end_id="FK-1")], [item("L", -1, erp_reference="FK-1")])
        == []
    )


def test_nothing_on_either_side():
    assert decided([], []) == []
    assert decided([entry(-1)], []) == []
    assert decided([], [item("L", -1)]) == []


def test_a_dry_run_tells_what_another_rule_set_would_do():
    columns = columns_of(
        [entry(-100, counterparty_name=NAME), entry(-7, end_to_end_id="FK-1")],
        [item("L", -100, 90, counterparty_name=NAME), item("M", -7, erp_reference="FK-1")],
    )
    told = compare(STANDARD, RuleSet(date_window_days=10), columns)
    assert (told.same, told.only_before) == (1, ())
    assert [(it.entries, it.items) for it in told.only_after] == [((0,), (0,))]


@pytest.mark.parametrize("name", STANDARD.passes)
def test_a_pass_that_is_switched_off_decides_nothing(name):
    only = RuleSet(passes=tuple(it for it in STANDARD.passes if it != name))
    rules_of_pass = {
        "keys": {"exact-key", "key-sum", "key-fee"},
        "details": {"batch-parts"},
        "text": {"key-in-text"},
        "party": {"amount-date-party", "twins"},
        "sums": {"sum-of-items", "sum-of-entries"},
        "netting": {"reversal"},
    }
    entries = [
        entry(-1, end_to_end_id="FK-1001"),
        entry(-2, counterparty_name=NAME),
        entry(-3, remittance="付 FK-1003"),
        entry(-40, counterparty_name=NAME),
        entry(-55),
        entry(-6, counterparty_name=NAME),
        entry(6, counterparty_name=NAME, reversal=True),
    ]
    items = [
        item("A", -1, erp_reference="FK-1001"),
        item("B", -2, counterparty_name=NAME),
        item("C", -3, erp_reference="FK-1003"),
        item("D", -15, counterparty_name=NAME),
        item("E", -25, counterparty_name=NAME),
        item("F", -22, erp_reference="P-1"),
        item("G", -33, erp_reference="P-2"),
    ]
    parts = [PartRow(entry=4, units=-22, end_to_end_id="P-1")]
    parts.append(PartRow(entry=4, units=-33, end_to_end_id="P-2"))
    every = {it[0] for it in automatic(entries, items, parts=parts)}
    assert every & rules_of_pass[name]
    assert not {it[0] for it in automatic(entries, items, only, parts=parts)} & rules_of_pass[name]


# ── the guards ────────────────────────────────────────────────────────────────────────────


def test_without_the_margin_the_trap_would_snap(monkeypatch):
    entries = [entry(-100, counterparty_name=NAME)]
    items = [item("L", -100, counterparty_name=NAME), item("M", -100, 99, counterparty_name=NAME)]
    assert automatic(entries, items) == []
    real = parties.winners
    monkeypatch.setattr(parties, "winners", lambda pairs, **how: real(pairs, **how | {"margin": 0}))
    assert automatic(entries, items) == [("amount-date-party", (0,), (0,))]


def test_without_exclusive_claims_an_item_would_be_used_twice(monkeypatch):
    amounts = (-1_234_501, -2_345_603, -3_456_707)
    items = [item(f"L{n}", it, counterparty_name=NAME) for n, it in enumerate(amounts)]
    entries = [
        entry(amounts[0] + amounts[1], counterparty_name=NAME),
        entry(amounts[1] + amounts[2], counterparty_name=NAME),
    ]
    assert automatic(entries, items) == []
    monkeypatch.setattr(sums, "exclusive", lambda found: found)
    columns = columns_of(entries, items)
    used = [i for it in reconcile(columns).records() if it.level == "auto" for i in it.items]
    assert sorted(used) == [0, 1, 1, 2]


def test_without_the_check_of_amounts_a_key_would_match_other_money(monkeypatch):
    entries = [entry(-100, end_to_end_id="FK-1001"), entry(-5, end_to_end_id="FK-1001")]
    items = [item("L", -107, erp_reference="FK-1001")]
    assert automatic(entries, items) == []
    real = key_groups._whole

    def careless(ground, some, others, **how):
        total = sum(it.units for it in others)
        one = key_groups.Line(some[0].at, total, None, "", "", False, False)
        return real(ground, [one], others, **how)

    monkeypatch.setattr(key_groups, "_whole", careless)
    assert automatic(entries, items)
