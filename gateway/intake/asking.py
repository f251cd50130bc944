"""Questions that came as a file: each is answered, and its answer put into the asker's outbox.

Rule kept here: a question without an answer is told as such, with its reason; it is never told as
an answer, and it keeps no other question waiting.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from gateway.domain.errors import Corrupt, Fault, GatewayError, NotOffered
from gateway.lifecycle.telling import ErpOutbox, Say
from gateway.ports.erp_answers import Answered, Answers, asker_of, faults_of
from gateway.ports.erp_questions import Question
from gateway.ports.erp_systems import ErpSystem
from gateway.ports.runtime import Runtime
from gateway.store.store import Store
from gateway.store.uow import Uow


class Asking:
    """Answers questions of ERP systems through their outboxes."""

    def __init__(self, store: Store, runtime: Runtime, answers: Answers, outbox: ErpOutbox) -> None:
        self._store = store
        self._runtime = runtime
        self._answers = answers
        self._outbox = outbox

    async def answer(
        self, system: ErpSystem, questions: Sequence[Question]
    ) -> tuple[tuple[Fault, ...], ...]:
        """Answer each in its turn; returns, question by question, why there is no answer."""
        asker = asker_of(system)
        told: list[tuple[Fault, ...]] = []
        for question in questions:
            try:
                answered = await self._answers.answer(asker, question)
                await self._tell(system, answered)
                told.append(())
            except Corrupt:
                raise
            except GatewayError as error:
                told.append(faults_of(error, question))
        return tuple(told)

    async def _tell(self, system: ErpSystem, answered: Answered) -> None:
        """Raises NotOffered where the system cannot be told such a thing."""
        subject = self._runtime.ids.new("ans")
        says = [
            Say(told=it, subject=subject, version=number)
            for number, it in enumerate(answered.told, start=1)
        ]
        if says and not await self._store.write(partial(self._put, system=system, says=says)):
            raise NotOffered(
                "the answer is there, but this system has no message for it",
                "已查到结果，但该系统没有对应的回文格式",
            )

    def _put(self, uow: Uow, system: ErpSystem, says: Sequence[Say]) -> int:
        return self._outbox.tell(uow, system.tenant, system.id, says)
