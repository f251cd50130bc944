"""退票 in kept statement lines: which of them are payments of ours that came back.

Each import is looked through once, after the commit that shows it, and again while a payment
that it names is still under way. The bank's refund query (``refunds``) and this see the same
return as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection

from gateway.domain.instruction import State
from gateway.domain.money import Money, currency
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import Directory, Tenant
from gateway.schedule import work
from gateway.schedule.work import Queue, Work, WorkKind
from gateway.statements import returned
from gateway.statements.lines import entry_of
from gateway.statements.return_judging import Judged, Ruling, judge, names
from gateway.statements.return_rows import (
    LANE,
    Found,
    Payments,
    lines_of,
    locked,
    look_for_returns,
)
from gateway.statements.return_signs import Seen, seen_in, sign_of
from gateway.statements.returned import Return
from gateway.store.instants import span_us, to_us
from gateway.store.store import Store
from gateway.store.tenancy import acting_for
from gateway.store.uow import Uow

REST_S: Final = 5
"""Seconds between two looks for imports that nobody looked through."""
FIRST_PAUSE: Final = timedelta(minutes=5)
LONGEST_PAUSE: Final = timedelta(hours=6)
TRIES_MAX: Final = 70
"""Looks for a payment that is under way: about fifteen days."""
_AT_ONCE: Final = 10
_WRITTEN: Final = 200
"""Most rulings of one commit."""
_NUMBER: Final = re.compile(r"[0-9A-Za-z]{6,40}", re.ASCII)
_WAITS: Final = "it carries the number of a batch that never came to its end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one movement means."""

    seen: Seen
    judged: Judged


@dataclass(slots=True)
class _Kept:
    """The movements of one account that may concern us, with the payments they may mean."""

    seen: list[Seen] = field(default_factory=list)
    found: Found = field(default_factory=dict)


class Returns:
    """The use case and its task."""

    def __init__(self, store: Store, runtime: Runtime, directory: Directory) -> None:
        self._store = store
        self._runtime = runtime
        self._directory = directory

    async def run(self) -> None:
        """Look through each new import, for ever."""
        while True:
            for tenant in self._directory.tenants.values():
                with acting_for((tenant.id,)):
                    while await self.look(tenant):
                        pass
            await self._runtime.tasks.sleep(REST_S)

    async def look(self, tenant: Tenant) -> bool:
        """Look through the imports of a tenant that are due; whether there were any."""
        queue = Queue(tenant=tenant.id, lane=LANE, kind=WorkKind.RETURNS)
        earliest = await self._store.look(lambda db: work.next_due(db, queue))
        now_us = self._now_us()
        if earliest is None or earliest > now_us:
            return False
        holder = self._store.lane.id
        items = await self._store.write(
            lambda uow: work.claim(uow, queue, holder, now_us, _AT_ONCE)
        )
        for item in items:
            await self._through(tenant, item)
        return bool(items)

    async def _through(self, tenant: Tenant, item: Work) -> None:
        """One import, from reading to writing; what waits is looked at again later."""
        verdicts = await self._store.look(partial(verdicts_of, tenant=tenant, item=item))
        waits = any(it.judged.ruling is Ruling.WAITING for it in verdicts)
        over = item.tries >= TRIES_MAX
        told = [it for it in verdicts if over or it.judged.ruling is not Ruling.WAITING]
        for first in range(0, len(told), _WRITTEN):
            some = told[first : first + _WRITTEN]
            waits |= await self._store.write(partial(self._write, tenant=tenant, some=some))
        await self._store.write(partial(self._end, item=item, again=waits and not over))

    def _write(self, uow: Uow, *, tenant: Tenant, some: Sequence[Verdict]) -> bool:
        """Write down some verdicts; whether one has to be looked at again."""
        again = False
        at = self._runtime.clock.now()
        for it in some:
            # Of each anew: the one before may have changed the same payment.
            rows = locked(uow, tenant.id, it.judged.payments)
            again |= not self._carried_out(uow, tenant, (it, rows), at)
        return again

    def _carried_out(
        self, uow: Uow, tenant: Tenant, of: tuple[Verdict, Sequence[Any]], at: datetime
    ) -> bool:
        """False where it has to be looked at again."""
        (it, rows), ids = of, self._runtime.ids
        told = _return(it.seen)
        match it.judged.ruling:
            case Ruling.RETURNED:
                return all(returned.give_back(uow, ids, row, told, at) for row in rows)
            case Ruling.REVERSED:
                for row in rows:
                    detail = f"the bank took back a return of it: {told.words}"
                    returned.call(uow, ids, row, (returned.REVERSED, detail), at)
            case Ruling.SUSPECTED:
                for row in (one for one in rows if one.state == State.SETTLED.value):
                    detail = f"{told.words} of {told.amount} may be this payment's: {it.judged.why}"
                    returned.call(uow, ids, row, (returned.SUSPECTED, detail), at)
            case Ruling.UNLINKED | Ruling.WAITING:
                why = it.judged.why or _WAITS
                returned.call_for_none(uow, ids, tenant.id, (told, why), at)
            case Ruling.NOTHING:
                return True
        return True

    def _end(self, uow: Uow, *, item: Work, again: bool) -> None:
        """Done, or due again after a while."""
        if not again:
            work.done(uow, item.tenant, item.kind, [item.subject])
            return
        pause = min(span_us(FIRST_PAUSE) << min(item.tries, 10), span_us(LONGEST_PAUSE))
        due_us = self._now_us() + pause
        look_for_returns(uow, item.tenant, item.subject, due_us, item.tries + 1)
        work.release(uow, item.tenant, item.kind, self._store.lane.id, [item.subject])

    def _now_us(self) -> int:
        return to_us(self._runtime.clock.now())


