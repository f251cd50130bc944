"""What must hold after every death: ERP, gateway and bank agree to the fen, the trail verifies."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Engine, select

from gateway.audit import books
from gateway.audit.books import Question
from gateway.audit.checkpoint import load_key
from gateway.simulation.bank_end import CUSTOMER
from gateway.store import tables
from tests.crashwalk.house import House
from tests.crashwalk.rooms import Book

_MOVED = frozenset({"SETTLED", "RETURNED"})


def answers(book: Book) -> list[str]:
    """Asked again after everything, the ERP gets the very bytes it was told first."""
    broken = []
    for reference, body in book.accepted.items():
        it, _, key = book.wishes[reference]
        if book.house.post("/v1/instructions", it.document(), key).body != body:
            broken.append(f"wrong: {reference} is told otherwise after a restart")
    return broken


def check(book: Book, house: House, engine: Engine) -> list[str]:
    """Everything that does not hold, in words."""
    key_file = house.data / "checkpoint.pem"
    if not key_file.exists():
        return ["stuck: there is no key of the checkpoints"]
    question = Question(
        bank=book.bank, at_rest=True, trail=True, key=load_key(key_file).public_key()
    )
    with engine.connect() as db:
        broken = books.check(db, question).texts()
        rows = db.execute(select(tables.instruction)).all()
    engine.dispose()
    standing = {row.erp_reference: row.state for row in rows}
    for reference, (_, end, _) in book.wishes.items():
        if reference not in standing:
            broken.append(f"lost: {reference}")
        elif standing[reference] != end:
            broken.append(f"wrong: {reference} is {standing[reference]}, not {end}")
    broken += [f"wrong: {it} was never asked for" for it in standing if it not in book.wishes]
    return broken + _money(book)


def _money(book: Book) -> list[str]:
    """Each payee got what the ERP asked for, once, and nobody else got anything."""
    wanted = Counter(
        (it.account, it.amount.minor) for it, end, _ in book.wishes.values() if end in _MOVED
    )
    paid = Counter((it.creditor_account, it.amount_minor) for it in book.bank.executions(CUSTOMER))
    return [f"lost at the bank: {it}" for it in wanted - paid] + [
        f"doubled: {it}" for it in paid - wanted
    ]
