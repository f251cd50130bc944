"""What an ERP is told by files: statuses as pain.002, the rest as camt.05x, receipts as a ZIP.

Rule kept here: a status file says how its lines stand and nothing of lines it does not hold,
so it judges neither the group nor its blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from types import MappingProxyType
from typing import Final

from adapters.erp.iso20022 import codes
from adapters.erp.iso20022.report import report
from gateway.formats.records import line_of, only
from gateway.ports.erp import FileFacts, FileWriter, StatusReport
from gateway.ports.erp_told import StatusTold, Told, ToldKind

Report = Callable[[StatusReport], Iterator[bytes]]


def status_files(write: Report) -> Callable[[tuple[Told, ...], FileFacts], Iterator[bytes]]:
    """A function that tells StatusTold records by a report that ``write`` knows to write.

    The records are of one original file; of several versions of an instruction the newest is told.
    """

    def file(told: tuple[Told, ...], facts: FileFacts) -> Iterator[bytes]:
        return write(report_of(only(StatusTold, told), facts))

    return file


def report_of(told: Sequence[StatusTold], facts: FileFacts) -> StatusReport:
    """Records of one original as a report of some of its lines (``line_count`` 0)."""
    lines = tuple(replace(line_of(it), source=_echoed(it)) for it in newest(told))
    first = told[0]
    return StatusReport(
        report_id=facts.id,
        created=facts.created,
        original_format=first.batch_format or codes.NOT_PROVIDED,
        original_message_id=_original(first),
        line_count=0,
        lines=lambda: lines,
    )


def newest(told: Iterable[StatusTold]) -> list[StatusTold]:
    """The newest version of each instruction, blocks together, lines in their order."""
    found: dict[str, StatusTold] = {}
    for record in told:
        known = found.get(record.instruction)
        if known is None or known.version < record.version:
            found[record.instruction] = record
    ordered = sorted(found.values(), key=lambda it: (it.line, it.instruction))
    blocks: dict[str, list[StatusTold]] = {}
    for block, run in groupby(ordered, key=lambda it: it.source.get("payment_info_id", "")):
        blocks.setdefault(block, []).extend(run)
    return [record for run in blocks.values() for record in run]


def _original(told: StatusTold) -> str:
    wanted = told.source.get("message_id", "") or told.batch_reference
    return wanted if 0 < len(wanted) <= codes.ID_LENGTH_MAX else codes.NOT_PROVIDED


def _echoed(told: StatusTold) -> Mapping[str, str]:
    """What a reply echoes; an instruction that came by another way has its reference only."""
    if told.source.get("end_to_end_id") or told.source.get("instruction_id"):
        return told.source
    own = told.end_to_end_id or told.erp_reference
    return {**told.source, "end_to_end_id": own}


# Every gateway loads this folder at its start, and few of them write these files.


def _statement(told: tuple[Told, ...], facts: FileFacts) -> Iterator[bytes]:
    from gateway.formats import camt053  # noqa: PLC0415 - costs a start

    return camt053.writer()(told, facts)


def _balance(told: tuple[Told, ...], facts: FileFacts) -> Iterator[bytes]:
    from gateway.formats import camt052  # noqa: PLC0415 - costs a start

    return camt052.writer()(told, facts)


def _credit(told: tuple[Told, ...], facts: FileFacts) -> Iterator[bytes]:
    from gateway.formats import camt054  # noqa: PLC0415 - costs a start

    return camt054.writer()(told, facts)


def _receipt(told: tuple[Told, ...], facts: FileFacts) -> Iterator[bytes]:
    from gateway.formats import receipts  # noqa: PLC0415 - costs a start

    return receipts.write(told, facts)


FILES: Final[Mapping[ToldKind, FileWriter]] = MappingProxyType(
    {
        ToldKind.STATUS: FileWriter(suffix="xml", write=status_files(report)),
        ToldKind.STATEMENT: FileWriter(suffix="xml", write=_statement),
        ToldKind.BALANCE: FileWriter(suffix="xml", write=_balance),
        ToldKind.CREDIT: FileWriter(suffix="xml", write=_credit),
        ToldKind.RECEIPT: FileWriter(suffix="zip", write=_receipt),
    }
)
"""What the standard writes unless options say otherwise."""
