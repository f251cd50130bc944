"""What books of strangers showed: numbers that begin alike, and labels before a number."""

from __future__ import annotations

import pytest

from tests.reconciliation_small import NAME, automatic, decided, entry, item


@pytest.mark.parametrize(
    ("said", "reference"),
    [
        ("货款 INV-9374-2", "INV-9374"),
        ("货款 INV-9374A", "INV-9374"),
        ("货款 INV-9374-A", "INV-9374"),
        ("货款 INV-93745", "INV-9374"),
        ("货款 880000035", "88000003"),
        ("货款 8800000", "88000003"),
        ("货款 188000003", "88000003"),
    ],
)
def test_a_number_that_goes_on_is_another_document(said, reference):
    """Neither the party nor the amount outweighs it: a person decides."""
    ours = {"counterparty_name": NAME}
    items = [item("L", -100, erp_reference=reference, **ours)]
    assert automatic([entry(-100, remittance=said, **ours)], items) == []
    named = entry(-100, end_to_end_id=said.removeprefix("货款 "), **ours)
    assert automatic([named], items) == []
    assert len(automatic([entry(-100, remittance="货款", **ours)], items)) == 1


def test_a_number_that_goes_on_does_not_hide_the_one_named_beside_it():
    ours = {"counterparty_name": NAME}
    items = [item("L", -100, erp_reference="INV-9374", **ours)]
    told = automatic([entry(-100, remittance="INV-9374 箱单 INV-9374-2", **ours)], items)
    assert told == [("key-in-text", (0,), (0,))]


@pytest.mark.parametrize("said", ["No.88000003", "货款No.88000003。", "REF.88000003"])
def test_a_label_before_a_number_does_not_hide_it(said):
    items = [item("L", -100, erp_reference="88000003", counterparty_name=NAME)]
    told = automatic([entry(-100, remittance=said)], items)
    assert told == [("key-in-text", (0,), (0,))]


def test_spellings_count_where_very_many_have_one_amount():
    """Pinyin and the tail of an account join there as everywhere."""
    names = [f"福州{brand}科技有限公司" for brand in "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"]
    items = [item(f"L{at}", -100, counterparty_name=name) for at, name in enumerate(names)]
    entries = [entry(-100, counterparty_name=name) for name in names]
    entries[2] = entry(-100, counterparty_name="FUZHOU BING KEJI CO LTD")
    entries[4] = entry(-100, counterparty_name="FUZHOU WU KEJI CO LTD")
    items[5] = item("L5", -100, counterparty_name="Fuzhou Ji Keji Co., Ltd.")
    items.append(item("L22", -100, counterparty_account="0000351012345678"))
    entries.append(entry(-100, counterparty_account="CN77351012345678"))
    pairs = {(e, i) for _, (e,), (i,) in automatic(entries, items)}
    homophones = {4, 16}
    assert pairs == {(at, at) for at in range(23) if at not in homophones}


def test_a_document_that_two_entries_pay_belongs_to_neither():
    """One pays it alone, one in a list that adds up: which was the second payment?"""
    ours = {"counterparty_name": NAME}
    items = [item(f"L{n}", -n, erp_reference=f"FK-100{n}", **ours) for n in (1, 2)]
    listed = entry(-3, remittance="FK-1001 FK-1002", **ours)
    alone = entry(-1, remittance="货款 FK-1001", **ours)
    found = decided([listed, alone], items)
    assert [it for it in found if it[0] == "auto"] == []
    assert ("suggested", "key-in-text", (0,), (0, 1)) in found
    assert automatic([listed], items) == [("key-in-text", (0,), (0, 1))]
    short = entry(-4, remittance="FK-1001 FK-1002", **ours)  # a list that does not add up
    assert automatic([short, alone], items) == [("key-in-text", (1,), (0,))]
