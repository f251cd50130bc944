"""What holds for any books: nothing is decided twice, no order matters, sums agree."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.reconciliation.columns import EntryRow, ItemRow, columns_of
from gateway.reconciliation.engine import reconcile
from tests.reconciliation_ground import Books, Score, automatic, columns, shuffled
from tests.reconciliation_scenes import generated

_NAMES = st.sampled_from(
    ["", "华联贸易有限公司", "華聯貿易有限公司", "华联贸易集团", "Hualian Maoyi"]
)
_KEYS = st.sampled_from(["", "FK-1001", "FK-1002", "NOTPROVIDED"])
_UNITS = st.sampled_from([-300, -200, -100, 100, 200])
_ENTRIES = st.builds(
    EntryRow,
    account=st.sampled_from(["1", "2"]),
    currency=st.just("CNY"),
    units=_UNITS,
    day=st.one_of(st.none(), st.integers(10, 13)),
    end_to_end_id=_KEYS,
    counterparty_name=_NAMES,
    remittance=st.sampled_from(["", "付FK-1001", "冲正", "手续费"]),
    booked=st.booleans(),
)
_ITEMS = st.builds(
    ItemRow,
    item_id=st.just("L"),
    account=st.sampled_from(["1", "2"]),
    currency=st.just("CNY"),
    units=_UNITS,
    day=st.integers(10, 13),
    erp_reference=_KEYS,
    counterparty_name=_NAMES,
    red_letter=st.booleans(),
)


@settings(max_examples=25, deadline=None)
@given(entries=st.lists(_ENTRIES, max_size=8), items=st.lists(_ITEMS, max_size=8))
def test_decisions_partition_both_sides_and_add_up(entries, items):
    decisions = list(reconcile(columns_of(entries, items)).records())
    settled = [it for it in decisions if it.level != "suggested"]
    assert sorted(e for it in settled for e in it.entries) == list(range(len(entries)))
    assert sorted(i for it in settled for i in it.items) == list(range(len(items)))
    for it in decisions:
        assert it.reasons
        if it.level == "auto":
            bank = sum(entries[e].units for e in it.entries)
            assert bank == sum(items[i].units for i in it.items)
            rows = [*(entries[e] for e in it.entries), *(items[i] for i in it.items)]
            assert len({(row.account, row.currency) for row in rows}) == 1
            assert all(entries[e].booked for e in it.entries)
            assert len(rows) > 1


def matched(books: Books) -> set[tuple[object, ...]]:
    """Automatic decisions by what they hold; which of equal twins is whose does not count."""
    by_id = {it.item_id: it for it in books.items}
    anonymous = {it.item_id: replace_id(it) for it in books.items}
    return {
        (
            rule,
            tuple(sorted(map(repr, (books.entries[e] for e in entries)))),
            tuple(sorted(repr(anonymous[i] if rule == "twins" else by_id[i]) for i in items)),
        )
        for rule, entries, items in automatic(books, reconcile(columns(books)))
    }


def replace_id(item: ItemRow) -> ItemRow:
    from msgspec.structs import replace as changed

    return changed(item, item_id="", erp_reference="")


@pytest.mark.parametrize("seed", [1, 8])
def test_the_order_of_the_input_changes_no_match(seed):
    books = generated(seed, 120)
    assert matched(shuffled(books, seed)) == matched(books)


@pytest.mark.parametrize("seed", [4])
def test_look_alikes_never_make_a_match_wrong(seed):
    """Copies of entries and items, a little different, take matches away but never bend one."""
    books, random = generated(seed, 120), Random(seed)
    grown = replace(books, entries=list(books.entries), items=list(books.items))
    for row in random.sample(books.items, 40):
        near = random.choice(
            [
                {"units": row.units - 1},
                {"counterparty_name": f"{row.counterparty_name}福清分公司"},
                {"erp_reference": grown.reference(), "day": row.day + random.randint(0, 3)},
            ]
        )
        grown.items.append(changed_item(row, f"X{len(grown.items)}", near))
    score = Score()
    score.add(grown, reconcile(columns(grown)))
    copies = {it.item_id for it in grown.items[len(books.items) :]}
    bent = [it for it in score.mistakes if not copies.intersection(it[2])]
    assert bent == []
    taken = {it.item_id: it for it in grown.items}
    originals = {it.item_id for it in books.items}
    for rule, entries, items in score.mistakes:
        # A copy may stand where nothing tells it from the original, never beside one.
        assert not originals.intersection(items), (rule, entries, [taken[i] for i in items])


def changed_item(row: ItemRow, name: str, what: dict[str, object]) -> ItemRow:
    from msgspec.structs import replace as changed

    return changed(row, item_id=name, **what)
