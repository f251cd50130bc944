"""``gateway doctor`` asks every connection and every account, on either kind of database."""

from __future__ import annotations

import json

import pytest

from gateway.cli import main
from gateway.cli.children import Child
from gateway.cli.demo_stage import settings_text
from gateway.cli.own_postgres import NODE
from gateway.runtime import SharedClock
from gateway.simulation.runtime import START
from tests.postgres import seen_by

PATIENCE_S = 90


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    """The sandbox bank on a clock that it shares with the gateway."""
    folder = tmp_path_factory.mktemp("bank")
    SharedClock.create(folder / "clock.json", START)
    words = ("--data", str(folder), "--clock", str(folder / "clock.json"), "--port", "0")
    child = Child("bank", folder / "bank.log", "sandbox", *words)
    child.start()
    yield child.wait(PATIENCE_S), folder / "clock.json"
    child.stop()


@pytest.fixture
def config(bank, database, tmp_path):
    """Settings of the demonstration; on PostgreSQL for a walled node."""
    address, clock = bank
    url = seen_by(NODE, database).url if database.postgresql else None
    text = settings_text(address, 0, url).replace('"clock.json"', f'"{clock}"')
    path = tmp_path / "gateway.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_all_is_well_where_the_bank_answers(config, capsys):
    assert main.main(["doctor", "--config", str(config), "--json"]) == 0
    checks = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert checks
    assert all(it["ok"] for it in checks)
    assert len(checks) > 2, "the connection, and each of its accounts"


def test_a_bank_that_does_not_answer_is_said_in_words(config, capsys):
    text = config.read_text("utf-8")
    start = text.index('url = "http://127.0.0.1:')
    config.write_text(
        text[:start] + 'url = "http://127.0.0.1:1/cib"' + text[text.index("\n", start) :]
    )
    assert main.main(["doctor", "--config", str(config)]) == 1
    told = capsys.readouterr().out
    assert "✗ demo-group/cib-main" in told
    assert "Traceback" not in told
