"""Telling an ERP by files and by rows of tables.

Rule kept here: the same records give the same file under the same name, so what is brought out
again after a crash is the very same; other records never come under a name that was used before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Final

import msgspec

from gateway.delivery.couriers import Carried, MayGo
from gateway.delivery.erp_rows import ErpEvent
from gateway.delivery.erp_telling import (
    MISREAD,
    apart,
    erp_events,
    failed,
    misread,
    not_offered,
    opened,
    split,
)
from gateway.delivery.webhook_rows import Event
from gateway.domain.errors import GatewayError
from gateway.domain.instruction import State
from gateway.formats.records import line_of
from gateway.ports.erp import ErpDialect, FileFacts, StatusReport
from gateway.ports.erp_boxes import FileBox, TableBox
from gateway.ports.erp_tables import ErpTables, Row
from gateway.ports.erp_told import StatusTold, Told, ToldKind, decoded
from gateway.store.instants import from_us

FILE_MOST: Final = 10_000
"""Most records of one file."""
ROWS_MOST: Final = 500
"""Most records of one transaction in the ERP's database."""
_ID_LETTERS: Final = 26
RETURNS: Final = "returns"
"""The returned lines (退汇) of a batch: a message of their own where the language has one."""
_TAKEN: Final = Carried(taken=True)
Pieces = Iterator[bytes]
_Group = tuple[str, str]


class FileCourier:
    """Writes files into the ERP's box."""

    def __init__(self, box: FileBox, dialect: ErpDialect) -> None:
        self._box = box
        self._dialect = dialect

    def parcels(self, events: Sequence[Event]) -> Sequence[Sequence[Event]]:
        """One file for each batch (status), or each account (everything else), of each kind."""
        found: dict[tuple[object, ...], list[ErpEvent]] = {}
        for event in erp_events(events):
            found.setdefault((*self._group(event), apart(event)), []).append(event)
        return [parcel for some in found.values() for parcel in split(some, FILE_MOST)]

    def _group(self, event: ErpEvent) -> _Group:
        try:
            told = decoded(event.body)
        except msgspec.DecodeError:  # it is told of when it is carried
            return event.kind, ""
        if not isinstance(told, StatusTold):
            return event.kind, told.account
        comes_back = told.state == State.RETURNED.value and self._dialect.returns is not None
        return RETURNS if comes_back else event.kind, told.batch

    async def carry(self, parcel: Sequence[Event], may_go: MayGo) -> Sequence[Carried] | None:
        """Write one file."""
        letters, unreadable = opened(parcel)
        if unreadable:
            return unreadable
        if not may_go():
            return None
        group, _ = self._group(letters[0].event)
        told = tuple(it.told for it in letters)
        facts = _facts([it.event for it in letters])
        written = self._written(group, told, facts)
        if written is None:
            return [not_offered()] * len(letters)
        suffix, pieces = written
        name = f"{group}-{facts.created:%Y%m%dT%H%M%S}-{facts.id}.{suffix}"
        try:
            made = pieces()
            first = next(made, None)
            if first is None:  # nothing that this ERP is told yet: no file, not an empty one
                return [_TAKEN] * len(letters)
            await self._box.put(name, chain((first,), made))
        except GatewayError as error:
            return [failed(error.en)] * len(letters)
        except MISREAD as error:
            return [misread(error)] * len(letters)
        return [_TAKEN] * len(letters)

    async def aclose(self) -> None:
        """Close connections."""
        await self._box.aclose()

    def _written(
        self, group: str, told: tuple[Told, ...], facts: FileFacts
    ) -> tuple[str, Callable[[], Pieces]] | None:
        """How a file is called at its end, and what is in it; None where there is no such file."""
        returns = self._dialect.returns
        if group == RETURNS and returns is not None:
            report = _report(told, facts)
            return "xml", lambda: returns(report)
        writer = self._dialect.files.get(ToldKind(group))
        if writer is None:
            return None
        return writer.suffix, lambda: writer.write(told, facts)


def _facts(events: Sequence[ErpEvent]) -> FileFacts:
    """What follows from the records alone, so that a repeated file is the same."""
    names = "\x1f".join(it.id for it in events)
    digest = hashlib.sha256(names.encode()).hexdigest()[:_ID_LETTERS].upper()
    return FileFacts(id=f"GW{digest}", created=from_us(max(it.created_us for it in events)))


def _report(told: Sequence[Told], facts: FileFacts) -> StatusReport:
    lines = tuple(line_of(it) for it in told if isinstance(it, StatusTold))
    first = next(it for it in told if isinstance(it, StatusTold))
    return StatusReport(
        report_id=facts.id,
        created=facts.created,
        original_format=first.batch_format,
        original_message_id=first.batch_reference,
        line_count=len(lines),
        lines=lambda: lines,
    )


class TableCourier:
    """Writes rows into tables that the ERP reads."""

    def __init__(self, box: TableBox, tables: ErpTables) -> None:
        self._box = box
        self._results = tables.results

    def parcels(self, events: Sequence[Event]) -> Sequence[Sequence[Event]]:
        """One transaction for each kind."""
        found: dict[tuple[object, ...], list[ErpEvent]] = {}
        for event in erp_events(events):
            found.setdefault((event.kind, apart(event)), []).append(event)
        return [parcel for some in found.values() for parcel in split(some, ROWS_MOST)]

    async def carry(self, parcel: Sequence[Event], may_go: MayGo) -> Sequence[Carried] | None:
        """Write the rows of some records of one kind."""
        letters, unreadable = opened(parcel)
        if unreadable:
            return unreadable
        if not may_go():
            return None
        table = self._results.get(ToldKind(letters[0].event.kind))
        if table is None:
            return [not_offered()] * len(letters)
        try:
            rows: list[Row] = [row for it in letters for row in table.rows(it.told)]
            await self._box.write(table, rows)
        except GatewayError as error:
            return [failed(error.en)] * len(letters)
        except MISREAD as error:
            return [misread(error)] * len(letters)
        return [_TAKEN] * len(letters)

    async def aclose(self) -> None:
        """Close connections."""
        await self._box.aclose()
