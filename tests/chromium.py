"""Debian's chromium at the width of a phone, spoken to over a pipe, without a driver."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

WIDTH, HEIGHT = 375, 720


class Tab:
    """One page. Every call waits for its answer."""

    def __init__(self, to: int, back: int) -> None:
        self._to, self._back = to, back
        self._left = b""
        self._number = 0
        self._session = ""
        self.loaded = 0
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self.call("Page.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=WIDTH,
            height=HEIGHT,
            deviceScaleFactor=2,
            mobile=True,
        )

    def call(self, method: str, **parameters: object) -> dict[str, object]:
        self._number += 1
        number = self._number
        sent = {"id": number, "method": method, "params": parameters}
        if self._session:
            sent["sessionId"] = self._session
        os.write(self._to, json.dumps(sent).encode() + b"\0")
        while True:
            told = self._read()
            if told.get("id") == number:
                assert "error" not in told, told
                return told["result"]

    def go(self, url: str) -> None:
        before = self.loaded
        self.call("Page.navigate", url=url)
        self._loading(before)

    def do(self, script: str) -> None:
        """Run a script that leads to another page, and wait for that page."""
        before = self.loaded
        self.ask(script)
        self._loading(before)

    def ask(self, script: str) -> object:
        """The value of an expression on the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def _loading(self, before: int) -> None:
        while self.loaded == before:
            self._read()

    def _read(self) -> dict[str, object]:
        while b"\0" not in self._left:
            piece = os.read(self._back, 1 << 16)
            assert piece, "the browser has ended"
            self._left += piece
        message, _, self._left = self._left.partition(b"\0")
        told = json.loads(message)
        if told.get("method") == "Page.loadEventFired":
            self.loaded += 1
        return told


@contextmanager
def tab(folder: Path):
    """A browser with one page; its profile is in ``folder``."""
    to_read, to_write = os.pipe()
    back_read, back_write = os.pipe()

    def as_three_and_four() -> None:
        # The browser reads from 3 and writes to 4; those numbers may be taken by the pipes.
        os.dup2(to_read, 60)
        os.dup2(back_write, 61)
        os.dup2(60, 3)
        os.dup2(61, 4)

    process = subprocess.Popen(
        [
            "chromium",
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--no-proxy-server",
            "--remote-debugging-pipe",
            f"--user-data-dir={folder / 'profile'}",
        ],
        preexec_fn=as_three_and_four,  # noqa: PLW1509 - nothing else runs in this process yet
        close_fds=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_read)
    os.close(back_write)
    try:
        yield Tab(to_write, back_read)
    finally:
        process.kill()
        process.wait()
        os.close(to_write)
        os.close(back_read)
