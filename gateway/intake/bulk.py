"""Accepting many at once: a JSON batch or an ERP's file of any length.

Lines are read, validated and staged in chunks, invisible to everybody; one short transaction
then accepts the whole. A large file blocks nobody, and a crash in the middle leaves nothing
accepted: what was staged is swept at the next start.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Final

from sqlalchemy import update

from gateway.domain.batch import Batch
from gateway.domain.errors import (
    Corrupt,
    Fault,
    InvalidInstruction,
    NoRoom,
    Refused,
    ReusedReference,
    WireError,
)
from gateway.domain.ids import BatchId
from gateway.domain.instruction import Instruction
from gateway.intake.accept import (
    Intake,
    candidate_of,
    existing,
    remembered,
    with_makers,
)
from gateway.intake.calls import Call
from gateway.intake.claimed import guard
from gateway.intake.merging import stored_source
from gateway.intake.own_numbers import all_in_our_numbers
from gateway.intake.refused_lines import (
    REUSED,
    RefusedLine,
    met_before,
    not_permitted,
    repeated,
    unclaimed,
)
from gateway.intake.releasing import RELEASE_LANE
from gateway.intake.staged import begin, discard, met_again
from gateway.lifecycle.rows import NewInstruction
from gateway.ports.erp import Draft, FileEnd, FileHead, FilePart
from gateway.schedule import work
from gateway.schedule.work import Work, WorkKind
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.journal import Record
from gateway.store.uow import Uow

CHUNK: Final = 1_000
"""Lines that are staged in one transaction: others wait no longer than it takes."""
INLINE: Final = CHUNK
"""Up to so many accepted lines are released in the accepting transaction itself."""
KEY_SCOPE_OF_BATCHES: Final = "batch-key"
_b = tables.batch
_Parts = list[FilePart]
_Read = Callable[[Callable[[], _Parts]], Awaitable[_Parts]]
"""Runs the reading of some parts beside the event loop."""


@dataclass(slots=True)
class _Staged:
    """What has been staged so far."""

    batch: Batch
    lines: int = 0
    candidates: list[tuple[str, Sequence[NewInstruction]]] = field(default_factory=list)
    """Of a call small enough to be released at once: by the step of arrival, what to release."""
    accepted: int = 0
    refused: list[RefusedLine] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)


class Bulk:
    """The use cases of bulk calls."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def accept(self, call: Call, drafts: Iterable[Draft]) -> Batch:
        """Accept a call's lines.

        Raises Refused (all faults) when nothing could be accepted, ReusedReference when the
        reference came before with other content, Overloaded when the same call is being read
        right now.
        """
        return await self._read(call, iter(drafts), self._intake.runtime.tasks.read)

    async def accept_file(
        self, call: Callable[[FileHead], Call], parts: Iterator[FilePart]
    ) -> Batch:
        """Accept an ERP's file; ``call`` is made from what the file says of itself.

        Raises WireError for a broken file: then nothing of it is accepted.
        """
        # One thread from the first byte to the last: libxml2 corrupts memory when parsers that
        # share a thread's tables go on side by side on other threads.
        reader = self._intake.runtime.tasks.reader("file")
        try:
            head = await reader.read(lambda: next(parts))
            if not isinstance(head, FileHead):
                raise Refused("the file has no header", "文件缺少文件头")
            return await self._read(call(head), parts, reader.read)
        finally:
            reader.close()

    async def _read(self, call: Call, parts: Iterator[FilePart], read: _Read) -> Batch:
        parts = all_in_our_numbers(call.caller, parts)
        try:
            known = await self._intake.store.write(
                lambda uow: self._open(uow, call), may_refuse=True
            )
        except ReusedReference:
            await self._compare(call, parts, read)
            raise
        if known.accepted_at is not None:
            return known
        staged = _Staged(batch=known)
        ended = False
        try:
            while not ended:
                ended = await self._chunk(call, staged, parts, read)
            accepted = await self._intake.store.write(
                lambda uow: self._flip(uow, call, staged), at_once=True
            )
            ended = True
        except NoRoom:
            # Nothing can be taken back now either; the caller must not wait for that.
            self._intake.runtime.tasks.spawn("discard", self._discard(known))
            raise
        except BaseException:
            await self._discard(known)
            raise
        return accepted

    async def _compare(self, call: Call, parts: Iterator[FilePart], read: _Read) -> None:
        """Another call came under this name: its payments may be altered ones of ours."""
        if not await self._intake.resent.watches(call.caller.tenant):
            return
        staged, ended = _Staged(batch=self._batch(call)), False
        with suppress(WireError):  # what cannot be read alters nothing
            while not ended:
                chunk = await read(lambda: list(islice(parts, CHUNK)))
                await self._intake.ready()
                examine = partial(self._examine, call, staged, chunk)
                news, _, _ = await self._intake.runtime.tasks.read(examine)
                await self._intake.resent.compare(call.caller, news)
                ended = len(chunk) < CHUNK

    async def _discard(self, batch: Batch) -> None:
        """Forget what was staged: nobody has seen it."""
        await self._intake.store.write(lambda uow: discard(uow, batch.tenant, batch.id))

    async def _chunk(
        self, call: Call, staged: _Staged, parts: Iterator[FilePart], read: _Read
    ) -> bool:
        """Read, validate and stage the next lines; True when the end was reached."""
        chunk = await read(lambda: list(islice(parts, CHUNK)))
        await self._intake.ready()
        news, refused, file_faults = await self._intake.runtime.tasks.read(
            lambda: self._examine(call, staged, chunk)
        )
        if file_faults:
            raise InvalidInstruction(
                "the file contradicts itself; nothing was accepted",
                "文件自相矛盾，整份未受理",
                faults=file_faults,
            )
        if refused:
            drafts = [it for it in chunk if isinstance(it, Draft)]
            by_line = dict(enumerate(drafts, start=staged.lines - len(drafts) + 1))
            refused = await self._intake.resent.lines(call.caller, by_line, refused)
        if news or refused:
            step, fresh, all_refused = await self._intake.store.write(
                lambda uow: self._stage(uow, call, staged.batch.id, news, refused), at_once=True
            )
            staged.accepted += len(fresh)
            if staged.accepted > INLINE:
                staged.candidates.clear()
            elif fresh:
                staged.candidates.append((step, fresh))
            staged.refused.extend(all_refused)
            reused = {it.line for it in all_refused if it.has(REUSED)}
            if reused:
                altered = [new for new in news if new.line in reused]
                await self._intake.resent.compare(call.caller, altered)
        return len(chunk) < CHUNK

    def _examine(
        self, call: Call, staged: _Staged, parts: Sequence[FilePart]
    ) -> tuple[list[NewInstruction], list[RefusedLine], tuple[Fault, ...]]:
        """Validate lines; a reference that comes twice in one call refuses the later line."""
        news: list[NewInstruction] = []
        refused: list[RefusedLine] = []
        faults: tuple[Fault, ...] = ()
        caller, batch, today = call.caller, staged.batch.id, self._intake.today()
        examine = self._intake.examiner(caller, today).examine
        new, coded = self._intake.new, self._intake.coder(caller, today)
        for part in parts:
            if isinstance(part, FileEnd):
                faults += part.faults
            if not isinstance(part, Draft):
                continue
            staged.lines += 1
            examined = examine(part)
            if isinstance(examined, Instruction):
                examined = coded(examined)
                first = staged.seen.setdefault(examined.erp_reference, staged.lines)
                if first == staged.lines:
                    news.append(new(caller, examined, part, batch=batch, line=first, today=today))
                    continue
                examined = (repeated(part, first),)
            source = stored_source(part)
            refused.append(
                RefusedLine(
                    line=staged.lines,
                    erp_reference=part.erp_reference,
                    faults=examined,
                    source=source,
                )
            )
        return news, refused, faults

    def _open(self, uow: Uow, call: Call) -> Batch:
        """The batch of an earlier same call, or a new one that nobody sees yet."""
        caller = call.caller
        if call.key:
            used = remembered(uow, caller, KEY_SCOPE_OF_BATCHES, [call.key]).get(call.key)
            if used is not None and used.digest != call.digest:
                raise ReusedReference(stored_digest=used.digest, sent_digest=call.digest)
        batch = self._batch(call)
        known = met_again(uow, batch)
        if known is not None:
            return known
        begin(uow, batch, self._intake.store.lane.id)
        return batch

    def _batch(self, call: Call) -> Batch:
        """A new one of this call."""
        return Batch(
            tenant=call.caller.tenant.id,
            id=BatchId(self._intake.runtime.ids.new("bat")),
            scope=call.scope,
            reference=call.reference,
            format=call.format,
            digest=call.digest,
            maker=call.caller.maker,
            created_at=self._intake.runtime.clock.now(),
        )

    def _stage(
        self,
        uow: Uow,
        call: Call,
        batch: str,
        news: Sequence[NewInstruction],
        refused: Sequence[RefusedLine],
    ) -> tuple[str, Sequence[NewInstruction], Sequence[RefusedLine]]:
        """Store a chunk. A line that was accepted earlier, elsewhere, is refused naming it.

        Returns the step of their arrival, what was stored, and what was refused.
        """
        guard(uow, [(call.caller, any(new.instruction.merged for new in news))])
        known = existing(uow, call.caller, [new.instruction.erp_reference for new in news])
        fresh, all_refused = news, refused
        if known:
            fresh = [new for new in news if new.instruction.erp_reference not in known]
            again = [new for new in news if new.instruction.erp_reference in known]
            others = self._intake.resent.others(uow, call.caller, again, known)
            all_refused = [
                *refused,
                *(
                    met_before(
                        new,
                        known[new.instruction.erp_reference],
                        same=new.instruction.erp_reference not in others,
                    )
                    for new in again
                ),
            ]
        fresh, clashing = unclaimed(uow, call.caller, fresh)
        all_refused = [*all_refused, *clashing] if clashing else all_refused
        made = self._intake.may_make(uow, call.caller.tenant, fresh)
        if made is not None:
            judged = list(zip(fresh, made, strict=True))
            fresh = [with_makers(new, by) for new, by in judged if by.refusal is None]
            all_refused = [
                *all_refused,
                *(not_permitted(new, by.refusal) for new, by in judged if by.refusal),
            ]
        step = self._intake.runtime.ids.new("his")
        if fresh:
            self._intake.store_new(uow, call.caller, fresh, step)
        uow.add(
            tables.refused_line,
            *(
                {
                    "tenant": call.caller.tenant.id,
                    "batch": batch,
                    "line": line.line,
                    "erp_reference": line.erp_reference[:255],
                    "source": line.source,
                    "faults": json.dumps([it.document() for it in line.faults], ensure_ascii=False),
                }
                for line in all_refused
            ),
        )
        return step, fresh, all_refused

    def _flip(self, uow: Uow, call: Call, staged: _Staged) -> Batch:
        """Accept the whole: from here on every line is visible and a promise."""
        if staged.refused and (call.all_or_nothing or not staged.accepted):
            raise InvalidInstruction(
                "lines have faults and nothing was accepted",
                "存在有误的明细，整批未受理",
                faults=[fault for line in staged.refused for fault in line.faults][:1000],
            )
        tenant, now = call.caller.tenant, self._intake.runtime.clock.now()
        now_us = to_us(now)
        batch = replace(staged.batch, lines=staged.lines, accepted=staged.accepted, accepted_at=now)
        flipped = uow.change(
            update(_b)
            .where(_b.c.tenant == tenant.id, _b.c.id == batch.id, _b.c.accepted_us.is_(None))
            .values(lines=batch.lines, accepted=batch.accepted, accepted_us=now_us)
        )
        if flipped != 1:
            raise Corrupt("a batch was removed while it was read in", "批次在读入期间被移除")
        if call.key:
            self._intake.remember(
                uow, call.caller, KEY_SCOPE_OF_BATCHES, call.key, call.digest, batch.id
            )
        uow.journal(
            Record(
                tenant=tenant.id,
                kind="batch_accepted",
                subject=batch.id,
                at_us=now_us,
                content={
                    "reference": batch.reference,
                    "digest": batch.digest,
                    "accepted": batch.accepted,
                    "refused": batch.refused,
                    "maker": batch.maker,
                },
            )
        )
        if staged.candidates:
            self._intake.release(
                uow,
                tenant,
                [candidate_of(new, step) for step, news in staged.candidates for new in news],
            )
        elif batch.accepted:
            work.add(
                uow,
                Work(
                    tenant=tenant.id,
                    kind=WorkKind.RELEASE,
                    subject=batch.id,
                    lane=RELEASE_LANE,
                    due_us=now_us,
                ),
            )
            uow.rouse(tenant.id, RELEASE_LANE)
        return batch
