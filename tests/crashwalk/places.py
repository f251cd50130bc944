"""Where things are and how long they may take, for everybody on the walk."""

from __future__ import annotations

import contextlib
import random
import socket

PATIENCE_S = 180
"""How long anything may take on a busy machine before it counts as never."""
LOOK_S = 0.01
_PORTS = (20_000, 32_000)


def free_port() -> int:
    """A port outside the range that the system gives to outgoing connections."""
    while True:
        port = random.SystemRandom().randrange(*_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
