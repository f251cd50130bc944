"""``gateway erp try NAME FILE``: what a payment file would do, with nothing stored or sent.

Rule kept here: the file is read and judged by the very code that would accept it; no
database is opened, no bank is asked.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Final, TextIO

from gateway import settings
from gateway.cli.demo_stage import settings_text
from gateway.cli.installed import installed
from gateway.cli.reasons import why
from gateway.dialects import bank_dialect, erp_dialect
from gateway.domain.errors import Fault, NotFound, NotOffered, WireError
from gateway.domain.ids import InstructionId, TenantId
from gateway.domain.instruction import BusinessType, Instruction, State
from gateway.domain.party import masked
from gateway.intake.validate import validate
from gateway.ports.erp import Draft, ErpDialect, FileEnd, FileHead, LineStatus, StatusReport
from gateway.ports.tenancy import Tenant
from gateway.runtime import SharedClock, SystemClock
from gateway.simulation.runtime import START

_STDIN: Final = "-"
_CHUNK: Final = 1 << 16
_SPOOL_MAX: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a file is judged against: whose it is, and the shared clock's moment."""

    tenant: Tenant
    now: datetime


@dataclass(slots=True)
class Line:
    """One line as it would be taken: an instruction, or every fault. ``number`` counts from 1."""

    number: int
    draft: Draft
    instruction: Instruction | None = None
    faults: tuple[Fault, ...] = ()
    route: Mapping[str, object] | None = None
    answer: Mapping[str, object] | None = None
    """What a status report would say of it, None where none would come back."""


@dataclass(slots=True)
class Trial:
    """A whole file. ``faults`` are those of the file itself: then nothing of it is taken."""

    format: str = ""
    message_id: str = ""
    lines: list[Line] = field(default_factory=list)
    faults: tuple[Fault, ...] = ()
    warnings: list[str] = field(default_factory=list)
    group_status: str = ""

    @property
    def good(self) -> int:
        """Lines that would be taken."""
        return 0 if self.faults else sum(not line.faults for line in self.lines)


def command(options: argparse.Namespace) -> int:
    """Try one file."""
    if options.name not in installed("erp"):
        names = ", ".join(installed("erp"))
        raise NotFound(f"no such ERP; installed: {names}", f"没有该 ERP 接口；已安装：{names}")
    erp = erp_dialect(options.name)
    ground = ground_of(options.config, options.tenant or "")
    try:
        with _opened(options.file) as source:
            trial = tried(erp, iter(lambda: source.read(_CHUNK), b""), ground)
    except OSError as error:
        return _complain(options.file, f"无法打开或读取 / cannot be read: {error.strerror}")
    except WireError as error:
        where = f"第{error.line}行 line {error.line} " if error.line else ""
        return _complain(options.file, f"{where}{error.path}: {why(error.reason)}")
    answer(erp, trial, ground.now)
    show = _as_json if options.json else _as_text
    show(trial, ground.tenant, sys.stdout)
    return 0 if trial.lines and trial.good == len(trial.lines) else 1


def ground_of(config: Path | None, wanted: str) -> Ground:
    """The tenant ``wanted`` ('': the first) of the settings, or of the demonstration's.

    Raises SettingsError, or NotFound for a tenant that is not there.
    """
    if config is None:
        text = tomllib.loads(settings_text("http://127.0.0.1:8007", 8700))
        loaded, now = settings.parse(text, Path.cwd()), START
    else:
        loaded = settings.load(config)
        shared = loaded.clock is not None and loaded.clock.exists()
        clock = SharedClock(loaded.clock) if shared and loaded.clock else SystemClock()
        now = clock.now()
    tenants = loaded.directory.tenants
    key = TenantId(wanted) if wanted else next(iter(tenants), TenantId(""))
    if key not in tenants:
        raise NotFound("no such tenant in the settings", "配置中没有该租户")
    return Ground(tenant=tenants[key], now=now)


