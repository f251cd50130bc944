"""Statements composed once and run on the bare driver.

Composing a statement through the engine costs more than running it, so on the path of a payment
statements are prepared: Core writes the SQL once per kind of database, afterwards only values
travel, and rows come back as named tuples. Prepared and ordinary statements share one
transaction.
"""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any, Final, cast

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Connection,
    Delete,
    Dialect,
    Insert,
    Select,
    Text,
    Update,
    bindparam,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

Statement = Select[Any] | Insert | Update | Delete
Values = Mapping[str, object]
POSTGRESQL: Final = "postgresql"


# ── one of a list, whatever its length ────────────────────────────────────────────────────


class _Listed(TypeDecorator[Sequence[str]]):
    """Many texts as ONE parameter: an array where there are arrays, JSON text elsewhere."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column type the driver is told."""
        kind: TypeEngine[Any] = ARRAY(Text) if dialect.name == POSTGRESQL else Text()
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:  # noqa: ANN401 - what the driver takes
        """The parameter's value."""
        values = list(value or ())
        return values if dialect.name == POSTGRESQL else json.dumps(values)


class _Among(FunctionElement[bool]):
    """``subject`` is one of a listed parameter's texts."""

    type = Boolean()
    name = "among"
    inherit_cache = True

    def self_group(self, against: object = None) -> _Among:
        """Itself: compared with 1, as truth values are in SQLite, no index would serve it."""
        del against
        return self


