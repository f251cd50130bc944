"""Waiting for a change: woken by commits from the writer's thread, never by asking again."""

from __future__ import annotations

import asyncio
import threading

import pytest

from gateway.domain.errors import NotFound, Overloaded
from gateway.lifecycle import notice
from gateway.lifecycle.notice import Notices
from gateway.runtime import LoopTasks, RealRuntime, SystemClock
from gateway.transport.http_client import HttpNet

KEY = ("t", "ins_1")
OTHER = ("t", "ins_2")


class Room:
    """Notices on a real loop, and an instruction whose version tests set."""

    def __init__(self) -> None:
        tasks = LoopTasks(self.died)
        self.tasks = tasks
        self.notices = Notices(RealRuntime(clock=SystemClock(), tasks=tasks, net=HttpNet()))
        self.version = 0
        self.looks = 0

    @staticmethod
    def died(name, error):
        raise AssertionError(name) from error

    async def look(self) -> int:
        self.looks += 1
        return self.version

    def wait(self, wait_s: int, key=KEY, known: int = 0):
        return asyncio.ensure_future(
            self.notices.until(key, self.look, lambda found: found != known, wait_s)
        )

    def change(self, key=KEY) -> None:
        """A commit on the writer's thread."""
        self.version += 1
        thread = threading.Thread(target=self.notices.announce, args=([key],))
        thread.start()
        thread.join()

    async def waiting(self, count: int, looks: int) -> None:
        async with asyncio.timeout(10):
            while (  # noqa: ASYNC110 - there is no event for that
                self.notices.waiters != count or self.looks < looks
            ):
                await asyncio.sleep(0)


def on_loop(story) -> None:
    async def inside() -> None:
        room = Room()
        try:
            async with asyncio.timeout(20):
                await story(room)
            assert room.notices.waiters == 0
            assert room.notices._waiting == {}
        finally:
            await room.tasks.stop()

    # In debug mode the loop refuses to be touched from a strange thread.
    asyncio.run(inside(), debug=True)


def test_what_has_changed_already_is_told_at_once():
    async def story(room):
        room.version = 3
        assert await room.wait(60) == 3
        assert room.looks == 1

    on_loop(story)


def test_a_change_wakes_everybody_who_waits_for_it_and_nobody_else():
    async def story(room):
        calls = [room.wait(60) for _ in range(3)]
        stranger = room.wait(60, OTHER)
        await room.waiting(4, 4)
        room.change()
        assert await asyncio.gather(*calls) == [1, 1, 1]
        assert room.looks == 7, "once at first, once after the change"
        assert not stranger.done()
        room.change(OTHER)
        assert await stranger == 2

    on_loop(story)


def test_a_change_during_the_first_look_is_not_missed():
    async def story(room):
        async def slow_look() -> int:
            found = await room.look()
            if room.looks == 1:
                room.change()  # committed after it was read, before anybody waits
            return found

        waited = room.notices.until(KEY, slow_look, lambda found: found == 1, 60)
        assert await waited == 1

    on_loop(story)


def test_without_a_change_it_ends_when_the_time_is_up():
    async def story(room):
        assert await room.wait(1) == 0
        assert room.looks == 2, "at first and at the end, never in between"

    on_loop(story)


def test_an_announcement_of_what_is_known_does_not_end_the_wait():
    async def story(room):
        waits = room.wait(60)
        await room.waiting(1, 1)
        room.version = -1
        room.change()  # it is 0 again: nothing new for this caller
        await room.waiting(1, 2)
        assert not waits.done()
        room.change()
        assert await waits == 1

    on_loop(story)


def test_so_many_may_wait_and_no_tenant_may_take_all(monkeypatch):
    monkeypatch.setattr(notice, "WAITERS_MAX", 3)
    monkeypatch.setattr(notice, "TENANT_WAITERS_MAX", 2)

    async def story(room):
        calls = [room.wait(60), room.wait(60, OTHER)]
        await room.waiting(2, 2)
        with pytest.raises(Overloaded):
            await room.wait(60)
        calls.append(room.wait(60, ("u", "ins_3")))
        await room.waiting(3, 3)
        with pytest.raises(Overloaded):
            await room.wait(60, ("v", "ins_4"))
        room.notices.close()
        await asyncio.gather(*calls)

    on_loop(story)


def test_at_the_end_of_the_process_nobody_waits():
    async def story(room):
        call = room.wait(60)
        await room.waiting(1, 1)
        room.notices.close()
        assert await call == 0
        assert await room.wait(60) == 0

    on_loop(story)


def test_a_failing_look_and_a_cancelled_wait_leave_nothing_behind():
    async def story(room):
        async def nothing():
            raise NotFound

        with pytest.raises(NotFound):
            await room.notices.until(KEY, nothing, bool, 60)
        call = room.wait(60)
        await room.waiting(1, 1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    on_loop(story)
