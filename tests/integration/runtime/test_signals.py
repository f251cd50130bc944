"""A signal set on the writer's thread reaches the loop's, which alone may touch its events."""

from __future__ import annotations

import asyncio
import threading

from gateway.runtime import LoopTasks


def test_a_signal_may_be_set_on_another_thread():
    refusals: list[BaseException] = []

    async def inside() -> None:
        tasks = LoopTasks(lambda name, error: refusals.append(error))
        signal = tasks.signal()
        waiting = asyncio.ensure_future(signal.wait(20))
        await asyncio.sleep(0)

        def elsewhere() -> None:
            try:
                signal.set()
            except RuntimeError as error:  # what a loop in debug mode says to strangers
                refusals.append(error)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        assert await waiting is True
        thread.join()
        await tasks.stop()

    asyncio.run(inside(), debug=True)
    assert refusals == []


def test_on_its_own_thread_it_is_set_at_once():
    async def inside() -> None:
        tasks = LoopTasks(lambda name, error: None)
        signal = tasks.signal()
        signal.set()
        assert await signal.wait(20) is True
        await tasks.stop()

    asyncio.run(inside(), debug=True)


def test_who_is_stopped_in_the_moment_of_a_signal_stops():
    async def story(turns: int) -> None:
        tasks = LoopTasks(lambda *_: None)
        signal = tasks.signal()

        async def work() -> None:
            while True:
                await signal.wait(60)

        tasks.spawn("work", work())
        await asyncio.sleep(0)
        signal.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        async with asyncio.timeout(20):
            await tasks.stop()

    for turns in range(6):
        asyncio.run(story(turns))
