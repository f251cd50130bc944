"""A payment file or status report as plain JSON objects, for ``gateway read --json``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from adapters.erp.iso20022 import status_file
from adapters.erp.iso20022.read import RECORDS, parts
from adapters.erp.iso20022.totals import scaled
from adapters.erp.iso20022.unwrapped import as_declared, unwrapped
from gateway.ports.erp import Draft, FileEnd, FileHead, FilePart
from gateway.wire.stream import Event, Open, stream

_MESSAGE_DEPTH: Final = 2
_ZONED: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2})")
"""A date may say its zone; it is the same day."""


def describe(chunks: Iterable[bytes]) -> Iterator[dict[str, object]]:
    """One object per PmtInf of a pain.001, one per pain.002; null where there is no value.

    Amounts are the exact decimal texts of the file. Remarks and faults about the file as a
    whole stand in ``warnings`` of the last object, since they are known at its end.
    An envelope around the message is passed over, a namespace that is missing is a warning.
    Raises WireError, with reason ``unsupported`` and the format's name for another message
    such as pain.008.
    """
    events = unwrapped(stream(as_declared(chunks), RECORDS | status_file.RECORDS))
    start: list[Event] = []
    message = ""
    for event in events:
        start.append(event)
        if isinstance(event, Open) and event.path.count("/") == _MESSAGE_DEPTH:
            message = event.name
            break
    whole = chain(start, events)
    if message == status_file.MESSAGE:
        yield status_file.describe(whole)
    else:
        yield from _batches(parts(whole))


def _batches(found: Iterator[FilePart]) -> Iterator[dict[str, object]]:
    head: FileHead | None = None
    block = ""
    batch: dict[str, object] | None = None
    instructions: list[dict[str, str | None]] = []
    warnings: list[str] = []
    for part in found:
        match part:
            case FileHead():
                head = part
            case Draft() if head is not None:
                here = part.at["debtor_name"]  # its path tells one PmtInf from the next
                if here != block:
                    if batch is not None:
                        yield batch
                    block, instructions = here, []
                    batch = _batch(head, part, instructions)
                instructions.append(_instruction(part))
            case FileEnd():
                warnings = [
                    *part.warnings,
                    *(_remark(fault.path, fault.zh, fault.en) for fault in part.faults),
                ]
    if batch is not None:
        batch["warnings"] = warnings
        yield batch


def _remark(path: str, zh: str, en: str) -> str:
    return f"{path}: {zh} / {en}"


def _batch(
    head: FileHead, first: Draft, instructions: list[dict[str, str | None]]
) -> dict[str, object]:
    return {
        "kind": "instructions",
        "format": head.format,
        "message_id": head.message_id,
        "payment_info_id": first.source["payment_info_id"] or None,
        "debtor_name": first.debtor_name or None,
        "debtor_account": first.debtor_account or None,
        "instructions": instructions,
        "warnings": [],
    }


def _instruction(draft: Draft) -> dict[str, str | None]:
    agent = draft.creditor_agent_cnaps or draft.creditor_agent_bic or draft.creditor_agent_name
    return {
        "erp_reference": draft.erp_reference or None,
        "end_to_end_id": draft.end_to_end_id or None,
        "amount": draft.amount if scaled(draft.amount) is not None else None,
        "currency": draft.currency or None,
        "execution_date": _ZONED.sub(r"\1", draft.execution_date) or None,
        "creditor_name": draft.creditor_name or None,
        "creditor_account": draft.creditor_account or None,
        "creditor_agent": agent or None,
        "remittance": draft.purpose or None,
    }
