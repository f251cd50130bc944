"""Answers to questions that a 金蝶 system posted: the same rows that are written back unasked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from adapters.erp.kingdee import cosmic_reply, cosmic_tell, exact, k3_entries, k3_reply
from gateway.formats.records import line_of
from gateway.ports.erp import FileFacts, FileWriter, StatusReport
from gateway.ports.erp_told import StatementTold, StatusTold, Told, ToldKind

_Rows = Callable[[Told], list[Mapping[str, object]]]
_Report = Callable[[StatusReport], Iterator[bytes]]


def _statuses(report: _Report) -> FileWriter:
    """Where payments stand, as a report of these lines."""

    def write(told: tuple[Told, ...], facts: FileFacts) -> Iterator[bytes]:
        lines = tuple(line_of(it) for it in told if isinstance(it, StatusTold))
        return report(
            StatusReport(
                report_id=facts.id,
                created=facts.created,
                original_format="",
                original_message_id="",
                line_count=len(lines),
                lines=lambda: lines,
            )
        )

    return FileWriter(suffix="json", write=write)


def _k3(rows: _Rows) -> FileWriter:
    def write(told: tuple[Told, ...], facts: FileFacts) -> Iterator[bytes]:
        status = {"IsSuccess": True, "MsgCode": 0, "Errors": [], "SuccessEntitys": []}
        found = [row for it in told for row in rows(it)]
        result: dict[str, object] = {
            "ResponseStatus": status,
            "Id": facts.id,
            "NeedReturnData": found,
        }
        result |= {"Statements": _heads(told)}
        yield exact.encoded({"Result": result})

    return FileWriter(suffix="json", write=write)


def _cosmic(rows: _Rows) -> FileWriter:
    def write(told: tuple[Told, ...], facts: FileFacts) -> Iterator[bytes]:
        data: dict[str, object] = {
            "reportId": facts.id,
            "rows": [row for it in told for row in rows(it)],
        }
        data |= {"statements": _heads(told)}
        yield exact.encoded({"status": True, "errorCode": "0", "message": "", "data": data})

    return FileWriter(suffix="json", write=write)


def _heads(told: tuple[Told, ...]) -> list[Mapping[str, str]]:
    """What statements say of themselves, beside their entries."""
    return [
        {
            "id": it.statement_id,
            "account": it.account,
            "currency": it.currency,
            "start": it.start.isoformat(),
            "end": it.end.isoformat(),
            "opening": it.opening,
            "closing": it.closing,
            "available": it.available,
        }
        for it in told
        if isinstance(it, StatementTold)
    ]


K3_ANSWERS: Final[Mapping[ToldKind, FileWriter]] = {
    ToldKind.STATUS: _statuses(k3_reply.report),
    ToldKind.STATEMENT: _k3(k3_entries.entry_rows),
    ToldKind.BALANCE: _k3(k3_entries.balance_rows),
}
COSMIC_ANSWERS: Final[Mapping[ToldKind, FileWriter]] = {
    ToldKind.STATUS: _statuses(cosmic_reply.report),
    ToldKind.STATEMENT: _cosmic(cosmic_tell.entry_rows),
    ToldKind.BALANCE: _cosmic(cosmic_tell.balance_rows),
}
