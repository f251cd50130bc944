"""Monthly confirmations (银企对账回签): prepared by one person, signed by another, ordered once.

Rules kept here: only a month that balances is prepared, and it is looked at again when it is
signed; who made or released payments of the account in the month neither prepares nor signs, and
who prepared does not sign; the signature and the serial of the one order are one commit.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from gateway.domain.confirmation import (
    LOOKED_AT,
    WITHOUT_EFFECT,
    ConfirmState,
    MonthFacts,
    hindrances,
    last_day,
)
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import NotFound, NotPermitted, Refused
from gateway.domain.money import Money, currency
from gateway.ports.confirmations import ConfirmationSource
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import OwnAccount, Tenant
from gateway.reconciliation import confirmation_rows as rows
from gateway.reconciliation.confirmation_rows import Confirmation
from gateway.reconciliation.ledger_rows import balances_of, has_items
from gateway.reconciliation.sheet_rows import (
    REVIEWED,
    made_or_released,
    sheet_of,
    sheets_of,
)
from gateway.reconciliation.things import Ask, asking
from gateway.store.instants import BEIJING, to_us
from gateway.store.journal import Record
from gateway.store.store import Store
from gateway.store.uow import Uow

LISTED_MAX: Final = 120
_DAY: Final = timedelta(days=1)
_encode: Final = msgspec.json.Encoder(order="sorted").encode
_Of = tuple[Tenant, OwnAccount]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What would be confirmed: its document, that document's digest, the bank's balance."""

    content: str
    digest: str
    closing: Money


class Confirmations:
    """The use cases behind ``/v1/confirmations``."""

    def __init__(self, store: Store, runtime: Runtime, source: ConfirmationSource) -> None:
        self._store = store
        self._runtime = runtime
        self._source = source

    async def listed(self, of: _Of) -> list[Confirmation]:
        """The confirmations of an account, the latest month first."""

        def read(db: Connection) -> list[Confirmation]:
            return rows.listed(asking(db), _place(of), LISTED_MAX)

        return await self._store.read(read)

    async def find(self, tenant: Tenant, confirmation: str) -> Confirmation:
        """One of them. Raises NotFound."""
        found = await self._store.read(lambda db: rows.one(asking(db), tenant.id, confirmation))
        if found is None:
            raise NotFound("no such confirmation", "没有该对账回签")
        return found

    async def prepare(self, of: _Of, actor: Actor, month: date, comment: str) -> Confirmation:
        """Keep what would be confirmed of a month, for another person to sign.

        Raises NotOffered where the bank confirms nothing this way; NotPermitted for who made or
        released payments of the account in the month; Refused with every reason why not.
        """
        _person(actor)
        self._source.confirmation_serial(of[0].id, of[1].connection)

        def work(uow: Uow) -> Confirmation:
            return self._prepare(uow, of, actor, (month, comment))

        return await self._store.write(work, at_once=True)

    async def sign(
        self, of: _Of, actor: Actor, confirmation: str, said: tuple[str, str]
    ) -> Confirmation:
        """Sign what was prepared: ``said`` is its digest and a reason. The order follows by itself.

        Raises NotFound; NotPermitted for who prepared it, and as ``prepare``; Refused when it
        changed meanwhile or does not stand to be signed.
        """
        _person(actor)
        serial = self._source.confirmation_serial(of[0].id, of[1].connection)

        def work(uow: Uow) -> Confirmation:
            return self._sign(uow, of, actor, (confirmation, *said, serial))

        return await self._store.write(work, at_once=True)

    async def withdraw(self, of: _Of, actor: Actor, confirmation: str, reason: str) -> Confirmation:
        """Take back what was prepared and not signed. Raises NotFound, Refused."""
        _person(actor)

        def work(uow: Uow) -> Confirmation:
            uow.guard(rows.guard_of(_place(of)))
            before = _standing(uow, of, confirmation)
            if before.state is not ConfirmState.PREPARED:
                raise Refused(
                    "it is signed: the order cannot be taken back", "已签署，指令不可撤回"
                )
            at_us = self._now_us()
            after = msgspec.structs.replace(
                before,
                state=ConfirmState.WITHDRAWN,
                ended_by=actor.label(),
                ended_us=at_us,
                reason=reason,
                changed_us=at_us,
            )
            rows.move(uow, before, after)
            uow.journal(record(after, "confirmation_withdrawn", actor=actor.label()))
            return after

        return await self._store.write(work, at_once=True)

    def _now_us(self) -> int:
        return to_us(self._runtime.clock.now())

    # ── inside a unit of work ───────────────────────────────────────────────────────────────

    def _prepare(self, uow: Uow, of: _Of, actor: Actor, what: tuple[date, str]) -> Confirmation:
        month, comment = what
        place, at_us = _place(of), self._now_us()
        uow.guard(rows.guard_of(place))
        earlier = rows.of_month(uow.rows, place, f"{month:%Y-%m}")
        for it in earlier:
            if it.state not in WITHOUT_EFFECT:
                raise Refused(
                    f"that month has a confirmation already: {it.id}, {it.state.value}",
                    f"该月已有对账回签：{it.id}，状态 {it.state.value}",
                )
        draft = draft_of(uow.rows, of, month, self._today())
        _off_duty(uow.rows, place, actor, month)
        made = Confirmation(
            tenant=place[0],
            id=self._runtime.ids.new("cfm"),
            account=place[1],
            month=f"{month:%Y-%m}",
            attempt=len(earlier),
            state=ConfirmState.PREPARED,
            content=draft.content,
            digest=draft.digest,
            balance_minor=draft.closing.minor,
            currency=draft.closing.currency.code,
            prepared_by=actor.label(),
            prepared_us=at_us,
            comment=comment,
            changed_us=at_us,
        )
        rows.add(uow, made)
        uow.journal(record(made, "confirmation_prepared", actor=actor.label()))
        return made

    def _sign(
        self, uow: Uow, of: _Of, actor: Actor, what: tuple[str, str, str, str]
    ) -> Confirmation:
        confirmation, digest, reason, serial = what
        place, at_us = _place(of), self._now_us()
        uow.guard(rows.guard_of(place))
        before = _standing(uow, of, confirmation)
        if before.serial and (before.ended_by, before.digest) == (actor.label(), digest):
            return before
        if before.state is not ConfirmState.PREPARED:
            raise Refused(
                f"it does not stand to be signed: {before.state.value}",
                f"当前状态不能签署：{before.state.value}",
            )
        if before.prepared_by == actor.label():
            raise NotPermitted("preparer and signer must differ", "编制人与签署人不能相同")
        _off_duty(uow.rows, place, actor, before.first_day)
        if before.digest != digest:
            raise Refused("this is not what was prepared", "内容与已编制的对账回签不符")
        if draft_of(uow.rows, of, before.first_day, self._today()).digest != digest:
            raise Refused(
                "something changed since it was prepared: withdraw it and prepare it again",
                "编制后数据已变化，请撤回后重新编制",
            )
        after = msgspec.structs.replace(
            before,
            state=ConfirmState.SIGNED,
            ended_by=actor.label(),
            ended_us=at_us,
            reason=reason,
            serial=serial,
            due_us=at_us,
            changed_us=at_us,
        )
        rows.move(uow, before, after)
        uow.journal(
            record(
                after,
                "confirmation_signed",
                actor=actor.label(),
                prepared_by=before.prepared_by,
                serial=serial,
                reason=reason,
            )
        )
        return after

    def _today(self) -> date:
        return self._runtime.clock.now().astimezone(BEIJING).date()


