"""Payment documents fetched from a vendor's API, page by page, and taken in like any other.

Rule kept here: a document that is fetched again changes nothing, so nothing is remembered of how
far a look came: what is still waiting at the vendor is asked for from the first page. A document
that cannot be taken is told to the vendor with its reasons, once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from gateway.domain.errors import Fault, NotOffered, WireError
from gateway.intake.known import Accepted, known_references
from gateway.intake.merging import documents_of
from gateway.intake.overheard import Heard
from gateway.intake.picking import Desk, Stopping
from gateway.intake.refused_lines import REUSED
from gateway.intake.taking import Sender, foreseen, take_one
from gateway.lifecycle.telling import ErpOutbox, Say
from gateway.ports.erp import Draft
from gateway.ports.erp_api import Access, Call, CallReply, ErpApi, Moment, Pull, Pulled, Verdict
from gateway.ports.erp_systems import ErpSystem
from gateway.ports.erp_told import StatusTold
from gateway.ports.events import ERP_PULLED, ERP_PUT_OFF

PAGES_MAX: Final = 1000
"""Most pages of one look: a vendor whose cursors run in a circle is left until the next one."""
_TOGETHER: Final = 64
_LOGINS: Final = 2
_REFUSED: Final = "REFUSED"
_TEXT_MAX: Final = 450
_SUBJECT_DIGITS: Final = 32
_VERSION_DIGITS: Final = 7


class Session(Protocol):
    """Calls to the vendor with what every call carries."""

    @property
    def access(self) -> Access:
        """How the system is spoken to."""
        ...

    def moment(self) -> Moment:
        """The time, and a text never used before."""
        ...

    async def call(self, call: Call) -> CallReply:
        """One call. Raises UrlForbidden, NotSent or Unconfirmed; of a log-in Refused, WireError."""
        ...

    def forget(self) -> None:
        """The token does not count any more."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


