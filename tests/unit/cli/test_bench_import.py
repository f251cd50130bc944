"""The bench ``statement-import``: the same lines twice, and nothing passes for an import."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.cli import bench_import, bench_intake, bench_settings
from gateway.cli.api_client import Answer
from gateway.cli.measured import Options
from gateway.domain.bank_file import EntryRead, StatementStart
from gateway.domain.errors import Corrupt
from gateway.formats.read.camt import FORMAT
from gateway.ports.statement_formats import Reading

FEW = 25


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    first, again = tmp_path / "first.xml", tmp_path / "again.xml"
    bench_import.write(FEW, first, again)
    return first, again


def read(file: Path) -> tuple[list[str], list[EntryRead]]:
    parts = list(FORMAT.read([file.read_bytes()], Reading()))
    accounts = [it.account for it in parts if isinstance(it, StatementStart)]
    return accounts, [it for it in parts if isinstance(it, EntryRead)]


def test_two_files_tell_the_same_lines_of_the_account_under_measurement(files):
    first, again = files
    assert first.read_bytes() != again.read_bytes()
    assert read(first) == read(again)
    accounts, entries = read(first)
    assert accounts == [bench_settings.DEBTOR]
    assert len(entries) == FEW


def test_the_reference_reads_every_entry(files, tmp_path):
    assert bench_intake.reference(files[0], tmp_path / "bare.db", "Ntry") == FEW


def test_the_set_up_names_the_size():
    for text in (bench_import.IMPORT_ZH, bench_import.IMPORT_EN):
        assert f"{bench_import.ENTRIES:,}" in text


@pytest.mark.parametrize(
    ("first", "again", "broken"),
    [
        ((200, "imported", FEW), (200, "imported", 0), None),
        ((200, "imported", FEW - 1), (200, "imported", 0), "200"),
        ((200, "imported", FEW), (200, "imported", 1), "200"),
        ((200, "quarantined", 0), (200, "imported", 0), "quarantined"),
        ((503, "", 0), (200, "imported", 0), "503"),
    ],
)
def test_every_line_is_new_once(monkeypatch, first, again, broken):
    answers = [first, again]
    closed: list[bool] = []

    class Client:
        def __init__(self, *_words: object) -> None:
            """Anybody's."""

        def call(self, _method: str, _target: str, _body: bytes) -> Answer:
            status, state, added = answers.pop(0)
            return Answer(status, json.dumps({"state": state, "added": added}).encode())

        def close(self) -> None:
            closed.append(True)

    @contextmanager
    def side(*_words: object, **_more: object):
        yield SimpleNamespace(address="http://127.0.0.1", peak_rss_mib=lambda: 1.0)

    monkeypatch.setattr(bench_import, "ApiClient", Client)
    monkeypatch.setattr(bench_import, "side", side)
    monkeypatch.setattr(bench_import, "run_once", lambda *_: b'{"seconds": 5}')
    options = Options(scale=FEW / bench_import.ENTRIES)
    if broken is None:
        found = bench_import.measure(options, lambda _: None)
        assert found.reference == FEW / 5
        assert found.product > 0
        assert {"seconds", "again_seconds"} <= found.extra.keys()
        assert closed == [True, True]
    else:
        with pytest.raises(Corrupt, match=broken):
            bench_import.measure(options, lambda _: None)
