"""Any evidence in any order: history follows the table, an end stays an end, the trail verifies."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from gateway.audit.books import Question, check
from gateway.audit.verify import verify
from gateway.domain.errors import Corrupt, Refused
from gateway.domain.evidence import Evidence, Ruling, judge, target_of
from gateway.domain.ids import InstructionId, TenantId
from gateway.domain.instruction import FINAL, TRANSITIONS, Cause, Instruction, State
from gateway.domain.money import CNY, Money
from gateway.domain.outcome import Grade, Outcome, Stage, Verdict
from gateway.domain.party import Account, Party
from gateway.lifecycle import history
from gateway.lifecycle.apply import apply, apply_all, close_cases, receive
from gateway.lifecycle.history import all_steps
from gateway.lifecycle.rows import NewInstruction, standings
from gateway.simulation.schema import lay_tables
from gateway.store import tables
from gateway.store.engine import sqlite_engine
from tests.store_ground import NOW_US, START, Bench

TENANT = "t"
STEPS = [
    (before, after, cause)
    for before, exits in TRANSITIONS.items()
    for after, causes in exits.items()
    for cause in sorted(causes)
]
SPOKEN = {Cause.BANK_ANSWER, Cause.ENQUIRY, Cause.STATEMENT, Cause.RECEIPT}
WORDS = {target_of(verdict): verdict for verdict in Verdict}
OUTCOMES = st.none() | st.builds(
    Outcome,
    verdict=st.sampled_from(Verdict),
    stage=st.sampled_from(Stage),
    code=st.sampled_from(["", "0", "2000"]),
    bank_reference=st.sampled_from(["", "990000000001"]),
)


def new(number: int) -> NewInstruction:
    party = Party(name="n", account=Account(number=f"{number:06d}"))
    instruction = Instruction(
        tenant=TenantId(TENANT),
        id=InstructionId(f"ins_{number}"),
        erp="sap",
        erp_reference=f"R{number}",
        company="c",
        debtor=party,
        creditor=party,
        amount=Money(number + 1, CNY),
        purpose="p",
        own_bank=True,
        local=True,
    )
    return NewInstruction(
        instruction=instruction,
        digest=instruction.digest(),
        maker="machine:sap",
        connection="k",
        pay_day=date(2026, 9, 15),
        source="",
    )


class Lifecycle(RuleBasedStateMachine):
    """The store beside a model that is a dictionary."""

    ids = Bundle("ids")

    @initialize()
    def open(self) -> None:
        self.engine = sqlite_engine(":memory:")
        lay_tables(self.engine)
        self.at = Bench(self.engine)
        self.model: dict[str, tuple[State, Grade]] = {}
        self.passed: dict[str, list[State]] = {}
        self.contradictions = 0
        self.ticks = 0

    def teardown(self) -> None:
        if hasattr(self, "at"):
            self.at.store.close()

    def write(self, job) -> object:
        (result,) = self.at.group(job)
        if isinstance(result, BaseException):
            raise result
        return result

    def evidence(self, target, cause, grade, outcome) -> Evidence:
        """Evidence that moves on to an end by the bank's word has that word: I5 asks for it."""
        self.ticks += 1
        if target in FINAL and target in WORDS and cause in SPOKEN:
            outcome = Outcome(verdict=WORDS[target])
        return Evidence(
            cause=cause,
            target=target,
            actor="a",
            at=START + timedelta(seconds=self.ticks),
            grade=grade,
            outcome=outcome,
            reason="why",
        )

    @rule(target=ids)
    def receive(self) -> str:
        it = new(len(self.model))
        self.write(lambda uow: receive(uow, [it], NOW_US, self.at.runtime.ids.new("his")))
        self.model[it.instruction.id] = (State.RECEIVED, Grade.NONE)
        self.passed[it.instruction.id] = [State.RECEIVED]
        return it.instruction.id

    def learn(self, subjects: list[str], evidence: Evidence) -> None:
        """What the model expects of a piece of evidence."""
        for it in subjects:
            state, grade = self.model[it]
            ruling = judge(state, grade, evidence)
            if ruling is Ruling.MOVE:
                assert evidence.target is not None
                self.model[it] = (evidence.target, evidence.grade)
                self.passed[it].append(evidence.target)
            elif ruling is Ruling.CONFIRM:
                self.model[it] = (state, evidence.grade)
            elif ruling is Ruling.CONTRADICT:
                self.contradictions += 1

    @rule(
        subjects=st.lists(ids, min_size=1, max_size=3, unique=True),
        wanted=st.none() | st.sampled_from(State),
        cause=st.sampled_from(Cause),
        grade=st.sampled_from(Grade),
        outcome=OUTCOMES,
    )
    def any_evidence(self, subjects, wanted, cause, grade, outcome) -> None:
        evidence = self.evidence(wanted, cause, grade, outcome)
        self.write(
            lambda uow: apply(uow, self.at.runtime.ids, standings(uow, TENANT, subjects), evidence)
        )
        self.learn(subjects, evidence)

    @rule(subject=ids, draw=st.randoms(use_true_random=False), grade=st.sampled_from(Grade))
    def a_step_of_the_table(self, subject, draw, grade) -> None:
        """Random evidence mostly changes nothing: this one always moves."""
        state, _ = self.model[subject]
        steps = [step for step in STEPS if step[0] is state]
        if not steps:
            return
        _, target, cause = draw.choice(steps)
        evidence = self.evidence(target, cause, grade, None)
        applied = self.write(
            lambda uow: apply(uow, self.at.runtime.ids, standings(uow, TENANT, [subject]), evidence)
        )
        assert [it.state for it in applied.moved] == [target]
        self.learn([subject], evidence)

    @rule(first=ids, second=ids, wanted=st.sampled_from(State), cause=st.sampled_from(Cause))
    def several_at_once(self, first, second, wanted, cause) -> None:
        if first == second:
            return
        one = self.evidence(wanted, cause, Grade.ENQUIRY, None)
        two = self.evidence(State.CANCELLED, Cause.ERP, Grade.NONE, None)

        def job(uow):
            return apply_all(
                uow,
                self.at.runtime.ids,
                [
                    (standings(uow, TENANT, [first]), one),
                    (standings(uow, TENANT, [second]), two),
                ],
            )

        self.write(job)
        self.learn([first], one)
        self.learn([second], two)

    @rule(subject=ids, wanted=st.sampled_from(State), cause=st.sampled_from(Cause))
    def undone(self, subject, wanted, cause) -> None:
        """A job that fails after it moved something leaves nothing."""
        evidence = self.evidence(wanted, cause, Grade.RECEIPT, None)

        def job(uow) -> None:
            apply(uow, self.at.runtime.ids, standings(uow, TENANT, [subject]), evidence)
            raise Refused

        assert isinstance(self.at.group(job)[0], Refused)

    @rule(subject=ids, draw=st.randoms(use_true_random=False))
    def judged_on_old_rows(self, subject, draw) -> None:
        """A standing read before somebody else moved the row is never written over it."""
        state, _ = self.model[subject]
        steps = [step for step in STEPS if step[0] is state]
        if not steps:
            return
        _, target, cause = draw.choice(steps)
        old = self.write(lambda uow: standings(uow, TENANT, [subject]))
        evidence = self.evidence(target, cause, Grade.NONE, None)
        self.write(lambda uow: apply(uow, self.at.runtime.ids, old, evidence))
        self.learn([subject], evidence)
        (result,) = self.at.group(lambda uow: apply(uow, self.at.runtime.ids, old, evidence))
        assert isinstance(result, Corrupt)

    @rule(subject=ids)
    def people_close_cases(self, subject) -> None:
        self.write(lambda uow: close_cases(uow, TENANT, subject, "looked at", NOW_US))

    @invariant()
    def the_rows_are_the_model(self) -> None:
        if not hasattr(self, "at"):
            return
        with self.engine.connect() as db:
            i = tables.instruction
            rows = db.execute(select(i.c.id, i.c.state, i.c.grade)).all()
            told: dict[str, list[State]] = {it: [] for it in self.model}
            h = all_steps()
            for row in db.execute(select(h).order_by(h.c.instruction, h.c.seq)):
                told[row.instruction].append(State(row.after))
            alone = {
                it: [State(step.after) for step in history.of(db, TENANT, it)] for it in self.model
            }
            cases = db.execute(select(tables.case.c.kind)).scalars().all()
            broken = check(db, Question(only=("I6", "I5"))).texts()
            findings = verify(db, None).findings
        assert {row.id: (State(row.state), Grade(row.grade)) for row in rows} == self.model
        assert told == self.passed
        assert alone == self.passed
        assert cases == ["contradiction"] * self.contradictions
        assert broken == []
        assert findings == ()

    @invariant()
    def an_end_is_an_end(self) -> None:
        for passed in getattr(self, "passed", {}).values():
            ends = [state for state in passed if state in FINAL]
            assert ends in ([], [passed[-1]], [State.SETTLED, State.RETURNED])


Lifecycle.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestLifecycle = Lifecycle.TestCase
