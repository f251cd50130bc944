"""The bench ``worker-start``: how long until a worker is ready to send.

Rule kept here: a whole new process each time, from its start to the line that says it is ready.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Final

from gateway.cli import bench_settings
from gateway.cli.measured import Measured, Options, Say, peak_rss_mib, run_once, running
from gateway.cli.own_postgres import OwnPostgres
from gateway.runtime import SystemClock

STARTS: Final = 5
LIBRARIES: Final = (
    "sqlalchemy", "psycopg", "alembic", "lxml.etree", "msgspec", "httptools", "uvloop",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
)  # fmt: skip


def measure(options: Options, say: Say) -> Measured:
    """Milliseconds, the middle one of several cold starts; the libraries alone as reference."""
    starts = max(1, options.scaled(STARTS))
    clock = SystemClock()
    found: dict[str, list[float]] = {"reference": [], "product": []}
    peak = 0.0
    with OwnPostgres() as server, tempfile.TemporaryDirectory(prefix="gateway-bench-") as made:
        folder = Path(made)
        settings = folder / "gateway.toml"
        text = bench_settings.text(bank="http://127.0.0.1:9", slots=16, database=server.url)
        settings.write_text(text, encoding="utf-8")
        named = ("--config", str(settings), "--json")
        run_once(["gateway.cli.main", "migrate", *named], b"")
        for turn in range(starts):
            begun = clock.monotonic()
            importing = f"import {', '.join(LIBRARIES)}"
            subprocess.run([sys.executable, "-c", importing], check=True)  # noqa: S603 - our words
            found["reference"].append(1000 * (clock.monotonic() - begun))
            begun = clock.monotonic()
            with running(["gateway.cli.main", "worker", *named], folder) as worker:
                found["product"].append(1000 * (clock.monotonic() - begun))
                peak = peak_rss_mib(worker.pid)
            say(f"{turn + 1}/{starts} worker: {found['product'][-1]:.0f} ms")
    return Measured(
        product=median(found["product"]),
        reference=median(found["reference"]),
        peak_rss_mib=peak,
        extra={"load_average": os.getloadavg()[0]},
    )
