"""Files that an ERP system put somewhere for us: claimed, taken in, answered, put away.

Rule kept here: what is done first is durable first. Payments are accepted before the reply is
written, and the reply before the file is put away; after a crash in between everything is done
again and changes nothing. Questions are answered beside, so no payment waits for a bank.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from gateway.domain.batch import Batch
from gateway.domain.errors import Corrupt, Fault, GatewayError, Overloaded, WireError
from gateway.intake.accept import Intake
from gateway.intake.arrivals import Arrival, FileOutcome, record
from gateway.intake.asking import Asking
from gateway.intake.bulk import Bulk
from gateway.intake.overheard import Overheard, Shadow
from gateway.intake.shadow import Shadows
from gateway.intake.taking import (
    Sender,
    faults_told,
    foreseen,
    guarded,
    is_refusal,
    refusal,
    take_file,
)
from gateway.ports.erp import RefusedFile, StatusReport
from gateway.ports.erp_boxes import Arrived, FileBox
from gateway.ports.erp_questions import Question
from gateway.ports.events import ERP_FILE, ERP_FILE_REFUSED, ERP_PUT_OFF
from gateway.ports.runtime import Runtime
from gateway.store.instants import to_us
from gateway.store.store import Store
from gateway.transport.box_taking import DIGEST_SHOWN, digest_and_head, reply_name, take_all

StatusOf = Callable[[Connection, str, str, str, int], StatusReport]
"""Where every line of a batch stands: (connection, tenant, batch, report id, instant)."""
Stopping = Callable[[], bool]

_PIECE: Final = 64 << 10
_HEAD: Final = 4 << 10
_QUESTIONS_MAX: Final = 1 << 20
"""Most bytes of a file of questions."""
_TOO_LARGE: Final = Fault(
    path="/",
    code="file_too_large",
    zh="文件过大，整份未受理，请拆分后重新提交",
    en="the file is too large and nothing of it was accepted; split it and send it again",
)
_NOT_ASKED: Final = Fault(
    path="/",
    code="not_offered",
    zh="该接口不支持查询文件，未受理",
    en="this language has no files of questions; nothing was accepted",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every way in of every system shares."""

    store: Store
    runtime: Runtime
    intake: Intake
    bulk: Bulk
    status_of: StatusOf
    asking: Asking
    shadows: Shadows | None = None

    def shade(self, sender: Sender, file: Path | bytes, batch: str) -> None:
        """Let a system's new mapping read the same, if it has one; nobody waits for that."""
        shadow = _shadow(sender)
        if shadow is not None and self.shadows is not None:
            self.shadows.cast(shadow, file, batch)

    def overhear(self, sender: Sender, heard: Overheard) -> None:
        """The same for what was fetched from the system: a page of its API, rows of a table."""
        shadow = _shadow(sender)
        if shadow is not None and self.shadows is not None:
            self.shadows.overhear(shadow, heard)


def _shadow(sender: Sender) -> Shadow | None:
    if sender.shadow is None:
        return None
    return Shadow(system=sender.system, old=sender.dialect, new=sender.shadow)


