"""The scenarios are no theatre: a gateway or a bank that errs is not passed."""

from __future__ import annotations

import asyncio

import pytest

from gateway.cli import onboard_play
from gateway.cli.onboard_play import rehearse
from gateway.cli.onboard_stage import Stage, Standin
from gateway.onboarding.client import ClientAccount, ClientConnection
from gateway.onboarding.scenarios import Scenario
from gateway.sandbox.faults import Fault

STANDIN = Standin(
    connection=ClientConnection(
        id="main", bank="cib", url="http://unused.invalid", customer="8800000001", operator="maker"
    ),
    account=ClientAccount(
        number="880010101000000011", holder="测试制造有限公司", connection="main", city="上海"
    ),
)


@pytest.fixture
def play(tmp_path, monkeypatch):
    """Play some scenarios; returns name → finding."""

    def run(*scenarios):
        monkeypatch.setattr(onboard_play, "Scenario", _Some(scenarios))
        deaths = []
        found = asyncio.run(rehearse(tmp_path, STANDIN, lambda *it: deaths.append(it)))
        assert deaths == []
        return {it.what.split()[1]: it for it in found}

    return run


class _Some:
    WRONG_PASSWORD, BAD_LINE, PAYROLL = (
        Scenario.WRONG_PASSWORD,
        Scenario.BAD_LINE,
        Scenario.PAYROLL,
    )

    def __init__(self, scenarios):
        self._scenarios = scenarios

    def __iter__(self):
        return iter(self._scenarios)


def test_another_clients_numbers_play_as_well(play):
    found = play(Scenario.PAID, Scenario.RETURNED, Scenario.PAYROLL)
    assert {name: it.code for name, it in found.items()} == {
        "paid": "",
        "returned": "",
        "payroll": "",
        "wrong_password": "",
    }


def test_money_that_the_bank_moved_unasked_breaks_the_books(play, monkeypatch):
    """A voucher of the bank that no message of ours asked for."""
    true_books = Stage.books

    async def books(stage):
        with stage.bank.ledger.transaction():
            stage.bank.ledger.db.execute("UPDATE payment SET serial = serial || 'X'")
        return await true_books(stage)

    monkeypatch.setattr(Stage, "books", books)
    found = play(Scenario.PAID)["paid"]
    assert found.code == "scenario"
    assert "账实核对" in found.zh


def test_a_payment_that_never_ends_is_not_passed(play, monkeypatch):
    monkeypatch.setattr("gateway.cli.onboard_stage._PATIENCE_S", 1)
    true_fault = Stage.fault

    def fault(stage, kind, account):
        for _ in range(50):
            true_fault(stage, Fault.DROP_BEFORE_COMMIT, account)

    monkeypatch.setattr(Stage, "fault", fault)
    monkeypatch.setattr(onboard_play, "_ROUND_S", 1)
    monkeypatch.setattr(onboard_play, "_ROUNDS", 2)
    found = play(Scenario.LOST_BEFORE)["lost_before_bank"]
    assert found.code == "scenario"
    assert "UNCONFIRMED" in found.en
