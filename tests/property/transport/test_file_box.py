"""Whatever happens in whatever order: no file is lost, and none is given to two at once."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.domain.errors import NotSent
from gateway.ports.erp_boxes import Arrived
from gateway.transport.box_names import FOLDERS, IN, OUT, PROCESSED, REFUSED, WORK, Habits, Seen
from gateway.transport.file_box import Box

NAMES = st.sampled_from(["a.xml", "b.xml", "付款.csv", "c.xml.tmp"])


def read(path: Path) -> bytes:
    return path.read_bytes()


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


class Memory:
    """A place in memory that fails when it is told to; ``left`` requests are still answered."""

    def __init__(self) -> None:
        self.folders: dict[str, dict[str, tuple[bytes, int]]] = {it: {} for it in FOLDERS}
        self.left = -1
        self.time = 0

    def _asked(self) -> None:
        if self.left == 0:
            raise NotSent
        self.left -= 1

    async def ready(self) -> None:
        self._asked()

    async def seen(self, folder: str) -> Sequence[Seen]:
        self._asked()
        return [
            Seen(name=name, size=len(content), changed=at)
            for name, (content, at) in self.folders[folder].items()
        ]

    async def exists(self, folder: str, name: str) -> bool:
        self._asked()
        return name in self.folders[folder]

    async def move(self, source: tuple[str, str], target: tuple[str, str]) -> bool:
        self._asked()
        found = self.folders[source[0]].pop(source[1], None)
        if found is None:
            return False
        self.folders[target[0]][target[1]] = found
        return True

    async def remove(self, folder: str, name: str) -> None:
        self._asked()
        self.folders[folder].pop(name, None)

    async def fetch(self, folder: str, name: str, copy: Path) -> None:
        self._asked()
        write(copy, self.folders[folder][name][0])

    async def store(self, folder: str, name: str, source: Path) -> None:
        self._asked()
        self.time += 1
        self.folders[folder][name] = (read(source), self.time)

    async def same(self, folder: str, name: str, as_this: Path) -> bool:
        self._asked()
        known = self.folders[folder].get(name)
        return known is not None and known[0] == read(as_this)

    async def aclose(self) -> None:
        self.left = 0


class Boxes(RuleBasedStateMachine):
    """A sender, one box after the other, and a place that comes and goes."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.place = Memory()
        self.sent: list[bytes] = []
        self.finished: list[bytes] = []
        self.held: list[tuple[Arrived, bytes]] = []
        self.said: dict[str, bytes] = {}
        self.open()

    def open(self) -> None:
        scratch = Path(self.folder.name) / "scratch"
        self.box = Box(self.place, scratch, Habits(settle_s=0))
        self.held.clear()

    def run(self, story):
        try:
            return asyncio.run(story)
        except NotSent:
            return None

    @rule(name=NAMES)
    def send(self, name: str) -> None:
        if name not in self.place.folders[IN]:
            content = b"%d" % len(self.sent)
            self.place.time += 1
            self.place.folders[IN][name] = (content, self.place.time)
            if not name.endswith(".tmp"):
                self.sent.append(content)

    @rule()
    def claim(self) -> None:
        found = self.run(self.box.claim())
        if found is not None:
            content = Path(found.path).read_bytes()
            assert content in self.sent
            assert content not in self.finished
            assert content not in [it for _, it in self.held]
            self.held.append((found, content))

    @precondition(lambda self: self.held)
    @rule(refused=st.booleans(), last=st.booleans())
    def finish(self, refused: bool, last: bool) -> None:
        arrived, content = self.held[-1 if last else 0]

        async def whole() -> bool:
            await self.box.finish(arrived, refused=refused)
            return True

        if self.run(whole()):
            self.held.remove((arrived, content))
            self.finished.append(content)

    @precondition(lambda self: self.held)
    @rule()
    def put_off(self) -> None:
        arrived, _ = self.held.pop(0)
        self.run(self.box.put_off(arrived))

    @rule(name=st.sampled_from(["r.xml", "s.xml"]), content=st.binary(max_size=4))
    def put(self, name: str, content: bytes) -> None:
        async def whole() -> bool:
            await self.box.put(name, iter([content]))
            return True

        before = self.said.get(name)
        done = self.run(whole())
        now = self.place.folders[OUT].get(name)
        assert (now[0] if now else None) in {before, content}  # never a part of it
        assert not done or now[0] == content
        if now:
            self.said[name] = now[0]

    @rule(left=st.integers(0, 6))
    def fail(self, left: int) -> None:
        self.place.left = left

    @rule()
    def recover(self) -> None:
        self.place.left = -1

    @rule()
    def crash(self) -> None:
        self.place.left = -1
        self.open()

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        stored = [
            content
            for folder in (IN, WORK, PROCESSED, REFUSED)
            for name, (content, _) in self.place.folders[folder].items()
            if not name.endswith(".tmp")
        ]
        assert sorted(stored) == sorted(self.sent)

    def teardown(self) -> None:
        """Once all is well, everything is taken."""
        self.place.left = -1
        self.open()
        while (found := self.run(self.box.claim())) is not None:
            content = Path(found.path).read_bytes()
            self.run(self.box.finish(found, refused=False))
            self.finished.append(content)
        assert sorted(set(self.finished)) == sorted(self.sent)
        self.folder.cleanup()


TestBoxes = Boxes.TestCase
TestBoxes.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
