"""Each pass on a handful of entries and items: what it decides, and what it must not."""

from __future__ import annotations

import pytest

from gateway.reconciliation.columns import OwnRow, PartRow, columns_of
from gateway.reconciliation.engine import reconcile
from gateway.reconciliation.rules import RuleSet
from tests.reconciliation_small import NAME, automatic, decided, entry, item

# ── keys ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["end_to_end_id", "entry_reference", "reference"])
def test_one_key_of_the_same_money(name):
    found = automatic(
        [entry(-100, **{name: " fk-1001 "})], [item("L", -100, erp_reference="FK-1001")]
    )
    assert found == [("exact-key", (0,), (0,))]


@pytest.mark.parametrize(
    "other",
    [
        {"units": -101},
        {"units": 100},
        {"currency": "USD"},
        {"account": "3511"},
        {"day": 200},
        {"counterparty_name": "厦门德胜物流有限公司"},
    ],
)
def test_a_key_is_no_proof_of_other_money(other):
    said = {"units": -100, "erp_reference": "FK-1001", "counterparty_name": NAME, **other}
    one = entry(-100, end_to_end_id="FK-1001", counterparty_name=NAME)
    assert automatic([one], [item("L", **said)]) == []


def test_our_serial_and_code_lead_to_the_item():
    own = [
        OwnRow(erp_reference="A-1", serial="S0001"),
        OwnRow(erp_reference="A-2", code="RABCDEFGHJKMN0"),
        OwnRow(erp_reference="A-3", bank_reference="B777"),
    ]
    entries = [
        entry(-1, entry_reference="S0001"),
        entry(-2, remittance="货款 RABCDEFGHJKMN0"),
        entry(-3, reference="B777"),
    ]
    items = [item(f"L{n}", -n, erp_reference=f"A-{n}") for n in (1, 2, 3)]
    assert sorted(automatic(entries, items, own=own)) == [
        ("exact-key", (0,), (0,)),
        ("exact-key", (2,), (2,)),
        ("key-in-text", (1,), (1,)),
    ]


def test_no_reference_is_no_key():
    entries = [entry(-100, end_to_end_id="NOTPROVIDED"), entry(-100, end_to_end_id="0000")]
    items = [item("L", -100, erp_reference="NOTPROVIDED"), item("M", -100, erp_reference="0000")]
    assert automatic(entries, items) == []


def test_tolerance_and_fee_only_where_the_rules_allow():
    entries = [entry(-1005, end_to_end_id="FK-1001")]
    items = [item("L", -1000, erp_reference="FK-1001")]
    assert decided(entries, items) == [("suggested", "key-amount-differs", (0,), (0,))]
    assert automatic(entries, items, RuleSet(amount_tolerance=5)) == [("key-tolerance", (0,), (0,))]
    assert automatic(entries, items, RuleSet(amount_tolerance=4)) == []
    assert automatic(entries, items, RuleSet(fee_max=5)) == [("key-fee", (0,), (0,))]
    assert automatic(entries, items, RuleSet(fee_max=4)) == []


def test_one_key_on_two_equal_entries_or_items_decides_nothing():
    twice = [entry(-100, end_to_end_id="K-1001"), entry(-100, 101, end_to_end_id="K-1001")]
    items = [item("L", -100, erp_reference="K-1001"), item("M", -100, 99, erp_reference="K-1001")]
    assert automatic(twice, items[:1]) == []
    assert automatic(twice[:1], items) == []
    assert automatic(twice, items) == []


def test_a_reused_number_needs_the_party():
    entries = [entry(-100, end_to_end_id="K-1001"), entry(-200, end_to_end_id="K-1001")]
    items = [item("L", -100, erp_reference="K-1001"), item("M", -200, erp_reference="K-1001")]
    assert automatic(entries, items) == []
    named_e = [entry(it.units, end_to_end_id="K-1001", counterparty_name=NAME) for it in entries]
    named_i = [
        item(it.item_id, it.units, erp_reference="K-1001", counterparty_name=NAME) for it in items
    ]
    assert len(automatic(named_e, named_i)) == 2


