"""Whatever happens in whatever order: what was used is what unfreed reservations add up to.

A model beside the gateway says what each payment should have taken, and of what.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack, suppress
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gateway.audit import books_limits
from gateway.domain.decision import Action
from gateway.domain.errors import NotPermitted
from gateway.domain.instruction import Cause, State
from gateway.domain.outcome import Grade
from gateway.lifecycle import reservations
from gateway.ports.tenancy import ApiKey
from gateway.store import tables
from tests.controls_ground import BOSS, HERE, LI, SAP, WANG, Desk, content
from tests.store_ground import bench
from tests.unit.intake.sample import OWN_NUMBER

TODAY, TOMORROW, MONTH = "2026-09-15", "2026-09-16", "2026-09"
RELEASED = {"QUEUED", "SCHEDULED"}
UNPAID = {"REJECTED", "CANCELLED", "EXPIRED"}
ENDS = (State.SETTLED, State.REJECTED, State.EXPIRED, State.CANCELLED)
ANSWERS = (State.UNCONFIRMED, State.SETTLED, State.SETTLED, State.REJECTED)
KEY = ApiKey(id="erp", secret=b"x" * 32, tenant=HERE.id, actor=SAP, erp="sap")
CAPS = st.sampled_from([0, 3_000, 9_000, 40_000])
"""Yuan; 0 for a rule that the document does not have."""


def document(day: int, month: int, plan: int) -> dict:
    """A document with so much for a company's day, an account's month and a budget item."""
    limit = {"currency": "CNY"}
    line = {"company": "c1", "item": "A", "period": MONTH, "currency": "CNY"}
    limits = [
        limit | {"id": "day", "of": "company", "span": "day", "amount": f"{day}.00"},
        limit | {"id": "month", "of": "account", "span": "month", "amount": f"{month}.00"},
    ]
    return content(
        limits=[it for it, cap in zip(limits, (day, month), strict=True) if cap],
        plan=[line | {"amount": f"{plan}.00"}] if plan else [],
    )


class Sums(RuleBasedStateMachine):
    """Payments of one company on their way through the gateway, and what each should hold."""

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.numbers = count(1)
        self.items: dict[str, tuple[int, str, str]] = {}
        """By instruction: amount in fen, day and budget item."""
        self.takes: dict[str, set[tuple[str, ...]]] = {}
        """By instruction: the counters that it should hold, or have held."""
        self.freed: dict[tuple[object, ...], int] = {}
        self.used: dict[tuple[str, ...], int] = {}
        self.states: dict[str, str] = {}

    def teardown(self) -> None:
        with self.open:
            if hasattr(self, "desk"):
                with self.desk.at.engine.connect() as db:
                    assert list(books_limits.breaches(db)) == []

    @initialize(day=CAPS, month=CAPS, plan=CAPS)
    def begin(self, day, month, plan):
        self.desk = Desk(self.open.enter_context(bench()), None)
        self.new_version(day, month, plan)

    @rule(day=CAPS, month=CAPS, plan=CAPS)
    def new_version(self, day, month, plan):
        self.caps = (day, month, plan)
        self.desk.rules.put(document(day, month, plan))

    @rule(
        yuan=st.sampled_from([1, 999, 3_000, 6_000, 60_000]),
        day=st.sampled_from(["", TOMORROW]),
        item=st.sampled_from(["", "A", "B"]),
    )
    def accept(self, yuan, day, item):
        number = next(self.numbers)
        name = self.desk.post(
            erp_reference=f"R{number}",
            creditor_account=f"62{number:08}",
            amount=f"{yuan}.00",
            execution_date=day,
            budget_item=item,
        )
        self.items[name] = (yuan * 100, day or TODAY, item)
        self.watch()

    @precondition(lambda self: self.in_state("HELD"))
    @rule(data=st.data(), who=st.sampled_from([WANG, LI, BOSS]))
    def approve(self, data, who):
        with suppress(NotPermitted):
            self.desk.vote(who, self.one_of(data, "HELD"))
        self.watch()

    @precondition(lambda self: self.in_state("HELD", "QUEUED", "SCHEDULED"))
    @rule(data=st.data(), who=st.sampled_from([WANG, SAP]))
    def stop(self, data, who):
        """People reject it, or the ERP cancels it."""
        name = self.one_of(data, "HELD", "QUEUED", "SCHEDULED")
        if who is SAP:
            asyncio.run(self.desk.cancellations.cancel(key=KEY, instruction=name, reason=""))
        else:
            self.desk.vote(who, name, Action.REJECT, "no")

    @precondition(lambda self: self.in_state("QUEUED"))
    @rule(data=st.data(), answer=st.sampled_from([None, *ANSWERS]))
    def send(self, data, answer):
        name = self.one_of(data, "QUEUED")
        self.desk.learn(name, Cause.DISPATCH, State.SENDING)
        if answer is State.UNCONFIRMED:
            self.desk.learn(name, Cause.DOUBT, answer)
        elif answer is not None:
            self.desk.learn(name, Cause.BANK_ANSWER, answer, Grade.ENQUIRY)

    @precondition(lambda self: self.in_state("QUEUED", "SCHEDULED"))
    @rule(data=st.data())
    def hold_where_it_leaves(self, data):
        self.desk.hold_where_it_leaves(self.one_of(data, "QUEUED", "SCHEDULED"))

    @precondition(lambda self: self.in_state("SENDING", "UNCONFIRMED"))
    @rule(data=st.data(), end=st.sampled_from(ENDS))
    def come_out(self, data, end):
        name = self.one_of(data, "SENDING", "UNCONFIRMED")
        sending = self.desk.state(name) == "SENDING"
        cause = Cause.BANK_ANSWER if sending else Cause.ENQUIRY
        self.desk.learn(name, cause, end, Grade.ENQUIRY)

    @precondition(lambda self: self.in_state("SETTLED"))
    @rule(data=st.data())
    def come_back(self, data):
        """退票: the money moved, so nothing is given back."""
        name = self.one_of(data, "SETTLED")
        self.desk.learn(name, Cause.STATEMENT, State.RETURNED, Grade.STATEMENT)

    @precondition(lambda self: self.in_state(*UNPAID, "SETTLED"))
    @rule(data=st.data(), end=st.sampled_from([State.SETTLED, State.REJECTED]))
    def be_told_late(self, data, end):
        """What comes after the end confirms or contradicts it, and moves no sum."""
        name = self.one_of(data, *UNPAID, "SETTLED")
        self.desk.learn(name, Cause.ENQUIRY, end, Grade.ENQUIRY)

    @invariant()
    def sums_are_right(self):
        if not hasattr(self, "desk"):
            return
        self.states = {row.id: row.state for row in self.desk.at.rows(tables.instruction)}
        rows = self.desk.at.rows(tables.reservation)
        taken: dict[str, set[tuple[str, ...]]] = {}
        sums: dict[tuple[str, ...], int] = {}
        freed: dict[tuple[object, ...], int] = {}
        listed = [(row, tuple(counter)) for row in rows for counter in json.loads(row.counters)]
        for row, counter in listed:
            assert counter not in taken.setdefault(row.instruction, set()), "taken once"
            taken[row.instruction].add(counter)
            assert row.amount_minor == self.items[row.instruction][0]
            assert (row.freed_us is not None) == (self.states[row.instruction] in UNPAID)
            sums.setdefault(counter, 0)
            if row.freed_us is None:
                sums[counter] += row.amount_minor
            else:
                freed[row.instruction, counter] = row.freed_us
        assert taken == {name: counters for name, counters in self.takes.items() if counters}
        assert self.freed.items() <= freed.items(), "given back once"
        self.freed = freed
        used = {
            tuple(getattr(row, name) for name in reservations.NAMES): row.used_minor
            for row in self.desk.at.rows(tables.limit_use)
        }
        assert used == sums
        self.never_too_much(used, taken)
        self.used = used

    def never_too_much(self, used, taken):
        """A counter grows past its cap only by a payment whose limit or quota people lifted."""
        caps = dict(zip(("company", "account", "plan"), self.caps, strict=True))
        lifted = {
            row.instruction
            for row in self.desk.at.rows(tables.hold)
            if row.rule in {"limit", "quota"} and row.lifted_us is not None
        }
        for counter, now in used.items():
            if now > max(self.used.get(counter, 0), caps[counter[0]] * 100):
                assert any(counter in counters for it, counters in taken.items() if it in lifted)

    def watch(self) -> None:
        """Note what those that have just been released should hold, by the rules of now."""
        for row in self.desk.at.rows(tables.instruction):
            if row.state in RELEASED and self.states.get(row.id) not in RELEASED:
                self.takes.setdefault(row.id, set()).update(self.counters(row.id))

    def counters(self, name: str) -> set[tuple[str, ...]]:
        _, day, item = self.items[name]
        found = [
            ("company", "c1", day, "*", "CNY"),
            ("account", OWN_NUMBER, MONTH, "*", "CNY"),
            *([("plan", "c1", MONTH, "A", "CNY")] if item == "A" else []),
        ]
        return {it for it, cap in zip(found, self.caps, strict=False) if cap}

    def in_state(self, *states: str) -> list[str]:
        return [name for name in self.items if self.states[name] in states]

    def one_of(self, data, *states: str) -> str:
        return data.draw(st.sampled_from(self.in_state(*states)))


def test_sums_hold_whatever_happens():
    run_state_machine_as_test(
        Sums, settings=settings(max_examples=14, stateful_step_count=18, deadline=None)
    )
