"""The disk of the database is full: nothing is sent, callers hear 503, it recovers by itself."""

from __future__ import annotations

import json
import re
import subprocess
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from gateway.cli.api_client import ApiClient
from gateway.cli.demo_files import ACCOUNTS, pain001
from gateway.domain.errors import NotSent
from gateway.simulation.bank_end import CUSTOMER
from gateway.store.engine import Database, open_engine
from tests.crashwalk.bank import Bank
from tests.crashwalk.house import MACHINE, PEOPLE, SECRET, House
from tests.crashwalk.rooms import Book, wish
from tests.crashwalk.shared import OPTIONS, Shared
from tests.crashwalk.verdict import answers, check
from tests.postgres import own_postgres

pytestmark = pytest.mark.timeout(900)
SIZE = "16m"
PIECE = 1 << 16
MOST = 2000
"""So many payments do not fit into the pages that a new database has."""


@contextmanager
def volume(folder, size=SIZE):
    """A small file system of its own at ``folder``."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(folder) -> None:
    """Leave no byte free."""
    with suppress(OSError), (folder / "ballast").open("ab", buffering=0) as ballast:
        while True:
            ballast.write(bytes(PIECE))
    with suppress(OSError), (folder / "ballast").open("ab", buffering=0) as ballast:
        while True:
            ballast.write(b"x")


@pytest.fixture
def house(walk):
    """A gateway on a volume of its own, and its book."""
    folder = walk.fresh_folder()
    with volume(folder / "data"), Bank(folder / "clock.json") as bank:
        it = House(folder, bank)
        it.moves_in(walk.nursery, "both", {})
        it.ready()
        try:
            yield Book(it, bank)
        finally:
            it.end()
    bank.close()


def call(house: House, method: str, target: str, body: bytes = b"", key: str = MACHINE):
    """One call, not repeated."""
    client = ApiClient(f"http://127.0.0.1:{house.port}", key, SECRET.encode())
    try:
        return client.call(method, target, body)
    finally:
        client.close()


def test_callers_hear_503_and_what_they_repeat_is_done_once_there_is_room(house):
    book, it = house, house.house
    first = wish("F-1", 1, own_bank=True)
    book.pay(first)
    book.rest()
    fill(it.data)
    body = json.dumps(wish("F-2", 2, own_bank=True).document()).encode()
    created = it.clock.now().replace(microsecond=0)
    third = wish("F-3", 3, own_bank=True)
    file = pain001("pain.001.001.03", "FULL", created, [third], style="sap-cn")
    for method, target, content, key in (
        ("POST", "/v1/instructions", body, MACHINE),
        ("POST", "/v1/files?erp=iso20022", file, MACHINE),
        ("POST", f"/v1/instructions/{it.view('F-1')['id']}/cancellation", b"{}", MACHINE),
        ("POST", "/v1/stops", b'{"scope":"tenant","reason":"x"}', PEOPLE[0]),
        ("GET", f"/v1/accounts/{ACCOUNTS[0]}/balance", b"", MACHINE),
    ):
        answer = call(it, method, target, content, key)
        assert (answer.status, answer.json()["code"]) == (503, "no_room"), target
    assert call(it, "GET", "/v1/instructions?erp_reference=F-1").status == 200
    assert it.lives[0].starts == 1
    (it.data / "ballast").unlink()
    book.pay(wish("F-2", 2, own_bank=True))
    book.rest()
    assert it.lives[0].starts == 1, "it recovered without being started again"
    _holds(book)


def refused_for_room(house: House) -> float:
    """How often a write found the disk full, as operators are told."""
    told = call(house, "GET", "/metrics").body.decode()
    found = re.search(r"^gateway_database_full(?:_total)? ([0-9.e+]+)$", told, re.MULTILINE)
    return float(found[1]) if found else 0.0


def at_the_bank(book: Book, reference: str, number: int) -> None:
    """A payment that the bank has carried out and not answered."""
    done = book.bank.pays
    book.pay(wish(reference, number, own_bank=True))
    book.house.until(lambda: book.bank.pays > done, "the bank has carried it out")


def test_an_answer_of_the_bank_waits_for_room(house):
    """The disk fills up while a payment is at the bank: the answer is written once it can be."""
    book, it = house, house.house
    with book.bank.silence():
        at_the_bank(book, "W-1", 11)
        fill(it.data)
    it.until(lambda: refused_for_room(it) > 0, "the answer finds no room")
    assert it.view("W-1")["state"] == "SENDING"
    (it.data / "ballast").unlink()
    book.rest()
    assert it.lives[0].starts == 1
    _holds(book)


def test_nothing_is_sent_that_cannot_be_archived(house):
    """A payment comes due while the disk is full: it waits, and leaves once there is room."""
    book, it = house, house.house
    tomorrow = wish("N-1", 31, own_bank=True)
    day = (it.clock.now() + timedelta(days=1)).date().isoformat()
    it.post("/v1/instructions", tomorrow.document() | {"execution_date": day})
    book.expect(tomorrow)
    it.comes_to("N-1", MACHINE, {"SCHEDULED"})
    fill(it.data)
    it.jump(24 * 60)
    it.until(lambda: refused_for_room(it) > 1, "the plan finds no room, again and again")
    assert (book.bank.executions(CUSTOMER), it.view("N-1")["state"]) == ([], "SCHEDULED")
    (it.data / "ballast").unlink()
    book.rest()
    assert it.lives[0].starts == 1
    _holds(book)


def test_killed_on_a_full_disk_it_starts_once_there_is_room(house):
    book, it = house, house.house
    with book.bank.silence():
        at_the_bank(book, "K-1", 21)
        fill(it.data)
        it.lives[0].process.finish()
    it.lives[0].start()
    with pytest.raises((NotSent, OSError)):
        call(it, "GET", "/readyz")
    (it.data / "ballast").unlink()
    book.rest()
    _holds(book)


@pytest.mark.postgresql
def test_the_disk_of_the_server_is_full(walk):
    """What still fits is accepted; then callers hear 503, and everything goes on with room."""
    folder = walk.fresh_folder()
    with ExitStack() as closing:
        place = Path(closing.enter_context(TemporaryDirectory()))
        place.chmod(0o711)  # the server's account passes through
        disk = place / "disk"
        closing.enter_context(volume(disk, "160m"))
        server = closing.enter_context(own_postgres(base=disk, options=OPTIONS))
        database = closing.enter_context(Shared(server).fresh())
        bank = Bank(folder / "clock.json")
        closing.callback(bank.close)
        closing.enter_context(bank)
        it = House(folder, bank, database.url)
        closing.callback(it.end)
        for role in ("api", "worker"):
            it.moves_in(walk.nursery, role, {})
        it.ready()
        book = Book(it, bank)
        fill(disk)
        for number in range(1, MOST):
            asked = wish(f"G-{number}", number, own_bank=True)
            answer = call(it, "POST", "/v1/instructions", json.dumps(asked.document()).encode())
            if answer.status != 200:
                break
            book.expect(asked)
        assert (answer.status, answer.json()["code"]) == (503, "no_room"), answer.body
        (disk / "ballast").unlink()
        book.pay(asked)
        book.rest()
        _holds(book, database)


def _holds(book: Book, database: Database | None = None) -> None:
    told = answers(book)
    book.house.end()
    file = Database.file(book.house.data / "gateway.db")
    assert told + check(book, book.house, open_engine(database or file)) == []
