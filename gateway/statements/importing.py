"""Importing statement files and answers: all of it or nothing, and nothing twice.

Rule kept here: a file is read twice, first to see whether it holds together and then to keep it.
Its lines are staged in pieces, so that payments wait for none of it, and become visible in one
short transaction. What contradicts itself is quarantined whole until a person says otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from gateway.domain.bank_file import Finding, Gravity
from gateway.domain.errors import NoRoom, Overloaded, WireError
from gateway.ports.runtime import Reader, Runtime
from gateway.ports.statement_formats import Part, Reading, StatementFormat
from gateway.ports.tenancy import Tenant
from gateway.schedule.soon import reconcile_soon
from gateway.statements import import_rows
from gateway.statements.day_rows import SPAN_MAX, Book, guard_of
from gateway.statements.import_plan import (
    Piece,
    Plan,
    Planned,
    nothing,
    pieces,
    plan,
    unreadable,
)
from gateway.statements.import_rows import Import
from gateway.statements.line_rows import (
    IMPORTED,
    QUARANTINED,
    REFUSED,
    held_of,
    put_lines,
    replace_pending,
)
from gateway.statements.lines import LineNotKept, Lines
from gateway.statements.placing import PART_APART, apart, marked
from gateway.statements.spans import END_OF_DAY, Span, Standing
from gateway.statements.survey import Survey, survey
from gateway.store.instants import to_us
from gateway.store.store import Store
from gateway.store.uow import Uow

_PIECE: Final = 1 << 16
_TRIES: Final = 4
"""How often an import begins anew that others overtook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFile:
    """A file to import. ``despite`` is the person who takes it in though it contradicts itself."""

    tenant: Tenant
    path: Path
    name: str
    digest: str
    """Hex SHA-256 of its bytes."""
    format: StatementFormat
    reading: Reading
    actor: str
    despite: str = ""

    def parts(self) -> Iterator[Part]:
        """Read it, once more each time. Raises WireError as its format does."""
        with self.path.open("rb") as source:
            yield from self.format.read(iter(lambda: source.read(_PIECE), b""), self.reading)


