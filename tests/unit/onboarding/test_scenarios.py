"""A scenario is passed only when outcome, sends, executions and books all agree."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.domain.instruction import TRANSITIONS, State
from gateway.onboarding.findings import Result
from gateway.onboarding.scenarios import SCRIPTS, Played, Scenario, judge, not_played


def played(scenario, **more):
    script = SCRIPTS[scenario]
    made = Played(
        ends=script.ends,
        executed=script.executed,
        sends=script.sends[0],
        serials=script.serials or 2,
        path=script.path,
        breaches=(),
    )
    return replace(made, **more)


def test_there_are_ten():
    assert len(Scenario) == len(SCRIPTS) == 10


@pytest.mark.parametrize("scenario", Scenario)
def test_as_it_must_be(scenario):
    assert judge("c", scenario, played(scenario)).result is Result.OK


@pytest.mark.parametrize("scenario", Scenario)
@pytest.mark.parametrize(
    "wrong",
    [
        {"ends": {State.UNCONFIRMED: 1}},
        {"ends": {}},
        {"executed": 9},
        {"sends": 0},
        {"sends": 7},
        {"breaches": (("付了两次", "paid twice"),)},
        {"complaint": ("不对", "not so")},
    ],
    ids=lambda it: next(iter(it)),
)
def test_anything_else_keeps_the_client_back(scenario, wrong):
    found = judge("c", scenario, played(scenario, **wrong))
    assert found.result is Result.MISSING
    assert found.todo_zh


def test_a_resend_under_another_serial_is_not_passed():
    assert judge("c", Scenario.LOST_BEFORE, played(Scenario.LOST_BEFORE, serials=2)).code
    assert judge("c", Scenario.BAD_LINE, played(Scenario.BAD_LINE, serials=2)).code == ""


def test_states_must_come_in_their_order_with_others_between():
    scenario = Scenario.ANSWER_LOST
    full = (State.RECEIVED, State.SENDING, State.UNCONFIRMED, State.PROCESSING, State.SETTLED)
    assert judge("c", scenario, played(scenario, path=full)).code == ""
    for path in ((), (State.SENDING, State.SETTLED), tuple(reversed(full))):
        assert judge("c", scenario, played(scenario, path=path)).code == "scenario"


def test_every_path_can_be_walked():
    for script in SCRIPTS.values():
        for before, after in zip(script.path, script.path[1:], strict=False):
            assert after in TRANSITIONS[before]


def test_what_a_bank_does_not_offer_is_said():
    assert not_played("c", Scenario.PAYROLL).result is Result.WARN
