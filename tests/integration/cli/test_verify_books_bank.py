"""The sandbox bank's books: the same from its running server and from its file."""

from __future__ import annotations

import sqlite3

import httpx
import pytest

from gateway.cli.children import Child
from gateway.cli.verify_books_bank import open_bank
from gateway.domain.errors import Refused
from tests.sandbox_json import CUSTOMER, Bank, generated, order, other

PATIENCE_S = 90


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A running bank that has executed more than fits into one page."""
    folder = tmp_path_factory.mktemp("bank")
    with Bank(folder / "bank.db", durable=False) as bank:
        bank.pay("P1", order())
        bank.pay("P2", other())
        with bank.ledger.group():
            for number in range(1_100):
                bank.pay(f"G{number}", generated(number, "0.01"))
    arguments = ("--data", str(folder), "--port", "0", "--fast")
    child = Child("bank", folder / "bank.log", "sandbox", *arguments)
    child.start()
    try:
        yield child.wait(PATIENCE_S), folder
    finally:
        child.stop()


def test_the_same_books_from_the_server_and_from_the_file(served):
    address, folder = served
    told = []
    for place in (address, str(folder), str(folder / "bank.db")):
        bank = open_bank(place)
        told.append(list(bank.executions(CUSTOMER)))
        assert bank.complaints() == [] or bank.complaints() == ()
        bank.close()
    assert told[0] == told[1] == told[2]
    assert len(told[0]) > 1_000


def test_a_file_is_only_read(served):
    bank = open_bank(str(served[1]))
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        bank._file.execute("DELETE FROM payee")
    bank.close()


def test_where_nobody_answers_or_answers_otherwise(served):
    with pytest.raises(Refused, match="does not answer"):
        list(open_bank("http://127.0.0.1:9").executions(CUSTOMER))
    with pytest.raises(Refused, match="no ledger"):
        open_bank("nowhere/bank.db")
    wrong = httpx.get(f"{served[0]}/admin/executions?after=x")
    assert wrong.status_code == 422
    assert wrong.json()["zh"]