class Pulling:
    """One system's waiting payment documents."""

    def __init__(  # noqa: PLR0913, PLR0917 - built in one place
        self,
        sender: Sender,
        api: ErpApi,
        session: Session,
        outbox: ErpOutbox,
        desk: Desk,
        stopping: Stopping,
    ) -> None:
        """Raises NotOffered where the vendor's API has nothing to be fetched."""
        if api.pull is None:
            raise NotOffered(
                f"{sender.dialect.name} has no documents to fetch",
                f"{sender.dialect.name} 不支持主动取单",
            )
        self._pull: Pull = api.pull
        self._sender = sender
        self._session = session
        self._outbox = outbox
        self._desk = desk
        self._stopping = stopping

    async def look(self) -> None:
        """Fetch every page and take its documents.

        Raises NotSent, Unconfirmed, UrlForbidden, Refused or WireError where the vendor cannot be
        asked; what was taken until then stays taken.
        """
        cursor, seen = "", set[str]()
        while not self._stopping() and len(seen) < PAGES_MAX:
            heard = await self._page(cursor)
            if heard is None:
                return
            await self._take(heard.page.drafts)
            self._desk.overhear(self._sender, heard)
            seen.add(cursor)
            cursor = heard.page.cursor
            if not cursor or cursor in seen:
                return

    async def aclose(self) -> None:
        """Close connections."""
        await self._session.aclose()

    async def _page(self, cursor: str) -> Heard | None:
        """The page after a cursor; None when the vendor asks for patience."""
        runtime, system = self._desk.runtime, self._sender.system
        access = self._session.access
        for _ in range(_LOGINS):
            moment = self._session.moment()
            with foreseen(runtime, system, "erp pull"):
                call = self._pull.encode(access, moment, cursor)
            reply = await self._session.call(call)
            with foreseen(runtime, system, "erp pull"):
                if self._pull.follow is None:
                    found = self._pull.decode(access, reply)
                else:
                    found = self._pull.follow(access, reply, cursor)
            if isinstance(found, Pulled):
                return Heard(
                    access=access,
                    moment=moment,
                    cursor=cursor,
                    call=call,
                    reply=reply,
                    page=found,
                )
            if found is not Verdict.LOGIN:
                return None
            self._session.forget()
        raise WireError("unsupported", "login")

    async def _take(self, drafts: Sequence[Draft]) -> None:
        """Take the documents of a page: many together, in the order in which they came."""
        tasks, intake = self._desk.runtime.tasks, self._desk.intake
        taken = refused = 0
        for at in range(0, len(drafts), _TOGETHER):
            some = drafts[at : at + _TOGETHER]
            results = await tasks.gather([take_one(intake, self._sender, it) for it in some])
            taken += sum(isinstance(it, Accepted) for it in results)
            told = [
                (draft, it)
                for draft, it in zip(some, results, strict=True)
                if not isinstance(it, Accepted)
            ]
            refused += len(told)
            if told:
                await self._tell(told)
            await self._put_right(
                [
                    _subject(document)
                    for draft, it in zip(some, results, strict=True)
                    if isinstance(it, Accepted)
                    for document in self._told_of(draft)
                ]
            )
        if drafts:
            system = self._sender.system
            self._desk.runtime.log.tell(
                ERP_PULLED, tenant=system.tenant, endpoint=system.id, lines=taken, count=refused
            )

    def _told_of(self, draft: Draft) -> tuple[Draft, ...]:
        """What is told of where a draft is refused: its source documents, where the ERP is so."""
        return documents_of(draft) if self._sender.dialect.per_source else (draft,)

    async def _put_right(self, subjects: Sequence[str]) -> None:
        """What was refused before and is a payment now must not be called refused afterwards."""
        system = self._sender.system
        if subjects:
            await self._desk.store.write(
                lambda uow: self._outbox.withdraw(uow, system.tenant, system.id, subjects)
            )

    async def _tell(self, refused: Sequence[tuple[Draft, tuple[Fault, ...]]]) -> None:
        """Tell what cannot be taken; never of a document whose number is a payment of ours.

        The vendor would call that payment failed, and its user would pay again.
        """
        desk, system, caller = self._desk, self._sender.system, self._sender.caller
        told = [(it, faults) for draft, faults in refused for it in self._told_of(draft)]
        numbers = [draft.erp_reference for draft, _ in told]
        taken = await desk.store.read(lambda db: known_references(db, caller, numbers))
        now = desk.runtime.clock.now()
        says = [
            Say(
                told=_refusal(system, draft, faults, now),
                subject=_subject(draft),
                version=_version(faults),
            )
            for draft, faults in told
            if draft.erp_reference not in taken
        ]
        if len(says) < len(told):
            desk.runtime.log.tell(
                ERP_PUT_OFF,
                tenant=system.tenant,
                endpoint=system.id,
                code=REUSED,
                count=len(told) - len(says),
            )
        if says:
            await desk.store.write(
                lambda uow: self._outbox.tell(uow, system.tenant, system.id, says)
            )


def _refusal(system: ErpSystem, draft: Draft, faults: Sequence[Fault], now: datetime) -> StatusTold:
    return StatusTold(
        instruction="",
        version=1,
        state=_REFUSED,
        erp=system.id,
        erp_reference=draft.erp_reference,
        at=now,
        amount=draft.amount,
        currency=draft.currency,
        final=True,
        code=faults[0].code,
        text=_words(faults),
        debtor_account=draft.debtor_account,
        creditor_account=draft.creditor_account,
        creditor_name=draft.creditor_name,
        end_to_end_id=draft.end_to_end_id,
        reconciliation_code=draft.reconciliation_code,
        source=draft.source,
    )


def _words(faults: Sequence[Fault]) -> str:
    """What is wrong, in Chinese, as far as a vendor's field for a reason holds it."""
    text = "；".join(f"{it.path} {it.zh}" for it in faults)
    return text if len(text) <= _TEXT_MAX else text[: _TEXT_MAX - 1] + "…"


def _subject(draft: Draft) -> str:
    """What a document is called where its refusals stand."""
    said: Mapping[str, str] = draft.source
    parts = [draft.erp_reference, *(f"{name}={said[name]}" for name in sorted(said))]
    return "ref_" + _digest(parts)[:_SUBJECT_DIGITS]


def _version(faults: Sequence[Fault]) -> int:
    """The same for the same reasons: those are told once."""
    return int(_digest([f"{it.path}:{it.code}" for it in faults])[:_VERSION_DIGITS], 16)


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()
