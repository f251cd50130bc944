"""The one table of states: what the rest of the product relies on."""

from __future__ import annotations

from collections import deque

import pytest

from gateway.domain.instruction import FATE_OPEN, FINAL, TRANSITIONS, Cause, State, allowed

S, C = State, Cause
EXITS = {
    (before, after): causes
    for before, exits in TRANSITIONS.items()
    for after, causes in exits.items()
}
PROOF = {C.ENQUIRY, C.STATEMENT, C.RECEIPT}


def test_every_state_has_its_row():
    assert set(TRANSITIONS) == set(State)


def test_no_exit_without_a_cause_and_none_to_itself():
    assert all(causes for causes in EXITS.values())
    assert not [pair for pair in EXITS if pair[0] is pair[1]]


def test_every_state_is_reached_from_received():
    seen, todo = {S.RECEIVED}, deque([S.RECEIVED])
    while todo:
        for after in TRANSITIONS[todo.popleft()]:
            if after not in seen:
                seen.add(after)
                todo.append(after)
    assert seen == set(State)


def test_every_state_that_is_not_final_can_end():
    for state in set(State) - FINAL:
        seen, todo = {state}, deque([state])
        while todo:
            for after in TRANSITIONS[todo.popleft()]:
                if after not in seen:
                    seen.add(after)
                    todo.append(after)
        assert seen & FINAL, state


def test_the_only_way_out_of_an_end_is_settled_to_returned():
    out = {pair for pair in EXITS if pair[0] in FINAL}
    assert out == {(S.SETTLED, S.RETURNED)}
    assert EXITS[S.SETTLED, S.RETURNED] == PROOF | {C.TWO_PEOPLE}


def test_unconfirmed_ends_only_by_enquiry_statement_receipt_or_two_people():
    exits = TRANSITIONS[S.UNCONFIRMED]
    assert set(exits) == {
        *(S.ACKNOWLEDGED, S.BANK_APPROVAL, S.PROCESSING, S.SETTLED, S.REJECTED),
        *(S.CANCELLED, S.EXPIRED, S.RETURNED, S.PAID_ELSEWHERE, S.QUEUED),
    }
    causes = set().union(*(why for state, why in exits.items() if state is not S.QUEUED))
    assert causes == PROOF | {C.TWO_PEOPLE}
    assert exits[S.QUEUED] == {C.REPLAN}, "sent as new only when its batch provably never arrived"
    assert S.SENDING not in exits


def test_a_failure_is_never_concluded_from_a_statement():
    """Absence from a statement proves nothing: only an answer or two people reject."""
    for state in FATE_OPEN - {S.SENDING}:
        for end in (S.REJECTED, S.CANCELLED, S.EXPIRED):
            assert EXITS[state, end] == {C.ENQUIRY, C.TWO_PEOPLE}, (state, end)


def test_doubt_leads_to_unconfirmed_only():
    assert [pair for pair, causes in EXITS.items() if C.DOUBT in causes] == [
        (S.SENDING, S.UNCONFIRMED)
    ]


def test_back_to_the_queue_only_when_nothing_left_or_nothing_was_executed():
    assert {pair for pair in EXITS if pair[1] is S.QUEUED} == {
        (S.APPROVED, S.QUEUED),
        (S.SCHEDULED, S.QUEUED),
        (S.SENDING, S.QUEUED),
        (S.UNCONFIRMED, S.QUEUED),
    }
    assert EXITS[S.SENDING, S.QUEUED] == {C.NOT_SENT, C.REFUSED_UNEXECUTED}


def test_sending_is_entered_only_by_dispatch_from_the_queue():
    assert [(pair, causes) for pair, causes in EXITS.items() if pair[1] is S.SENDING] == [
        ((S.QUEUED, S.SENDING), frozenset({C.DISPATCH}))
    ]


def test_the_queue_is_never_entered_without_approval():
    assert S.QUEUED not in TRANSITIONS[S.RECEIVED]
    assert S.QUEUED not in TRANSITIONS[S.HELD]
    assert {pair[0] for pair in EXITS if pair[1] is S.APPROVED} == {S.RECEIVED, S.HELD}
    assert EXITS[S.HELD, S.APPROVED] == {C.PERSON, C.POLICY}


def test_the_erp_stops_nothing_that_may_have_left():
    stopped = {pair[0] for pair, causes in EXITS.items() if C.ERP in causes}
    assert not stopped & FATE_OPEN
    assert {pair[1] for pair, causes in EXITS.items() if C.ERP in causes} == {S.CANCELLED}


@pytest.mark.parametrize("state", sorted(FATE_OPEN))
def test_one_person_alone_decides_nothing_about_money_under_way(state):
    assert not [after for after, causes in TRANSITIONS[state].items() if C.PERSON in causes]


def test_bank_words_move_only_what_the_bank_may_have():
    for (before, after), causes in EXITS.items():
        if causes & {C.BANK_ANSWER, C.ENQUIRY} and (before, after) != (S.SETTLED, S.RETURNED):
            assert before in FATE_OPEN, (before, after)


def test_paid_elsewhere_takes_two_people():
    for pair, causes in EXITS.items():
        if pair[1] is S.PAID_ELSEWHERE:
            assert causes == {C.TWO_PEOPLE}, pair


def test_allowed_is_the_table():
    for before in State:
        for after in State:
            for cause in Cause:
                expected = cause in EXITS.get((before, after), frozenset())
                assert allowed(before, after, cause) is expected


def test_final_and_fate_open_do_not_meet():
    assert not FINAL & FATE_OPEN
    assert set(State) - FINAL - FATE_OPEN == {
        *(S.RECEIVED, S.HELD, S.APPROVED, S.SCHEDULED, S.QUEUED)
    }
