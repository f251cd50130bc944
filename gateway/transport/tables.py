"""Tables of a database that an ERP and the gateway share: claims and results, on SQLAlchemy.

Rule kept here: a row is claimed in the transaction that reads it, and answered in the one that
writes its result; nothing is lost by a crash between any two steps, and nothing is doubled.
SQLite and PostgreSQL. Amounts never pass through a binary fraction.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    TableClause,
    and_,
    bindparam,
    case,
    cast,
    column,
    create_engine,
    event,
    exists,
    func,
    literal_column,
    make_url,
    or_,
    select,
    table,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import QueuePool
from sqlalchemy.types import NullType, String

from gateway.domain.errors import NotSent, Refused
from gateway.ports.erp_tables import Cell, OrderTable, ResultTable, Row

_T = TypeVar("_T")
_CONNECT_S: Final = 5
_LOCK_S: Final = 10
_MANY: Final = 1_000
_ROUNDED: Final = "~"
"""Stands before a number that SQLite may have rounded, so that it is refused as an amount."""
_SQLITE_DIGITS: Final = 14
"""So many significant digits of a binary number come back as they were written, whatever it is."""
_ABOUT_NAMES: Final = "42"
"""PostgreSQL's class of errors about what a statement names: their text holds no value."""
_UNTYPED: Final = NullType()
"""Parameters without a type: the database takes them for what the column is."""


class TableWrong(Refused):
    """A shared table is not what the settings say of it."""

    code = "table_wrong"
    zh = "中间表与配置不符，请核对表名、列名、列宽和主键"
    en = "a shared table is not as configured; check its names, widths and primary key"


