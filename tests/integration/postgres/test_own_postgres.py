"""The server that a demonstration, a bench or a test has for itself."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import psycopg
import pytest
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from gateway.cli import own_postgres as own
from gateway.domain.errors import Corrupt, NotOffered, Refused
from tests.postgres import own_postgres

pytestmark = pytest.mark.postgresql

ROOT = Path(__file__).resolve().parents[3]
GONE_S = 60
until = Retrying(
    retry=retry_if_result(lambda met: not met), stop=stop_after_delay(GONE_S), wait=wait_fixed(0.05)
)
_HOLDS_ONE = """
import sys
from tests.postgres import own_postgres
it = own_postgres(durable=False)
print(it.pid, it.folder, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def server():
    with own_postgres() as it:
        yield it


@pytest.fixture
def base():
    """A folder that everybody may pass through, and a short path: unlike ``tmp_path``."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def asked(server, question: str) -> object:
    with psycopg.connect(server.url) as db:
        return db.execute(question).fetchone()[0]


def test_it_is_new_enough_durable_and_has_one_empty_database(server):
    assert int(asked(server, "SHOW server_version_num")) >= 150_000
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        assert asked(server, f"SHOW {setting}") == "on"
    assert asked(server, "SELECT current_user || current_database()") == "gatewaygateway"
    assert asked(server, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    assert asked(server, "SHOW server_encoding") == "UTF8"


def test_nobody_else_reaches_it(server):
    """No address is listened on, and its folder is closed to others."""
    assert asked(server, "SHOW listen_addresses") == ""
    assert psutil.Process(server.pid).net_connections("inet") == []
    assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700


def test_it_never_runs_as_root(server):
    assert psutil.Process(server.pid).uids().effective != 0


@pytest.mark.parametrize("mode", ["fast", "immediate", "kill"])
def test_what_was_committed_is_there_after_a_restart(server, mode):
    server.sql("DROP TABLE IF EXISTS kept", "CREATE TABLE kept AS SELECT 1 AS one")
    before = server.pid
    server.restart(mode)
    assert server.pid != before
    with psycopg.connect(server.url_of("postgres", "postgres")) as db:
        assert db.execute("SELECT one FROM kept").fetchone() == (1,)


def test_it_can_be_killed_from_outside_and_started_again(server):
    os.kill(server.pid, signal.SIGKILL)
    server.restart("kill")
    assert asked(server, "SELECT 1") == 1


def test_a_session_open_at_the_restart_is_told_so(server):
    with psycopg.connect(server.url) as db:
        db.execute("SELECT 1")
        server.restart("immediate")
        with pytest.raises(psycopg.OperationalError):
            db.execute("SELECT 1")


def test_its_options_are_the_servers_settings():
    with own_postgres(durable=False, options={"work_mem": "5MB"}) as it:
        folder = it.folder
        assert asked(it, "SHOW work_mem") == "5MB"
        assert asked(it, "SHOW fsync") == "off"
    assert not folder.exists()


def test_what_does_not_start_says_why_and_leaves_nothing(base):
    with pytest.raises(Corrupt, match="no_such_setting"):
        own_postgres(base=base, options={"no_such_setting": "1"})
    assert list(base.iterdir()) == []


def test_it_ends_and_tidies_up_when_its_process_is_killed():
    child = subprocess.Popen(
        [sys.executable, "-c", _HOLDS_ONE],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        pid, _, folder = child.stdout.readline().strip().partition(" ")
        postmaster = psutil.Process(int(pid))
    finally:
        child.kill()
        child.communicate()
    postmaster.wait(GONE_S)
    until(lambda: not Path(folder).exists())


def test_a_folder_too_deep_for_a_socket_is_refused(base):
    deep = base / ("deep" * 20)
    deep.mkdir()
    with pytest.raises(Refused, match="too long a path"):
        own_postgres(base=deep)
    assert list(deep.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another account")
def test_a_folder_that_account_cannot_reach_is_refused_and_left_alone(tmp_path):
    closed = tmp_path / "home"
    closed.mkdir(mode=0o700)
    with pytest.raises(Refused, match="outside home folders"):
        own_postgres(base=closed)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert list(closed.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another account")
def test_programs_that_account_cannot_reach_are_copied_and_left_alone(tmp_path):
    """As with an environment below root's home folder."""
    closed = tmp_path / "home"
    closed.mkdir(mode=0o700)
    installation = own.wheel().parent
    there = closed / installation.parent.name / installation.name
    libraries = f"{installation.parent.name}.libs"
    shutil.copytree(installation, there, ignore=shutil.ignore_patterns("include", "*.a"))
    shutil.copytree(installation.parents[1] / libraries, closed / libraries)
    with own.OwnPostgres(durable=False, programs=there / "bin") as it:
        assert asked(it, "SELECT 1") == 1
        assert psutil.Process(it.pid).exe().startswith(str(it.folder))
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_without_the_wheel_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(own, "find_spec", lambda name: None)
    with pytest.raises(NotOffered, match=r"requirements/postgresql\.txt"):
        own.OwnPostgres()
