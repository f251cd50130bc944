"""Days are proven only between two stated balances."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.day_proof import DayFacts, DayProof, DayState, prove

FIRST = date(2026, 9, 1)
TODAY = date(2026, 9, 15)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def read(moved: int, opening: int | None = None, closing: int | None = None) -> DayFacts:
    """A day that was read whole."""
    return DayFacts(
        moved=moved,
        entries=int(bool(moved)),
        read=True,
        openings={} if opening is None else {"s": opening},
        closings={} if closing is None else {"s": closing},
    )


def states(*facts: DayFacts) -> list[str]:
    return [it.state.value for it in prove({day(at): it for at, it in enumerate(facts)}, TODAY)]


def test_nothing_known_is_nothing_said():
    assert prove({}, TODAY) == []


def test_a_day_between_its_own_balances_is_proven():
    (proof,) = prove({day(0): read(5, 10, 15)}, TODAY)
    assert proof == DayProof(day=day(0), state=DayState.PROVEN, opening=10, closing=15)


def test_a_sum_that_does_not_lead_from_one_to_the_other_is_broken():
    (proof,) = prove({day(0): read(5, 10, 16)}, TODAY)
    assert (proof.state, proof.why, proof.closing) == (DayState.BROKEN, "sum", None)


def test_days_without_balances_of_their_own_are_proven_by_those_around_them():
    assert states(read(5, 10), read(7), read(1, None, 23)) == ["proven"] * 3
    assert states(read(5, 10), read(7), read(1, None, 24)) == ["broken"] * 3


def test_the_next_opening_proves_what_comes_before_it():
    assert states(read(5, 10), read(7), read(1, 22)) == ["proven", "proven", "unproven"]
    assert states(read(5, 10), read(7), read(1, 21)) == ["broken", "broken", "unproven"]


def test_an_opening_that_does_not_follow_a_closing_names_the_border():
    proofs = prove({day(0): read(5, 10, 15), day(1): read(1, 16, 17)}, TODAY)
    assert [(it.state.value, it.why) for it in proofs] == [("proven", ""), ("broken", "opening")]


def test_one_balance_proves_nothing():
    assert states(read(5, None, 15)) == ["unproven"]
    assert states(read(5)) == ["unproven"]
    # From its closing on, the next day can be proven.
    assert states(read(5, None, 15), read(1, None, 16)) == ["unproven", "proven"]


def test_two_sources_that_disagree_deny_the_day():
    facts = DayFacts(moved=5, entries=1, read=True, openings={"s": 10}, closings={"s": 15, "t": 16})
    (proof,) = prove({day(0): facts}, TODAY)
    assert (proof.state, proof.why) == (DayState.BROKEN, "claims")


def test_a_day_of_which_nothing_was_read_is_quiet_or_missing():
    assert states(read(5, 10, 15), DayFacts(), read(1, 15, 16)) == ["proven", "quiet", "proven"]
    gap = prove({day(0): read(5, 10, 15), day(2): read(1, 16, 17)}, TODAY)
    assert [it.state.value for it in gap] == ["proven", "broken", "proven"]
    assert states(read(5), DayFacts(), read(1)) == ["unproven", "missing", "unproven"]


def test_today_and_later_are_open_whatever_is_said_of_them():
    facts = {TODAY: read(5, 10, 99), TODAY + timedelta(days=1): read(1)}
    assert [it.state for it in prove(facts, TODAY)] == [DayState.OPEN] * 2


@given(
    st.lists(st.integers(-50, 50), min_size=1, max_size=8),
    st.integers(-1000, 1000),
    st.data(),
)
def test_true_books_are_never_denied_and_a_lost_line_never_proven(
    moves: list[int], start: int, data: st.DataObject
):
    """Whatever balances are stated, true ones break no day; a lie between two is found."""
    facts, balance = {}, start
    for at, moved in enumerate(moves):
        opening = balance if data.draw(st.booleans()) else None
        balance += moved
        facts[day(at)] = read(moved, opening, balance if data.draw(st.booleans()) else None)
    found = {it.state for it in prove(facts, TODAY)}
    assert found <= {DayState.PROVEN, DayState.QUIET, DayState.UNPROVEN}
    lost = data.draw(st.integers(0, len(moves) - 1))
    was = facts[day(lost)]
    facts[day(lost)] = DayFacts(
        moved=was.moved + 1,
        entries=1,
        read=True,
        openings=was.openings,
        closings=was.closings,
    )
    (proof,) = [it for it in prove(facts, TODAY) if it.day == day(lost)]
    assert proof.state in {DayState.BROKEN, DayState.UNPROVEN}
