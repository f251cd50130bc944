"""However many of NCC's answers are lost, each state and line stands there once and right."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.erp.yonyou import codes
from gateway.domain.instruction import State
from gateway.ports.erp_api import Verdict
from gateway.ports.erp_told import ToldKind
from tests.conformance import erps
from tests.erp_talk import told_of
from tests.ncc_ground import Line, ncc_site, verdicts

DONE = {Verdict.TAKEN, Verdict.ALREADY}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(list(State)), min_size=1, max_size=5),
    st.lists(st.booleans(), max_size=8),
)
def test_states_are_written_once_whatever_is_lost(states, losses):
    line = Line(ncc_site(*(f"YR{at}" for at in range(len(states))))).log_in()
    told = [told_of(it, state) for it, state in zip(line.pull(), states, strict=True)]
    lost = iter(losses)
    again = False
    for _ in range(len(losses) + 2):
        taken = line.tell(ToldKind.STATUS, *told, again=again, lost=lost)
        told = [it for it, one in zip(told, taken, strict=True) if one.verdict not in DONE]
        again = True
        if not told:
            break
    assert told == []
    for paylog, state in zip(line.site.books.paylogs.values(), states, strict=True):
        assert paylog.state == codes.PAY_STATE[state]
        assert paylog.row["isrefund"] == ("Y" if state is State.RETURNED else "N")
        assert len(paylog.told) == 1


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 220), st.lists(st.booleans(), max_size=8), st.integers(0, 5))
def test_lines_are_there_once_whatever_is_lost(count, losses, credits_):
    line = Line(ncc_site()).log_in()
    entries = tuple(erps.entry(f"k{at}", f"{at}.01") for at in range(1, count + 1))
    for at in range(min(credits_, count)):
        line.tell(ToldKind.CREDIT, erps.credit_told(entry=entries[at]), lost=[at % 2 == 0])
    statement, lost, again = erps.statement_told(*entries), iter(losses), False
    for _ in range(len(losses) + 2):
        (verdict,) = verdicts(line.tell(ToldKind.STATEMENT, statement, again=again, lost=lost))
        again = True
        if verdict in DONE:
            break
    assert verdict in DONE
    amounts = sorted(it["trsamt"] for it in line.site.books.lines.values())
    assert amounts == sorted(it.amount for it in entries)
