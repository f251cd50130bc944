"""Orders and questions in tables that an ERP system shares with us: taken in, each one answered.

Rule kept here: a row is marked as taken before it is looked at and as answered only with its
answer, in one transaction; whatever dies between the two, the row comes again, and taking it
again changes nothing, because intake knows its reference and content.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from msgspec import UNSET

from gateway.domain.errors import Corrupt, Fault, GatewayError, Overloaded, Refused, WireError
from gateway.domain.ids import InstructionId
from gateway.domain.instruction import State
from gateway.domain.money import Money, MoneyFormatError, currency
from gateway.intake.known import Accepted, known_instructions
from gateway.intake.merging import echoed
from gateway.intake.overheard import Claimed
from gateway.intake.picking import Desk
from gateway.intake.taking import Sender, foreseen, take_one
from gateway.ports.erp import Draft
from gateway.ports.erp_answers import Answers, asker_of, faults_of, worth_again
from gateway.ports.erp_boxes import TableBox
from gateway.ports.erp_tables import (
    ErpTables,
    OrderTable,
    QuestionAnswer,
    QuestionTables,
    ResultTable,
    Row,
)
from gateway.ports.erp_told import KIND_OF, StatusTold, Told, ToldKind
from gateway.ports.events import ERP_AWAY, ERP_PULLED, ERP_PUT_OFF, FAILED

MOST: Final = 500
"""Rows claimed at a time."""
_TOGETHER: Final = 64
_QUESTIONS: Final = 50
_REFUSED: Final = "REFUSED"
_TEXT_MAX: Final = 320
_SYSTEM: Final = "src_system"
REFUSAL_VERSION: Final = -1
"""Of what is told of a row that was not taken: every version of an accepted one outranks it."""
_UNCHANGED: Final = "已按原内容受理，更改未被采纳 / accepted as it was, the change was not taken: "

_Outcome = Accepted | tuple[Fault, ...] | None
"""What became of an order row; None: it comes again later."""
_Rowed = tuple[Row, Draft | None, _Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Orders:
    """The order table of a system with all that goes with it."""

    table: OrderTable
    draft: Callable[[Row], Draft]
    results: ResultTable
    refusals: ResultTable
    """The same table; a later refusal of a row takes the place of an earlier one."""


class Rows:
    """One system's tables."""

    def __init__(  # noqa: PLR0913, PLR0917 - built in one place
        self,
        sender: Sender,
        tables: ErpTables,
        box: TableBox,
        desk: Desk,
        stopping: Callable[[], bool],
        answers: Answers | None = None,
    ) -> None:
        self._sender = sender
        self._tables = tables
        self._box = box
        self._desk = desk
        self._stopping = stopping
        self._answers = answers
        self._orders = _orders_of(tables)
        self._name = sender.system.options.get(_SYSTEM, sender.system.id)
        self._asking = False

    async def look(self) -> None:
        """Take every order that is there, then begin to answer the questions.

        Raises NotSent where the database cannot be reached, Refused where a table is not as the
        settings say. Questions are answered beside: a bank that answers late keeps no order
        waiting.
        """
        if self._orders is not None:
            await self._take(self._orders)
        questions, answers = self._tables.questions, self._answers
        if questions is None or answers is None or self._asking or self._stopping():
            return
        self._asking = True
        name = f"questions {self._sender.system.id}"
        self._desk.runtime.tasks.spawn(name, self._answer(questions, answers))

    async def aclose(self) -> None:
        """Close connections."""
        await self._box.aclose()

    # ── orders ────────────────────────────────────────────────────────────────────────────

    async def _take(self, orders: _Orders) -> None:
        taken = refused = 0
        while not self._stopping():
            rows = await self._box.claim(orders.table, orders.results, self._name, MOST)
            outcomes = [it async for it in self._outcomes(orders, rows)]
            done = [it for it in outcomes if it[2] is not None]
            await self._tell(orders, done)
            if rows:
                read = [(row, draft) for row, draft, _ in outcomes]
                self._desk.overhear(self._sender, Claimed(table=orders.table, rows=read))
            taken += sum(isinstance(outcome, Accepted) for _, _, outcome in done)
            refused += sum(isinstance(outcome, tuple) for _, _, outcome in done)
            if len(rows) < MOST or len(done) < len(rows):
                break
        if taken or refused:
            system = self._sender.system
            self._desk.runtime.log.tell(
                ERP_PULLED, tenant=system.tenant, endpoint=system.id, lines=taken, count=refused
            )

    async def _outcomes(self, orders: _Orders, rows: Sequence[Row]) -> AsyncIterator[_Rowed]:
        """What becomes of each row, in their order; many are accepted together."""
        for at in range(0, len(rows), _TOGETHER):
            some = list(self._drafts(orders, rows[at : at + _TOGETHER]))
            tasks = self._desk.runtime.tasks
            for (row, draft), outcome in zip(
                some, await tasks.gather([self._one(draft) for _, draft in some]), strict=True
            ):
                yield row, draft, outcome

    def _drafts(self, orders: _Orders, rows: Sequence[Row]) -> Iterator[tuple[Row, Draft | None]]:
        for row in rows:
            try:
                with foreseen(self._desk.runtime, self._sender.system, "erp row"):
                    yield row, orders.draft(row)
            except WireError:  # told by ``foreseen``; the row stays taken and unanswered
                yield row, None

    async def _one(self, draft: Draft | None) -> _Outcome:
        if draft is None:
            return None
        try:
            return await take_one(self._desk.intake, self._sender, draft)
        except Overloaded as error:
            self._put_off(error)
            return None

    async def _tell(self, orders: _Orders, done: Sequence[_Rowed]) -> None:
        """Write the answers and mark their rows; what does not fit its table keeps nobody waiting.

        Raises Refused for rows whose results their table does not take, once all others stand.
        """
        if not done:
            return
        try:
            await self._tell_together(orders, done)
        except Refused:
            if len(done) == 1:
                raise
            wrong: Refused | None = None
            for one in done:
                try:
                    await self._tell_together(orders, [one])
                except Refused as error:
                    wrong = error
            if wrong is not None:
                raise wrong from None

    async def _tell_together(self, orders: _Orders, done: Sequence[_Rowed]) -> None:
        accepted: list[Row] = []
        refused: list[Row] = []
        known = await self._known(done)
        for _, draft, outcome in done:
            assert draft is not None
            rows = refused if isinstance(outcome, tuple) else accepted
            rows.extend(orders.results.rows(self._told(draft, outcome, known)))
        await self._box.answer(
            orders.table,
            [row for row, _, _ in done],
            [(orders.results, accepted), (orders.refusals, refused)],
        )

    async def _known(self, done: Sequence[_Rowed]) -> dict[str, InstructionId]:
        """What was accepted before under the numbers of those that are refused now."""
        asked = [
            number
            for _, draft, outcome in done
            if isinstance(outcome, tuple) and draft is not None
            for number in (draft.erp_reference, *(it.erp_reference for it in draft.merged))
            if number
        ]
        caller = self._sender.caller
        if not asked:
            return {}
        return await self._desk.store.read(lambda db: known_instructions(db, caller, asked))

    def _told(
        self, draft: Draft, outcome: _Outcome, known: Mapping[str, InstructionId]
    ) -> StatusTold:
        """The first thing that an order is told: it was accepted, or why it was not.

        ``known`` is what was accepted under its number before it was changed, or carries its
        document. Then it is not told as refused: the payment that is under way would be taken for
        failed, and paid again.
        """
        earlier = known.get(draft.erp_reference, "")
        faults = outcome if isinstance(outcome, tuple) else ()
        refused = bool(faults) and not earlier
        return StatusTold(
            instruction=outcome.id if isinstance(outcome, Accepted) else earlier,
            version=REFUSAL_VERSION if faults else 0,
            state=_REFUSED if refused else State.RECEIVED.value,
            erp=self._sender.system.id,
            erp_reference=draft.erp_reference,
            at=self._desk.runtime.clock.now(),
            amount="" if earlier and faults else _amount(draft),
            currency=draft.currency,
            final=refused,
            code=faults[0].code if faults else "",
            text=(_UNCHANGED if earlier and faults else "") + _words(faults),
            reconciliation_code=draft.reconciliation_code,
            source=draft.source,
            merged=tuple(it for it in echoed(draft) if it.reference not in known and not earlier)
            or UNSET,
        )

    # ── questions ─────────────────────────────────────────────────────────────────────────

    async def _answer(self, questions: QuestionTables, answers: Answers) -> None:
        try:
            rows = await self._box.claim(
                questions.asked, questions.answered, self._name, _QUESTIONS
            )
            for row in rows:
                if self._stopping():
                    return
                await self._answer_one(questions, answers, row)
        except GatewayError as error:
            system = self._sender.system
            self._desk.runtime.log.tell(
                ERP_AWAY,
                tenant=system.tenant,
                endpoint=system.id,
                code=error.code,
                why=error.en,
            )
        finally:
            self._asking = False

    async def _answer_one(self, questions: QuestionTables, answers: Answers, row: Row) -> None:
        """Ask, and write what came of it; a question that failed on the way is asked again.

        Whatever a question meets concerns it alone: nobody ends this process by asking.
        """
        runtime, system = self._desk.runtime, self._sender.system
        with foreseen(runtime, system, "erp question row"):
            question = questions.question(row)
        results: list[tuple[ResultTable, Sequence[Row]]] = []
        said = QuestionAnswer(question=question, at=runtime.clock.now())
        try:
            answered = await answers.answer(asker_of(system), question)
        except GatewayError as error:
            said = self._unanswered(said, error, again=worth_again(error))
        else:
            said = replace(said, at=answered.asked_at)
            try:
                with foreseen(runtime, system, "erp question"):
                    results = self._rows_of(answered.told)
                said = said if len(results) == len(answered.told) else _untold(said)
            except GatewayError as error:  # asked again, it would be no better
                said = self._unanswered(said, error, again=False)
        results.append((questions.answered, [questions.row(said)]))
        await self._box.answer(questions.asked, () if said.again else [row], results)

    def _unanswered(
        self, said: QuestionAnswer, error: GatewayError, *, again: bool
    ) -> QuestionAnswer:
        if isinstance(error, Corrupt):
            system = self._sender.system
            self._desk.runtime.log.tell(
                FAILED, tenant=system.tenant, endpoint=system.id, why="erp question"
            )
        faults = faults_of(error, said.question)
        return replace(said, again=again, code=faults[0].code, text=_words(faults))

    def _rows_of(self, told: Sequence[Told]) -> list[tuple[ResultTable, Sequence[Row]]]:
        found: list[tuple[ResultTable, Sequence[Row]]] = []
        for one in told:
            table = self._tables.results.get(KIND_OF[type(one)])
            if table is not None:
                found.append((table, table.rows(one)))
        return found

    def _put_off(self, error: GatewayError) -> None:
        system = self._sender.system
        self._desk.runtime.log.tell(
            ERP_PUT_OFF, code=error.code, tenant=system.tenant, endpoint=system.id
        )