class SqlTables:
    """A ``TableBox``. One thread does all of it, in order."""

    def __init__(self, engine: Engine, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._now = now
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tables")
        self._columns: dict[str, tuple[str, ...]] = {}
        self._closed = False

    async def claim(
        self, table: OrderTable, answered_in: ResultTable, system: str, most: int
    ) -> Sequence[Row]:
        """See ``TableBox``. Raises NotSent, or TableWrong."""
        return await self._do(lambda db: self._claim(db, table, answered_in, system, most))

    async def write(self, table: ResultTable, rows: Sequence[Row]) -> None:
        """See ``TableBox``. Raises NotSent, or TableWrong."""
        await self._do(lambda db: self._write(db, table, rows))

    async def answer(
        self,
        table: OrderTable,
        taken: Sequence[Row],
        results: Sequence[tuple[ResultTable, Sequence[Row]]],
    ) -> None:
        """See ``TableBox``. Raises NotSent, or TableWrong."""

        def answer(db: Connection) -> None:
            for result, rows in results:
                self._write(db, result, rows)
            if table.answered and taken:
                self._mark(db, table, taken, (table.taken, table.answered), None)

        await self._do(answer)

    async def aclose(self) -> None:
        """Close connections, once what is under way is done."""
        self._closed = True
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._engine.dispose)
        self._thread.shutdown(wait=False)

    async def _do(self, work: Callable[[Connection], _T]) -> _T:
        if self._closed:  # an answer that comes while the process ends: it is asked for again
            raise NotSent("the way to the shared database is closed", "中间库连接已关闭")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._within, work)

    def _within(self, work: Callable[[Connection], _T]) -> _T:
        """One transaction. What the driver says is told by its kind, never by its text."""
        try:
            with self._engine.begin() as db:
                return work(db)
        except (OperationalError, InterfaceError) as error:
            self._columns.clear()
            if _is_about_names(error):
                raise TableWrong(f"{TableWrong.en}: {_names_in(error)}") from error
            raise NotSent("the shared database is out of reach", "中间库无法连接") from error
        except DBAPIError as error:
            self._columns.clear()
            if error.connection_invalidated:
                raise NotSent("the shared database is out of reach", "中间库无法连接") from error
            raise TableWrong(f"{TableWrong.en}: {_names_in(error)}") from error

    # ── claims ────────────────────────────────────────────────────────────────────────────

    def _claim(
        self, db: Connection, orders: OrderTable, answered_in: ResultTable, system: str, most: int
    ) -> Sequence[Row]:
        names = self._columns_of(db, orders.name)
        source = _table(orders.name, names)
        status = source.c[_there(source, orders.status)]
        waits = or_(
            status == _value(orders.ready),
            and_(status == _value(orders.taken), _unanswered(orders, source, answered_in)),
        )
        mine = [waits]
        if orders.system:
            mine.append(source.c[_there(source, orders.system)] == _value(system))
        ordered = [source.c[_there(source, name)] for name in orders.order_by or orders.key]
        found = db.execute(
            select(*self._exact(source, orders.key))
            .where(*mine)
            .order_by(*ordered)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        rows = [dict(zip(names, row, strict=True)) for row in found]
        fresh = [row for row in rows if _text(row[orders.status]) == orders.ready]
        if fresh:
            self._mark(db, orders, fresh, (orders.ready, orders.taken), self._now())
        return rows

    def _exact(self, source: TableClause, keys: Sequence[str]) -> list[ColumnElement[Any]]:
        """All columns; of SQLite's numbers their text, marked where digits may be lost.

        A key is what it is: rows are found by it.
        """
        if self._engine.dialect.name != "sqlite":
            return list(source.c)
        return [it if it.name in keys else _sqlite_exact(it) for it in source.c]

    def _mark(
        self,
        db: Connection,
        orders: OrderTable,
        rows: Sequence[Row],
        change: tuple[str, str],
        at: datetime | None,
    ) -> None:
        """Change the status of rows that still have the old one."""
        before, after = change
        names = {*orders.key, orders.status, *([orders.taken_at] if orders.taken_at else ())}
        source = _table(orders.name, sorted(names))
        values: dict[str, object] = {orders.status: bindparam("to_status", after, _UNTYPED)}
        if at is not None and orders.taken_at:
            values[orders.taken_at] = bindparam("to_time", self._cell(_wall(at)), _UNTYPED)
        statement = (
            update(source)
            .where(
                source.c[orders.status] == _value(before),
                *(
                    source.c[name] == bindparam(f"key_{place}", type_=_UNTYPED)
                    for place, name in enumerate(orders.key)
                ),
            )
            .values(values)
        )
        db.execute(
            statement,
            [
                {f"key_{place}": self._cell(row[name]) for place, name in enumerate(orders.key)}
                for row in rows
            ],
        )

    def _columns_of(self, db: Connection, name: str) -> tuple[str, ...]:
        known = self._columns.get(name)
        if known is None:
            every: ColumnElement[Any] = literal_column("*")
            nothing = select(every).select_from(_table(name, ())).limit(0)
            known = self._columns[name] = tuple(db.execute(nothing).keys())
        return known

    # ── results ───────────────────────────────────────────────────────────────────────────

    def _write(self, db: Connection, result: ResultTable, rows: Sequence[Row]) -> None:
        by_columns: dict[tuple[str, ...], list[Row]] = {}
        for row in rows:
            by_columns.setdefault(tuple(sorted(row)), []).append(row)
        for columns, alike in by_columns.items():
            statement = self._insert(result, columns)
            for start in range(0, len(alike), _MANY):
                cells = [
                    {name: self._cell(row[name]) for name in columns}
                    for row in alike[start : start + _MANY]
                ]
                db.execute(statement, cells)

    def _insert(self, result: ResultTable, columns: Sequence[str]) -> Any:  # noqa: ANN401 - either kind's
        target = _table(result.name, columns)
        sort = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        statement = sort.insert(target)
        others = [name for name in columns if name not in result.key]
        if not result.replace or not others:
            return statement.on_conflict_do_nothing(index_elements=list(result.key))
        return statement.on_conflict_do_update(
            index_elements=list(result.key),
            set_={name: statement.excluded[name] for name in others},
        )

    def _cell(self, cell: Cell) -> object:
        """A cell as the driver takes it. SQLite has neither exact decimals nor days."""
        if self._engine.dialect.name != "sqlite":
            return cell
        if isinstance(cell, Decimal):
            return format(cell, "f")
        if isinstance(cell, datetime):
            return cell.isoformat(" ")
        return cell.isoformat() if isinstance(cell, date) else cell


def open_tables(url: str, now: Callable[[], datetime], *, timeout_s: int = 30) -> SqlTables:
    """A way to the shared tables of a database; nothing is connected yet.

    ``now`` gives the time that claimed rows are stamped with. Raises Refused for an address that
    is none, or of a database that is neither SQLite nor PostgreSQL.
    """
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise Refused("the database's address is none", "数据库地址不合法") from error
    kind = address.get_backend_name()
    if kind == "sqlite" and address.database:
        return SqlTables(_sqlite_engine(Path(address.database)), now)
    if kind != "postgresql":
        raise Refused(
            "shared tables are served on PostgreSQL and SQLite", "中间表支持 PostgreSQL 和 SQLite"
        )
    limits = f"-c lock_timeout={_LOCK_S}s -c statement_timeout={timeout_s}s"
    engine = create_engine(
        address.set(drivername="postgresql+psycopg"),
        pool_size=1,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": _CONNECT_S,
            "options": limits,
            "client_encoding": "utf8",
        },
        hide_parameters=True,  # an error's text must never carry what a payment says
    )
    return SqlTables(engine, now)


