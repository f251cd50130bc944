"""Taking in what an ERP system hands over in its own language: as that system, by the one intake.

Rule kept here: a reader that stumbles in a way nobody foresaw refuses its file and nothing else;
what is refused is refused in words for the sender, with the sender's own places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, TypeVar

from gateway.domain.batch import Batch
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import (
    Fault,
    GatewayError,
    NotOffered,
    Overloaded,
    Refused,
    WireError,
)
from gateway.intake.accept import Intake
from gateway.intake.bulk import Bulk
from gateway.intake.calls import Call, file_call
from gateway.intake.known import Accepted, Caller
from gateway.ports.erp import Draft, ErpDialect, FileHead, RefusedFile
from gateway.ports.erp_systems import ErpSystem
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import Tenant
from gateway.transport.box_taking import foreign
from gateway.wire.reasons import words

T = TypeVar("T")

_CUT_TEXT: Final = 2000
_SUFFIXES: Final = {
    "application/xml": "xml",
    "text/xml": "xml",
    "application/json": "json",
    "text/csv": "csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """An ERP system as a caller of the intake, with the language it speaks."""

    system: ErpSystem
    tenant: Tenant
    dialect: ErpDialect
    """As the system's options shape it."""
    shadow: ErpDialect | None = None
    """A new mapping that reads the same beside it; see ``gateway.intake.shadow``."""

    @property
    def caller(self) -> Caller:
        """Who stands behind what it hands over."""
        actor = Actor(kind=ActorKind.MACHINE, name=self.system.id)
        return Caller(tenant=self.tenant, actor=actor, erp=self.system.id)

    @property
    def suffix(self) -> str:
        """The ending of a reply's name."""
        return _SUFFIXES.get(self.dialect.content_type.partition(";")[0].strip(), "txt")


async def take_file(  # noqa: PLR0913 - the last by keyword
    bulk: Bulk,
    sender: Sender,
    pieces: Iterable[bytes],
    digest: str,
    runtime: Runtime,
    *,
    caller: Caller | None = None,
) -> Batch:
    """Accept a payment file of a system; ``caller`` stands behind it, else the system itself.

    Raises Refused or WireError when nothing was taken, Overloaded when it may be taken later.
    """
    read = sender.dialect.read
    if read is None:
        raise NotOffered(
            f"{sender.dialect.name} reads no payment files",
            f"{sender.dialect.name} 不支持读取付款文件",
        )
    by = caller or sender.caller

    def call(head: FileHead) -> Call:
        return file_call(by, head, digest)

    parts = guarded(lambda: read(pieces), runtime, sender.system, "erp reader")
    return await bulk.accept_file(call, parts)


async def take_one(intake: Intake, sender: Sender, draft: Draft) -> Accepted | tuple[Fault, ...]:
    """Accept one document of a system, or say why it cannot be taken as it is.

    Raises Overloaded when it may be taken later, and whatever is no fault of the sender's.
    """
    try:
        return await intake.accept(sender.caller, draft, key="", body_digest="")
    except GatewayError as error:
        if not is_refusal(error):
            raise
        return faults_told(error)


def foreseen(
    runtime: Runtime,
    system: ErpSystem,
    what: str,
    *,
    fresh: Callable[[str], bool] | None = None,
) -> AbstractContextManager[None]:
    """Run an adapter's code for an ERP system, as ``foreign`` does."""
    return foreign(runtime, (system.tenant, system.id), what, fresh=fresh)


def guarded(
    make: Callable[[], Iterator[T]], runtime: Runtime, system: ErpSystem, what: str
) -> Iterator[T]:
    """The same for what an adapter makes piece by piece."""
    with foreseen(runtime, system, what):
        yield from make()


def is_refusal(error: GatewayError) -> bool:
    """Whether this is the sender's fault: sent again as it is, it is refused again."""
    return isinstance(error, Refused | WireError) and not isinstance(error, Overloaded)


def faults_told(error: GatewayError) -> tuple[Fault, ...]:
    """Why nothing was taken, fault by fault."""
    if isinstance(error, Refused) and error.faults:
        return error.faults
    if isinstance(error, WireError):
        zh, en = words(error.reason)
        return (Fault(path=error.path or "/", code=error.reason, zh=zh, en=en, line=error.line),)
    return (Fault(path="/", code=error.code, zh=error.zh, en=error.en),)


def refusal(sender: Sender, refused: RefusedFile, runtime: Runtime) -> Iterator[bytes]:
    """The answer to something of which nothing was taken: in the sender's format, else as text."""
    write = sender.dialect.refuse
    if write is None:
        return _plain(refused)
    return guarded(lambda: write(refused), runtime, sender.system, "erp refusal")


def _plain(refused: RefusedFile) -> Iterator[bytes]:
    """For a language that has no refusals: text for the person who looks why."""
    yield f"{refused.file_name}\n整份未受理 / nothing of this was accepted\n".encode(
        errors="replace"
    )
    for it in refused.faults:
        line = f"第{it.line}行 line {it.line} " if it.line else ""
        yield f"{line}{it.path} {it.code}: {it.zh} / {it.en}\n"[:_CUT_TEXT].encode(errors="replace")