@compiles(_Among)
def _unpacked(element: _Among, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - passed on
    subject, listed = (compiler.process(it, **options) for it in element.clauses)
    return f"{subject} IN (SELECT value FROM json_each({listed}))"  # noqa: S608 - SQL of Core's own


@compiles(_Among, POSTGRESQL)
def _array(element: _Among, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - passed on
    subject, listed = (compiler.process(it, **options) for it in element.clauses)
    return f"{subject} = ANY ({listed})"


def among(subject: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """The condition that a text column is one of the list bound as ``name``, however long."""
    return _Among(subject, bindparam(name, type_=_Listed()))


# ── prepared statements ───────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Text:
    """A statement as one kind of database takes it."""

    sql: str
    names: tuple[str, ...]
    """Parameters in the order of their places, or just their names where the driver wants names."""
    pick: Callable[[Values], Sequence[object] | Values]
    fixed: Values
    binders: Mapping[str, Callable[[Any], Any]]
    made: Callable[[Sequence[Any]], Any]
    """A row with the names of its columns."""

    def parameters(self, values: Values) -> Sequence[object] | Values:
        """The driver's parameters. Raises KeyError, or the driver says so, when one is missing."""
        if self.binders or self.fixed:
            given = {**self.fixed, **values}
            for name, bind in self.binders.items():
                given[name] = bind(given[name])
            values = given
        return self.pick(values)

    def many(self, rows: Sequence[Values]) -> Sequence[Sequence[object] | Values]:
        """The driver's parameters of each row."""
        if self.binders or self.fixed:
            return [self.parameters(row) for row in rows]
        return list(map(self.pick, rows))


class Prepared:
    """A statement that keeps its SQL. Made once, at module level."""

    __slots__ = ("_texts", "statement")

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self._texts: dict[str, _Text] = {}

    def rows(self, connection: Connection, values: Values | None = None) -> list[Any]:
        """Run a query; its rows as named tuples. Raises SQLAlchemy's errors, as the engine does."""
        text = self._text(connection.dialect)
        with driven(connection, text.sql) as cursor:
            cursor.execute(text.sql, text.parameters(values or {}))
            return list(map(text.made, cursor.fetchall()))

    def tuples(self, connection: Connection, values: Values | None = None) -> list[Sequence[Any]]:
        """The same with its rows as the driver gives them: a truth value may be 0 or 1.

        For rows that are read by the hundred: naming the columns costs more than reading them.
        """
        text = self._text(connection.dialect)
        with driven(connection, text.sql) as cursor:
            cursor.execute(text.sql, text.parameters(values or {}))
            return cast("list[Sequence[Any]]", cursor.fetchall())

    def run(self, connection: Connection, rows: Sequence[Values]) -> int:
        """Run a change once per row; returns how many rows of the database it hit in all."""
        text = self._text(connection.dialect)
        with driven(connection, text.sql) as cursor:
            if len(rows) == 1:
                cursor.execute(text.sql, text.parameters(rows[0]))
            else:
                cursor.executemany(text.sql, text.many(rows))
            return cast("int", cursor.rowcount)

    def sql(self, dialect: Dialect) -> str:
        """What this kind of database is told; for tests and explanations."""
        return self._text(dialect).sql

    def _text(self, dialect: Dialect) -> _Text:
        text = self._texts.get(dialect.name)
        if text is None:
            text = self._texts[dialect.name] = _compiled(self.statement, dialect)
        return text


def prepare(statement: Statement) -> Prepared:
    """A statement to be run many times."""
    return Prepared(statement)


def _compiled(statement: Statement, dialect: Dialect) -> _Text:
    compiled = statement.compile(dialect=dialect)
    binds = compiled.binds
    wanted = {name for name, bind in binds.items() if bind.required}
    columns = list(statement.selected_columns) if isinstance(statement, Select) else []
    # Lists of constants are written out; what a caller binds is left to each run.
    state = compiled.construct_expanded_state(dict.fromkeys(wanted))
    names = tuple(state.positiontup or state.parameters)
    # The fields are known only now, so a class statement cannot name them.
    row_type: Any = namedtuple(  # type: ignore[misc]  # noqa: PYI024
        "Row", [it.name for it in columns], rename=True
    )
    return _Text(
        sql=state.statement,
        names=names,
        pick=_in_order(names) if state.positiontup is not None else _as_given,
        fixed={name: state.parameters[name] for name in names if name not in wanted},
        binders={
            name: binder
            for name, bind in binds.items()
            if isinstance(bind.type, _Listed)
            and (binder := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        },
        made=_maker(row_type, tuple(_readers(columns, dialect))),
    )


def _maker(
    row_type: Any,  # noqa: ANN401 - a named tuple made here
    readers: Sequence[tuple[int, Callable[[Any], Any]]],
) -> Callable[[Sequence[Any]], Any]:
    """Makes named rows of a driver's; straight from C where every cell is what it says."""
    make = partial(tuple.__new__, row_type)
    if not readers:
        return make

    def read(row: Sequence[Any]) -> Any:  # noqa: ANN401 - a row is typed by its reader
        cells = list(row)
        for at, reader in readers:
            cells[at] = reader(cells[at])
        return make(cells)

    return read


def _in_order(names: tuple[str, ...]) -> Callable[[Values], Sequence[object]]:
    """Takes the values of these names, in their order."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: [values[name] for name in names]


def _as_given(values: Values) -> Values:
    """The driver takes what it needs by name."""
    return values


def _readers(
    columns: Sequence[ColumnElement[Any]], dialect: Dialect
) -> Iterator[tuple[int, Callable[[Any], Any]]]:
    """The columns whose cells the driver does not return as what they are."""
    for at, it in enumerate(columns):
        reader = it.type.dialect_impl(dialect).result_processor(dialect, None)
        if reader is not None:
            yield at, reader


class driven:  # noqa: N801 - reads as a statement: with driven(...)
    """A driver's cursor inside the connection's transaction; its errors become SQLAlchemy's."""

    __slots__ = ("_connection", "_cursor", "_sql")

    def __init__(self, connection: Connection, sql: str) -> None:
        self._connection = connection
        self._sql = sql

    def __enter__(self) -> Any:  # noqa: ANN401 - a DBAPI cursor
        self._cursor = self._connection.connection.cursor()
        return self._cursor

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._cursor.close()
        if error is None:
            return
        dialect = self._connection.dialect
        driver = cast("Any", dialect.loaded_dbapi)
        if isinstance(error, driver.Error):
            lost = dialect.is_disconnect(error, self._connection.connection, self._cursor)
            if lost:
                self._connection.invalidate()
            raise DBAPIError.instance(
                self._sql,
                None,
                error,
                driver.Error,
                hide_parameters=True,
                connection_invalidated=lost,
                dialect=dialect,
            ) from error


@contextmanager
def piped(connection: Connection) -> Iterator[None]:
    """Send what is run inside without waiting for each answer: one way there and back for all.

    For changes whose counts nobody asks for. What fails is raised inside or at the end, whichever
    comes first; without effect where the database is in this process.
    """
    if connection.dialect.name != POSTGRESQL:
        yield
        return
    with driven(connection, "") as cursor, cursor.connection.pipeline():
        yield
