"""The unit of work handed to a writing job: rows, journal records, news, all in one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection, CursorResult, Executable, Table

from gateway.store.guard import take
from gateway.store.inserts import insert_rows
from gateway.store.journal import Record
from gateway.store.prepared import Prepared, piped

Wanted = Mapping[str, frozenset[str]]
"""By tenant, the states of instructions that somebody outside is told of."""
NOTHING_WANTED: Final[Wanted] = MappingProxyType({})


class Uow:
    """One job's view of the open transaction.

    Inserts are gathered and written many at a time; any statement flushes what was gathered
    before it, so a job always sees its own rows. ``wrote`` says that something reached the
    database, which decides how a failed job is undone.
    """

    def __init__(self, connection: Connection, wanted: Wanted = NOTHING_WANTED) -> None:
        self._connection = connection
        self.wanted = wanted
        self._pending: dict[Table, list[Mapping[str, object]]] = {}
        self._keyed: dict[Table, dict[str, dict[str, object]]] = {}
        self.records: list[Record] = []
        self.touched: list[tuple[str, str]] = []
        self.roused: list[tuple[str, str]] = []
        self.wrote = False

    def add(self, table: Table, *rows: Mapping[str, object]) -> None:
        """Insert rows (all with the same columns per table) before the commit."""
        if rows:
            self._pending.setdefault(table, []).extend(rows)

    def journal(self, record: Record) -> None:
        """Append a record to this process's lane in the same commit."""
        self.records.append(record)

    def rouse(self, tenant: str, lane: str) -> None:
        """After the commit, let whoever serves this queue look at it, in whatever process."""
        self.roused.append((tenant, lane))

    def touch(self, tenant: str, instruction: str) -> None:
        """Say that an instruction has a new version; who listens hears of it afterwards."""
        self.touched.append((tenant, instruction))

    def guard(self, *names: str, shared: bool = False) -> None:
        """Wait until nobody in any process is inside a guard of these names; until the commit.

        Those who ask for it ``shared`` may be inside together.
        """
        take(self._connection, names, shared=shared)

    def rows(
        self, statement: Executable | Prepared, values: Mapping[str, object] | None = None
    ) -> Sequence[Any]:
        """All rows of a query; ``values`` fill the parameters of a statement built once."""
        self.flush()
        if isinstance(statement, Prepared):
            return statement.rows(self._connection, values)
        return self._connection.execute(statement, values).all()

    def tuples(
        self, statement: Prepared, values: Mapping[str, object] | None = None
    ) -> list[Sequence[Any]]:
        """All rows of a query as the driver gives them, for those who read many."""
        self.flush()
        return statement.tuples(self._connection, values)

    def first(
        self, statement: Executable | Prepared, values: Mapping[str, object] | None = None
    ) -> Any | None:  # noqa: ANN401 - a row is typed by its reader
        """The first row of a query, or None."""
        self.flush()
        if isinstance(statement, Prepared):
            found = statement.rows(self._connection, values)
            return found[0] if found else None
        return self._connection.execute(statement, values).first()

    def add_keyed(self, table: Table, rows: Mapping[str, dict[str, object]]) -> None:
        """Insert rows that ``waiting`` can find by their key until they are written."""
        self.add(table, *rows.values())
        self._keyed.setdefault(table, {}).update(rows)

    def has_waiting(self, table: Table) -> bool:
        """Whether ``waiting`` can find anything of a table."""
        return bool(self._keyed.get(table))

    def waiting(self, table: Table, key: str) -> dict[str, object] | None:
        """A gathered row that is not in the database yet: changing it costs no statement."""
        return self._keyed.get(table, {}).get(key)

    def change(
        self,
        statement: Executable | Prepared,
        rows: Sequence[Mapping[str, object]] | Mapping[str, object] | None = None,
    ) -> int:
        """Run an UPDATE or DELETE (with ``rows``: once per row); returns how many rows it hit."""
        self.flush()
        self.wrote = True
        if isinstance(statement, Prepared):
            given = [rows or {}] if rows is None or isinstance(rows, Mapping) else rows
            return statement.run(self._connection, given)
        result: CursorResult[Any] = self._connection.execute(statement, rows)
        return result.rowcount

    def flush(self) -> None:
        """Write what was gathered."""
        if self._pending:
            self.wrote = True
            pending, self._pending = self._pending, {}
            self._keyed.clear()
            several = len(pending) > 1
            with piped(self._connection) if several else nullcontext():
                for table, rows in pending.items():
                    insert_rows(self._connection, table, rows)
