"""Journal records as events: what is told, and what stays inside."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import gateway
from gateway.domain.evidence import Ruling
from gateway.domain.instruction import Cause, State
from gateway.observe.commits import Reports
from gateway.store.committed import Committed
from gateway.store.journal import Record

WRITTEN = "张三 622909115001234567"
"""What people and banks write, and no log may hold."""


class Told:
    def __init__(self, slow_s=1.0):
        self.lines = []
        self.observed = []
        self.reports = Reports(
            self, lambda name, value: self.observed.append((name, value)), slow_s, _bank
        )

    def tell(self, event, /, **facts):
        self.lines.append((event.name, facts))

    def of(self, *records, seconds=0.01):
        commit = Committed(lane="lan_1", seq=7, records=records, jobs=2, seconds=seconds)
        self.reports.committed(commit)
        return self.lines


def _bank(tenant, connection):
    return {("t1", "cib-main"): "cib"}.get((tenant, connection), "")


def record(kind, subject, /, **content):
    return Record(tenant="t1", kind=kind, subject=subject, at_us=1, content=content)


def evidence(cause, target, *rulings, **more):
    lines = [[f"ins_{at}", "SENDING", ruling.value] for at, ruling in enumerate(rulings)]
    more.setdefault("actor", "relay:cib-main")
    content = {"cause": cause.value, "lines": lines, "reason": WRITTEN, "target": target.value}
    kind = "evidence" if "verdict" in more else "transition"
    return record(kind, "msg_1", **content | more)


def test_an_answer_is_one_line_however_many_payments_it_speaks_of():
    told = Told()
    many = [Ruling.MOVE] * 98 + [Ruling.KEEP, Ruling.CONTRADICT]
    lines = told.of(
        evidence(Cause.BANK_ANSWER, State.SETTLED, *many, verdict="settled", code="0"),
    )
    assert lines == [
        (
            "answered",
            {
                "tenant": "t1",
                "cause": "bank_answer",
                "actor": "relay",
                "state": "SETTLED",
                "lines": 100,
                "moved": 98,
                "message": "msg_1",
                "final": True,
                "verdict": "settled",
                "code": "0",
                "lane": "lan_1",
                "seq": 7,
            },
        )
    ]


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_a_line_of_its_own_and_no_written_word_in_it(cause):
    told = Told()
    own = cause in {Cause.NOT_SENT, Cause.DOUBT}
    made = evidence(cause, State.QUEUED, Ruling.MOVE, reason="timeout" if own else WRITTEN)
    ((name, facts),) = told.of(made)
    assert name != "recorded"
    assert WRITTEN not in str(facts)
    assert facts["instruction"] == "ins_0"
    assert "final" not in facts
    assert facts.get("why", "") == ("timeout" if own else "")


def test_a_hold_is_not_told_as_a_release():
    told = Told()
    held = evidence(Cause.POLICY, State.HELD, Ruling.MOVE, actor="policy:lookalike")
    free = evidence(Cause.POLICY, State.QUEUED, Ruling.MOVE, actor="policy:stp")
    assert [name for name, _ in told.of(held, free)] == ["held", "released"]
    assert told.lines[1][1]["seq"] == 8


def test_people_appear_as_people_and_never_by_name():
    told = Told()
    made = evidence(Cause.PERSON, State.APPROVED, Ruling.MOVE, actor="person:王复核")
    vote = record("vote", "ins_1", action="approve", actor="person:王复核", reason=WRITTEN)
    stop = record("stop_pulled", "stp_1", scope="account", subject="622909115001234567")
    lines = told.of(made, vote, stop)
    assert [name for name, _ in lines] == ["decided", "voted", "stop_pulled"]
    assert "王" not in str(lines)
    assert "6229" not in str(lines)
    assert lines[0][1]["actor"] == "person"


def test_a_blocked_connection_names_connection_bank_and_code():
    told = Told()
    ((name, facts),) = told.of(record("connection_blocked", "cib-main", code="15500"))
    assert name == "blocked"
    assert (facts["connection"], facts["bank"], facts["code"]) == ("cib-main", "cib", "15500")


def test_figures_of_the_commit_and_a_slow_one_is_told():
    told = Told(slow_s=0.5)
    assert told.of(seconds=0.49) == []
    assert told.observed == [("gateway_commit_seconds", 0.49), ("gateway_commit_jobs", 2)]
    ((name, facts),) = told.of(seconds=0.5)
    assert (name, facts["jobs"], facts["count"]) == ("commit_slow", 2, 0)


KIND = re.compile("[a-z]+_[a-z_]+")


def journal_kinds():
    """Every kind of journal record that the source writes as a plain word."""
    for path in Path(gateway.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if called == "Record":
                for keyword in node.keywords:
                    if keyword.arg == "kind" and isinstance(keyword.value, ast.Constant):
                        yield str(keyword.value.value)
            elif called in {"_record", "_journal"}:
                for said in (it for given in node.args for it in ast.walk(given)):
                    if isinstance(said, ast.Constant) and KIND.fullmatch(str(said.value)):
                        yield str(said.value)


def test_every_kind_of_record_has_words_of_its_own():
    told = Told()
    kinds = sorted(set(journal_kinds()) - {"lane_opened", "evidence", "transition"})
    assert "accepted" in kinds
    told.of(*(record(kind, "sub_1") for kind in kinds))
    unknown = [facts["kind"] for name, facts in told.lines if name == "recorded"]
    assert unknown == [], "give them an event in gateway/observe/commits.py"
