"""``gateway migrate``: a step of its own, told in words and by its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from gateway.cli import main
from gateway.store.engine import open_engine
from gateway.store.lock import Lock
from gateway.store.migrate import HEAD, current

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def run(empty_database, tmp_path, capsys):
    """The command on an empty database: words → exit code and what was printed."""
    config = tmp_path / "gateway.toml"
    where = "gateway.db" if empty_database.path else empty_database.url
    config.write_text(f'[gateway]\ndata = "."\ndatabase = "{where}"\n')

    def command(*words: str) -> tuple[int, str, str]:
        code = main.main(["migrate", "--config", str(config), *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return command


def stands(database) -> str:
    engine = open_engine(database)
    try:
        return current(engine)
    finally:
        engine.dispose()


def test_looking_changes_nothing_and_says_that_it_is_behind(run, empty_database):
    code, out, _ = run("--check")
    assert code == 1
    assert "须先迁移" in out
    assert "migrate it first" in out
    assert HEAD in out
    assert empty_database.path is None or not empty_database.path.exists()
    assert stands(empty_database) == ""


def test_it_tells_each_revision_it_applied_and_is_done_the_second_time(run, empty_database):
    code, out, _ = run()
    assert code == 0
    for number in range(1, int(HEAD) + 1):
        assert f"✓ {number:04} 已执行 / applied: " in out
    assert f"revision {HEAD}" in out
    assert stands(empty_database) == HEAD
    code, out, _ = run()
    assert code == 0
    assert "applied" not in out
    assert run("--check")[0] == 0


def test_machines_are_told_in_json(run):
    code, out, _ = run("--json", "--check")
    told = json.loads(out)
    assert code == 1
    assert told["standing"] == "behind"
    assert (told["at"], told["needs"], told["applied"]) == ("", HEAD, [])
    code, out, _ = run("--json")
    told = json.loads(out)
    assert code == 0
    assert told["standing"] == "current"
    assert told["at"] == HEAD
    assert [it["revision"] for it in told["applied"]][-1] == HEAD


def test_a_newer_database_is_no_fault(run, empty_database):
    run()
    engine = open_engine(empty_database)
    with engine.begin() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    code, out, _ = run("--check")
    assert code == 0
    assert "并行" in out
    assert run()[0] == 0


def test_a_file_in_use_is_left_alone(tmp_path, capsys):
    config = tmp_path / "gateway.toml"
    config.write_text('[gateway]\ndata = "."\n')
    lock = Lock(tmp_path / "gateway.lock")
    lock.take()
    assert main.main(["migrate", "--config", str(config)]) == 2
    assert "另一个进程" in capsys.readouterr().err
    assert not (tmp_path / "gateway.db").exists()
    lock.release()
    assert main.main(["migrate", "--config", str(config)]) == 0


@pytest.mark.postgresql
def test_the_owner_comes_from_the_environment_and_is_never_printed(
    databases, tmp_path, monkeypatch, capsys
):
    config = tmp_path / "gateway.toml"
    with databases.fresh("") as database:
        nobody = database.url.replace("//gateway@", "//nobody@")
        config.write_text(f'[gateway]\ndata = "."\ndatabase = "{nobody}"\n')
        words = ["migrate", "--config", str(config), "--json", "--database-env", "OWNER_OF_BOOKS"]
        assert main.main(words) == 2
        told = capsys.readouterr()
        assert "OWNER_OF_BOOKS" in told.err
        secret = database.url.replace("//gateway@", "//gateway:very-secret@")
        monkeypatch.setenv("OWNER_OF_BOOKS", secret)
        assert main.main(words) == 0
        told = capsys.readouterr()
        assert "very-secret" not in told.out + told.err
        assert stands(database) == HEAD
        file = tmp_path / "owner"
        words[-2:] = ["--database-file", str(file)]
        assert main.main(words) == 2
        assert str(file) in capsys.readouterr().err
        file.write_text(f"{secret}\n")
        assert main.main(words) == 0
        assert "very-secret" not in capsys.readouterr().out


@pytest.mark.postgresql
def test_a_server_that_is_not_there_is_said_in_words(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("gateway.cli.migrate.open_engine", partial(open_engine, patience_s=0))
    config = tmp_path / "gateway.toml"
    url = f"postgresql://gateway:very-secret@/gateway?host={tmp_path}"
    config.write_text(f'[gateway]\ndata = "."\ndatabase = "{url}"\n')
    assert main.main(["migrate", "--config", str(config)]) == 2
    told = capsys.readouterr().err
    assert "无法连接" in told
    assert "No such file or directory" in told
    assert "very-secret" not in told
    assert "Traceback" not in told


@pytest.mark.postgresql
def test_a_table_that_others_hold_is_waited_for_and_then_left_as_it_was(databases, tmp_path):
    """Nothing of a revision that could not be finished is kept, and the next call does it."""
    config = tmp_path / "gateway.toml"
    with databases.fresh("0001") as database:
        url = f"{database.url}&options=-c%20lock_timeout%3D200ms"
        config.write_text(f'[gateway]\ndata = "."\ndatabase = "{url}"\n')
        command = [sys.executable, "-m", "gateway.cli.main", "migrate", "--config", str(config)]
        with psycopg.connect(database.url) as db:  # a session that nothing ends for standing still
            db.execute("LOCK TABLE message_line IN ACCESS SHARE MODE")
            held = subprocess.run(
                command, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ}
            )
        assert held.returncode == 2, held.stdout
        assert "lock timeout" in held.stderr
        assert "Traceback" not in held.stderr
        assert stands(database) == "0001"
        assert subprocess.run(command, cwd=ROOT, check=False, capture_output=True).returncode == 0
        assert stands(database) == HEAD