def test_a_payment_that_came_back_is_left_to_a_person():
    entries = [
        entry(-100, end_to_end_id="FK-1001"),
        entry(100, 101, end_to_end_id="FK-1001", returned=True),
    ]
    items = [item("L", -100, erp_reference="FK-1001")]
    assert automatic(entries, items) == []
    both = [*items, item("M", 100, 101, erp_reference="FK-1001", red_letter=True)]
    assert automatic(entries, both) == [("exact-key", (0,), (0,)), ("exact-key", (1,), (1,))]


# ── parties ───────────────────────────────────────────────────────────────────────────────


def test_a_unique_amount_alone_is_a_suggestion():
    assert decided([entry(-77777)], [item("L", -77777)]) == [
        ("suggested", "amount-date-party", (0,), (0,))
    ]


def test_the_party_decides_within_the_window():
    one, other = entry(-100, counterparty_name=NAME), item("L", -100, 96, counterparty_name=NAME)
    assert automatic([one], [other]) == [("amount-date-party", (0,), (0,))]
    assert automatic([one], [item("L", -100, 94, counterparty_name=NAME)]) == []


def test_the_account_beats_a_rival_of_the_same_name():
    one = entry(-100, counterparty_name="张伟", counterparty_account="6222 0001")
    items = [
        item("L", -100, counterparty_name="张伟", counterparty_account="62220002"),
        item("M", -100, counterparty_name="张伟", counterparty_account="62220001"),
    ]
    assert automatic([one], items) == [("amount-date-party", (0,), (1,))]
    assert automatic([one], items[:1]) == []


def test_a_rival_for_the_item_stops_it_as_well():
    entries = [entry(-100, counterparty_name=NAME), entry(-100, 101, counterparty_name=NAME)]
    items = [item("L", -100, counterparty_name=NAME)]
    assert automatic(entries, items) == []
    assert {it[1] for it in decided(entries, items)} == {"amount-date-party"}


def test_an_entry_that_names_another_document_is_not_this_one():
    said = {"counterparty_name": NAME, "counterparty_account": "62220001"}
    for told in (
        {"end_to_end_id": "FK-1002"},
        {"remittance": "付FK-1002货款"},
        {"reference": "FK-9"},
    ):
        entries = [entry(-100, **said, **told)]
        found = decided(entries, [item("L", -100, erp_reference="FK-1001", **said)])
        assert [it[0] for it in found] == ["suggested"]


def test_a_partial_payment_is_not_the_other_invoice():
    entries = [entry(-500, end_to_end_id="FK-1002", counterparty_name=NAME)]
    items = [
        item("L", -500, erp_reference="FK-1001", counterparty_name=NAME),
        item("M", -800, erp_reference="FK-1002", counterparty_name=NAME),
    ]
    assert automatic(entries, items) == []


def test_what_a_key_names_elsewhere_is_not_matched_by_amount():
    said = {"counterparty_name": NAME}
    items = [item("L", -500, erp_reference="FK-1001", **said)]
    other = item("M", -800, erp_reference="HT2026X7", **said)
    assert automatic([entry(-500, end_to_end_id="HT2026X7", **said)], [*items, other]) == []
    part = entry(-200, end_to_end_id="FK-1001", **said)
    assert automatic([part, entry(-500, **said)], items) == []


def test_twins_pair_off_only_when_even_and_equal():
    twin = entry(-100, counterparty_name=NAME, remittance="房租")
    items = [item(name, -100, counterparty_name=NAME) for name in "LMN"]
    assert automatic([twin] * 3, items) == [("twins", (n,), (n,)) for n in range(3)]
    assert automatic([twin] * 2, items) == []
    assert automatic([twin] * 3, [*items[:2], item("N", -100, 99, counterparty_name=NAME)]) == []


def test_pending_lines_are_not_matched():
    one = entry(-100, end_to_end_id="FK-1001", booked=False)
    assert decided([one], [item("L", -100, erp_reference="FK-1001")]) == []


def test_a_crowd_of_one_amount_stays_bounded():
    names = [f"第{n}贸易有限公司" for n in range(60)]
    entries = [entry(-100, counterparty_name=name) for name in names]
    items = [item(name, -100, counterparty_name=name) for name in reversed(names)]
    assert len(automatic(entries, items)) == 60


# ── sums, parts, texts ────────────────────────────────────────────────────────────────────


