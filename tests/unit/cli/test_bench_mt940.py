from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli import bench_mt940
from gateway.cli.measured import Options
from gateway.domain.errors import Corrupt, Refused


def test_the_file_is_read_whole_and_its_balances_prove_it(tmp_path: Path):
    file = tmp_path / "s.mt940"
    file.write_bytes(b"".join(bench_mt940.written(50)))
    assert bench_mt940.read_and_prove(file) == 50


def test_a_line_that_is_lost_is_seen(tmp_path: Path):
    file = tmp_path / "s.mt940"
    lines = list(bench_mt940.written(50))
    file.write_bytes(b"".join(lines[:10] + lines[11:]))
    with pytest.raises(Corrupt):
        bench_mt940.read_and_prove(file)


def test_without_the_other_readers_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(bench_mt940, "find_spec", lambda name: None)
    with pytest.raises(Refused) as refused:
        bench_mt940.measure(Options(scale=0.0001), print)
    assert "peers" in refused.value.en
    assert "mt-940" in refused.value.zh


def test_the_set_up_names_the_size_that_is_run():
    assert f"{bench_mt940.LINES:,}" in bench_mt940.READ_ZH
    assert f"{bench_mt940.LINES:,}" in bench_mt940.READ_EN
