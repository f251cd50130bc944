"""An ERP that meets the gateway in tables of a database: names as data, rows to records.

One mapping holds every name, so that a client's own tables need settings and no code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from gateway.ports.erp_draft import Draft
from gateway.ports.erp_questions import Question
from gateway.ports.erp_told import Told, ToldKind

Cell = str | int | Decimal | date | datetime | bytes | None
"""What a column holds. Amounts are Decimal or text, never float."""
Row = Mapping[str, Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTable:
    """The table that the ERP writes and the gateway reads, by its physical names.

    A row is ready while ``status`` holds ``ready``; the gateway sets ``taken`` (and the time in
    ``taken_at``) in the transaction that claims it, so that two gateways never both take it.
    """

    name: str
    key: tuple[str, ...]
    """The columns that make a row's identity."""
    status: str
    ready: str = "0"
    taken: str = "1"
    answered: str = ""
    """What ``status`` becomes once the row is answered, '' where the table has no such value: then
    a row counts as answered when the answering table has a row with its key."""
    taken_at: str = ""
    order_by: tuple[str, ...] = ()
    system: str = ""
    """The column that names the sending system, '' where the table has none; only rows of the
    system named in the settings are taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultTable:
    """A table that the gateway writes and the ERP reads.

    A row whose ``key`` is there already is left as it is where ``replace`` is False, and replaced
    where it is True: so writing again is harmless.
    """

    name: str
    key: tuple[str, ...]
    rows: Callable[[Told], tuple[Row, ...]]
    replace: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAnswer:
    """What became of one question row. ``code`` '' where it was answered."""

    question: Question
    at: datetime
    again: bool = False
    """It failed on the way and is asked again by itself."""
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionTables:
    """Where questions are asked, and where it is written what became of each."""

    asked: OrderTable
    question: Callable[[Row], Question]
    answered: ResultTable
    row: Callable[[QuestionAnswer], Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErpTables:
    """The tables of one ERP system, made from its settings."""

    results: Mapping[ToldKind, ResultTable]
    orders: OrderTable | None = None
    draft: Callable[[Row], Draft] | None = None
    questions: QuestionTables | None = None
    """Where questions are asked (balance, statement …), if at all."""
