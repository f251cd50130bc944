"""The elements of a JSON list as rows: what is one record can be asked for line by line.

Rule kept here: the same statement means the same on SQLite and PostgreSQL.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, ColumnElement, String, Text, cast, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import TableValuedAlias

_POSTGRESQL: Final = "postgresql"


class _Elements(FunctionElement[str]):
    """A function that gives one row per element of a JSON text, in its column ``value``."""

    type = Text()
    name = "elements"
    inherit_cache = True


@compiles(_Elements)
def _json_each(element: _Elements, compiler: SQLCompiler, **options: object) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_Elements, _POSTGRESQL)
def _jsonb(element: _Elements, compiler: SQLCompiler, **options: object) -> str:
    listed = compiler.process(element.clauses, **options)
    return f"jsonb_array_elements(CAST({listed} AS JSONB))"


def elements(listed: ColumnElement[str], name: str) -> TableValuedAlias:
    """The elements of a JSON list (a column, or a bound text), as rows called ``name``.

    What it is taken from stands left of it: ``table.join(elements(...), true())``.
    """
    return _Elements(listed).table_valued("value", name=name)


def text_at(element: TableValuedAlias, place: int) -> ColumnElement[str]:
    """The text at a place of an element that is a list itself."""
    return element.c.value.op("->>", return_type=String())(literal_column(str(place)))


def number_at(element: TableValuedAlias, place: int) -> ColumnElement[int]:
    """The whole number at a place of an element that is a list itself."""
    return cast(text_at(element, place), BigInteger)
