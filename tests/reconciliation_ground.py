"""Generated books with their truth: every trap that makes a program match what does not belong.

A seed decides everything. Each scene adds entries and items and says which belong together, and
whether their fields can tell.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from gateway.reconciliation.columns import Columns, EntryRow, ItemRow, PartRow, columns_of
from gateway.reconciliation.decisions import Decisions

CITIES = ("北京", "南京", "东京", "福州", "抚州", "泉州", "上海", "厦门")
TRADES = ("华联", "华连", "兴业", "星业", "新业", "德胜", "得胜", "海峡", "海霞", "永丰", "永峰")
GOODS = ("贸易", "科技", "物流", "机械", "材料")
Party = tuple[str, str, str]
MONDAY = 20_713


@dataclass(frozen=True)
class Truth:
    """What belongs together, by names; ``told`` whether the fields can tell."""

    scene: str
    entries: frozenset[int]
    items: frozenset[str]
    told: bool = True
    twins: bool = False


@dataclass
class Books:
    """Entries, items and parts as they are added, and the truth about them."""

    random: Random
    entries: list[EntryRow] = field(default_factory=list)
    items: list[ItemRow] = field(default_factory=list)
    parts: list[PartRow] = field(default_factory=list)
    truth: list[Truth] = field(default_factory=list)
    number: int = 1000

    def reference(self) -> str:
        self.number += self.random.randint(1, 3)
        return f"FK-2026-{self.number}"

    def party(self) -> Party:
        """City, trade, goods: few enough to be near each other."""
        draw = self.random.choice
        return draw(CITIES), draw(TRADES), draw(GOODS)

    def amount(self) -> int:
        return -self.random.randint(10_001, 99_999_999)

    def account(self) -> str:
        return f"6222{self.random.randint(10**11, 10**12 - 1)}"

    def day(self) -> int:
        return MONDAY + self.random.randint(0, 60)

    def entry(self, units: int, day: int, **said: Any) -> int:
        row = EntryRow(account="3510", currency="CNY", units=units, day=day, **said)
        self.entries.append(row)
        return len(self.entries) - 1

    def item(self, units: int, day: int, **said: Any) -> str:
        name = f"L{len(self.items)}"
        said.setdefault("erp_reference", self.reference())
        row = ItemRow(item_id=name, account="3510", currency="CNY", units=units, day=day, **said)
        self.items.append(row)
        return name

    def belong(self, scene: str, entries: list[int], items: list[str], **how: bool) -> None:
        self.truth.append(Truth(scene, frozenset(entries), frozenset(items), **how))


def shuffled(books: Books, seed: int) -> Books:
    """The same books in another order."""
    random = Random(seed)
    places = list(range(len(books.entries)))
    random.shuffle(places)
    now_at = {before: now for now, before in enumerate(places)}
    items = list(books.items)
    random.shuffle(items)
    return replace(
        books,
        entries=[books.entries[before] for before in places],
        items=items,
        parts=[
            PartRow(entry=now_at[it.entry], units=it.units, end_to_end_id=it.end_to_end_id)
            for it in books.parts
        ],
        truth=[replace(it, entries=frozenset(now_at[e] for e in it.entries)) for it in books.truth],
    )


def columns(books: Books) -> Columns:
    return columns_of(books.entries, books.items, parts=books.parts)


# ── scores ────────────────────────────────────────────────────────────────────────────────


@dataclass
class Score:
    """Automatic decisions by rule, right and wrong; truths that fields can tell, found or not."""

    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    mistakes: list[tuple[str, tuple[int, ...], tuple[str, ...]]] = field(default_factory=list)

    @property
    def recall_permille(self) -> int:
        return 1000 * self.found.total() // max(self.found.total() + self.missed.total(), 1)

    def add(self, books: Books, decisions: Decisions) -> None:
        """Count one run."""
        by_entry = {e: it for it in books.truth for e in it.entries}
        by_item = {i: it for it in books.truth for i in it.items}
        covered: dict[Truth, set[object]] = defaultdict(set)
        for rule, entries, items in automatic(books, decisions):
            truths = {by_entry.get(e) for e in entries} | {by_item.get(i) for i in items}
            truth = truths.pop() if len(truths) == 1 else None
            if truth is not None and _is_right(truth, entries, items):
                self.right[rule] += 1
                covered[truth] |= {*entries, *items}
            else:
                self.wrong[rule] += 1
                self.mistakes.append((rule, entries, items))
        for it in books.truth:
            if it.told:
                hit = covered[it] == {*it.entries, *it.items}
                (self.found if hit else self.missed)[it.scene] += 1


def automatic(
    books: Books, decisions: Decisions
) -> Iterator[tuple[str, tuple[int, ...], tuple[str, ...]]]:
    for it in decisions.records():
        if it.level == "auto":
            yield it.rule, it.entries, tuple(books.items[i].item_id for i in it.items)


def _is_right(truth: Truth, entries: tuple[int, ...], items: tuple[str, ...]) -> bool:
    if truth.twins:
        return len(entries) == len(items)
    return truth.entries == set(entries) and truth.items == set(items)
