"""Whatever is asked, in whatever order, with whatever faults: the books stay right."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.domain.errors import NotPermitted
from gateway.sandbox import payees
from gateway.sandbox.execution import Decision
from gateway.sandbox.faults import NOTHING_DONE, Fault, FaultSchedule, Scripted
from gateway.sandbox.ledger import seconds
from gateway.sandbox.options import Options
from tests.sandbox_json import (
    LIMITED,
    MAIN,
    POOR,
    START,
    UNSIGNED,
    Bank,
    SeededRandom,
    generated,
    order,
    other,
    pay,
)

AMOUNTS = st.integers(1, 30_000_000).map(lambda fen: f"{fen // 100}.{fen % 100:02d}")
FINAL = {"paid", "failed", "withdrawn", "expired"}


@st.composite
def orders(draw):
    """An order that may be paid, refused, returned, pending or fail."""
    amount, debtor = draw(AMOUNTS), draw(st.sampled_from([MAIN, LIMITED, POOR]))
    due = draw(st.sampled_from([None, None, START.date() + timedelta(days=3)]))
    index = draw(st.integers(0, 3))
    if draw(st.booleans()):
        number = payees.own_account(index)
        name = payees.payee_name(number) if draw(st.integers(0, 4)) else "错名"
        return order(number, name=name, amount=amount, debtor=debtor, due=due)
    prefixes = [payees.OTHER_PREFIX, payees.RETURNED_PREFIX, payees.FAILING_PREFIX]
    number = payees.other_account(index, draw(st.sampled_from(prefixes)))
    return other(creditor=number, name="某公司", amount=amount, debtor=debtor, due=due)


class Books(RuleBasedStateMachine):
    """Random requests, faults, decisions and clock moves against one bank."""

    def __init__(self):
        super().__init__()
        self.faults = FaultSchedule(random=SeededRandom(1))
        options = Options(return_rate=0.3, super_fail_rate=0.3)
        self.bank = Bank(options=options, faults=self.faults)
        self.first = {}

    @rule(
        serial=st.integers(0, 12),
        what=orders(),
        super_channel=st.booleans(),
        fault=st.sampled_from([None, None, *Fault]),
    )
    def pay(self, serial, what, super_channel, fault):
        known = self.bank.bank.book.by_serial("9900000001", f"P{serial}")
        before = self.bank.ledger.db.execute("SELECT COUNT(*) FROM posting").fetchone()
        self.bank.bank.progress(self.bank.now)
        due = self.bank.ledger.db.execute("SELECT COUNT(*) FROM posting").fetchone()
        if fault is not None:
            self.faults.add(Scripted(kind=fault, operation="pay"))
        exchange = self.bank.send(pay(f"P{serial}", what, super=super_channel))
        self.faults.clear()
        after = self.bank.ledger.db.execute("SELECT COUNT(*) FROM posting").fetchone()
        assert before <= due <= after
        if known is not None or exchange.fault in NOTHING_DONE:
            assert after == due, "a replay or a request never read must book nothing"

    @rule(serial=st.integers(0, 12), what=orders())
    def wait_for_approval(self, serial, what):
        unsigned = order(
            what.creditor.account.number,
            name=what.creditor.name,
            debtor="900010104000000018",
            own_bank=what.own_bank,
        )
        self.bank.send(pay(f"U{serial}", unsigned, customer=UNSIGNED))

    @rule(serial=st.integers(0, 12), kind=st.sampled_from("PU"), what=st.sampled_from(Decision))
    def decide(self, serial, kind, what):
        rows = self.bank.bank.book.matching(f"{kind}{serial}")
        if not rows:
            return
        final = rows[0].state.value in FINAL
        try:
            with self.bank.ledger.transaction():
                self.bank.bank.execution.decide(rows[0], what, seconds(self.bank.now))
        except NotPermitted:
            return
        assert not final, "a final state must not be decided again"

    @rule(hours=st.integers(-30, 80))
    def move_clock(self, hours):
        self.bank.now += timedelta(hours=hours)
        self.bank.bank.progress(self.bank.now)

    @precondition(lambda self: self.bank.bank.book.latest(1))
    @rule()
    def final_is_final(self):
        for row in self.bank.bank.book.latest(50):
            state = self.first.setdefault(row.id, row.state.value)
            if state in FINAL:
                assert row.state.value == state
            self.first[row.id] = row.state.value

    @invariant()
    def books_are_right(self):
        assert self.bank.ledger.check() == []

    def teardown(self):
        self.bank.ledger.close()


TestBooks = Books.TestCase


@given(
    first=orders(),
    second=orders(),
    super_channel=st.booleans(),
    hours=st.integers(0, 100),
)
def test_a_replay_tells_the_stored_result_and_moves_nothing(first, second, super_channel, hours):
    with Bank() as bank:
        if "payment" not in bank.pay("P1", first, super=super_channel):
            return
        bank.pass_time(hours=hours)
        enquired = bank.status("P1")["payment"]
        before = bank.ledger.db.execute("SELECT number, balance, held FROM account").fetchall()
        assert bank.pay("P1", second)["payment"] == enquired
        after = bank.ledger.db.execute("SELECT number, balance, held FROM account").fetchall()
        assert after == before


@given(count=st.integers(1, 25), size=st.integers(1, 9))
def test_pages_put_together_are_the_whole_statement(count, size):
    with Bank(options=Options(page_size=size)) as bank:
        for number in range(count):
            bank.pay(f"P{number}", generated(number % 5, f"{number + 1}.00"))
        lines, page, more = [], 1, True
        while more:
            told = bank.statement(START.date(), page=page)
            lines += told["entries"]
            page, more = page + 1, told["more"]
        amounts = [line["amount"] for line in lines[1:]]
        assert amounts == [f"-{number + 1}.00" for number in range(count)]
        assert len({line["key"] for line in lines}) == len(lines) == count + 1
