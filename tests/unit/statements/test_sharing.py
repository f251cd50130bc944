"""Equal questions are one call: within the interval, in flight, after errors and cancellations."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest

from gateway.domain.errors import BankRefused, NotSent
from gateway.runtime import LoopTasks
from gateway.statements.sharing import Sharing
from tests.store_ground import START, StillClock


class Bank:
    """Answers by number; may be held up, and may say no."""

    def __init__(self):
        self.calls = 0
        self.open = asyncio.Event()
        self.open.set()
        self.error = None

    async def __call__(self):
        self.calls += 1
        mine = self.calls
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return mine


@asynccontextmanager
async def ground():
    def dead(name, error):
        raise AssertionError(name) from error

    clock, tasks = StillClock(), LoopTasks(dead)
    sharing = Sharing(SimpleNamespace(clock=clock, tasks=tasks))
    try:
        yield sharing, Bank(), clock
    finally:
        await tasks.stop()


def told(story):
    async def run():
        async with ground() as (sharing, bank, clock):
            await story(sharing, bank, clock)

    asyncio.run(run())


def test_an_answer_counts_for_the_interval_and_not_a_moment_longer():
    async def story(sharing, bank, clock):
        first = await sharing.ask("q", 5.0, bank)
        assert (first.answer, first.shared, first.asked_at) == (1, False, START)
        clock.pass_time(seconds=4.9)
        again = await sharing.ask("q", 5.0, bank)
        assert (again.answer, again.shared, again.asked_at) == (1, True, START)
        assert (await sharing.ask("other", 5.0, bank)).answer == 2
        clock.pass_time(seconds=0.2)
        assert (await sharing.ask("q", 5.0, bank)).answer == 3

    told(story)


def test_what_was_asked_of_a_day_is_not_the_answer_when_the_day_is_over():
    """The interval may be long: an unfinished day would stand for the whole of it."""

    async def story(sharing, bank, clock):
        clock.at = START.replace(hour=23, minute=59, second=59)
        assert (await sharing.ask("a day", 3600.0, bank)).answer == 1
        clock.pass_time(seconds=0.5)
        assert (await sharing.ask("a day", 3600.0, bank)).shared
        clock.pass_time(seconds=0.5)
        assert (await sharing.ask("a day", 3600.0, bank)).answer == 2

    told(story)


def test_questions_at_the_same_time_are_one_call_even_without_an_interval():
    async def story(sharing, bank, clock):
        bank.open.clear()
        waiting = [asyncio.create_task(sharing.ask("q", 0.0, bank)) for _ in range(50)]
        await asyncio.sleep(0)
        clock.pass_time(seconds=60)
        late = asyncio.create_task(sharing.ask("q", 0.0, bank))
        await asyncio.sleep(0)
        bank.open.set()
        found = await asyncio.gather(*waiting, late)
        assert {it.answer for it in found} == {1}
        assert [it.shared for it in found].count(False) == 1
        assert (await sharing.ask("q", 0.0, bank)).answer == 2

    told(story)


def test_what_failed_on_its_way_is_told_to_those_who_waited_and_to_nobody_later():
    async def story(sharing, bank, clock):
        bank.open.clear()
        bank.error = NotSent()
        waiting = [asyncio.create_task(sharing.ask("q", 5.0, bank)) for _ in range(3)]
        await asyncio.sleep(0)
        bank.open.set()
        found = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(it) for it in found] == [NotSent] * 3
        bank.error = None
        assert (await sharing.ask("q", 5.0, bank)).answer == 2

    told(story)


def test_a_refusal_by_the_bank_counts_for_the_interval():
    async def story(sharing, bank, clock):
        bank.error = BankRefused("E1", "")
        for _ in range(3):
            with pytest.raises(BankRefused):
                await sharing.ask("q", 5.0, bank)
        assert bank.calls == 1
        clock.pass_time(seconds=5)
        bank.error = None
        assert (await sharing.ask("q", 5.0, bank)).answer == 2

    told(story)


def test_when_the_asker_goes_away_the_next_in_line_asks():
    async def story(sharing, bank, clock):
        bank.open.clear()
        first = asyncio.create_task(sharing.ask("q", 5.0, bank))
        await asyncio.sleep(0)
        others = [asyncio.create_task(sharing.ask("q", 5.0, bank)) for _ in range(3)]
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        bank.open.set()
        found = await asyncio.gather(*others)
        assert {it.answer for it in found} == {2}
        assert [it.shared for it in found].count(False) == 1

    told(story)


def test_old_answers_take_no_memory():
    async def story(sharing, bank, clock):
        for number in range(20):
            await sharing.ask(number, 1.0, bank)
            clock.pass_time(seconds=2)
        assert len(sharing._calls) == 1

    told(story)
