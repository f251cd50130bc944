"""Which ERP hears that its ledger items are matched or taken apart, and how accounts stand.

Rule kept here: what is told is how an item stands now, with everything that holds it, in the
commit that changed it; the ERP that owns it is the one that sent it, or whose payment it names.
Whoever did not ask to be told costs nothing.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, String, bindparam, select

from gateway.domain.balance_sheet import Side
from gateway.domain.ids import TenantId
from gateway.domain.money import Currency, Money, currency
from gateway.lifecycle.telling import BookOutbox, BookSay, Say
from gateway.ports.erp_told import (
    HeldMatch,
    MatchedLine,
    MatchTold,
    OpenItemsTold,
    ToldKind,
)
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import Directory, OwnAccount, Tenant
from gateway.reconciliation.ledger_rows import has_items
from gateway.reconciliation.match_rows import Part, parts_of, suggested
from gateway.reconciliation.things import (
    OPENING,
    WRITE_OFF,
    Ask,
    Thing,
    asking,
    asking_within,
    named_things,
    open_sums,
)
from gateway.store import tables
from gateway.store.instants import BEIJING, from_us, to_us
from gateway.store.prepared import among, prepare
from gateway.store.store import Store
from gateway.store.uow import Uow

MATCHED, PARTLY, OPEN, BALANCED = "matched", "partly", "open", "balanced"
_BEGAN_S: Final = 1_577_808_000
"""Versions count seconds since 2020 at least: they grow though older events are forgotten."""
_US_PER_S: Final = 1_000_000
_p, _m, _t, _i = (
    tables.reconciliation_part,
    tables.reconciliation_match,
    tables.ledger_item,
    tables.instruction,
)
_HOLDING: Final = prepare(
    select(
        *(_p.c.ref, _p.c.amount_minor, _m.c.id, _m.c.kind, _m.c.rule, _m.c.made_by),
        *(_m.c.made_us, _m.c.parts),
    )
    .select_from(_p.join(_m, (_m.c.tenant == _p.c.tenant) & (_m.c.id == _p.c.match)))
    .where(
        _p.c.tenant == bindparam("of_tenant", type_=String()),
        _p.c.account == bindparam("of_account", type_=String()),
        _p.c.side == Side.BOOK.value,
        among(_p.c.ref, "of_refs"),
        _m.c.kind != WRITE_OFF,
    )
    .order_by(_p.c.ref, _p.c.seq)
)
_SENDERS: Final = prepare(
    select(_t.c.item_id, _t.c.actor, _t.c.erp_reference).where(
        _t.c.tenant == bindparam("of_tenant", type_=String()), among(_t.c.item_id, "of_refs")
    )
)
_PAYERS: Final = prepare(
    select(_i.c.erp, _i.c.erp_reference).where(
        _i.c.tenant == bindparam("of_tenant", type_=String()),
        among(_i.c.erp, "of_erps"),
        among(_i.c.erp_reference, "of_references"),
    )
)
Place = tuple[str, str]
"""Tenant and number of an account."""


class MatchTelling:
    """Tells of matches; built once per process that makes any."""

    def __init__(self, runtime: Runtime, directory: Directory, outbox: BookOutbox) -> None:
        self._runtime = runtime
        self._tenants = directory.tenants
        self._outbox = outbox
        self._senders: dict[Place, set[str]] = defaultdict(set)
        for key in directory.keys.values():
            if key.erp:
                self._senders[key.tenant, key.actor.label()].add(key.erp)
        for tenant in directory.tenants.values():
            for system in tenant.erps.values():
                self._senders[tenant.id, system.maker].add(system.id)

    def changed(self, uow: Uow, place: Place, parts: Sequence[Part]) -> None:
        """Matches of an account were made or taken apart; ``parts`` are what they held."""
        refs = sorted({it.ref for it in parts if it.side == Side.BOOK.value})
        tenant = self._tenant(place)
        if tenant is None or not refs or ToldKind.MATCH not in self._outbox.wanted(place[0]):
            return
        owners = self._owners(uow, tenant, refs)
        says = [
            BookSay(owner=owners[it.item_id], say=self._say(place, it.item_id, it))
            for it in self._standings(uow, tenant, place, refs)
            if it.item_id in owners
        ]
        if says:
            self._outbox.tell(uow, place[0], says)

    async def settled(self, store: Store, place: Place) -> None:
        """Something of an account was looked at or decided: is it balanced now?"""
        tenant = self._tenant(place)
        if tenant is None or ToldKind.OPEN_ITEMS not in self._outbox.wanted(place[0]):
            return
        account = tenant.accounts[place[1]]

        def read(db: Connection) -> OpenItemsTold | None:
            return self._account(asking(db), place, account)

        told = await store.read(read)
        if told is not None:
            one = BookSay(say=self._say(place, "", told, told.state))
            await store.write(lambda uow: self._outbox.tell(uow, place[0], [one]))

    def _tenant(self, place: Place) -> Tenant | None:
        found = self._tenants.get(TenantId(place[0]))
        return found if found is not None and place[1] in found.accounts else None

    def _say(
        self, place: Place, ref: str, told: MatchTold | OpenItemsTold, standing: str = ""
    ) -> Say:
        subject = hashlib.sha256("\x1f".join((place[1], ref)).encode()).hexdigest()[:32]
        word = "itm" if ref else "acc"
        return Say(
            told=told,
            subject=f"{word}_{subject}",
            version=told.version,
            following=True,
            standing=standing,
        )

    def _version(self) -> int:
        return to_us(self._runtime.clock.now()) // _US_PER_S - _BEGAN_S

    # ── items ─────────────────────────────────────────────────────────────────────────────

    def _owners(self, uow: Uow, tenant: Tenant, refs: Sequence[str]) -> Mapping[str, str]:
        """By item the ERP that owns it; one that nobody certainly owns is told to nobody."""
        of = {"of_tenant": tenant.id, "of_refs": refs}
        rows = uow.rows(_SENDERS, of)
        known = {row.item_id: self._senders.get((tenant.id, row.actor), set()) for row in rows}
        owners = {ref: next(iter(it)) for ref, it in known.items() if len(it) == 1}
        left = {
            row.erp_reference: row.item_id
            for row in rows
            if row.item_id not in owners and row.erp_reference
        }
        erps = sorted({*tenant.erps, *(erp for it in known.values() for erp in it)})
        if left and erps:
            values = {"of_tenant": tenant.id, "of_erps": erps, "of_references": sorted(left)}
            payers: dict[str, set[str]] = defaultdict(set)
            for row in uow.rows(_PAYERS, values):
                payers[row.erp_reference].add(row.erp)
            owners |= {left[ref]: next(iter(it)) for ref, it in payers.items() if len(it) == 1}
        return owners

    def _standings(
        self, uow: Uow, tenant: Tenant, place: Place, refs: Sequence[str]
    ) -> list[MatchTold]:
        ask = asking_within(uow)
        items = named_things(ask, place, Side.BOOK, refs)
        held = ask(_HOLDING, {"of_tenant": place[0], "of_account": place[1], "of_refs": refs})
        wanted = {
            part.ref for row in held for part in parts_of(row) if part.side == Side.BANK.value
        }
        lines = named_things(ask, place, Side.BANK, sorted(wanted))
        by_item: dict[str, list[Any]] = defaultdict(list)
        for row in held:
            by_item[row.ref].append(row)
        account = tenant.accounts[place[1]]
        return [
            self._standing(account, items[ref], by_item[ref], lines) for ref in refs if ref in items
        ]

    def _standing(
        self, account: OwnAccount, item: Thing, held: Sequence[Any], lines: Mapping[str, Thing]
    ) -> MatchTold:
        unit = currency(item.currency)
        claimed = sum(row.amount_minor for row in held)
        return MatchTold(
            item_id=item.ref,
            version=self._version(),
            state=MATCHED if claimed == item.amount else PARTLY if held else OPEN,
            account=account.number,
            account_name=account.party.name,
            currency=item.currency,
            amount=Money(item.amount, unit).text(),
            matched=Money(claimed, unit).text(),
            at=self._runtime.clock.now(),
            erp_reference=item.own_reference,
            matches=tuple(_held(row, unit, lines) for row in held),
            company=account.company,
        )

    # ── accounts ──────────────────────────────────────────────────────────────────────────

    def _account(self, ask: Ask, place: Place, account: OwnAccount) -> OpenItemsTold | None:
        """How an account stands; None without a book side."""
        if not has_items(ask, place):
            return None
        bank, book = (
            sum(int(row.ins) + int(row.outs) for row in open_sums(ask, place, side))
            for side in (Side.BANK, Side.BOOK)
        )
        return OpenItemsTold(
            account=account.number,
            account_name=account.party.name,
            currency=account.currency,
            state=OPEN if bank or book else BALANCED,
            version=self._version(),
            at=self._runtime.clock.now(),
            bank_open=bank,
            book_open=book,
            suggested=suggested(ask, place),
            company=account.company,
        )


def _held(row: Any, unit: Currency, lines: Mapping[str, Thing]) -> HeldMatch:  # noqa: ANN401 - a row
    return HeldMatch(
        match=row.id,
        kind=row.kind,
        rule=row.rule,
        by=row.made_by,
        at=from_us(row.made_us).astimezone(BEIJING),
        amount=Money(row.amount_minor, unit).text(),
        lines=tuple(
            _line(it, unit, lines.get(it.ref)) for it in parts_of(row) if it.side == Side.BANK.value
        ),
    )


def _line(part: Part, unit: Currency, thing: Thing | None) -> MatchedLine:
    day, _, key = part.ref.partition("/")
    opening = part.ref.startswith(OPENING)
    return MatchedLine(
        key=part.ref if opening else key,
        amount=Money(part.amount, unit).text(),
        booking_date=date.fromisoformat(part.day if opening else day),
        reference=thing.reference if thing else "",
        counterparty_name=thing.name if thing else "",
        counterparty_account=thing.account if thing else "",
        remittance=thing.remittance if thing else "",
    )
