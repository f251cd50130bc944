"""Whatever a bank's files overlap, and in whatever order they come, the same lines are kept."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from tests.statement_ground import ACCOUNT, Imports, statement
from tests.store_ground import bench

FIRST = date(2026, 9, 1)
Ledger = list[list[tuple[int, str]]]

# Few amounts and words, so that twins are the rule.
moves = st.tuples(st.sampled_from([100, 200, -100]), st.sampled_from(["a", "b"]))
ledgers = st.lists(st.lists(moves, max_size=5), min_size=2, max_size=5)


def _text(number: int) -> str:
    return (FIRST + timedelta(days=number)).isoformat()


def _cut(ledger: Ledger, first: int, last: int) -> str:
    """One statement of whole days."""
    before = sum(fen for day in ledger[:first] for fen, _ in day)
    rows = [(_text(at), *it) for at in range(first, last + 1) for it in ledger[at]]
    after = before + sum(fen for _, fen, _ in rows)
    return statement(ACCOUNT, (_text(first), _text(last)), (before, after), rows)


def _kept(folder: str, texts: list[str]) -> tuple[list[tuple[str, int, str, str]], set[str]]:
    with bench() as at:
        imports = Imports(at, Path(folder))
        for text in texts:
            assert imports.take(text).state == "imported"
        return imports.lines(), {state for state, *_ in imports.days().values()}


@given(ledger=ledgers, data=st.data())
def test_overlapping_files_in_any_order_give_the_ledger(ledger: Ledger, data: st.DataObject):
    days = range(len(ledger))
    spans = st.tuples(st.sampled_from(days), st.sampled_from(days)).map(sorted)
    cuts = [_cut(ledger, *it) for it in data.draw(st.lists(spans, max_size=4))]
    single = [_cut(ledger, at, at) for at in days]
    texts = data.draw(st.permutations([*cuts, *single]))
    truth = sorted((_text(at), *it, "booked") for at in days for it in ledger[at])
    with TemporaryDirectory() as folder:
        kept, states = _kept(folder, texts)
    assert kept == truth
    assert states <= {"proven"}


@given(
    day=st.lists(moves, min_size=1, max_size=6),
    data=st.data(),
)
def test_a_day_sent_in_pieces_keeps_every_line_once(
    day: list[tuple[int, str]], data: st.DataObject
):
    """Pieces whose balances meet nowhere twice: where they do, no balance can tell them apart."""
    marks = sorted(data.draw(st.sets(st.integers(1, max(1, len(day) - 1)), max_size=2)))
    borders = [0, *(it for it in marks if it < len(day)), len(day)]
    balances = [10_000 + sum(fen for fen, _ in day[:at]) for at in borders]
    if len(set(balances)) < len(balances):
        return
    pieces = [
        statement(
            ACCOUNT,
            (_text(0), _text(0)),
            (balances[at], balances[at + 1]),
            [(_text(0), *it) for it in day[borders[at] : borders[at + 1]]],
        )
        for at in range(len(borders) - 1)
    ]
    again = data.draw(st.lists(st.sampled_from(pieces), max_size=2))
    # Pieces come in their order, or from the last to the first; a piece comes again any time later.
    texts = [*(pieces if data.draw(st.booleans()) else pieces[::-1]), *again]
    with TemporaryDirectory() as folder:
        kept, states = _kept(folder, texts)
    assert kept == sorted((_text(0), *it, "booked") for it in day)
    assert states == {"proven"}
