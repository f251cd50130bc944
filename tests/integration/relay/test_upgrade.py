"""What a process of the version before was sending when it ended is found after the upgrade."""

from __future__ import annotations

from sqlalchemy import MetaData, select

from gateway.store import tables
from gateway.store.migrate import migrate
from tests.integration.store.test_migrations import opened
from tests.integration.store.test_migrations_beside import invented, make  # noqa: F401 - a fixture

BEFORE = "0002"
SENDING, ANSWERED, CLOSED = "1", "2", "3"


def rows_of(name: str, number: str) -> dict[str, object]:
    """A message of one line whose fate is open, and its instruction."""
    values: dict[str, dict[str, object]] = {
        "message": {"id": number, "fate": "closed" if number == CLOSED else "open"},
        "message_line": {"message": number, "instruction": number, "open": number != CLOSED},
        "instruction": {"id": number, "state": "SENDING" if number == SENDING else "UNCONFIRMED"},
    }
    return {"tenant": "t", **values[name]}


def test_open_messages_of_what_was_being_sent_are_in_flight(make):  # noqa: F811 - the fixture
    with opened(make(BEFORE)) as engine:
        before = MetaData()
        before.reflect(engine)
        with engine.begin() as db:
            for table in ("message", "message_line", "instruction"):
                known = before.tables[table]
                for number in (SENDING, ANSWERED, CLOSED):
                    row = {it.name: invented(it, int(number)) for it in known.columns}
                    db.execute(known.insert(), [row | rows_of(table, number)])
        migrate(engine)
        with engine.connect() as db:
            rows = db.execute(select(tables.message.c.id, tables.message.c.in_flight)).all()
        found = {row.id: row.in_flight for row in rows}
        assert found == {SENDING: True, ANSWERED: False, CLOSED: False}
