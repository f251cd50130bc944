"""A process that has everything imported and forks a child per order: a real process in 20 ms.

Orders come as JSON lines on standard input, one answer per line goes to standard output. When
the input ends, the children that are left are killed.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
_CRASHED = 70
_PRELOADED = (
    "alembic.command",
    "alembic.config",
    "adapters.bank.cib",
    "adapters.erp.iso20022",
    "gateway.web.server",
    "gateway.web.openapi",
    "uvicorn.lifespan.off",
    "uvicorn.protocols.http.httptools_impl",
    "tests.crashwalk.doomed",
)


def main() -> None:
    """Fork and reap until the input ends."""
    for name in _PRELOADED:
        importlib.import_module(name)
    gc.freeze()
    alive: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if "reap" in order:
            _, status = os.waitpid(order["reap"], 0)
            alive.discard(order["reap"])
            _say({"code": os.waitstatus_to_exitcode(status)})
            continue
        pid = os.fork()
        if pid == 0:
            os._exit(_child(order))
        alive.add(pid)
        _say({"pid": pid})
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _say(answer: dict) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _child(order: dict) -> int:
    """Run an order's process; its words go to the log."""
    nothing = os.open(os.devnull, os.O_RDWR)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number, target in enumerate((nothing, log, log)):
        os.dup2(target, number)
    try:
        module, _, function = order["run"].partition(":")
        return getattr(importlib.import_module(module), function)(order)
    except BaseException:  # noqa: BLE001 - a process's last words
        traceback.print_exc()
        return _CRASHED
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


class Process:
    """A child of the nursery."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self._nursery = nursery
        self.pid = pid
        self._handle = os.pidfd_open(pid)
        self.code: int | None = None

    def ended(self, timeout_s: float = 0) -> bool:
        """Whether it has ended, waiting at most so long."""
        if self.code is None and self._nursery.ready(self._handle, timeout_s):
            self.code = self._nursery.ask({"reap": self.pid})["code"]
            os.close(self._handle)
        return self.code is not None

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal."""
        if not self.ended():
            os.kill(self.pid, number)

    def finish(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.kill()
        while not self.ended(1):
            continue


class Nursery:
    """The other end: a running nursery."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crashwalk.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def ask(self, order: dict) -> dict:
        """One order, one answer."""
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def start(self, run: str, **order: object) -> Process:
        """A child that runs ``module:function`` with the order."""
        return Process(self, self.ask({"run": run, **order})["pid"])

    @staticmethod
    def ready(handle: int, timeout_s: float) -> bool:
        """Whether a process handle says that its process has ended."""
        import select

        waiting = select.poll()
        waiting.register(handle, select.POLLIN)
        return bool(waiting.poll(timeout_s * 1000))


if __name__ == "__main__":
    main()
