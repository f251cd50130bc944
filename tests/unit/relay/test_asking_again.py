"""A question that certainly did not leave is asked again, three times at most; any other never."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from gateway.domain.errors import BankRefused, NotOffered, NotSent, Unconfirmed
from gateway.relay.queries import Queries

KEY = ("t", "main")


class Gate:
    """Counts who is inside."""

    def __init__(self):
        self.inside = 0

    async def __aenter__(self):
        self.inside += 1

    async def __aexit__(self, *_):
        self.inside -= 1


class Asked(Queries):
    """Real waiting and asking again; what one exchange comes to is told beforehand."""

    def __init__(self, *outcomes):
        super().__init__({}, {KEY: None})
        self.gate = self._gates[KEY] = Gate()
        self.outcomes, self.slept, self.turns, self.serials = list(outcomes), [], 0, []
        self.link = SimpleNamespace(
            tenant=SimpleNamespace(id=KEY[0]),
            connection=SimpleNamespace(id=KEY[1], dialect="cib"),
            runtime=SimpleNamespace(tasks=SimpleNamespace(sleep=self._sleep)),
        )

    async def _sleep(self, seconds):
        assert self.gate.inside == 1, "it keeps its place while it waits"
        self.slept.append(seconds)

    async def _turn(self, link, pace):
        assert (link, pace) == (self.link, None)
        self.turns += 1

    async def _once(self, link, operation, question, purpose, given):
        assert (self.gate.inside, link, purpose) == (1, self.link, "balance")
        self.serials.append(given)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def ask(self, operation="balance", *serial):
        return asyncio.run(self._ask(self.link, operation, None, "balance", *serial))


def test_an_answer_at_once_waits_for_nothing():
    it = Asked("told")
    assert it.ask() == "told"
    assert (it.slept, it.turns, it.gate.inside) == ([], 1, 0)


@pytest.mark.parametrize("failures", [1, 2])
def test_what_did_not_leave_is_asked_again_after_a_while(failures):
    it = Asked(*[NotSent("refused", "拒绝") for _ in range(failures)], "told")
    assert it.ask() == "told"
    assert it.slept == [0.2, 0.4][:failures]
    assert it.turns == failures + 1


def test_an_order_keeps_its_serial_and_a_question_gets_a_fresh_one_each_time():
    it = Asked(NotSent(), NotSent(), "told")
    it.ask("balance", "S1")
    assert it.serials == ["S1"] * 3
    it = Asked(NotSent(), "told")
    it.ask()
    assert it.serials == [None] * 2


def test_three_times_is_all():
    last = NotSent("the third", "第三次")
    it = Asked(NotSent(), NotSent(), last, "never asked")
    with pytest.raises(NotSent) as told:
        it.ask()
    assert told.value is last
    assert (it.slept, it.outcomes, it.gate.inside) == ([0.2, 0.4], ["never asked"], 0)


@pytest.mark.parametrize("error", [Unconfirmed(), BankRefused("E1", "no")])
@pytest.mark.parametrize("before", [[], [NotSent()]])
def test_anything_else_is_asked_once(error, before):
    it = Asked(*before, error, "never asked")
    with pytest.raises(type(error)):
        it.ask()
    assert it.outcomes == ["never asked"]
    assert it.slept == [0.2][: len(before)]


def test_what_the_bank_does_not_offer_is_not_asked():
    it = Asked("never asked")
    with pytest.raises(NotOffered):
        it.ask(operation=None)
    assert it.turns == 0
