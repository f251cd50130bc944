"""Tasks, batchers and signals on the real loop: nothing dies silently, nobody waits for ever."""

from __future__ import annotations

import asyncio
import threading

import pytest

from gateway.chance import SystemRandom, TimeIds, time_id
from gateway.domain.errors import Corrupt, Refused
from gateway.runtime import LoopTasks

PATIENCE_S = 20


def on_loop(story) -> list[tuple[str, BaseException]]:
    """Run a story with fresh tasks; who died of what."""
    deaths: list[tuple[str, BaseException]] = []

    async def inside() -> None:
        tasks = LoopTasks(lambda name, error: deaths.append((name, error)))
        try:
            async with asyncio.timeout(PATIENCE_S):
                await story(tasks, deaths)
        finally:
            await tasks.stop()

    asyncio.run(inside())
    return deaths


async def until(condition) -> None:
    while not condition():  # noqa: ASYNC110 - conditions of other people's making
        await asyncio.sleep(0.001)


# ── tasks ───────────────────────────────────────────────────────────────────────────────────


def test_a_task_that_dies_is_reported_by_name():
    async def broken() -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    async def story(tasks, deaths) -> None:
        tasks.spawn("sender cib", broken())
        await until(lambda: deaths)

    ((name, error),) = on_loop(story)
    assert name == "sender cib"
    assert isinstance(error, ZeroDivisionError)


def test_a_task_that_ends_or_is_stopped_is_no_death():
    async def fine() -> None:
        await asyncio.sleep(0)

    async def endless() -> None:
        await asyncio.Event().wait()

    async def story(tasks, deaths) -> None:
        tasks.spawn("fine", fine())
        tasks.spawn("endless", endless())
        await until(lambda: len(tasks._running) == 1)

    assert on_loop(story) == []


def test_gather_keeps_the_order_and_raises_the_first_fault():
    async def told(value: int) -> int:
        await asyncio.sleep(0)
        if value < 0:
            raise Refused
        return value

    async def story(tasks, deaths) -> None:
        assert await tasks.gather([told(2), told(1)]) == [2, 1]
        with pytest.raises(Refused):
            await tasks.gather([told(1), told(-1)])

    assert on_loop(story) == []


def test_reading_happens_on_another_thread():
    async def story(tasks, deaths) -> None:
        assert await tasks.read(threading.get_ident) != threading.get_ident()

        def broken() -> None:
            raise Refused

        with pytest.raises(Refused):
            await tasks.read(broken)

    assert on_loop(story) == []


# ── signals and gates ───────────────────────────────────────────────────────────────────────


def test_a_signal_set_before_the_wait_lets_it_pass_once():
    async def story(tasks, deaths) -> None:
        signal = tasks.signal()
        signal.set()
        assert await signal.wait()
        assert not await signal.wait(0.001)
        asyncio.get_running_loop().call_soon(signal.set)
        assert await signal.wait(PATIENCE_S)

    on_loop(story)


def test_a_gate_lets_only_so_many_through():
    async def story(tasks, deaths) -> None:
        gate, inside, most = tasks.gate(2), 0, 0

        async def through() -> None:
            nonlocal inside, most
            async with gate:
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1

        await tasks.gather([through() for _ in range(10)])
        assert (inside, most) == (0, 2)

    on_loop(story)


# ── the batcher ─────────────────────────────────────────────────────────────────────────────


def each(jobs):
    """A group runner that tells each job its result or its fault."""
    results: list[object] = []
    for job in jobs:
        try:
            results.append(job())
        except Refused as error:
            results.append(error)
    return results


def test_results_and_faults_reach_the_one_who_asked():
    async def story(tasks, deaths) -> None:
        batcher = tasks.batcher("writer", each)

        def refuse() -> None:
            raise Refused("mine")

        told = await asyncio.gather(
            batcher.submit(lambda: 1),
            batcher.submit(refuse),
            batcher.submit(lambda: 3),
            return_exceptions=True,
        )
        assert (told[0], told[2]) == (1, 3)
        assert isinstance(told[1], Refused)
        assert str(told[1]) == "mine"
        batcher.close()

    on_loop(story)


def test_what_gathers_while_a_group_runs_is_the_next_group():
    started, go_on = threading.Event(), threading.Event()
    sizes: list[int] = []

    def run_group(jobs):
        sizes.append(len(jobs))
        if len(sizes) == 1:
            started.set()
            assert go_on.wait(PATIENCE_S)
        return [job() for job in jobs]

    async def story(tasks, deaths) -> None:
        batcher = tasks.batcher("writer", run_group)
        first = asyncio.ensure_future(batcher.submit(lambda: 0))
        await until(started.is_set)
        others = [asyncio.ensure_future(batcher.submit(lambda n=n: n)) for n in range(1, 8)]
        await asyncio.sleep(0)  # let each of them queue its job
        go_on.set()
        assert await asyncio.gather(first, *others) == list(range(8))
        batcher.close()

    on_loop(story)
    assert sizes == [1, 7]


