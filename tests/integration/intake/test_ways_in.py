"""One process works a system at a time, and one that fails is left alone longer and longer."""

from __future__ import annotations

import asyncio

import pytest

from gateway.domain.errors import Corrupt, NotSent
from gateway.intake.ways_in import WayIn, WaysIn
from tests.integration.intake.ground import nodes
from tests.ways_in_ground import Ground, grounds, system


class Looks:
    """Counts looks, and who is at it at once."""

    def __init__(self) -> None:
        self.count = 0
        self.at_once = 0
        self.most = 0
        self.error: Exception | None = None
        self.closed = False

    async def look(self) -> None:
        self.count += 1
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await asyncio.sleep(0)
            if self.error is not None:
                raise self.error
        finally:
            self.at_once -= 1

    async def close(self) -> None:
        self.closed = True


async def until(made, condition) -> None:
    """Let time pass for all processes until it holds."""

    def passed() -> object:
        for node in made:
            node.runtime.clock.pass_time(seconds=1)
        return condition()

    await made[0].until(passed)


def way(looks: Looks, **changes) -> WayIn:
    return WayIn(system=system(**changes), look=looks.look, close=looks.close)


def test_each_system_is_looked_at_by_one_process_at_a_time(database):
    async def story() -> None:
        async with nodes(database) as made:
            looks = Looks()
            ways = [WaysIn(node.store, node.runtime, [way(looks)]) for node in made]
            for it in ways:
                it.start()
            await until(made, lambda: looks.count >= 2)
            for it in ways:
                it.drain()
                await it.end()
            assert looks.most == 1
            assert looks.closed

    asyncio.run(story())


@pytest.mark.postgresql
def test_a_dead_process_leaves_its_system_to_another(postgresql):
    async def story() -> None:
        async with nodes(postgresql) as (dead, heir):
            stuck, looks = asyncio.Event(), Looks()

            async def hang() -> None:
                stuck.set()
                await asyncio.Event().wait()

            first = WaysIn(
                dead.store, dead.runtime, [WayIn(system=system(), look=hang, close=looks.close)]
            )
            first.start()
            await until([dead], stuck.is_set)
            second = WaysIn(heir.store, heir.runtime, [way(looks)])
            second.start()
            for _ in range(5):  # so many looks at the work table find it held
                heir.runtime.clock.pass_time(seconds=60)
                await heir.store.read(lambda db: None)
            assert looks.count == 0
            await dead.store.end_lease()
            await until([heir], lambda: looks.count)

    asyncio.run(story())


def test_a_system_that_fails_is_left_alone_longer_and_longer(database):
    async def story() -> None:
        async with nodes(database, 1) as (node,):
            looks = Looks()
            looks.error = NotSent()
            ways = WaysIn(node.store, node.runtime)
            it = way(looks, poll_s=10)
            tried: list[int] = []
            for second in range(100):
                before = looks.count
                await ways.look(it)
                if looks.count > before:
                    tried.append(second)
                node.runtime.clock.pass_time(seconds=1)
            assert tried == [0, 10, 30, 70]
            looks.error = None
            node.runtime.clock.pass_time(seconds=60)
            for _ in range(3):
                await ways.look(it)
            assert looks.count == len(tried) + 3  # well again, it is looked at whenever due

    asyncio.run(story())


def test_a_fault_of_our_own_is_not_swallowed(database):
    async def story() -> None:
        async with nodes(database, 1) as (node,):
            looks = Looks()
            looks.error = Corrupt("x")
            ways = WaysIn(node.store, node.runtime)
            with pytest.raises(Corrupt):
                await ways.look(way(looks))
            assert ways.in_flight == 0

    asyncio.run(story())


def test_a_folder_that_two_processes_look_at_gives_each_file_once(database, tmp_path):
    async def story() -> None:
        async with grounds(database, tmp_path, 2) as made:
            first: Ground = made[0]
            for number in range(8):
                first.drop(f"f{number}.csv", f"R{number}|1.00")
            ways = [
                WaysIn(
                    it.node.store,
                    it.node.runtime,
                    [WayIn(system=it.system, look=it.picking.look, close=it.picking.aclose)],
                )
                for it in made
            ]
            for it in ways:
                it.start()
            await until(
                [it.node for it in made],
                lambda: sum(name.startswith("processed/") for name in first.files()) == 8,
            )
            assert first.references() == [f"R{number}" for number in range(8)]
            assert not [name for name in first.files() if name.startswith(("in/", "work/"))]
            for it in ways:
                it.drain()

    asyncio.run(story())


def test_what_is_at_the_end_is_done_at_the_end(database):
    async def story() -> None:
        async with nodes(database, 1) as (node,):
            done: list[str] = []
            ways = WaysIn(node.store, node.runtime)
            ways.at_end(lambda: done.append("released"))
            assert not ways.stopping()
            ways.drain()
            assert ways.stopping()
            await ways.end()
            assert done == ["released"]

    asyncio.run(story())
