"""``gateway onboard check`` before the real sandbox bank: ready, or what is missing."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from datetime import timedelta

import pytest

from gateway.cli import onboard
from gateway.onboarding.scenarios import Scenario
from gateway.runtime import SharedClock
from gateway.settings import load
from gateway.simulation.runtime import START
from tests.integration.onboarding.conftest import PASSWORD

FULL = "900010101000000011"


@pytest.fixture
def unplayed(monkeypatch):
    """Leave the scenarios out, where a test is about something else."""

    async def nothing(*_):
        return []

    monkeypatch.setattr(onboard, "_rehearsed", nothing)


@pytest.fixture
def told(check, capsys):
    """What a check that is not ready found: code → what was looked at."""

    def run(*more):
        assert check("--json", *more) == 1
        document = json.loads(capsys.readouterr().out)
        assert document["ready"] is False
        missing = [it for it in document["findings"] if it["result"] == "missing"]
        assert all(it["zh"] and it["en"] and it["todo_zh"] and it["todo_en"] for it in missing)
        return {it["code"]: it["what"] for it in missing}

    return run


def test_a_client_for_whom_all_is_right_is_ready(check, capsys, tmp_path, monkeypatch):
    page, piece = tmp_path / "report.html", tmp_path / "gateway.toml"
    assert check("--json", "--report", str(page), "--settings", str(piece)) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["ready"] is True
    assert {it["result"] for it in document["findings"]} == {"ok", "warn"}
    played = [it["what"] for it in document["findings"] if it["area"] == "scenario"]
    assert played == [f"cib-main {it.value}" for it in Scenario]
    areas = {it["area"] for it in document["findings"]}
    assert areas == {
        *("client", "adapter", "sign_on", "rights", "account", "clock", "erp", "settings"),
        "scenario",
    }
    everything = json.dumps(document, ensure_ascii=False) + page.read_text("utf-8")
    assert "READY 可以上线" in everything
    assert PASSWORD not in everything
    assert FULL not in everything
    assert PASSWORD not in piece.read_text("utf-8")
    assert stat.S_IMODE(piece.stat().st_mode) == 0o600, "it holds whole account numbers"
    monkeypatch.setenv("GATEWAY_KEY_EXAMPLE_GROUP", "only-for-this-test")
    assert FULL in load(piece).directory.tenants["example-group"].accounts


def test_what_a_relationship_manager_reads(check, capsys, spoil, unplayed, tmp_path):
    spoil("Y43", "Y44")
    page = tmp_path / "report.md"
    assert check("--report", str(page)) == 1
    told = capsys.readouterr().out
    assert "✗ client.uscc" in told
    assert "NOT READY" in told
    assert "尚缺 1 项" in page.read_text("utf-8")


def test_a_wrong_password_is_tried_once(told, file, unplayed):
    (file.parent / "password").write_text("wrong", encoding="utf-8")
    assert told() == {"sign_on_refused": "example-group/cib-main"}


@pytest.mark.parametrize("how", ["gone", "empty", "binary"])
def test_a_password_that_cannot_be_had_asks_nobody(told, file, unplayed, how):
    place = file.parent / "password"
    place.unlink()
    if how == "empty":
        place.write_text("\n")
    if how == "binary":
        place.write_bytes(os.urandom(8) + b"\xff")
    assert told() == {"no_password": "cib-main password_file"}


def test_a_bank_that_is_not_there(told, bank, spoil, unplayed):
    spoil(bank[0], "http://127.0.0.1:1")
    assert told() == {"unreachable": "example-group/cib-main"}


def test_an_account_of_another_holder(told, spoil, unplayed):
    spoil("holder: 示例贸易有限公司", "holder: 示例贸易公司")
    assert told() == {"account": "example-group/cib-main ****0010"}


def test_an_account_in_another_currency(told, spoil, unplayed):
    spoil("    city: 厦门\n", "    city: 厦门\n    currency: USD\n")
    assert told() == {"account": "example-group/cib-main ****0010"}


def test_an_operator_without_the_right(told, spoil, file, unplayed):
    spoil("operator: erpmaker", "operator: norights")
    (file.parent / "password").write_text("Demo-Pass-3", encoding="utf-8")
    assert told() == {"right": "example-group/cib-main ****0010 balance"}


def test_clocks_that_differ(told, tmp_path, unplayed):
    late = tmp_path / "late.json"
    SharedClock.create(late, START - timedelta(hours=3))
    assert told("--clock", str(late)) == {"clock": "example-group/cib-main"}


@pytest.mark.usefixtures("unplayed")
@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("bank: cib", "bank: nobank", "no_adapter"),
        ("    bank: cib\n", "    bank: cib\n    version: 0.0.1\n", "no_adapter"),
        ("adapter: iso20022", "adapter: abacus", "no_adapter"),
        ("sample: sample.xml", "sample: none.xml", "sample"),
        ("sample: sample.xml", "sample: client.yaml", "sample"),
        ("  - number: 900010101000000011", "  - number: 900010101000000029", "sample"),
    ],
)
def test_adapters_and_samples_that_do_not_fit(told, spoil, old, new, code):
    spoil(old, new)
    assert code in told()


def test_a_connection_without_an_account_in_yuan_cannot_be_played(told, spoil):
    spoil("    city: 厦门\n", "    city: 厦门\n    currency: USD\n")
    spoil("    agent_name: 兴业银行\n", "    agent_name: 兴业银行\n    currency: USD\n")
    assert "unplayable" in told()


@pytest.mark.parametrize(
    "spoilt",
    ["a: &a [*a]\n", "tenant: x\ntenant: y\n", "\x00", "client: {"],
)
def test_a_file_that_cannot_be_read(check, file, capsys, spoilt):
    file.write_text(spoilt, encoding="utf-8")
    assert check() == 2
    told = capsys.readouterr().err
    assert "客户文件有误" in told
    assert "line 1" in told
    assert "Traceback" not in told


def test_ctrl_c_ends_it(file, bank, spoil):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        spoil(bank[0], f"http://127.0.0.1:{silent.getsockname()[1]}")
        words = [sys.executable, "-m", "gateway.cli.main", "onboard", "check", str(file)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as checking:
            asking, _ = silent.accept()
            with asking:
                checking.send_signal(signal.SIGINT)
                told = checking.communicate(timeout=60)
        assert checking.returncode == 130
        assert b"Traceback" not in b"".join(told)


@pytest.mark.parametrize("name", ["report.pdf", "none/report.md"])
def test_a_report_that_cannot_be_written_is_said_before_anything_is_asked(check, capsys, name):
    assert check("--report", name) == 2
    assert "READY" not in capsys.readouterr().out