class Picking:
    """One system's files."""

    def __init__(self, sender: Sender, box: FileBox, desk: Desk, stopping: Stopping) -> None:
        self._sender = sender
        self._box = box
        self._desk = desk
        self._stopping = stopping
        self._tenant = sender.system.tenant
        self._system = sender.system.id

    async def look(self) -> None:
        """Take every file that is there. Raises NotSent where the place cannot be reached."""
        await take_all(self._box, self._take, self._tell_put_off, self._stopping)

    async def aclose(self) -> None:
        """Close the box."""
        await self._box.aclose()

    def _tell_put_off(self, error: Overloaded) -> None:
        self._desk.runtime.log.tell(
            ERP_PUT_OFF, code=error.code, tenant=self._tenant, endpoint=self._system
        )

    async def _take(self, arrived: Arrived) -> None:
        if arrived.too_large:
            await self._refuse(arrived, "", (_TOO_LARGE,))
            return
        digest, head, size = await self._desk.runtime.tasks.read(
            lambda: digest_and_head(Path(arrived.path), _HEAD)
        )
        desk, asks = self._desk, self._sender.dialect.asks
        try:
            with foreseen(desk.runtime, self._sender.system, "erp sniffing"):
                questions = asks is not None and asks(head)
            if questions:
                await self._ask(arrived, digest, size)
                return
            pieces = _pieces(Path(arrived.path))
            batch = await take_file(desk.bulk, self._sender, pieces, digest, desk.runtime)
        except GatewayError as error:
            if not is_refusal(error):
                raise
            await self._refuse(arrived, digest, faults_told(error))
            return
        await self._reply(arrived, digest, batch)

    async def _reply(self, arrived: Arrived, digest: str, batch: Batch) -> None:
        """Say where each line stands, in the system's own format, then put the file away."""
        write, desk = self._sender.dialect.report, self._desk
        if write is not None:
            report_id, at_us = desk.runtime.ids.new("rep"), to_us(desk.runtime.clock.now())
            status = await desk.store.read(
                lambda db: desk.status_of(db, batch.tenant, batch.id, report_id, at_us)
            )
            pieces = guarded(lambda: write(status), desk.runtime, self._sender.system, "erp report")
            with suppress(WireError):  # told already; the payments are accepted all the same
                await self._box.put(self._name(arrived, batch.id), pieces)
        desk.shade(self._sender, Path(arrived.path), batch.id)
        await self._put_away(arrived, digest, FileOutcome.ACCEPTED, batch=batch.id)
        desk.runtime.log.tell(
            ERP_FILE,
            batch=batch.id,
            lines=batch.lines,
            count=batch.refused,
            tenant=self._tenant,
            endpoint=self._system,
        )

    async def _refuse(self, arrived: Arrived, digest: str, faults: Sequence[Fault]) -> None:
        """Say why nothing was taken, then put the file where refused ones are."""
        await self._tell_faults(arrived, f"{digest[:DIGEST_SHOWN]}.refused".lstrip("."), faults)
        await self._put_away(arrived, digest, FileOutcome.REFUSED, faults=faults)
        self._desk.runtime.log.tell(
            ERP_FILE_REFUSED, code=faults[0].code, tenant=self._tenant, endpoint=self._system
        )

    async def _ask(self, arrived: Arrived, digest: str, size: int) -> None:
        """Have questions answered beside this: the next file need not wait."""
        desk, system, read = self._desk, self._sender.system, self._sender.dialect.questions
        if read is None or size > _QUESTIONS_MAX:
            await self._refuse(arrived, digest, (_TOO_LARGE if read else _NOT_ASKED,))
            return

        def questions() -> Sequence[Question]:
            with foreseen(desk.runtime, system, "erp questions"):
                return read(Path(arrived.path).read_bytes())

        try:
            found = await desk.runtime.tasks.read(questions)
        except GatewayError as error:
            if not is_refusal(error):
                raise
            await self._refuse(arrived, digest, faults_told(error))
            return
        answering = self._answer(arrived, digest, found)
        desk.runtime.tasks.spawn(f"questions {system.id}", answering)

    async def _answer(self, arrived: Arrived, digest: str, questions: Sequence[Question]) -> None:
        """Answer a file of questions and put it away; else the next look does it again."""
        desk = self._desk
        try:
            unanswered = await desk.asking.answer(self._sender.system, questions)
            faults = [fault for it in unanswered for fault in it]
            if unanswered and all(unanswered):
                await self._refuse(arrived, digest, faults)
                return
            if faults:
                await self._tell_faults(arrived, f"{digest[:DIGEST_SHOWN]}.unanswered", faults)
            await self._put_away(arrived, digest, FileOutcome.ANSWERED, faults=faults)
            desk.runtime.log.tell(
                ERP_FILE,
                lines=len(questions),
                count=len(faults),
                tenant=self._tenant,
                endpoint=self._system,
            )
        except Corrupt:
            raise
        except (GatewayError, SQLAlchemyError) as error:
            code = error.code if isinstance(error, GatewayError) else type(error).__name__
            desk.runtime.log.tell(
                ERP_PUT_OFF, code=code, tenant=self._tenant, endpoint=self._system
            )
            await self._box.put_off(arrived)

    # ── what is left behind ──

    async def _tell_faults(self, arrived: Arrived, mark: str, faults: Sequence[Fault]) -> None:
        runtime = self._desk.runtime
        told = RefusedFile(
            report_id=runtime.ids.new("rep"),
            created=runtime.clock.now(),
            faults=tuple(faults),
            file_name=arrived.name,
        )
        with suppress(WireError):  # told already; the list of files has the faults, too
            await self._box.put(self._name(arrived, mark), refusal(self._sender, told, runtime))

    async def _put_away(
        self,
        arrived: Arrived,
        digest: str,
        outcome: FileOutcome,
        *,
        batch: str = "",
        faults: Sequence[Fault] = (),
    ) -> None:
        system, desk = self._sender.system, self._desk
        arrival = Arrival(
            tenant=system.tenant,
            system=system.id,
            name=arrived.name,
            digest=digest,
            outcome=outcome,
            at=desk.runtime.clock.now(),
            batch=batch,
            faults=tuple(faults),
        )
        await desk.store.write(lambda uow: record(uow, arrival))
        await self._box.finish(arrived, refused=outcome is FileOutcome.REFUSED)

    def _name(self, arrived: Arrived, mark: str) -> str:
        return reply_name(arrived.name, mark, self._sender.suffix)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(_PIECE), b"")
