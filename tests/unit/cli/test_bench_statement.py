"""The bench ``statement-read`` compares what is comparable."""

from __future__ import annotations

from importlib import util
from pathlib import Path

import pytest

from gateway.cli import bench_statement
from gateway.cli.bench_sides import PRODUCT
from gateway.cli.measured import Options
from gateway.domain.errors import Corrupt, Refused

FEW = 25


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "camt053.xml"
    bench_statement.write(written, FEW)
    return written


@pytest.mark.parametrize("side", [PRODUCT, "list", "stream"])
def test_every_side_finds_every_entry(side: str, file: Path):
    assert bench_statement.count(side, file) == FEW


def test_a_larger_file_is_the_same_statement_again_and_again(file: Path, tmp_path: Path):
    large = tmp_path / "large.xml"
    copies = bench_statement.repeat(file, large, 1)
    assert copies > 1
    assert abs(large.stat().st_size - 2**20) < file.stat().st_size
    assert bench_statement.count(PRODUCT, large) == copies * FEW


def test_the_set_up_names_the_size():
    for text in (bench_statement.READ_ZH, bench_statement.READ_EN):
        assert f"{bench_statement.ENTRIES:,}" in text
        assert "--mib N" in text


def test_without_the_library_it_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(util, "find_spec", lambda _: None)
    with pytest.raises(Refused, match="camt053"):
        bench_statement.measure(Options(), lambda _: None)


def test_both_are_measured_in_turn_and_what_is_missing_is_told(monkeypatch: pytest.MonkeyPatch):
    order: list[str] = []
    answers = {PRODUCT: (FEW, 1), "list": (FEW, 5), "stream": (FEW, 10)}

    def run_once(command: list[str], _: bytes) -> bytes:
        side = command[1]
        order.append(side)
        entries, seconds = answers[side]
        told = f'"entries": {entries}, "seconds": {seconds}, "peak_rss_mib": {seconds}'
        return f"{{{told}}}".encode()

    monkeypatch.setattr(bench_statement, "run_once", run_once)
    options = Options(scale=FEW / bench_statement.ENTRIES)
    found = bench_statement.measure(options, lambda _: None)
    assert order == [PRODUCT, "list", "stream"] * 3
    assert (found.product, found.reference, found.peak_rss_mib) == (FEW, FEW / 5, 1)
    assert found.extra["stream_rate"] == FEW / 10
    answers["list"] = (FEW - 1, 5)
    with pytest.raises(Corrupt, match="list"):
        bench_statement.measure(options, lambda _: None)