def _orders_of(tables: ErpTables) -> _Orders | None:
    """None where the system has no orders in tables, or no table to answer them in."""
    results = tables.results.get(ToldKind.STATUS)
    if tables.orders is None or tables.draft is None or results is None:
        return None
    return _Orders(
        table=tables.orders,
        draft=tables.draft,
        results=results,
        refusals=replace(results, replace=True),
    )


def _amount(draft: Draft) -> str:
    """The amount as it was sent, '' where it is none: a result's column holds amounts only."""
    try:
        return Money.parse(draft.amount, currency(draft.currency or "CNY")).text()
    except MoneyFormatError:
        return ""


def _untold(said: QuestionAnswer) -> QuestionAnswer:
    return replace(
        said,
        code="not_offered",
        text="已查到结果，但该系统没有对应的结果表 / there is an answer, but no table for it",
    )


def _words(faults: Sequence[Fault]) -> str:
    """What is wrong, column by column, in both languages as far as there is room."""
    zh = "；".join(f"{it.path} {it.zh}" for it in faults)
    en = "; ".join(f"{it.path} {it.en}" for it in faults)
    both = f"{zh} / {en}" if faults else ""
    text = both if len(both) <= _TEXT_MAX else zh
    return text if len(text) <= _TEXT_MAX else f"{text[: _TEXT_MAX - 1]}…"
