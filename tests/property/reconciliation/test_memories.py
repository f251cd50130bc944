"""Whatever is remembered, nothing is matched or left open otherwise by itself."""

from __future__ import annotations

from random import Random

import pytest

from gateway.reconciliation.columns import MemoryRow, columns_of
from gateway.reconciliation.engine import reconcile
from tests.reconciliation_ground import Books
from tests.reconciliation_scenes import generated


def memories_of(books: Books, random: Random) -> list[MemoryRow]:
    """Names of entries put beside names of items, at random, some of them right."""
    banks = sorted({it.counterparty_name for it in books.entries} - {""})
    ledgers = sorted({it.counterparty_name for it in books.items} - {""})
    return [
        MemoryRow(
            bank_name=random.choice(banks),
            book_name=random.choice(ledgers),
            words=f"remembered from {at}",
        )
        for at in range(2_000)
    ]


@pytest.mark.parametrize("seed", [8, 20_262])
def test_memories_only_ever_add_suggestions(seed):
    books, random = generated(seed, 150), Random(seed)
    memories = memories_of(books, random)
    before = list(reconcile(columns_of(books.entries, books.items)).records())
    after = list(reconcile(columns_of(books.entries, books.items, memories=memories)).records())
    assert _automatic(after) == _automatic(before)
    assert {it.rule for it in before}.isdisjoint({"remembered"})
    taken = {place for _, es, ns in _automatic(after) for place in _places(es, ns)}
    told = [it for it in after if any("remembered from" in one for one in it.reasons)]
    assert any(it.rule == "remembered" for it in told)
    for it in told:
        assert it.level == "suggested"
        assert taken.isdisjoint(_places(it.entries, it.items))
        units = {books.entries[e].units for e in it.entries}
        assert units == {books.items[i].units for i in it.items}


def _automatic(decisions):
    return [(it.rule, it.entries, it.items) for it in decisions if it.level == "auto"]


def _places(entries, items):
    return [*(("e", at) for at in entries), *(("i", at) for at in items)]