@contextmanager
def _opened(path: str) -> Iterator[IO[bytes]]:
    if path != _STDIN:
        with Path(path).open("rb") as found:
            yield found
        return
    with SpooledTemporaryFile(_SPOOL_MAX) as spool:
        shutil.copyfileobj(sys.stdin.buffer, spool)
        spool.seek(0)
        yield spool


def _complain(path: str, reason: str) -> int:
    name = "标准输入 standard input" if path == _STDIN else path
    print(_printable(f"{name}: {reason}"), file=sys.stderr)
    return 2


# ── reading and judging ───────────────────────────────────────────────────────────────────────


def tried(erp: ErpDialect, chunks: Iterator[bytes], ground: Ground) -> Trial:
    """Read and judge a file to its end. Raises WireError for a broken one, NotOffered for none."""
    if erp.read is None:
        raise NotOffered("this ERP sends no payment files", "该 ERP 接口不读付款文件")
    trial = Trial()
    seen: dict[str, int] = {}
    for part in erp.read(chunks):
        match part:
            case FileHead():
                trial.format, trial.message_id = part.format, part.message_id
                trial.warnings += part.warnings
            case Draft():
                line = Line(number=len(trial.lines) + 1, draft=part)
                trial.lines.append(line)
                _judge(erp.name, line, ground, seen)
            case FileEnd():
                trial.faults = part.faults
                trial.warnings += [it for it in part.warnings if it not in trial.warnings]
    return trial


def _judge(erp: str, line: Line, ground: Ground, seen: dict[str, int]) -> None:
    found = validate(
        line.draft,
        tenant=ground.tenant,
        erp=erp,
        dialect_of=bank_dialect,
        today=ground.now.date(),
        new_id=lambda: InstructionId(f"line-{line.number}"),
    )
    if not isinstance(found, Instruction):
        line.faults = found
        return
    first = seen.setdefault(found.erp_reference, line.number)
    if first != line.number:
        line.faults = (
            Fault(
                path=line.draft.at.get("erp_reference", "/erp_reference"),
                code="repeated_reference",
                zh=f"业务参考号与第 {first} 条相同",
                en=f"the same ERP reference as line {first}",
                line=line.draft.line,
            ),
        )
        return
    line.instruction = found
    line.route = route(found, ground.tenant, ground.now.date())


def answer(erp: ErpDialect, trial: Trial, now: datetime) -> None:
    """Write the status report that would come back at once, and read from it what it says."""
    describe: Callable[..., Iterator[Mapping[str, object]]] | None = getattr(
        import_module(f"adapters.erp.{erp.name}"), "describe", None
    )
    if erp.report is None or describe is None or not trial.good:
        return  # a file of which nothing is taken is answered by the faults alone
    report = StatusReport(
        report_id="TRIAL",
        created=now,
        original_format=trial.format,
        original_message_id=trial.message_id,
        line_count=len(trial.lines),
        lines=lambda: map(_status, trial.lines),
    )
    for told in describe(erp.report(report)):
        trial.group_status = str(told.get("group_status") or "")
        transactions = told.get("transactions")
        if isinstance(transactions, list):
            for line, transaction in zip(trial.lines, transactions, strict=True):
                line.answer = transaction


def _status(line: Line) -> LineStatus:
    taken = line.instruction
    return LineStatus(
        state=State.RECEIVED.value if taken is not None else "REFUSED",
        source=line.draft.source,
        amount=taken.amount.text() if taken is not None else "",
        currency=taken.amount.currency.code if taken is not None else "",
        faults=line.faults,
    )


