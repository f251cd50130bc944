"""Envelopes that an ERP posts to us, answered at once in its own language, refusals included.

Rule kept here: what the sender's program reads is its own format; only what is about the call
itself (who calls, whether we are up) is told as a problem of HTTP.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.batch import Batch
from gateway.domain.errors import Fault, GatewayError, InvalidInstruction, NotOffered
from gateway.intake.arrivals import Arrival, FileOutcome, record
from gateway.intake.known import Caller
from gateway.intake.picking import Desk
from gateway.intake.taking import (
    Sender,
    faults_told,
    foreseen,
    guarded,
    is_refusal,
    take_file,
)
from gateway.ports.erp import FileFacts, RefusedFile
from gateway.ports.erp_answers import Answers, asker_of, faults_of
from gateway.ports.erp_questions import Question
from gateway.ports.erp_told import KIND_OF, StatusTold, Told
from gateway.store.instants import to_us

NAME: Final = "exchange"
"""What envelopes are called in the list of files."""
_HEAD: Final = 4 << 10
_QUESTIONS_MAX: Final = 20
"""Most questions of one envelope: somebody waits for the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied:
    """What goes back. ``pieces`` is for one thread; ``batch`` is '' where nothing was accepted."""

    pieces: Iterator[bytes]
    content_type: str
    batch: str = ""
    accepted: int = 0


class Exchange:
    """The use case of one envelope."""

    def __init__(self, desk: Desk, answers: Answers) -> None:
        self.desk = desk
        self._answers = answers

    async def reply(self, sender: Sender, caller: Caller, body: bytes, digest: str) -> Replied:
        """Take in an envelope and compose its answer.

        Raises Overloaded when it may be sent again as it is, and the refusal itself where the
        language has no refusals of its own.
        """
        desk, dialect = self.desk, sender.dialect
        try:
            with foreseen(desk.runtime, sender.system, "erp sniffing"):
                asks = dialect.asks is not None and dialect.asks(body[:_HEAD])
            if asks:
                return await self._answered(sender, body)
            if dialect.report is None:  # found out before anything is accepted
                raise _no_answer(sender)
            batch = await take_file(
                desk.bulk, sender, _whole(body), digest, desk.runtime, caller=caller
            )
        except GatewayError as error:
            if not is_refusal(error) or dialect.refuse is None:
                raise
            return await self._refused(sender, digest, faults_told(error))
        desk.shade(sender, body, batch.id)
        return await self._accepted(sender, digest, batch)

    async def _accepted(self, sender: Sender, digest: str, batch: Batch) -> Replied:
        desk, write = self.desk, sender.dialect.report
        if write is None:
            raise _no_answer(sender)
        report_id, at_us = desk.runtime.ids.new("rep"), to_us(desk.runtime.clock.now())
        status = await desk.store.read(
            lambda db: desk.status_of(db, batch.tenant, batch.id, report_id, at_us)
        )
        await self._recorded(sender, digest, FileOutcome.ACCEPTED, batch=batch.id)
        return Replied(
            pieces=guarded(lambda: write(status), desk.runtime, sender.system, "erp report"),
            content_type=sender.dialect.content_type,
            batch=batch.id,
            accepted=batch.accepted,
        )

    async def _refused(self, sender: Sender, digest: str, faults: tuple[Fault, ...]) -> Replied:
        desk, write = self.desk, sender.dialect.refuse
        if write is None:
            raise InvalidInstruction(faults=faults)
        told = RefusedFile(
            report_id=desk.runtime.ids.new("rep"), created=desk.runtime.clock.now(), faults=faults
        )
        await self._recorded(sender, digest, FileOutcome.REFUSED, faults=faults)
        return Replied(
            pieces=guarded(lambda: write(told), desk.runtime, sender.system, "erp refusal"),
            content_type=sender.dialect.content_type,
        )

    async def _answered(self, sender: Sender, body: bytes) -> Replied:
        """Answer the questions of an envelope, all or none.

        Raises Refused with the reason of each question that has no answer.
        """
        desk, read = self.desk, sender.dialect.questions
        if read is None:
            raise NotOffered

        def questions() -> Sequence[Question]:
            with foreseen(desk.runtime, sender.system, "erp questions"):
                return read(body)

        found = await desk.runtime.tasks.read(questions)
        if not 0 < len(found) <= _QUESTIONS_MAX:
            raise _refused("too_many", f"每次 1–{_QUESTIONS_MAX} 个查询", f"1 to {_QUESTIONS_MAX}")
        told: list[Told] = []
        faults: list[Fault] = []
        asker = asker_of(sender.system)
        for question in found:
            try:
                told += (await self._answers.answer(asker, question)).told
            except GatewayError as error:
                if not is_refusal(error):
                    raise
                faults += faults_of(error, question)
        if faults:
            raise InvalidInstruction("questions have no answer", "部分查询没有结果", faults=faults)
        return self._told(sender, tuple(told))

    def _told(self, sender: Sender, told: tuple[Told, ...]) -> Replied:
        """One message of records of one kind, and of one account where they are about one."""
        kinds = {KIND_OF[type(it)] for it in told}
        about = {"" if isinstance(it, StatusTold) else it.account for it in told}
        if len(kinds) != 1 or len(about) != 1:
            raise _refused(
                "one_at_a_time", "一次只能查询一个账户的一种内容", "ask for one account and kind"
            )
        writer = sender.dialect.files.get(kinds.pop())
        if writer is None:
            raise NotOffered(
                "the answer is there, but this language has no message for it",
                "已查到结果，但该系统没有对应的回文格式",
            )
        runtime = self.desk.runtime
        facts = FileFacts(id=runtime.ids.new("rep"), created=runtime.clock.now())
        return Replied(
            pieces=guarded(lambda: writer.write(told, facts), runtime, sender.system, "erp answer"),
            content_type=sender.dialect.content_type,
        )

    async def _recorded(
        self,
        sender: Sender,
        digest: str,
        outcome: FileOutcome,
        *,
        batch: str = "",
        faults: tuple[Fault, ...] = (),
    ) -> None:
        arrival = Arrival(
            tenant=sender.system.tenant,
            system=sender.system.id,
            name=NAME,
            digest=digest,
            outcome=outcome,
            at=self.desk.runtime.clock.now(),
            batch=batch,
            faults=faults,
        )
        await self.desk.store.write(lambda uow: record(uow, arrival))


def _no_answer(sender: Sender) -> NotOffered:
    name = sender.dialect.name
    return NotOffered(f"{name} has no answer to an envelope", f"{name} 没有应答报文")


def _whole(body: bytes) -> Iterable[bytes]:
    yield body


def _refused(code: str, zh: str, en: str) -> InvalidInstruction:
    return InvalidInstruction(en, zh, faults=(Fault(path="/", code=code, zh=zh, en=en),))