# ── reading and judging ───────────────────────────────────────────────────────────────────────


def verdicts_of(db: Connection, tenant: Tenant, item: Work) -> list[Verdict]:
    """What the lines of an import mean; ordinary money is left out."""
    kept: dict[str, _Kept] = {}
    for page in lines_of(db, tenant.id, item.subject):
        for account, rows in groupby(page, lambda row: row.account):
            if account in tenant.accounts:
                _keep(_payments(db, tenant, account), list(rows), kept.setdefault(account, _Kept()))
    found: list[Verdict] = []
    for account, it in kept.items():
        _complete(_payments(db, tenant, account), it)
        payments = list(it.found.values())
        judged = [Verdict(seen=seen, judged=judge(seen, payments)) for seen in it.seen]
        found += _settled(judged, payments_returned(it.found))
    return found


def payments_returned(found: Found) -> frozenset[str]:
    """Ids of payments that have come back already."""
    return frozenset(it.id for it in found.values() if it.state is State.RETURNED)


def _payments(db: Connection, tenant: Tenant, account: str) -> Payments:
    way = tenant.connections.get(tenant.accounts[account].connection)
    return Payments(db, tenant.id, account, way)


def _keep(payments: Payments, rows: Sequence[Any], kept: _Kept) -> None:
    """Keep what is marked as a return; of other money what has payee and amount of a payment."""
    # Nearly all lines are ordinary money from strangers: those are left out before they are read.
    pairs = {(row.counterparty_account, abs(row.amount_minor)) for row in rows}
    found = payments.by_payee({it for it in pairs if it[0]})
    alike = {(it.creditor_account, it.minor) for it in found.values()}
    seen = [
        it
        for row in rows
        if _may_concern(row) or (row.counterparty_account, row.amount_minor) in alike
        for it in seen_in((row.day, row.key), entry_of(row._asdict()), currency(row.currency))
    ]
    parts = {(it.party_account, abs(it.minor)) for it in seen if it.party_account} - pairs
    found |= payments.by_payee(parts)
    alike = {(it.creditor_account, it.minor) for it in found.values()}
    kept.found |= found
    kept.seen += [
        it for it in seen if it.sign or it.minor < 0 or (it.party_account, it.minor) in alike
    ]


def _may_concern(row: Any) -> bool:  # noqa: ANN401 - a row
    """Whether a line may be marked as a return: by itself, or in one of its parts."""
    if row.amount_minor < 0 or row.parts:
        return True
    reversal = bool(row.reversal)
    return bool(sign_of(row.code, row.remittance, row.return_reason, reversal=reversal))


def _complete(payments: Payments, kept: _Kept) -> None:
    """Find every payment that what was kept may name; of a batch that is named, all lines."""
    marked = [it for it in kept.seen if it.sign or it.minor < 0]
    if not marked:
        return
    kept.found |= payments.by_serial(number for it in marked for number in _numbers(it))
    left = [it for it in marked if not any(names(it, one) for one in kept.found.values())]
    if left:
        numbers = [number for it in left for number in _numbers(it)]
        last = date.fromisoformat(max(it.day for it in left))
        kept.found |= payments.by_all(numbers, {abs(it.minor) for it in left}, last)


def _numbers(seen: Seen) -> frozenset[str]:
    """Everything in a movement that may be a number of ours or of the bank's."""
    return seen.tokens | frozenset(_NUMBER.findall(seen.text))


def _settled(verdicts: Sequence[Verdict], back: frozenset[str]) -> Iterator[Verdict]:
    """Without what means nothing, and without returns that the bank took back itself.

    A return and its reversal in one look: the payment stands, so nothing moves, and people look.
    """
    reversed_: set[str] = set()
    told: list[Verdict] = []
    for it in reversed(verdicts):
        match it.judged.ruling:
            case Ruling.NOTHING:
                continue
            case Ruling.REVERSED:
                reversed_ |= set(it.judged.payments)
            case Ruling.RETURNED if reversed_ & set(it.judged.payments):
                told.append(_taken_back(it))
                continue
            case _:
                told.append(it)
                continue
        if back & set(it.judged.payments):
            told.append(it)
    return reversed(told)


def _taken_back(it: Verdict) -> Verdict:
    judged = Judged(ruling=Ruling.REVERSED, payments=it.judged.payments)
    return Verdict(seen=it.seen, judged=judged)


def _return(seen: Seen) -> Return:
    return Return(
        amount=Money(abs(seen.minor), currency(seen.currency)).text(),
        day=seen.day,
        bank_key=seen.bank_key,
        reference=seen.reference,
        text=seen.text,
        code=seen.reason,
        ref=seen.ref,
    )
