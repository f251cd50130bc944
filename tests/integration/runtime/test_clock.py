"""The shared clock: one business time for several processes, moved by any of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.runtime import SharedClock, SystemClock
from gateway.store.instants import BEIJING

ROOT = Path(__file__).resolve().parents[3]
START = datetime(2026, 9, 15, 10, 0, tzinfo=BEIJING)
MINUTE = timedelta(minutes=1)
WATCH = """
import sys
from pathlib import Path
from gateway.runtime import SharedClock
clock = SharedClock(Path(sys.argv[1]))
print(clock.now().isoformat(), flush=True)
for line in sys.stdin:
    if line.startswith("jump"):
        clock.jump(int(line.split()[1]))
    print(clock.now().isoformat(), flush=True)
"""


class Other:
    """Another process with the same clock."""

    def __init__(self, path: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", WATCH, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    def tells(self) -> datetime:
        return datetime.fromisoformat(self._process.stdout.readline().strip())

    def ask(self, line: str = "now") -> datetime:
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self.tells()

    def close(self) -> None:
        self._process.stdin.close()
        assert self._process.wait(timeout=20) == 0
        self._process.stdout.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "clock.json"


@pytest.fixture
def other(path):
    SharedClock.create(path, START)
    it = Other(path)
    assert START <= it.tells() < START + 10 * MINUTE
    yield it
    it.close()


def until(condition) -> None:
    """Wait for something another process does; a minute of patience."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_jump_is_seen_by_the_other_process(path, other):
    clock = SharedClock(path)
    clock.jump(86_400)
    assert clock.now() >= START + timedelta(days=1)
    until(lambda: other.ask() >= START + timedelta(days=1))


def test_the_other_process_may_jump_too_and_back(path, other):
    clock = SharedClock(path)
    other.ask("jump 7200")
    until(lambda: clock.now() >= START + timedelta(hours=2))
    other.ask("jump -7200")
    until(lambda: clock.now() < START + timedelta(hours=1))


def test_time_runs_on_from_the_start(path):
    clock = SharedClock.create(path, START)
    first = clock.now()
    assert START <= first < START + MINUTE
    until(lambda: clock.now() > first)


def test_a_scaled_clock_runs_faster(path):
    clock = SharedClock.create(path, START, scale=3_600)
    until(lambda: clock.now() > START + timedelta(hours=1))
    clock.scale(1)
    stopped = clock.now()
    assert clock.now() - stopped < MINUTE


def test_monotonic_time_never_jumps(path):
    clock = SharedClock.create(path, START)
    before = clock.monotonic()
    clock.jump(86_400)
    assert 0 <= clock.monotonic() - before < 60


def test_a_second_look_at_the_file_after_a_restart(path):
    SharedClock.create(path, START).jump(3_600)
    assert SharedClock(path).now() >= START + timedelta(hours=1)


def test_no_half_written_file_is_left(path):
    clock = SharedClock.create(path, START)
    for _ in range(20):
        clock.jump(60)
    assert [it.name for it in path.parent.iterdir()] == ["clock.json"]


def test_business_time_is_beijing_time():
    assert SystemClock().now().utcoffset() == timedelta(hours=8)
