"""Campaigns of real processes on both databases: short here, as long as you like by hand."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import psutil
import pytest

from tests.e2e.needs import needs

COMMAND = (sys.executable, "-m", "gateway.cli.main", "campaign", "--json", "--seed", "1")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def test_nothing_is_lost_doubled_stuck_or_wrong(database: str, tmp_path) -> None:
    needs(database)
    kept = tmp_path / "kept"
    ended = subprocess.run(
        [*COMMAND, "--payments", "150", "--kills", "3", "--db", database, "--keep", str(kept)],
        capture_output=True,
        text=True,
        check=False,
    )
    told = json.loads(ended.stdout) if ended.stdout else {"stderr": ended.stderr[-3000:]}
    assert ended.returncode == 0, f"{ended.stdout[-4000:]}\n{ended.stderr[-2000:]}"
    assert {name: told[name] for name in ("lost", "doubled", "stuck", "wrong")} == {
        "lost": 0,
        "doubled": 0,
        "stuck": 0,
        "wrong": 0,
    }
    assert told["payments"] == told["promised"] == told["looked"]["instructions"] == 150
    assert told["kills"] == 3
    assert sum(told["faults"].values()) > 0
    assert told["posted_twice"] > 0
    assert told["found"] == []
    assert sum(told["states"].values()) == 150
    assert told["states"]["SETTLED"] == told["looked"]["executions"]
    if database == "postgresql":
        assert told["database_restarts"] >= 1


@pytest.mark.timeout(300)
def test_ctrl_c_leaves_no_process_behind(tmp_path) -> None:
    words = ("--payments", "200", "--kills", "50", "--db", "sqlite", "--keep", str(tmp_path / "k"))
    with subprocess.Popen([*COMMAND, *words], stderr=subprocess.PIPE, text=True) as campaign:
        assert campaign.stderr is not None
        assert "200 payments" in campaign.stderr.readline()
        children = psutil.Process(campaign.pid).children(recursive=True)
        assert len(children) >= 2
        campaign.send_signal(signal.SIGINT)
        rest = campaign.stderr.read()
        assert campaign.wait() == 130, rest
    assert "Traceback" not in rest
    _, alive = psutil.wait_procs(children, timeout=60)
    assert alive == []
