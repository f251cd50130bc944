"""Whatever a bank's files overlap, and in whatever order they come, the same lines are kept."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
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


# Every balance of the day stands at one place only: then balances tell where each part lies.
rises = st.lists(
    st.tuples(st.sampled_from([100, 100, 200]), st.sampled_from(["a", "b"])), min_size=2, max_size=7
)


def _part(day: list[tuple[int, str]], first: int, last: int) -> str:
    """The lines of a day from one place to another, between the balances there."""
    balances = [10_000 + sum(fen for fen, _ in day[:at]) for at in (first, last)]
    rows = [(_text(0), *it) for it in day[first:last]]
    return statement(ACCOUNT, (_text(0), _text(0)), (balances[0], balances[1]), rows)


@settings(max_examples=40)
@given(day=rises, data=st.data())
def test_any_parts_of_a_day_in_any_order_keep_just_the_lines_that_they_tell(
    day: list[tuple[int, str]], data: st.DataObject
):
    """Overlapping, inside each other, with gaps, again: nothing twice, and nothing lost.

    A part that nothing places, and whose lines may be repeats or twins, waits until another one
    places it; whatever is kept is what the parts that do not wait tell, exactly.
    """
    ends = st.integers(0, len(day))
    spans = st.tuples(ends, ends).map(sorted).filter(lambda it: it[0] < it[1])
    parts = data.draw(st.lists(spans, min_size=1, max_size=7))
    with TemporaryDirectory() as folder, bench() as at:
        imports = Imports(at, Path(folder))
        kept: set[int] = set()
        waiting: list[list[int]] = []
        for part in parts:
            waiting.append(part)
            for again in [part, *waiting[:-1]]:
                done = imports.take(_part(day, *again))
                if done.state == "imported":
                    kept |= set(range(*again))
                    waiting = [it for it in waiting if it != again]
                else:
                    assert [it.code for it in done.findings] == ["part_apart"]
            told = sorted((_text(0), *day[it], "booked") for it in kept)
            assert imports.lines() == told
        if kept == set(range(len(day))):
            imports.take(_part(day, 0, len(day)))
            assert {state for state, *_ in imports.days().values()} == {"proven"}
            for part in waiting:  # they are nothing new, or wait on
                imports.take(_part(day, *part))
            assert imports.lines() == told


@settings(max_examples=25)
@given(day=rises, data=st.data())
def test_parts_that_together_are_the_day_prove_it_in_any_order(
    day: list[tuple[int, str]], data: st.DataObject
):
    """Those that had to wait are sent again, as the finding says; then every line is there."""
    marks = sorted(data.draw(st.sets(st.integers(1, len(day) - 1), max_size=4)))
    borders = [0, *marks, len(day)]
    waiting = data.draw(
        st.permutations([(borders[at], borders[at + 1]) for at in range(len(borders) - 1)])
    )
    with TemporaryDirectory() as folder, bench() as at:
        imports = Imports(at, Path(folder))
        while waiting:
            states = {it: imports.take(_part(day, *it)).state for it in waiting}
            left = [it for it, state in states.items() if state != "imported"]
            assert len(left) < len(waiting)
            waiting = left
        assert imports.lines() == sorted((_text(0), *it, "booked") for it in day)
        assert imports.days()[_text(0)][0] == "proven"
