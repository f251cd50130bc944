"""What people's matches teach: suggestions with their source, never an automatic match."""

from __future__ import annotations

import asyncio
import json

import pytest

from gateway.domain.errors import NotFound, NotPermitted
from gateway.reconciliation.memory import (
    BookingSide,
    Memory,
    contradictions,
    keys_of,
    pattern,
    same,
    side_of,
)
from gateway.reconciliation.remembering import Remembering
from gateway.store import tables
from tests.ledger_ground import LI, PLACE, SAP, Books, day, wish
from tests.store_ground import bench

TENCENT, WECHAT = "财付通支付科技有限公司", "微信平台收款"


class Taught:
    """Books in which a person matched two sides that do not look alike."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self._remembering = Remembering(books.at.store, books.at.runtime)
        self._count = 0

    def pair(self, on: int, fen: int, bank: dict, book: dict) -> tuple[str, str]:
        """A line and an item of one amount; their refs."""
        self._count += 1
        direction = "in" if fen > 0 else "out"
        amount = f"{abs(fen) // 100}.{abs(fen) % 100:02}"
        name = f"L{self._count}"
        self.books.item(name, day(on), amount, direction, **book)
        return self.books.line(day(on), fen, **bank), name

    def teach(self, on: int, fen: int, bank: dict, book: dict) -> str:
        """The same, matched by a person; the match."""
        ref, item = self.pair(on, fen, bank, book)
        return self.books.decide("match", wish([ref], [item]))

    def listed(self):
        return asyncio.run(self._remembering.listed(PLACE))

    def forget(self, memory: str, actor=LI) -> None:
        asyncio.run(self._remembering.forget(self.books.of, actor, memory, "错了"))

    def suggested(self) -> list:
        """(rule, entries, items, reasons) after a run that matches nothing by itself."""
        assert self.books.run().matched == 0
        rows = self.books.at.rows(tables.reconciliation_suggestion)
        return [
            (it.rule, json.loads(it.entries), json.loads(it.items), json.loads(it.reasons))
            for it in rows
        ]


@pytest.fixture
def taught():
    with bench() as at:
        books = Books(at)
        at.runtime.clock.pass_time(days=30)
        yield Taught(books)


def test_a_match_by_hand_is_remembered_and_suggests_the_next_one(taught):
    bank, book = {"name": TENCENT}, {"counterparty_name": WECHAT}
    match = taught.teach(2, 1000, bank, book)
    ref, item = taught.pair(9, 2000, bank, book)
    taught.pair(9, 3000, {"name": "别的公司"}, book)
    ((rule, entries, items, reasons),) = [it for it in taught.suggested() if ref in it[1]]
    assert (rule, entries, items) == ("remembered", [ref], [item])
    (told,) = [it for it in reasons if match in it]
    assert f"remembered from {match}, confirmed by person:王" in told
    assert [(it.memory.match, it.memory.times, it.against) for it in taught.listed()] == [
        (match, 1, ())
    ]


def test_an_accepted_suggestion_teaches_as_well_and_counts(taught):
    bank, book = {"name": TENCENT}, {"counterparty_name": WECHAT}
    taught.teach(2, 1000, bank, book)
    taught.pair(9, 2000, bank, book)
    taught.suggested()
    (told,) = taught.books.at.rows(tables.reconciliation_suggestion)
    made = taught.books.decide("accept", told.id, wish())
    assert [(it.memory.match, it.memory.times) for it in taught.listed()] == [(made, 2)]


def test_texts_without_a_party_are_remembered_without_their_numbers(taught):
    bank, book = {"remittance": "电费 2026年08月 户号123"}, {"remittance": "水电支出8月"}
    taught.teach(2, -1000, bank, book)
    later = {"remittance": "电费 2026年09月 户号123"}, {"remittance": "水电支出9月"}
    ref, item = taught.pair(9, -2000, *later)
    ((rule, entries, items, reasons),) = taught.suggested()
    # The amount alone suggests it already: that it is remembered is said beside it, once.
    assert (rule, entries, items) == ("amount-date-party", [ref], [item])
    assert sum("remembered from" in it for it in reasons) == 1
    (it,) = taught.listed()
    assert (it.memory.bank.text, it.memory.book.text) == ("电费 #年#月 户号#", "水电支出#月")


def test_nothing_is_learned_from_a_write_off_from_equals_and_from_several_parties(taught):
    books = taught.books
    alike = {"name": "甲有限公司"}, {"counterparty_name": "甲有限责任公司"}
    taught.teach(2, 1000, *alike)
    ref, item = taught.pair(3, 500, {"name": TENCENT}, {"counterparty_name": WECHAT})
    books.decide("write_off", wish([ref], []))
    books.decide("write_off", wish([], [item]))
    one, _ = taught.pair(4, 100, {"name": TENCENT}, {"counterparty_name": "乙"})
    other, _ = taught.pair(4, 200, {"name": "丙"}, {"counterparty_name": "丁"})
    books.item("LX", day(4), "3", "in", counterparty_name=WECHAT)
    books.decide("match", wish([one, other], ["LX"]))
    assert taught.listed() == []


def test_taken_apart_it_is_forgotten_while_others_that_taught_it_stay(taught):
    bank, book = {"name": TENCENT}, {"counterparty_name": WECHAT}
    first = taught.teach(2, 1000, bank, book)
    second = taught.teach(3, 1100, bank, book)
    taught.books.decide("unmatch", second, "不是这笔")
    assert [(it.memory.match, it.memory.times) for it in taught.listed()] == [(first, 1)]
    taught.books.decide("unmatch", first, "也不是")
    assert taught.listed() == []
    rows = taught.books.at.rows(tables.reconciliation_memory)
    assert {(it.state, it.forgotten_by) for it in rows} == {("forgotten", "person:王")}


def test_a_person_forgets_it_and_a_later_match_teaches_it_anew(taught):
    bank, book = {"name": TENCENT}, {"counterparty_name": WECHAT}
    taught.teach(2, 1000, bank, book)
    (it,) = taught.listed()
    with pytest.raises(NotPermitted):
        taught.forget(it.memory.id, SAP)
    with pytest.raises(NotFound):
        taught.forget("rmm_none")
    taught.forget(it.memory.id)
    taught.forget(it.memory.id)
    assert taught.listed() == []
    taught.pair(9, 2000, bank, book)
    assert taught.suggested() == []
    journal = [row.kind for row in taught.books.at.rows(tables.journal)]
    assert journal.count("match_memory_forgotten") == 1
    taught.teach(10, 4000, bank, book)
    assert [one.memory.id for one in taught.listed()] == [it.memory.id]


def test_memories_that_contradict_each_other_name_each_other(taught):
    bank = {"name": TENCENT, "counterparty_account": "6222 0000-1111"}
    one = taught.teach(2, 1000, bank, {"counterparty_name": WECHAT})
    other = taught.teach(3, 1100, bank, {"counterparty_name": "QQ钱包收款"})
    taught.teach(4, 1200, {"name": "第三方"}, {"counterparty_name": "QQ钱包收款"})
    found = {it.memory.match: {them.match for them in it.against} for it in taught.listed()}
    assert (found[one], found[other]) == ({other}, {one})
    assert sum(map(bool, found.values())) == 2
    ref, item = taught.pair(9, 2000, bank, {"counterparty_name": WECHAT})
    ((_, entries, items, reasons),) = taught.suggested()
    assert (entries, items) == ([ref], [item])
    (told,) = [it for it in reasons if "remembered from" in it]
    assert f"remembered from {one}" in told
    assert f"({other})" in told.split("contradicted by")[1]


# ── pure ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("房租 2026-09", "房租 #-#"),
        ("ＥＴＣ　通行費１２", "etc 通行費#"),
        ("20260902", ""),
        ("A1", ""),
        ("", ""),
        (" 利息\t 3 ", "利息 #"),
    ],
)
def test_a_pattern_is_the_text_without_its_numbers(text, found):
    assert pattern(text) == found


def test_a_party_is_known_by_account_and_by_name_however_spelled():
    side = side_of("甲有限公司", "6222-0000 1111", "货款")
    assert side == BookingSide(name="甲有限公司", account="622200001111")
    assert set(keys_of(side)) & set(keys_of(side_of("甲有限责任公司", "", "")))
    assert side_of("", "6222****1111", "房租").text == "房租"
    assert same(side, side_of("乙", "622200001111", ""))
    assert not same(side, side_of("甲有限公司", "622200002222", ""))
    assert not same(side_of("", "", ""), side_of("", "", ""))


def test_two_accounts_of_one_name_do_not_contradict():
    made = [
        _memory("a", BookingSide(name="甲", account="622200001111"), BookingSide(name="乙")),
        _memory("b", BookingSide(name="甲", account="622200002222"), BookingSide(name="丙")),
        _memory("c", BookingSide(name="甲"), BookingSide(name="丙")),
    ]
    found = contradictions(made)
    assert {name: [it.id for it in them] for name, them in found.items()} == {
        "a": ["c"],
        "c": ["a"],
    }


def _memory(name: str, bank: BookingSide, book: BookingSide) -> Memory:
    return Memory(id=name, bank=bank, book=book, match=name, actor="person:王", day=day(1))
