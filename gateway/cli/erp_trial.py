"""A file read and judged as if it had been sent: lines, faults, routes; nothing is stored.

Rule kept here: the file is read and judged by the very code that would accept it; no
database is opened, no bank is asked.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import msgspec

from gateway import settings
from gateway.cli.demo_stage import settings_text
from gateway.dialects import bank_dialect
from gateway.domain.errors import Fault, NotFound, NotOffered, Refused, WireError
from gateway.domain.ids import InstructionId, TenantId
from gateway.domain.instruction import BusinessType, Instruction
from gateway.intake.validate import validate
from gateway.ports.erp import Draft, ErpDialect, FileEnd, FileHead, FilePart
from gateway.ports.erp_api import Access, CallReply, Pulled
from gateway.ports.erp_questions import Question
from gateway.ports.erp_systems import ErpSystem
from gateway.ports.tenancy import Tenant
from gateway.runtime import SharedClock, SystemClock
from gateway.simulation.runtime import START


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a file is judged against: whose it is, and the shared clock's moment.

    ``system`` is the ERP system whose options and account aliases hold, None for none.
    """

    tenant: Tenant
    now: datetime
    system: ErpSystem | None = None


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

    dialect: str = ""
    format: str = ""
    message_id: str = ""
    lines: list[Line] = field(default_factory=list)
    questions: tuple[Question, ...] = ()
    faults: tuple[Fault, ...] = ()
    warnings: list[str] = field(default_factory=list)
    group_status: str = ""
    reply: Mapping[str, str] | None = None
    """What would come back: which way, in which form, and its text."""

    @property
    def good(self) -> int:
        """Lines that would be taken."""
        return 0 if self.faults else sum(not line.faults for line in self.lines)


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


def system_of(tenant: Tenant, name: str) -> ErpSystem | None:
    """The tenant's ERP system of that id, or the only one that speaks that dialect."""
    if name in tenant.erps:
        return tenant.erps[name]
    speaking = [it for it in tenant.erps.values() if it.dialect == name]
    return speaking[0] if len(speaking) == 1 else None


# ── reading and judging ───────────────────────────────────────────────────────────────────────


def tried(erp: ErpDialect, chunks: Iterable[bytes], ground: Ground) -> Trial:
    """Read and judge a file to its end. Raises WireError for a broken one, NotOffered for none."""
    if erp.read is None:
        raise NotOffered("this ERP sends no payment files", "该 ERP 接口不读付款文件")
    return judged(erp, erp.read(chunks), ground)


def judged(erp: ErpDialect, parts: Iterable[FilePart], ground: Ground) -> Trial:
    """Judge what was read. Raises WireError as the reading goes on."""
    trial = Trial(dialect=erp.name)
    seen: dict[str, int] = {}
    caller = ground.system.id if ground.system is not None else erp.name
    for part in parts:
        match part:
            case FileHead():
                trial.format, trial.message_id = part.format, part.message_id
                trial.warnings += part.warnings
            case Draft():
                line = Line(number=len(trial.lines) + 1, draft=_named(part, ground.system))
                trial.lines.append(line)
                _judge(caller, line, ground, seen)
            case FileEnd():
                trial.faults = part.faults
                trial.warnings += [it for it in part.warnings if it not in trial.warnings]
    return trial


def _named(draft: Draft, system: ErpSystem | None) -> Draft:
    """The draft with our number where the ERP writes an account by another name."""
    ours = system.aliases.get(draft.debtor_account) if system is not None else None
    return msgspec.structs.replace(draft, debtor_account=ours) if ours else draft


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


# ── a vendor's own reply ──────────────────────────────────────────────────────────────────────


def pages(erp: ErpDialect, body: bytes, access: Access) -> Iterator[FilePart]:
    """A reply of the vendor's API that lists waiting documents, as a file of drafts.

    A collection of examples is looked through member by member: what is such a page is read.
    Raises WireError where nothing of it is one.
    """
    drafts: list[Draft] = []
    names: list[str] = []
    for name, part in _members(body):
        page = _page(erp, part, access)
        if page is not None:
            drafts.extend(page.drafts)
            names.append(name)
    if not drafts:
        raise WireError("unrecognised")
    yield FileHead(format=f"{erp.name} API", message_id=", ".join(filter(None, names)) or "-")
    yield from drafts
    yield FileEnd(count=len(drafts))


def _members(body: bytes) -> Iterator[tuple[str, bytes]]:
    yield "", body
    try:
        members = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except msgspec.MsgspecError:
        return
    yield from ((name, bytes(part)) for name, part in members.items())


def _page(erp: ErpDialect, body: bytes, access: Access) -> Pulled | None:
    """One page of documents; None where the bytes are none, or hold none."""
    if erp.api is None:
        return None
    try:
        pull = erp.api(access.options).pull
        if pull is None:
            return None
        reply = CallReply(status=200, body=body)
        follow = pull.follow
        found = pull.decode(access, reply) if follow is None else follow(access, reply, "")
    except (WireError, Refused):
        return None
    return found if isinstance(found, Pulled) and found.drafts else None
