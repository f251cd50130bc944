"""Signed confirmations go to the bank, once, and are asked about until the bank has answered.

Rules kept here: an order is SENDING in the store before a byte leaves, and has its one serial for
ever, under which it is asked again whatever happened; only a transport that knows that nothing
left lets it wait as signed. A refusal counts only at the first send. What the bank says of the
account is asked for no sooner than a quarter of an hour after the order.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Final

from msgspec.structs import replace
from sqlalchemy import Connection

from gateway.domain.confirmation import ConfirmState
from gateway.domain.errors import (
    BankRefused,
    GatewayError,
    NotFound,
    NotOffered,
    NotSent,
    OperatorRefused,
    Overloaded,
    Refused,
)
from gateway.ports.bank_confirm import (
    ConfirmOutcome,
    ConfirmResult,
    OrderVerdict,
    ResultVerdict,
)
from gateway.ports.confirmations import ConfirmationSource
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import Directory, OwnAccount, Tenant
from gateway.reconciliation import confirmation_rows as rows
from gateway.reconciliation.confirmation_rows import Confirmation
from gateway.reconciliation.confirmations import draft_of, needs_person, record
from gateway.reconciliation.things import asking
from gateway.schedule.rounds import Rounds
from gateway.schedule.work import WorkKind
from gateway.store.instants import BEIJING, span_us, to_us
from gateway.store.store import Store
from gateway.store.tenancy import acting_for
from gateway.store.uow import Uow

EVERY: Final = timedelta(minutes=1)
"""How often is looked whether something is due."""
PATIENCE: Final = timedelta(minutes=15)
"""How long the bank is left alone after an order or a question: its own words."""
GIVE_UP: Final = timedelta(days=30)
"""How long after the signature words that nobody understands are asked for again."""
_DOUBLINGS_MAX: Final = 4
_AT_ONCE: Final = 50
_POLICY: Final = "policy:month_balances"
_NOTHING_LEFT: Final = (NotSent, NotOffered, NotFound, OperatorRefused)
"""No order reached the bank; one that was refused at sign-on executed nothing."""
_S = ConfirmState
_ORDERED: Final = {
    OrderVerdict.RUNNING: _S.RUNNING,
    OrderVerdict.DONE: _S.TAKEN,
    OrderVerdict.FAILED: _S.FAILED,
    OrderVerdict.REFUSED: _S.REFUSED,
    OrderVerdict.UNCLEAR: _S.UNCONFIRMED,
}
_TOLD: Final = {
    ResultVerdict.AGREED: _S.CONFIRMED,
    ResultVerdict.NOTHING_DUE: _S.NOTHING_DUE,
    ResultVerdict.FAILED: _S.FAILED,
    ResultVerdict.OTHER: _S.UNCLEAR,
    ResultVerdict.ABSENT: _S.UNCLEAR,
}
_OF_RESULT: Final = frozenset({_S.TAKEN, _S.UNCLEAR})
_OPEN: Final = frozenset({_S.UNCONFIRMED, _S.RUNNING, *_OF_RESULT})


class Confirming:
    """The appointment of signed confirmations."""

    def __init__(
        self,
        store: Store,
        runtime: Runtime,
        source: ConfirmationSource,
        directory: Directory,
        every: timedelta = EVERY,
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._source = source
        self._directory = directory
        self._rounds = Rounds(store, runtime, WorkKind.CONFIRM, every)

    async def run(self) -> None:
        """Keep the appointment for ever."""
        await self._rounds.keep(self.look)

    async def look(self) -> None:
        """Talk to the banks about everything that is due; one at a time."""
        for tenant in self._directory.tenants.values():
            with acting_for((tenant.id,)):
                now_us = self._now_us()
                found = await self._store.read(partial(_due, tenant=tenant.id, now_us=now_us))
                for it in found:
                    account = tenant.accounts.get(it.account)
                    if account is not None:  # settings differ while they are rolled out
                        await self._step((tenant, account), it)

    async def _step(self, of: tuple[Tenant, OwnAccount], it: Confirmation) -> None:
        if it.state in _OF_RESULT:
            await self._ask_result(of, it)
            return
        if it.state is _S.SIGNED:
            leaving = await self._store.write(partial(self._leave, of=of, it=it), at_once=True)
            if leaving is None:
                return
            it = leaving
        elif it.state is _S.SENDING:  # whoever sent it has died: it may be at the bank
            await self._store.write(partial(self._keep, before=it, after=self._doubt(it, "")))
            return
        await self._order(of, it)

    def _leave(
        self, uow: Uow, of: tuple[Tenant, OwnAccount], it: Confirmation
    ) -> Confirmation | None:
        """The last look before the first byte: a month that balances no more is not confirmed."""
        uow.guard(rows.guard_of(it.place))
        try:
            holds = draft_of(uow.rows, of, it.first_day, self._today()).digest == it.digest
        except Refused:
            holds = False
        now_us = self._now_us()
        if not holds:
            words = "该月数据已变化，未发送 / the month has changed; nothing was sent"
            gone = replace(it, state=_S.WITHDRAWN, due_us=None, bank_text=words, changed_us=now_us)
            if rows.move(uow, it, gone):
                uow.journal(record(gone, "confirmation_withdrawn", actor=_POLICY))
            return None
        after = replace(
            it,
            state=_S.SENDING,
            tries=it.tries + 1,
            first_sent_us=it.first_sent_us or now_us,
            due_us=now_us + span_us(PATIENCE),
            changed_us=now_us,
        )
        return after if rows.move(uow, it, after) else None

    async def _order(self, of: tuple[Tenant, OwnAccount], it: Confirmation) -> None:
        """Order it, or ask under its serial: to the bank that is the same."""
        tenant, account = of
        try:
            told = await self._source.confirm(tenant.id, account, it.first_day, it.serial)
        except GatewayError as error:
            # A full or silent database (these are Overloaded too) may fail after the bytes left.
            nothing = isinstance(error, _NOTHING_LEFT) or type(error) is Overloaded
            words = f"{error.zh} / {error.en}"
            after = self._waiting(it, words) if nothing else self._doubt(it, words)
        else:
            after = self._ordered(it, told)
        await self._store.write(partial(self._keep, before=it, after=after), at_once=True)

    async def _ask_result(self, of: tuple[Tenant, OwnAccount], it: Confirmation) -> None:
        tenant, account = of
        try:
            told = await self._source.confirmation_result(
                tenant.id, account, it.first_day, it.serial
            )
        except BankRefused as error:
            after = self._again(it, error.bank_code, error.text)
        except GatewayError as error:
            after = self._again(it, "", f"{error.zh} / {error.en}")
        else:
            after = self._result(it, told)
        await self._store.write(partial(self._keep, before=it, after=after), at_once=True)

    def _keep(self, uow: Uow, before: Confirmation, after: Confirmation) -> None:
        """Store what came of it; a row that moved meanwhile stays as it is."""
        if not rows.move(uow, before, after) or after.state is before.state:
            return
        kind = "confirmation_in_doubt" if needs_person(after) else "confirmation_answered"
        told = {"serial": after.serial, "code": after.bank_code, "words": after.bank_text}
        uow.journal(record(after, kind, before=before.state.value, **told))

    # ── what an answer makes of it ──────────────────────────────────────────────────────────

    def _ordered(self, it: Confirmation, told: ConfirmOutcome) -> Confirmation:
        state = _ORDERED[told.verdict]
        if state in {_S.REFUSED, _S.UNCONFIRMED} and it.state is not _S.SENDING:
            state = it.state  # a later refusal says nothing of the first send
        return self._moved(it, state, told.code, told.text)

    def _result(self, it: Confirmation, told: ConfirmResult) -> Confirmation:
        if told.verdict is ResultVerdict.NOT_READY:
            return self._again(it, "", told.text)
        stated = it.bank_minor
        if told.balance is not None:
            same_unit = told.balance.currency.code == it.currency
            stated = told.balance.minor if same_unit else None
        state = _TOLD[told.verdict]
        kept = replace(it, bank_minor=stated)
        if state is _S.CONFIRMED and stated is None:
            state = _S.UNCLEAR  # "agrees" without a balance that says with what
        if kept.differs and state in {_S.CONFIRMED, _S.UNCLEAR}:
            state = _S.DIFFERS
        return self._moved(kept, state, "", told.text)

    def _waiting(self, it: Confirmation, words: str) -> Confirmation:
        """Nothing left this time; what may have left before is still not known."""
        if it.state is not _S.SENDING:
            return self._again(it, "", words)
        return replace(self._moved(it, _S.SIGNED, "", words), first_sent_us=None)

    def _doubt(self, it: Confirmation, words: str) -> Confirmation:
        state = _S.UNCONFIRMED if it.state is _S.SENDING else it.state
        return self._moved(it, state, "", words)

    def _again(self, it: Confirmation, code: str, words: str) -> Confirmation:
        return self._moved(it, it.state, code, words)

    def _moved(self, it: Confirmation, state: ConfirmState, code: str, words: str) -> Confirmation:
        now_us = self._now_us()
        return replace(
            it,
            state=state,
            tries=it.tries + int(state is it.state),
            due_us=self._due(it, state, now_us),
            bank_code=code,
            bank_text=words,
            changed_us=now_us,
        )

    def _due(self, it: Confirmation, state: ConfirmState, now_us: int) -> int | None:
        """When the bank is asked next; None where it is not."""
        if state is _S.TAKEN and state is not it.state:
            return max(now_us, (it.first_sent_us or now_us) + span_us(PATIENCE))
        if state in {_S.RUNNING, _S.TAKEN}:
            return now_us + span_us(PATIENCE)
        if state is _S.UNCLEAR and now_us - (it.ended_us or now_us) > span_us(GIVE_UP):
            return None
        if state is not _S.SIGNED and state not in _OPEN:
            return None
        rest = EVERY if state is _S.SIGNED else PATIENCE
        return now_us + (span_us(rest) << min(max(it.tries - 1, 0), _DOUBLINGS_MAX))

    def _now_us(self) -> int:
        return to_us(self._runtime.clock.now())

    def _today(self) -> date:
        return self._runtime.clock.now().astimezone(BEIJING).date()


def _due(db: Connection, tenant: str, now_us: int) -> list[Confirmation]:
    return rows.due(asking(db), tenant, now_us, _AT_ONCE)
