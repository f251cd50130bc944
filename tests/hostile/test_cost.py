"""A hostile document costs its sender more than it costs us."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
P99_MS = 100
GROWN_MAX = 50 << 20


def test_time_and_memory_are_bounded_for_every_hostile_document():
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.cost"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    told = json.loads(done.stdout)
    spent = sorted(told["ms"].items(), key=lambda one: one[1])
    assert len(spent) > 150
    name, slowest = spent[-1 - len(spent) // 100]
    assert slowest <= P99_MS, spent[-10:]
    assert spent[-1][1] <= 10 * P99_MS, spent[-10:]
    assert told["grown"] <= GROWN_MAX, name