def _sqlite_engine(path: Path) -> Engine:
    """An engine on a file that is there: a mistyped name must not make an empty database."""
    address = f"file:{quote(str(path))}?mode=rw"
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(
            address, uri=True, isolation_level=None, check_same_thread=False, timeout=_LOCK_S
        ),
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        hide_parameters=True,
    )

    @event.listens_for(engine, "begin")
    def _begin(db: Connection) -> None:
        db.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


# ── statements ────────────────────────────────────────────────────────────────────────────────


def _table(name: str, columns: Sequence[str]) -> TableClause:
    schema, _, plain = name.rpartition(".")
    return table(plain, *(column(it) for it in columns), schema=schema or None)


def _value(text: str) -> ColumnElement[Any]:
    return bindparam(None, text, _UNTYPED, unique=True)


def _there(source: TableClause, name: str) -> str:
    """Raises TableWrong for a column that the table has not."""
    if name not in source.c:
        raise TableWrong(
            f"table {source.name} has no column {name}", f"表 {source.name} 没有列 {name}"
        )
    return name


def _unanswered(
    orders: OrderTable, source: TableClause, answered_in: ResultTable
) -> ColumnElement[bool]:
    """Of a taken row: where no value of its status says so, that no result has its key."""
    if orders.answered:
        return true()
    names = answered_in.key[: len(orders.key)]
    results = _table(answered_in.name, names)
    return ~exists().where(
        *(
            results.c[theirs] == source.c[_there(source, ours)]
            for ours, theirs in zip(orders.key, names, strict=True)
        )
    )


def _sqlite_exact(it: ColumnElement[Any]) -> ColumnElement[Any]:
    text = cast(it, String)
    digits = func.length(func.ltrim(func.replace(func.replace(text, ".", ""), "-", ""), "0"))
    safe = and_(digits <= _SQLITE_DIGITS, func.instr(text, "e") == 0)
    # An integer too: 600000000000000.99 in a DECIMAL column becomes 600000000000001.
    return case(
        (func.typeof(it).not_in(("real", "integer")), it),
        (safe, text),
        else_=literal_column(f"'{_ROUNDED}'").op("||")(text),
    )


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).rstrip(" ")


def _wall(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None, microsecond=0)


# ── errors ────────────────────────────────────────────────────────────────────────────────────


def _is_about_names(error: DBAPIError) -> bool:
    return str(error.orig).startswith(("no such", "table "))


def _names_in(error: DBAPIError) -> str:
    """What is wrong, in names of tables and columns; a value is never repeated."""
    told = str(error.orig).splitlines()[0]
    if isinstance(error.orig, sqlite3.Error):
        return told  # SQLite names things only
    diagnosis: object = getattr(error.orig, "diag", None)
    code = str(getattr(error.orig, "sqlstate", "") or "")
    if code.startswith(_ABOUT_NAMES):
        return told
    where = [getattr(diagnosis, it, None) for it in ("table_name", "column_name")]
    return " ".join([type(error.orig).__name__, *(str(it) for it in where if it)])
