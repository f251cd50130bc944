"""What an ERP would be told at once about a file: its own report, file, call or rows.

Rule kept here: the very functions that answer in production write it; it is shown, never sent.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from typing import Final

from gateway.cli.erp_trial import Ground, Line, Trial
from gateway.cli.reasons import why
from gateway.domain.errors import Fault, Refused, WireError
from gateway.domain.instruction import State
from gateway.ports.erp import (
    ErpDialect,
    ErpTransport,
    FileFacts,
    LineStatus,
    RefusedFile,
    StatusReport,
)
from gateway.ports.erp_api import Access, Call, Conversation, Moment
from gateway.ports.erp_told import StatusTold, ToldKind

SHOWN_MAX: Final = 4_000
"""Characters of a reply that are shown."""
_ID: Final = "TRIAL"
_NONCE: Final = "0" * 32


def echo(erp: ErpDialect, trial: Trial, ground: Ground) -> None:
    """Say in the trial what would come back for it."""
    if trial.faults or not trial.good:
        trial.reply = refusal(erp, trial, ground.now)
    elif erp.report is not None:
        trial.reply = _report(erp, erp.report, trial, ground.now)
    else:
        trial.reply = _told(erp, trial, ground)


def refusal(erp: ErpDialect, trial: Trial, now: datetime) -> Mapping[str, str] | None:
    """The answer to a file of which nothing is taken; None where the dialect has none."""
    if erp.refuse is None:
        return None
    faults = trial.faults or tuple(fault for line in trial.lines for fault in line.faults)
    if not faults:
        return None
    written = erp.refuse(
        RefusedFile(
            report_id=_ID,
            created=now,
            faults=faults,
            message_id=trial.message_id,
            format=trial.format,
        )
    )
    return {"way": "refuse", "content_type": erp.content_type, "text": _text(written)}


def broken(erp: ErpDialect, error: WireError, now: datetime) -> Mapping[str, str] | None:
    """The answer to a file that cannot be read."""
    zh, _, en = why(error.reason).partition(" / ")
    fault = Fault(path=error.path, code=error.reason, zh=zh, en=en, line=error.line)
    return refusal(erp, Trial(dialect=erp.name, faults=(fault,)), now)


# ── a report ──────────────────────────────────────────────────────────────────────────────────


def _report(
    erp: ErpDialect,
    write: Callable[[StatusReport], Iterator[bytes]],
    trial: Trial,
    now: datetime,
) -> Mapping[str, str]:
    report = StatusReport(
        report_id=_ID,
        created=now,
        original_format=trial.format,
        original_message_id=trial.message_id,
        line_count=len(trial.lines),
        lines=lambda: map(_standing, trial.lines),
    )
    pieces = list(write(report))
    _per_line(erp, trial, pieces)
    return {"way": "report", "content_type": erp.content_type, "text": _text(iter(pieces))}


def _per_line(erp: ErpDialect, trial: Trial, pieces: list[bytes]) -> None:
    """Where the folder can describe its own reports: what it says of each line."""
    folder = erp.name.partition("/")[0]
    describe: Callable[..., Iterator[Mapping[str, object]]] | None = getattr(
        import_module(f"adapters.erp.{folder}"), "describe", None
    )
    if describe is None:
        return
    for told in describe(iter(pieces)):
        trial.group_status = str(told.get("group_status") or "")
        transactions = told.get("transactions")
        if isinstance(transactions, list):
            for line, transaction in zip(trial.lines, transactions, strict=True):
                line.answer = transaction


def _standing(line: Line) -> LineStatus:
    taken = line.instruction
    return LineStatus(
        state=State.RECEIVED.value if taken is not None else "REFUSED",
        source=line.draft.source,
        amount=taken.amount.text() if taken is not None else "",
        currency=taken.amount.currency.code if taken is not None else "",
        faults=line.faults,
        instruction=taken.id if taken is not None else "",
        erp_reference=line.draft.erp_reference,
        line=line.number,
    )


# ── a file, a call, rows ──────────────────────────────────────────────────────────────────────


def _told(erp: ErpDialect, trial: Trial, ground: Ground) -> Mapping[str, str] | None:
    """The first accepted line as it would be told to an ERP without report files."""
    records = tuple(
        _status(line, ground.now) for line in trial.lines if line.instruction is not None
    )
    system = ground.system
    access = Access(
        system=system.id if system is not None else erp.name,
        options=system.options if system is not None else {},
        secrets=dict.fromkeys(erp.secrets, "-"),
    )
    try:
        if ToldKind.STATUS in erp.files:
            facts = FileFacts(id=_ID, created=ground.now)
            text = _text(erp.files[ToldKind.STATUS].write(records, facts))
            return {"way": "file", "content_type": erp.content_type, "text": text}
        if erp.api is not None and ErpTransport.TABLES not in erp.transports:
            return _call(erp, records[:1], access, ground.now)
        if erp.tables is not None:
            return _rows(erp, records[0], access)
    except Refused as error:
        return {"way": "none", "content_type": "", "text": f"{error.zh} / {error.en}"}
    return None


def _status(line: Line, now: datetime) -> StatusTold:
    taken = line.instruction
    assert taken is not None
    return StatusTold(
        instruction=taken.id,
        version=1,
        state=State.RECEIVED.value,
        erp=taken.erp,
        erp_reference=taken.erp_reference,
        at=now,
        amount=taken.amount.text(),
        currency=taken.amount.currency.code,
        batch=_ID,
        batch_lines=1,
        line=line.number,
        debtor_account=taken.debtor.account.number,
        creditor_name=taken.creditor.name,
        creditor_account=taken.creditor.account.number,
        purpose=taken.purpose,
        end_to_end_id=taken.end_to_end_id,
        reconciliation_code=taken.reconciliation_code,
        source=line.draft.source,
    )


def _call(
    erp: ErpDialect, records: tuple[StatusTold, ...], access: Access, now: datetime
) -> Mapping[str, str] | None:
    """The first call of the write-back. Headers stay unshown: they may carry a token."""
    telling = erp.api(access.options).tell.get(ToldKind.STATUS) if erp.api else None
    if telling is None:
        return None
    said = telling.say(
        Conversation(told=records, access=access, moment=Moment(now=now, nonce=_NONCE), again=False)
    )
    if not isinstance(said, Call):
        words = "该状态不回写 / this state is not written back"
        return {"way": "none", "content_type": "", "text": words}
    body = said.body.decode(errors="replace")
    text = f"{said.method} {said.path}\n{body}".strip()[:SHOWN_MAX]
    return {"way": "call", "content_type": "application/json", "text": text}


def _rows(erp: ErpDialect, record: StatusTold, access: Access) -> Mapping[str, str] | None:
    table = erp.tables(access.options).results.get(ToldKind.STATUS) if erp.tables else None
    if table is None:
        return None
    rows = [{name: _cell(cell) for name, cell in row.items()} for row in table.rows(record)]
    text = json.dumps({table.name: rows}, ensure_ascii=False)[:SHOWN_MAX]
    return {"way": "rows", "content_type": "application/json", "text": text}


def _cell(cell: object) -> object:
    match cell:
        case Decimal() | date():
            return str(cell)
        case bytes():
            return base64.b64encode(cell).decode()
        case _:
            return cell


def _text(pieces: Iterator[bytes]) -> str:
    """The beginning of what was written; a workbook is named, not shown."""
    shown = bytearray()
    for piece in pieces:
        if len(shown) < SHOWN_MAX * 4:
            shown += piece
    if shown.startswith(b"PK\x03\x04"):
        return "(xlsx)"
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return shown.decode(encoding)[:SHOWN_MAX]
        except UnicodeDecodeError:
            continue
    return shown.decode(errors="replace")[:SHOWN_MAX]
