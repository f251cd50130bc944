"""``gateway verify-books`` on books written by hand: exit codes, JSON, figures for Prometheus."""

from __future__ import annotations

import json
from functools import partial

import pytest
from sqlalchemy import update

from gateway.cli.main import main
from gateway.sandbox import seed
from gateway.sandbox.ledger import Booking, Ledger, Leg
from gateway.store import tables
from gateway.store.engine import Database, open_engine
from tests.books_ground import AMOUNT, DEBTOR, PAYEE, Books
from tests.postgres import bring_up, lay_migrated
from tests.store_ground import START


@pytest.fixture
def deployment(tmp_path):
    """Settings, and sound books of one settled payment in the file they name."""
    config = tmp_path / "gateway.toml"
    config.write_text('[gateway]\ndata = "data"\n', encoding="utf-8")
    (tmp_path / "data").mkdir()
    database = Database.file(tmp_path / "data" / "gateway.db")
    lay_migrated(database)
    engine = open_engine(database)
    books = Books(engine)
    books.instruction()
    books.message()
    yield config, books
    engine.dispose()


@pytest.fixture
def ledger(tmp_path):
    """The bank's file, in which that payment is booked."""
    path = tmp_path / "bank" / "bank.db"
    path.parent.mkdir()
    it = Ledger(path, durable=False)
    seed.plant(it, seed.shipped(), START)
    with it.transaction():
        it.db.execute(
            "INSERT INTO payment (id, customer, serial, debtor_account, debtor_name, debtor_city,"
            " creditor_account, creditor_name, agent_name, agent_cnaps, agent_bic, agent_city,"
            " amount, purpose, memo, own_bank, local, urgency, super_channel, due, state, reason,"
            " at, paid_on) VALUES (1, 'C1', 'S1', ?, '', '', ?, '', '', '', '', '', ?, '', '', 1,"
            " 1, 'normal', 0, '', 'paid', '', 0, '2026-09-15')",
            (DEBTOR, PAYEE, AMOUNT),
        )
        booked = Booking(
            kind="payment",
            payment=1,
            at=1_800_000_000,
            legs=(Leg(account=DEBTOR, amount=-AMOUNT), Leg(account=PAYEE, amount=AMOUNT)),
        )
        it.book(booked)
    it.close()
    return path


def run(*arguments: str) -> int:
    return main(["verify-books", "--no-trail", *arguments])


def test_sound_books_exit_with_0(deployment, ledger, capsys):
    config, _ = deployment
    assert run("--config", str(config), "--sandbox", str(ledger)) == 0
    shown = capsys.readouterr()
    assert "the books are sound" in shown.out
    assert "…0011 CNY" in shown.out
    assert DEBTOR not in shown.out + shown.err


def test_the_ledgers_folder_will_do(deployment, ledger):
    config, _ = deployment
    assert run("--config", str(config), "--sandbox", str(ledger.parent)) == 0


def test_broken_books_exit_with_1_and_say_what(deployment, ledger, capsys):
    config, books = deployment
    books.run(update(tables.instruction).values(amount_minor=1))
    assert run("--config", str(config), "--sandbox", str(ledger), "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert (told["lost"], told["doubled"], told["stuck"]) == (0, 0, 0)
    assert told["wrong"] == 3
    assert {it["rule"] for it in told["breaches"]} == {"I8", "I10"}
    assert all(it["zh"] and it["en"] for it in told["breaches"])
    assert told["accounts"] == [
        {
            "account": "…0011",
            "currency": "CNY",
            "paid": "0.01",
            "executed": "123.45",
            "open": "0.00",
        }
    ]


def test_what_cannot_be_checked_exits_with_2(deployment, tmp_path, capsys):
    config, _ = deployment
    assert run("--config", str(config), "--sandbox", str(tmp_path / "nothing.db")) == 2
    assert run("--config", str(tmp_path / "gateway-2.toml")) == 2
    empty = tmp_path / "empty.toml"
    empty.write_text('[gateway]\ndata = "elsewhere"\n', encoding="utf-8")
    assert run("--config", str(empty)) == 2
    told = capsys.readouterr().err
    assert "no ledger at" in told
    assert "no database at" in told
    assert "Traceback" not in told


def test_a_server_that_is_not_there_exits_with_2(tmp_path, capsys, monkeypatch):
    impatient = partial(open_engine, patience_s=0)
    monkeypatch.setattr("gateway.cli.verify_books.open_engine", impatient)
    config = tmp_path / "gateway.toml"
    nowhere = f"postgresql://gateway:geheim@/gateway?host={tmp_path}"
    config.write_text(f'[gateway]\ndata = "data"\ndatabase = "{nowhere}"\n', encoding="utf-8")
    assert run("--config", str(config)) == 2
    told = capsys.readouterr().err
    assert "postgresql://gateway:***@" in told
    assert "geheim" not in told
    assert "Traceback" not in told


def test_a_database_of_an_older_version_exits_with_2(tmp_path, capsys):
    config = tmp_path / "gateway.toml"
    config.write_text('[gateway]\ndata = "data"\n', encoding="utf-8")
    (tmp_path / "data").mkdir()
    bring_up(Database.file(tmp_path / "data" / "gateway.db"), "0002")
    assert run("--config", str(config)) == 2
    assert "gateway migrate" in capsys.readouterr().err


def test_figures_for_prometheus_are_written_whole(deployment, ledger, tmp_path):
    config, books = deployment
    target = tmp_path / "books.prom"
    arguments = ("--config", str(config), "--sandbox", str(ledger), "--metrics", str(target))
    assert run(*arguments) == 0
    sound = target.read_text("utf-8")
    assert "gateway_books_sound 1.0" in sound
    assert 'gateway_books_harm{harm="doubled"} 0.0' in sound
    assert 'gateway_books_looked{what="instructions"} 1.0' in sound
    assert "gateway_books_checked_timestamp_seconds" in sound
    books.run(update(tables.instruction).values(state="CANCELLED"))
    assert run(*arguments) == 1
    broken = target.read_text("utf-8")
    assert "gateway_books_sound 0.0" in broken
    assert 'gateway_books_breaches{rule="I6"} 1.0' in broken
    assert [it.name for it in tmp_path.glob(".books*")] == []


def test_who_only_checks_makes_no_key(deployment):
    config, _ = deployment
    assert main(["verify-books", "--config", str(config)]) == 1  # no bytes of it in the journal
    assert not (config.parent / "data" / "checkpoint.pem").exists()


def test_at_rest_nothing_may_be_under_way(deployment):
    config, books = deployment
    books.instruction("i2", path=(("", "RECEIVED", "erp"), ("RECEIVED", "HELD", "policy")))
    assert run("--config", str(config), "--at-rest") == 0
    books.run(
        update(tables.instruction).where(tables.instruction.c.id == "i2").values(state="SENDING")
    )
    assert run("--config", str(config), "--at-rest") == 1