class Importing:
    """The use case. Build one per process."""

    def __init__(self, store: Store, runtime: Runtime) -> None:
        self._store = store
        self._runtime = runtime

    async def take_file(self, file: StatementFile) -> Import:
        """Import a file; what came of it, also where it was refused or quarantined.

        The same bytes again give the earlier import with nothing added. Raises Overloaded while
        another import of the tenant is under way, NoRoom when the disk is full.
        """
        known = await self._store.read(
            partial(import_rows.of_digest, tenant=file.tenant.id, digest=file.digest)
        )
        waits = known is not None and any(it.code == PART_APART for it in known.findings)
        done = known is not None and known.state == IMPORTED
        if known is not None and (done or not (file.despite or waits)):
            return replace(known, added=0, changed=0, repeated=True)
        # One thread from the first byte to the last: libxml2 corrupts memory when parsers that
        # share a thread's tables go on side by side on other threads.
        reader = self._runtime.tasks.reader("statement")
        try:
            return await self._take(file, reader)
        finally:
            reader.close()

    async def refuse(
        self, *, tenant: str, name: str, digest: str, actor: str, finding: Finding
    ) -> Import:
        """Remember a file of which nothing could be read, and why; ``digest`` '' for unknown."""
        at = self._runtime.clock.now()
        refused = Import(
            tenant=tenant,
            id=self._runtime.ids.new("sti"),
            source="",
            format="",
            name=name,
            digest=digest,
            actor=actor,
            begun=at,
        ).ended(REFUSED, added=0, changed=0, findings=[finding], at=at)
        await self._store.write(lambda uow: import_rows.add(uow, refused))
        return refused

    async def _take(self, file: StatementFile, reader: Reader) -> Import:
        try:
            found = await reader.read(lambda: survey(file.parts()))
        except WireError as error:
            return await self._kept(file, Survey(), REFUSED, [unreadable(error)])
        made = await self._planned(file, reader, found)
        findings = made.findings
        if not made.ours:
            return await self._kept(file, found, REFUSED, findings or [nothing()])
        too_long = [_too_long(it) for _, _, it in made.ours if (it.last - it.first).days > SPAN_MAX]
        if too_long or (found.contradicts and not file.despite):
            return await self._kept(file, found, QUARANTINED, [*findings, *too_long])
        return await self._staged(file, reader, made)

    async def _kept(
        self, file: StatementFile, found: Survey, state: str, findings: Sequence[Finding]
    ) -> Import:
        """Remember what came of a file of which no line is kept."""
        at = self._runtime.clock.now()
        ended = self._new(file, found).ended(state, added=0, changed=0, findings=findings, at=at)
        await self._store.write(lambda uow: import_rows.add(uow, ended))
        return ended

    async def _planned(self, file: StatementFile, reader: Reader, found: Survey) -> Plan:
        """The plan by what is known now; the file is read once more to find balances in it."""
        by = partial(plan, tenant=file.tenant, found=found, source=file.format.name)
        made = await self._store.read(by)
        asks = made.asks
        if not asks:
            return made
        marks = await reader.read(lambda: marked(file.parts(), found, asks))
        return await self._store.read(partial(by, marks=marks))

    async def _staged(self, file: StatementFile, reader: Reader, of: Plan) -> Import:
        """Stage and show it; anew from what is known by then, where something came between."""
        by_place: set[int] = set()
        for _ in range(_TRIES):
            for at in by_place:
                of.planned[at].by_place = True
            if (done := await self._once(file, reader, of, by_place)) is not None:
                return done
            of = await self._planned(file, reader, of.survey)
        raise Overloaded(
            "the bank's own answers bring lines of these days just now; send it again in a moment",
            "这些日期的明细正由银行应答写入，请稍后重发",
        )

    async def _once(
        self, file: StatementFile, reader: Reader, of: Plan, by_place: set[int]
    ) -> Import | None:
        """Stage and show it; None, with nothing left of it, where something came between.

        The same where words and places disagree: those statements are added to ``by_place``.
        """
        made = self._new(file, of.survey)
        if not await self._store.write(partial(import_rows.begin, new=made)):
            raise Overloaded(
                "another statement is being imported; send it again in a moment",
                "另一份对账单正在导入，请稍后重发",
            )
        try:
            by_statement = await self._lines(file, reader, of, made)
            wrong = _misplaced(file, of, by_statement)
            by_place.update(wrong)
            added = sum(by_statement.values())
            finish = partial(self._finish, tenant=file.tenant, of=of, made=made, added=added)
            ended = None if wrong else await self._store.write(finish, at_once=True)
        except NoRoom:
            # Nothing can be taken back now either; the caller must not wait for that.
            self._runtime.tasks.spawn("discard", self._discard(made))
            raise
        except LineNotKept as not_kept:
            await self._discard(made)
            findings = [*of.findings, not_kept.finding]
            return await self._kept(file, of.survey, QUARANTINED, findings)
        except BaseException:
            await self._discard(made)
            raise
        if ended is None:
            await self._discard(made)
        return ended

    async def _lines(
        self, file: StatementFile, reader: Reader, of: Plan, made: Import
    ) -> Counter[int]:
        """Stage every line of our accounts; by statement, how many were new."""
        by_account: dict[str, Lines] = {}

        def lines(account: str) -> Lines:
            if account not in by_account:
                by_account[account] = Lines(
                    tenant=made.tenant,
                    account=account,
                    import_id=made.id,
                    first_seen_us=to_us(made.begun),
                )
            return by_account[account]

        staged = pieces(file.parts(), of, lines)
        added: Counter[int] = Counter()
        while (piece := await reader.read(lambda: next(staged, None))) is not None:
            put = partial(_put, tenant=made.tenant, piece=piece)
            added[piece.at] += await self._store.write(put, at_once=True)
        return added

    def _finish(
        self, uow: Uow, *, tenant: Tenant, of: Plan, made: Import, added: int
    ) -> Import | None:
        """Make it visible and judge its days; all of it in one commit.

        None, and nothing done, where a bank's answer or another import came in between.
        """
        now = self._runtime.clock.now()
        uow.guard(*(guard_of(made.tenant, span.account) for _, _, span in of.ours))
        again = plan(uow, tenant, of.survey, of.source, of.marks)
        if not of.stands_as(again) or held_of(uow, made.tenant, made.id) != added:
            return None
        import_rows.show(uow, made)
        import_rows.add_spans(uow, made, [span for _, _, span in of.ours])
        changed = sum(
            replace_pending(uow, made.tenant, account, made.id)
            for account in {span.account for _, _, span in of.ours}
        )
        for planned, _, span in of.ours:
            self._days(uow, made, planned, span, now)
        if added:
            reconcile_soon(uow, made.tenant, (span.account for _, _, span in of.ours), to_us(now))
        ended = made.ended(
            IMPORTED, added=added - changed, changed=changed, findings=of.findings, at=now
        )
        import_rows.end(uow, ended)
        return ended

    @staticmethod
    def _days(uow: Uow, made: Import, planned: Planned, span: Span, now: datetime) -> None:
        """Note which days a statement tells of, and judge them."""
        book = Book(tenant=made.tenant, account=span.account, today=now.date(), at_us=to_us(now))
        told = planned.surveyed
        days = [day for day in told.by_day if day not in planned.elsewhere]
        whole = (span.first, span.last) if told.format.startswith(END_OF_DAY) else None
        book.read(uow, [*days, span.first, span.last], source=made.source, whole=whole)
        book.judge(uow, span.first)

    async def _discard(self, made: Import) -> None:
        await self._store.write(partial(import_rows.discard, tenant=made.tenant, import_id=made.id))

    def _new(self, file: StatementFile, found: Survey) -> Import:
        formats = sorted({it.format for it in found.statements}) or [file.format.name]
        return Import(
            tenant=file.tenant.id,
            id=self._runtime.ids.new("sti"),
            source=file.format.name,
            format=formats[0],
            name=file.name,
            digest=file.digest,
            actor=file.actor,
            holder=self._store.lane.id,
            statements=len(found.statements),
            entries=found.entries,
            begun=self._runtime.clock.now(),
        )


def _misplaced(file: StatementFile, of: Plan, added: Mapping[int, int]) -> list[int]:
    """Statements of which other lines were new than their places say.

    Raises LineNotKept for one whose place nobody knows, unless a person takes it as it is.
    """
    wrong = of.misplaced(added)
    lost = [at for at in wrong if of.planned[at].place.standing is Standing.APART]
    if lost and not file.despite:
        raise LineNotKept(apart(of.planned[lost[0]].surveyed.line))
    return [at for at in wrong if at not in lost]


def _put(uow: Uow, *, tenant: str, piece: Piece) -> int:
    uow.guard(guard_of(tenant, piece.account))
    return put_lines(uow, tenant, piece.account, piece.rows, another=piece.another, also=True)


def _too_long(span: Span) -> Finding:
    return Finding(
        code="period",
        zh=f"对账单期间超过 {SPAN_MAX} 天，请核对起止日期",
        en=f"the statement speaks of more than {SPAN_MAX} days: check its dates",
        gravity=Gravity.CONTRADICTION,
        path=span.statement_id[:35],
    )
