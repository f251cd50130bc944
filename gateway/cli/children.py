"""Our own programs as child processes: started, watched, shot dead, started again.

Each is in a session of its own, so that Ctrl-C at the terminal reaches only us; whoever starts
them ends them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.domain.errors import Corrupt

_END_S: Final = 30


@dataclass(slots=True)
class _Life:
    """One process from its start to its end; ``told`` is what it said when it was ready."""

    process: subprocess.Popen[str]
    began: float
    told: str = ""
    ready_s: float = 0.0
    ready: threading.Event = field(default_factory=threading.Event)

    def listen(self) -> None:
        """Read the first line, then let nothing stand in the pipe, to its end."""
        if self.process.stdout is None:
            return
        with self.process.stdout as lines:
            first = lines.readline()
            if first:
                self.ready_s = time.monotonic() - self.began
                self.told = str(json.loads(first)["ready"])
                self.ready.set()
            for _ in lines:
                continue


class Child:
    """One program in our care: ``gateway COMMAND --json …``."""

    def __init__(self, name: str, log: Path, command: str, *arguments: str) -> None:
        self.name = name
        self._log = log
        self._command = [sys.executable, "-m", "gateway.cli.main", command, "--json", *arguments]
        self._arguments = arguments
        self._life: _Life | None = None
        self._wanted = False
        self.ended_itself = 0
        """How often it ended without being asked to."""
        self.restored_s: list[float] = []
        """Seconds from each start after a death until it was ready."""

    @property
    def ready(self) -> bool:
        """Whether it runs and has said that it is ready."""
        life = self._life
        return life is not None and life.ready.is_set() and life.process.poll() is None

    @property
    def pid(self) -> int:
        """Its process, 0 when it has none."""
        return self._life.process.pid if self._life is not None else 0

    @property
    def told(self) -> str:
        """What it said when it was ready: its address, or its name."""
        return self._life.told if self._life is not None else ""

    def with_arguments(self, *arguments: str) -> Child:
        """Itself, with other arguments from its next start on."""
        self._command[-len(self._arguments) :] = arguments
        self._arguments = arguments
        return self

    def start(self) -> None:
        """Start it; ``ready`` comes true when it is."""
        self._wanted = True
        with self._log.open("a", encoding="utf-8") as log:
            process = subprocess.Popen(  # noqa: S603 - our own program
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self._life = _Life(process=process, began=time.monotonic())
        threading.Thread(target=self._life.listen, name=self.name, daemon=True).start()

    def wait(self, seconds: float) -> str:
        """Wait until it is ready, starting it again where it ends before; returns what it said.

        Raises Corrupt when the time is over.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            life = self._life
            if life is not None and life.ready.wait(0.1) and self.ready:
                return life.told
            self.tend()
        raise Corrupt(
            f"{self.name} was not ready within {seconds:.0f} s; see {self._log}",
            f"{self.name} 在 {seconds:.0f} 秒内未就绪，见 {self._log}",
        )

    def tend(self) -> None:
        """Start it again when it has ended by itself."""
        life = self._life
        if self._wanted and life is not None and life.process.poll() is not None:
            self.ended_itself += 1
            self._note(life)
            self.start()

    def join(self) -> None:
        """Wait until it ends."""
        if self._life is not None:
            self._life.process.wait()

    def kill(self) -> None:
        """SIGKILL: no clean-up of any kind."""
        self._wanted = False
        if self._life is not None:
            self._life.process.kill()
            self._life.process.wait()
            self._note(self._life)

    def stop(self) -> int:
        """SIGTERM, and wait for a graceful end; shot dead when that takes too long."""
        self._wanted = False
        if self._life is None:
            return 0
        process = self._life.process
        process.terminate()
        try:
            return process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
        finally:
            self._note(self._life)
            self._life = None

    def _note(self, life: _Life) -> None:
        if life.ready.is_set():
            self.restored_s.append(life.ready_s)
            life.ready.clear()
