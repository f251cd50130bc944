"""The demonstration as a test: real processes, SIGKILL in mid-send, books to the fen."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.e2e.needs import needs

ERPS = [
    *("用友 YonBIP", "用友 NC", "金蝶 星空", "SAP", "Oracle", "拜特", "九恒星", "Tryton"),
    *("CSV", "REST"),
]
DEMO = (sys.executable, "-m", "gateway.cli.main", "demo")


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def test_the_whole_story_ends_with_equal_books(database: str) -> None:
    needs(database)
    ended = subprocess.run(
        [*DEMO, "--exit", "--json", "--port", "0", "--db", database],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    result = json.loads(ended.stdout)
    assert result["differences"] == []
    assert result["instructions"] >= 500
    assert result["audit"]["ok"] is True
    assert result["books"]["ok"] is True
    assert result["states"] == {
        "SETTLED": result["instructions"] - 19,
        "REJECTED": 16,
        "RETURNED": 2,
        "CANCELLED": 1,
    }
    assert result["controls"] == {
        "version": 1,
        "state": "in_force",
        "proposed_by": "person:王复核",
        "voted_by": ["person:李主管"],
    }
    assert [row["erp"] for row in result["erps"]] == ERPS
    for row in result["erps"]:
        counts = (row["submitted"], row["settled"], row["rejected"], row["resolved"])
        assert (*counts, row["written_back"]) == (4, 3, 1, 1, 4), row["erp"]
    assert all(row["difference"] == "0.00" for row in result["accounts"])
    kept = {row["account"]: row for row in result["statements"]}
    assert kept.keys() == {row["account"] for row in result["accounts"]}
    for row in kept.values():
        assert set(row["states"]) <= {"proven", "quiet"}, row
    assert {row["account"] for row in result["sheets"]} == kept.keys()
    for row in result["sheets"]:
        assert row["state"] == "balanced", row
        assert all(it["what"] and it["amount"] and it["class"] for it in row["open"]), row


def test_a_worker_on_sqlite_says_why_there_is_none(tmp_path) -> None:  # type: ignore[no-untyped-def]
    config = tmp_path / "gateway.toml"
    config.write_text('[gateway]\ndata = "var"\n', encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "gateway.cli.main", "worker", "--config", str(config)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "SQLite" in ended.stderr
    assert "Traceback" not in ended.stderr