def draft_of(ask: Ask, of: _Of, month: date, today: date) -> Draft:
    """What would be confirmed of a month. Raises Refused with every reason why it cannot be."""
    place, unit = _place(of), currency(of[1].currency)
    days, end = rows.days_of(ask, place, month), last_day(month)
    closing = None if days.closing_minor is None else Money(days.closing_minor, unit)
    row = sheet_of(ask, place, end)
    sheet = row.digest if row is not None and row.state == REVIEWED else ""
    found = hindrances(
        MonthFacts(
            month=month,
            today=today,
            unproven=days.unproven,
            closing=closing,
            sheets=_keeps_books(ask, place),
            sheet=sheet,
        )
    )
    if found or closing is None:
        named = "; ".join(it.en for it in found)
        raise Refused(
            f"the month cannot be confirmed: {named}",
            "该月不能回签：" + "；".join(it.zh for it in found),
            found,
        )
    content = _encode(
        {
            "account": of[1].number,
            "company": of[0].companies.get(of[1].company, of[1].company),
            "currency": unit.code,
            "month": f"{month:%Y-%m}",
            "day": end.isoformat(),
            "closing": closing.text(),
            "entries": days.entries,
            "sheet": sheet or None,
        }
    )
    digest = hashlib.sha256(content).hexdigest()
    return Draft(content=content.decode(), digest=digest, closing=closing)


def record(it: Confirmation, kind: str, **told: object) -> Record:
    """A journal record about a confirmation as it is now."""
    content: dict[str, Any] = {
        "account": it.account,
        "month": it.month,
        "state": it.state.value,
        "digest": it.digest,
        **told,
    }
    return Record(tenant=it.tenant, kind=kind, subject=it.id, at_us=it.changed_us, content=content)


def needs_person(it: Confirmation) -> bool:
    """Whether somebody must look at it."""
    return it.state in LOOKED_AT


def _standing(uow: Uow, of: _Of, confirmation: str) -> Confirmation:
    found = rows.one(uow.rows, of[0].id, confirmation)
    if found is None or found.account != of[1].number:
        raise NotFound("no such confirmation", "没有该对账回签")
    return found


def _keeps_books(ask: Ask, place: tuple[str, str]) -> bool:
    """Whether the account's book side is kept here: then its sheet must stand behind the word."""
    return has_items(ask, place) or bool(balances_of(ask, place, 1) or sheets_of(ask, place, 1))


def _off_duty(ask: Ask, place: tuple[str, str], actor: Actor, month: date) -> None:
    """Raise NotPermitted for who made or released payments of the account in the month."""
    span = (_begins_us(month), _begins_us(last_day(month) + _DAY))
    if made_or_released(ask, place, actor.label(), span):
        raise NotPermitted(
            "you made or released payments of this account in the month: other people confirm it",
            "您在该月经办或审批过此账户的付款，须由他人编制和签署对账回签",
        )


def _person(actor: Actor) -> None:
    if actor.kind is not ActorKind.PERSON:
        raise NotPermitted("only a named person may do this", "只有实名人员可以操作")


def _place(of: _Of) -> tuple[str, str]:
    return of[0].id, of[1].number


def _begins_us(day: date) -> int:
    return to_us(datetime(day.year, day.month, day.day, tzinfo=BEIJING))