def test_one_entry_for_several_items_and_the_other_way_round():
    three = [
        item(f"L{n}", units, counterparty_name=NAME) for n, units in enumerate((-1, -20, -300))
    ]
    assert automatic([entry(-321, counterparty_name=NAME)], three) == [
        ("sum-of-items", (0,), (0, 1, 2))
    ]
    two = [entry(-12345, counterparty_name=NAME), entry(-678, 103, counterparty_name=NAME)]
    assert automatic(two, [item("L", -13023, counterparty_name=NAME)]) == [
        ("sum-of-entries", (0, 1), (0,))
    ]


def test_two_ways_to_add_up_decide_nothing():
    units = (-100_01, -200_02, -150_01, -150_02)
    items = [item(f"L{n}", it, counterparty_name=NAME) for n, it in enumerate(units)]
    one = entry(-300_03, counterparty_name=NAME)
    assert {it[:2] for it in decided([one], items)} == {("suggested", "sum-of-items")}
    told = [it for it in reconcile(columns_of([one], items)).records() if it.level == "suggested"]
    assert all(any("several combinations" in it for it in one.reasons) for one in told)


def test_round_amounts_are_only_suggested():
    items = [item(f"L{n}", -n * 10_000, counterparty_name=NAME) for n in (1, 2, 4)]
    found = decided([entry(-30_000, counterparty_name=NAME)], items)
    assert found == [("suggested", "sum-of-items", (0,), (0, 1))]


def test_every_part_of_a_batch_or_none():
    parts = [PartRow(entry=0, units=-n, end_to_end_id=f"FK-{n}") for n in (1000, 2000)]
    items = [item(f"L{n}", -n, erp_reference=f"FK-{n}") for n in (1000, 2000)]
    assert automatic([entry(-3000)], items, parts=parts) == [("batch-parts", (0,), (0, 1))]
    assert automatic([entry(-3000)], items[:1], parts=parts) == []
    assert automatic([entry(-3001)], items, parts=parts) == []


def test_a_part_and_an_entry_of_its_own_claim_one_item():
    parts = [PartRow(entry=0, units=-n, end_to_end_id=f"FK-{n}") for n in (1000, 2000)]
    items = [item(f"L{n}", -n, erp_reference=f"FK-{n}") for n in (1000, 2000)]
    entries = [entry(-3000), entry(-1000, end_to_end_id="FK-1000")]
    assert ("batch-parts", (0,), (0, 1)) not in automatic(entries, items, parts=parts)


def test_parts_without_a_key_go_by_name():
    parts = [PartRow(entry=0, units=-n, counterparty_name=f"员工{n}") for n in (1000, 2000)]
    items = [item(f"L{n}", -n, counterparty_name=f"员工{n}") for n in (1000, 2000)]
    assert automatic([entry(-3000)], items, parts=parts) == [("batch-parts", (0,), (0, 1))]


def test_documents_listed_in_the_text_are_taken_together():
    items = [item(f"L{n}", -n, erp_reference=f"FK-{n}") for n in (1000, 2000)]
    assert automatic([entry(-3000, remittance="付FK-1000，FK-2000货款")], items) == [
        ("key-in-text", (0,), (0, 1))
    ]
    assert automatic([entry(-3001, remittance="FK-1000 FK-2000")], items) == []


def test_a_document_that_two_texts_name_belongs_to_neither():
    items = [item(f"L{n}", -n, erp_reference=f"FK-{n}") for n in (1000, 2000)]
    entries = [entry(-3000, remittance="FK-1000 FK-2000"), entry(-9, remittance="FK-1000")]
    assert automatic(entries, items) == []


def test_an_entry_with_two_numbers_that_both_add_up_is_left_open():
    items = [
        item(f"{message}{n}", -n, erp_reference=f"{message}/P/{message}{n}")
        for message in ("MSG7", "MSG8")
        for n in (1000, 2000)
    ]
    both = entry(-3000, end_to_end_id="MSG7", entry_reference="MSG8")
    found = decided([both], items)
    assert {it[:2] for it in found} == {("suggested", "key-sum")}


def test_the_number_of_a_message_stands_for_all_its_payments():
    items = [item(f"L{n}", -n, erp_reference=f"MSG7/P1/{n}") for n in (1000, 2000)]
    assert automatic([entry(-3000, end_to_end_id="MSG7")], items) == [("key-sum", (0,), (0, 1))]
    assert automatic([entry(-1000, end_to_end_id="1000")], items) == [("exact-key", (0,), (0,))]
