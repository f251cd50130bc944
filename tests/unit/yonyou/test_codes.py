"""One table per endpoint: the same number means another thing at another endpoint."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adapters.erp.yonyou import DIALECTS, codes
from gateway.domain.instruction import FINAL, State

TABLES = {
    "feedback": codes.FEEDBACK,
    "stop": codes.STOP,
    "detail": codes.DETAIL,
    "fund payment": codes.FUND_PAYMENT,
    "instruction": codes.INSTRUCTION,
    "payroll line": codes.PAYROLL_LINE,
    "paystatus": codes.PAY_STATUS,
    "nc paystate": codes.PAY_STATE,
}
OPEN = [state for state in State if state not in FINAL]


def code(table, *states):
    found = {table[state] for state in states}
    (one,) = found
    return one


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_state_stands_in_every_table(table):
    assert set(table) == set(State)
    assert all(table.values())


def test_results_of_settlement_details():
    table = codes.FEEDBACK
    assert code(table, State.SETTLED, State.PAID_ELSEWHERE, State.RETURNED) == "3"
    assert code(table, State.REJECTED, State.EXPIRED) == "4"
    assert code(table, State.CANCELLED, *OPEN) == codes.NOT_TOLD


def test_stops_of_settlement_details():
    assert codes.STOP[State.CANCELLED] == "6"
    assert code(codes.STOP, *(it for it in State if it is not State.CANCELLED)) == codes.NOT_TOLD


def test_details_as_they_read():
    table = codes.DETAIL
    assert code(table, State.RECEIVED, State.HELD, State.QUEUED) == "1"
    assert code(table, State.SENDING, State.PROCESSING, State.UNCONFIRMED) == "2"
    assert code(table, State.CANCELLED) == "6"


def test_fund_payments_know_stop_at_the_number_of_failure_elsewhere():
    table = codes.FUND_PAYMENT
    assert code(table, State.SETTLED, State.PAID_ELSEWHERE, State.RETURNED) == "3"
    assert code(table, State.REJECTED, State.CANCELLED, State.EXPIRED) == "4"
    assert "5" not in table.values(), "5 is a part there"
    assert code(table, *OPEN) == codes.NOT_TOLD


def test_instructions_know_success_at_the_number_of_failure_elsewhere():
    table = codes.INSTRUCTION
    assert code(table, State.SETTLED, State.PAID_ELSEWHERE, State.RETURNED) == "4"
    assert code(table, State.REJECTED, State.EXPIRED) == "5"
    assert code(table, State.CANCELLED) == "6"
    assert code(table, *OPEN) == codes.NOT_TOLD


def test_payroll_lines_know_success_at_the_number_of_failure_elsewhere():
    assert codes.PAYROLL_LINE[State.SETTLED] == "4"
    assert codes.PAYROLL_LINE[State.REJECTED] == "5"
    assert code(codes.PAYROLL_LINE, *OPEN) == codes.NOT_TOLD


def test_payment_status_of_the_workbench():
    table = codes.PAY_STATUS
    assert table[State.UNCONFIRMED] == "6"
    assert code(table, State.SENDING, State.ACKNOWLEDGED, State.PROCESSING) == "5"
    assert code(table, State.SETTLED, State.RETURNED) == "3"
    assert table[State.PAID_ELSEWHERE] == "7"
    assert code(table, State.REJECTED, State.EXPIRED) == "4"


def test_nc_payment_states():
    table = codes.PAY_STATE
    assert code(table, State.SETTLED, State.PAID_ELSEWHERE, State.RETURNED) == "0"
    assert code(table, State.REJECTED, State.CANCELLED, State.EXPIRED) == "1"
    assert table[State.UNCONFIRMED] == "2"
    assert table[State.SENDING] == "3"


@pytest.mark.parametrize("name", ["yonbip", "nc", "u8"])
def test_what_is_declared_says_why_nothing_is_told(name):
    for endpoint, table in DIALECTS[name].codes.items():
        assert codes.NOT_TOLD not in table.values(), endpoint


README = Path(codes.__file__).with_name("README.md").read_text(encoding="utf-8")
COLUMNS = {
    7: (
        codes.FEEDBACK,
        codes.STOP,
        codes.DETAIL,
        codes.FUND_PAYMENT,
        codes.INSTRUCTION,
        codes.PAYROLL_LINE,
        codes.PAY_STATUS,
    ),
    2: (None, codes.PAY_STATE),
}


def documented():
    """Rows of tables that begin with states: these, and the first word of each other cell."""
    for line in README.splitlines():
        first, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        states = [State(word) for word in re.findall(r"[A-Z_]{4,}", first) if word in set(State)]
        if line.startswith("|") and states and len(cells) in COLUMNS:
            yield states, [cell.split()[0] for cell in cells]


def test_the_readme_says_what_the_tables_say():
    seen = dict.fromkeys(COLUMNS, frozenset())
    for states, cells in documented():
        seen[len(cells)] |= set(states)
        for table, said in zip(COLUMNS[len(cells)], cells, strict=True):
            for state in states if table is not None else ():
                assert table[state] == said, (state, said)
    assert seen[7] == set(State)
    assert seen[2] >= {State.SETTLED, State.RETURNED, State.REJECTED, State.UNCONFIRMED}
