"""Code tables of 金蝶: one place each, and nothing unknown is ever called failed."""

from __future__ import annotations

import pytest

from adapters.erp.kingdee import DIALECTS
from adapters.erp.kingdee.codes import (
    BILL_STATES,
    BILL_STATUS,
    PAY_STATE,
    PAY_STATES,
    REJECTED_STATUSES,
    TABLES,
    WORDS,
)
from gateway.domain.instruction import State

OPEN = frozenset(State) - {
    State.SETTLED,
    State.REJECTED,
    State.CANCELLED,
    State.EXPIRED,
    State.RETURNED,
    State.PAID_ELSEWHERE,
}


@pytest.mark.parametrize("place", TABLES)
def test_every_state_has_a_code(place):
    assert set(TABLES[place]) == set(State)
    assert all(it.reason == "" or it.reason in WORDS for it in TABLES[place].values())


@pytest.mark.parametrize("place", TABLES)
def test_what_is_open_is_neither_failed_nor_paid(place):
    table = TABLES[place]
    closed = REJECTED_STATUSES | {table[State.SETTLED].status}
    assert not {table[state].status for state in OPEN} & closed


@pytest.mark.parametrize("place", TABLES)
def test_what_was_paid_is_never_free_to_be_paid_again(place):
    for state in (State.SETTLED, State.RETURNED, State.PAID_ELSEWHERE):
        assert TABLES[place][state].status not in REJECTED_STATUSES


def test_a_bill_stays_submitted_as_long_as_it_is_with_us():
    """未提交 would let its user change and submit it again while the first one goes on."""
    free = {state for state, it in BILL_STATES.items() if it.status.startswith("A/")}
    assert free == {State.CANCELLED}


def test_the_letters_of_a_bill():
    told = {state.value: it.status for state, it in BILL_STATES.items()}
    assert told["SENDING"] == told["PROCESSING"] == "B/B"
    assert told["SETTLED"] == "B/C"
    assert told["REJECTED"] == "B/D"
    assert told["UNCONFIRMED"] == "B/E"
    assert told["PAID_ELSEWHERE"] == "B/F"


def test_the_states_of_a_bank_payment_bill():
    told = {state.value: it.status for state, it in PAY_STATES.items()}
    assert told["RECEIVED"] == "OP"
    assert told["SENDING"] == "OS"
    assert told["PROCESSING"] == "BP"
    assert told["SETTLED"] == told["RETURNED"] == "TS"
    assert told["REJECTED"] == "TF"
    assert told["UNCONFIRMED"] == "NC"
    assert told["CANCELLED"] == "OZ"


def test_the_dialects_show_their_tables():
    assert set(DIALECTS["k3cloud"].codes) == {BILL_STATUS}
    assert set(DIALECTS["cosmic"].codes) == {PAY_STATE}
    for dialect in DIALECTS.values():
        for table in dialect.codes.values():
            assert set(table) == {*(state.value for state in State), "REFUSED"}