def test_what_one_turn_of_the_loop_submits_is_one_group_though_the_thread_is_idle():
    sizes: list[int] = []

    def run_group(jobs):
        sizes.append(len(jobs))
        return [job() for job in jobs]

    async def story(tasks, deaths) -> None:
        batcher = tasks.batcher("writer", run_group)
        for count in (5, 1, 600):
            works = [asyncio.ensure_future(batcher.submit(lambda: 1)) for _ in range(count)]
            await asyncio.gather(*works)
        batcher.close()

    on_loop(story)
    assert sizes == [5, 1, 512, 88]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_was_gathered_when_the_thread_died_waits_for_nobody():
    async def story(tasks, deaths) -> None:
        started, dying = threading.Event(), threading.Event()

        def run_group(jobs):
            started.set()
            assert dying.wait(PATIENCE_S)
            raise ZeroDivisionError

        batcher = tasks.batcher("writer", run_group)
        first = asyncio.ensure_future(batcher.submit(lambda: 1))
        await until(started.is_set)
        late = asyncio.ensure_future(batcher.submit(lambda: 2))
        await asyncio.sleep(0)
        dying.set()
        batcher._thread.join(PATIENCE_S)
        told = await asyncio.gather(first, late, return_exceptions=True)
        assert [type(it) for it in told] == [ZeroDivisionError, Corrupt]

    on_loop(story)


def test_groups_run_one_after_the_other_on_one_thread():
    threads: set[int] = set()
    busy = threading.Lock()

    def run_group(jobs):
        assert busy.acquire(blocking=False)
        threads.add(threading.get_ident())
        results = [job() for job in jobs]
        busy.release()
        return results

    async def story(tasks, deaths) -> None:
        batcher = tasks.batcher("writer", run_group)
        told = await asyncio.gather(*(batcher.submit(lambda n=n: n) for n in range(2_000)))
        assert told == list(range(2_000))
        batcher.close()

    on_loop(story)
    assert len(threads) == 1
    assert threads != {threading.get_ident()}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_that_escapes_the_group_is_told_to_everybody_and_ends_the_process():
    def run_group(jobs):
        raise ZeroDivisionError

    async def story(tasks, deaths) -> None:
        batcher = tasks.batcher("writer", run_group)
        told = await asyncio.gather(
            *(batcher.submit(lambda: 1) for _ in range(3)), return_exceptions=True
        )
        assert [type(it) for it in told] == [ZeroDivisionError] * 3
        await until(lambda: deaths)
        with pytest.raises(Corrupt):
            await batcher.submit(lambda: 1)  # nobody waits behind a dead thread
        batcher.close()

    ((name, error),) = on_loop(story)
    assert name == "writer"
    assert isinstance(error, ZeroDivisionError)


def test_closing_finishes_what_is_queued():
    done: list[int] = []

    async def story(tasks, deaths) -> None:
        batcher = tasks.batcher("writer", each)
        waiting = [asyncio.ensure_future(batcher.submit(lambda n=n: done.append(n))) for n in "abc"]
        await asyncio.sleep(0)
        batcher.close()
        assert done == ["a", "b", "c"]
        await asyncio.gather(*waiting)

    on_loop(story)


def test_a_waiter_that_gave_up_disturbs_nobody():
    started, go_on = threading.Event(), threading.Event()

    def slow() -> int:
        started.set()
        assert go_on.wait(PATIENCE_S)
        return 1

    async def story(tasks, deaths) -> None:
        batcher = tasks.batcher("writer", each)
        given_up = asyncio.ensure_future(batcher.submit(slow))
        await until(started.is_set)
        given_up.cancel()
        go_on.set()
        assert await batcher.submit(lambda: 2) == 2
        batcher.close()

    on_loop(story)


# ── ids and randomness ──────────────────────────────────────────────────────────────────────


def test_ids_sort_by_time_and_never_repeat():
    assert time_id("ins", 1, b"\xff" * 16) < time_id("ins", 2, b"\x00" * 16)
    assert time_id("ins", 33, bytes(range(16))) == "ins_0000000011" + "0123456789abcdef"
    ids = TimeIds()
    made = [ids.new("ins") for _ in range(5_000)]
    assert len(set(made)) == len(made)
    assert all(len(it) == len("ins_") + 26 for it in made)
    assert [it[:14] for it in made] == sorted(it[:14] for it in made)


def test_randomness():
    draw = SystemRandom()
    assert len(draw.bytes(16)) == 16
    assert draw.bytes(16) != draw.bytes(16)
    assert all(2 <= draw.uniform(2, 3) <= 3 for _ in range(100))