def route(instruction: Instruction, tenant: Tenant, today: date) -> dict[str, object]:
    """How it would go out: which connection, which of the bank's operations, when."""
    own = tenant.accounts[instruction.debtor.account.number]
    connection = tenant.connections[own.connection]
    later = instruction.execution_date
    held = later is not None and later > today
    payroll = instruction.business_type is BusinessType.PAYROLL
    together = tenant.policy.batching and bank_dialect(connection.bank).batch is not None
    return {
        "connection": connection.id,
        "bank": connection.bank,
        "operation": "payroll" if payroll else "pay",
        "may_share_a_batch": payroll or together,
        "own_bank": instruction.own_bank,
        "local": instruction.local,
        "urgency": instruction.urgency.value,
        "due": str(later) if held else None,
        "due_kept_by": ("bank" if connection.use_bank_due_date else "gateway") if held else None,
        "people_to_release": tenant.policy.release_people,
    }


# ── what is printed ───────────────────────────────────────────────────────────────────────────


def _as_json(trial: Trial, tenant: Tenant, out: TextIO) -> None:
    """One object per line of the file, then one for the whole."""
    for line in trial.lines:
        taken = line.instruction
        told = {
            "kind": "line",
            "line": line.number,
            "erp_reference": line.draft.erp_reference,
            "instruction": None if taken is None else taken.content(),
            "route": line.route,
            "faults": [fault.document() for fault in line.faults],
            "answer": line.answer,
        }
        out.write(json.dumps(told, ensure_ascii=False) + "\n")
    whole = {
        "kind": "file",
        "format": trial.format,
        "message_id": trial.message_id,
        "tenant": tenant.id,
        "lines": len(trial.lines),
        "accepted": trial.good,
        "refused": len(trial.lines) - trial.good,
        "faults": [fault.document() for fault in trial.faults],
        "warnings": trial.warnings,
        "group_status": trial.group_status or None,
    }
    out.write(json.dumps(whole, ensure_ascii=False) + "\n")


def _as_text(trial: Trial, tenant: Tenant, out: TextIO) -> None:
    """The same for people; account numbers masked."""
    out.write(_printable(f"{trial.format}  {trial.message_id}  租户 tenant {tenant.id}") + "\n")
    for line in trial.lines:
        out.writelines(_printable(text) + "\n" for text in _told(line))
    out.writelines(
        _printable(f"✗ 整个文件 the file: {_words(fault)}") + "\n" for fault in trial.faults
    )
    out.writelines(_printable(f"提示 note: {warning}") + "\n" for warning in trial.warnings)
    refused = len(trial.lines) - trial.good
    out.write(
        f"受理 accepted {trial.good}，拒绝 refused {refused}；"
        f"pain.002 {trial.group_status or '-'}；未存储 nothing stored\n"
    )


def _told(line: Line) -> Iterator[str]:
    draft = line.draft
    where = f"（第 {draft.line} 行 line {draft.line}）" if draft.line else ""
    taken, way = line.instruction, line.route
    if taken is None or way is None:
        yield f"✗ {line.number} {draft.erp_reference or '-'} {where}"
    else:
        creditor = taken.creditor
        yield (
            f"✓ {line.number} {taken.erp_reference}  {taken.amount.text()}"
            f" {taken.amount.currency.code}  → {creditor.name} {masked(creditor.account.number)}"
        )
        kind = "本行 own bank" if taken.own_bank else "他行 other bank"
        place = "同城 local" if taken.local else "异地 elsewhere"
        due = f"，{way['due']} 付 due" if way["due"] else ""
        yield f"    {way['connection']} ({way['bank']}) {way['operation']}，{kind}，{place}{due}"
    for fault in line.faults:
        yield f"    {_words(fault)}"
    if line.answer is not None:
        status, reason = line.answer.get("status"), line.answer.get("reason")
        yield f"    pain.002: {status}" + (f" {reason}" if reason else "")


def _words(fault: Fault) -> str:
    line = f"第{fault.line}行 line {fault.line} " if fault.line else ""
    return f"{line}{fault.path}: {fault.zh} / {fault.en}"


def _printable(text: str) -> str:
    """Text that cannot steer a terminal."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
