"""Sheets: computed at any time, prepared by one person, reviewed by another, then frozen.

Rules kept here: who made or released payments of the account in the period does not prepare its
sheet, and who prepared it does not review it; what is reviewed is the very content that was
prepared; only a balanced sheet closes a period, and periods close in their order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from gateway.domain.balance_sheet import (
    BalanceSheet,
    OpenLine,
    SheetFacts,
    SheetState,
    Side,
    balance_sheet,
    document,
)
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import NotFound, NotPermitted, Refused
from gateway.domain.money import Currency, Money, currency
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import OwnAccount, Tenant
from gateway.reconciliation import sheet_rows as rows
from gateway.reconciliation.ledger_rows import balance_of
from gateway.reconciliation.match_rows import guard_of, refs_of_kind
from gateway.reconciliation.sheet_rows import PREPARED, REVIEWED, Closed
from gateway.reconciliation.things import WRITE_OFF, Ask, Thing, asking, open_things
from gateway.store.instants import BEIJING, to_us
from gateway.store.journal import Record
from gateway.store.store import Store
from gateway.store.uow import Uow

LISTED_MAX: Final = 120
_DAY: Final = timedelta(days=1)
_EARLIEST: Final = date(2000, 1, 1)
_encode: Final = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet as it is shown. ``state`` is ``draft`` (computed now), ``prepared``, ``reviewed``.

    ``content`` is the document that was digested; people and instants are '' and None in a draft.
    """

    state: str
    content: str
    digest: str
    prepared_by: str = ""
    prepared_us: int | None = None
    comment: str = ""
    reviewed_by: str = ""
    reviewed_us: int | None = None
    reason: str = ""


DRAFT: Final = "draft"


class Sheets:
    """The use cases behind ``/v1/reconciliations/{account}/sheets``."""

    def __init__(self, store: Store, runtime: Runtime) -> None:
        self._store = store
        self._runtime = runtime

    async def listed(self, of: tuple[Tenant, OwnAccount]) -> list[tuple[date, Sheet]]:
        """The stored sheets of an account, the latest first."""

        def read(db: Connection) -> Sequence[Any]:
            return rows.sheets_of(asking(db), _place(of), LISTED_MAX)

        found = await self._store.read(read)
        return [(date.fromisoformat(row.day), _stored(row)) for row in found]

    async def get(self, of: tuple[Tenant, OwnAccount], day: date) -> Sheet:
        """The stored sheet of a day, or what it would be now.

        Raises NotFound for a day inside a closed period that has no sheet of its own, Refused for
        a day that has not come.
        """
        self._check(day, self._today())

        def read(db: Connection) -> Sheet:
            ask = asking(db)
            row = rows.sheet_of(ask, _place(of), day)
            if row is not None:
                return _stored(row)
            closed = rows.closed_until(ask, _place(of))
            if closed is not None and day <= closed.day:
                raise NotFound("that period is closed, with another day", "该期间已按其他日期结账")
            return _draft(sheet_on(ask, of, day, closed))

        return await self._store.read(read)

    async def prepare(
        self, of: tuple[Tenant, OwnAccount], actor: Actor, day: date, comment: str
    ) -> Sheet:
        """Compute and keep the sheet of a day, for another person to review.

        Raises NotPermitted for who made or released payments of the account in the period, and
        in a closed one; Refused for a day that is not over.
        """
        _person(actor)
        self._check(day, self._today() - _DAY)

        def work(uow: Uow) -> None:
            self._prepare(uow, of, actor, (day, comment))

        await self._store.write(work, at_once=True)
        return await self.get(of, day)

    async def took_part(self, of: tuple[Tenant, OwnAccount], actor: Actor, day: date) -> bool:
        """Whether somebody made or released payments of the sheet's period: others prepare it."""

        def read(db: Connection) -> bool:
            ask, place = asking(db), _place(of)
            closed = rows.closed_until(ask, place)
            return _took_part(ask, place, actor, (_first_day(ask, place, day, closed), day))

        return await self._store.read(read)

    async def review(
        self, of: tuple[Tenant, OwnAccount], actor: Actor, day: date, said: tuple[str, str]
    ) -> Sheet:
        """Freeze a prepared sheet and close its period; ``said`` is its digest and a reason.

        Raises NotFound; NotPermitted for who prepared it; Refused when it changed meanwhile or
        is not balanced.
        """
        _person(actor)

        def work(uow: Uow) -> None:
            self._review(uow, of, actor, (day, *said))

        await self._store.write(work, at_once=True)
        return await self.get(of, day)

    def _today(self) -> date:
        return self._runtime.clock.now().astimezone(BEIJING).date()

    def _check(self, day: date, last: date) -> None:
        """Every day of a period is looked at: it must be one that can have been kept."""
        if day > last:
            raise Refused("that day is not over yet", "该日尚未结束")
        if day < _EARLIEST:
            raise Refused("no bank's day is kept from so long ago", "日期过早")

    # ── inside a unit of work ───────────────────────────────────────────────────────────────

    def _prepare(
        self, uow: Uow, of: tuple[Tenant, OwnAccount], actor: Actor, what: tuple[date, str]
    ) -> None:
        day, comment = what
        place = _place(of)
        uow.guard(guard_of(place))
        closed = _open_period(uow.rows, place, day)
        sheet = sheet_on(uow.rows, of, day, closed)
        if _took_part(uow.rows, place, actor, (sheet.first_day, day)):
            raise NotPermitted(
                "you made or released payments of this account in the period: another person"
                " prepares its sheet",
                "您在该期间经办或审批过此账户的付款，须由他人编制余额调节表",
            )
        draft, at_us = _draft(sheet), to_us(self._runtime.clock.now())
        rows.put_sheet(
            uow,
            {
                "tenant": place[0],
                "account": place[1],
                "day": day.isoformat(),
                "first_day": sheet.first_day.isoformat(),
                "state": PREPARED,
                "content": draft.content,
                "digest": draft.digest,
                "prepared_by": actor.label(),
                "prepared_us": at_us,
                "comment": comment,
            },
        )
        told = {"digest": draft.digest, "state": sheet.state.value, "actor": actor.label()}
        uow.journal(_record(place, day, ("sheet_prepared", at_us), told))

    def _review(
        self, uow: Uow, of: tuple[Tenant, OwnAccount], actor: Actor, what: tuple[date, str, str]
    ) -> None:
        day, digest, reason = what
        place = _place(of)
        uow.guard(guard_of(place))
        row = rows.sheet_of(uow.rows, place, day)
        if row is None:
            raise NotFound("no sheet of that day was prepared", "该日尚未编制余额调节表")
        if row.state == REVIEWED and (row.reviewed_by, row.digest) == (actor.label(), digest):
            return
        closed = _open_period(uow.rows, place, day)
        if row.prepared_by == actor.label():
            raise NotPermitted("preparer and reviewer must differ", "编制人与复核人不能相同")
        if row.digest != digest:
            raise Refused("this is not the sheet that was prepared", "内容与已编制的余额调节表不符")
        sheet = sheet_on(uow.rows, of, day, closed)
        if _draft(sheet).digest != digest:
            raise Refused(
                "something changed since it was prepared: prepare it again",
                "编制后数据已变化，请重新编制",
            )
        if sheet.state is not SheetState.BALANCED:
            doubts = "; ".join(it.en for it in sheet.doubts)
            raise Refused(
                f"only a balanced sheet closes a period: {doubts}",
                "只有平衡的余额调节表可以结账：" + "；".join(it.zh for it in sheet.doubts),
            )
        at_us = to_us(self._runtime.clock.now())
        rows.review(uow, place, day, digest, (actor.label(), at_us, reason))
        told = {
            "digest": digest,
            "actor": actor.label(),
            "prepared_by": row.prepared_by,
            "reason": reason,
        }
        uow.journal(_record(place, day, ("sheet_reviewed", at_us), told))


def sheet_on(
    ask: Ask, of: tuple[Tenant, OwnAccount], day: date, closed: Closed | None
) -> BalanceSheet:
    """Compute the sheet of a day from what is stored."""
    place, unit = _place(of), currency(of[1].currency)
    first = _first_day(ask, place, day, closed)
    bank = rows.bank_day(ask, place, day)
    book = balance_of(ask, place, day)
    carried = _carried(closed)
    written = refs_of_kind(ask, place, WRITE_OFF)
    lines = [
        _line(side, it, (unit, carried, written, closed))
        for side in Side
        for it in open_things(ask, place, side, day, then=True)
        if it.currency == unit.code
    ]
    return balance_sheet(
        SheetFacts(
            account=of[1].number,
            company=of[0].companies.get(of[1].company, of[1].company),
            unit=unit,
            first_day=first,
            day=day,
            bank_balance=_money(bank.closing_minor if bank is not None else None, unit),
            book_balance=_money(book.amount_minor if book is not None else None, unit),
            lines=tuple(lines),
            unproven=rows.doubted_days(ask, place, (first, day)),
        )
    )


def _first_day(ask: Ask, place: tuple[str, str], day: date, closed: Closed | None) -> date:
    """Where the period of a sheet begins."""
    kept = rows.kept_days(ask, place)
    first = closed.first_open if closed is not None else (kept[0] if kept else day)
    return min(first, day)


def _took_part(ask: Ask, place: tuple[str, str], actor: Actor, days: tuple[date, date]) -> bool:
    span = (_begins_us(days[0]), _begins_us(days[1] + _DAY))
    return rows.made_or_released(ask, place, actor.label(), span)


def _line(
    side: Side,
    it: Thing,
    of: tuple[Currency, frozenset[tuple[str, str]], frozenset[tuple[str, str]], Closed | None],
) -> OpenLine:
    unit, carried, written, closed = of
    place = (side.value, it.ref)
    own = date.fromisoformat(it.own_day)
    late = closed is not None and own <= closed.day and it.at_us > closed.at_us
    return OpenLine(
        side=side,
        ref=it.ref,
        day=own,
        amount=Money(it.left, unit),
        backward=bool(it.backward) and side is Side.BOOK,
        late=late,
        carried=place in carried,
        written_off=place in written,
        reference=it.own_reference or it.reference,
        counterparty_name=it.name,
        remittance=it.remittance,
    )


def _carried(closed: Closed | None) -> frozenset[tuple[str, str]]:
    """What was open when the last period was closed."""
    if closed is None:
        return frozenset()
    classes = msgspec.json.decode(closed.content)["classes"]
    return frozenset((it["side"], it["ref"]) for one in classes.values() for it in one["items"])


def _open_period(ask: Ask, place: tuple[str, str], day: date) -> Closed | None:
    """The last closed period. Raises NotPermitted for a day inside it."""
    closed = rows.closed_until(ask, place)
    if closed is not None and day <= closed.day:
        raise NotPermitted(
            f"the period up to {closed.day} is closed", f"截至 {closed.day} 的期间已结账"
        )
    return closed


def _draft(sheet: BalanceSheet) -> Sheet:
    content = _encode(document(sheet))
    return Sheet(state=DRAFT, content=content.decode(), digest=hashlib.sha256(content).hexdigest())


def _stored(row: Any) -> Sheet:  # noqa: ANN401 - a row of sheets
    return Sheet(
        state=row.state,
        content=row.content,
        digest=row.digest,
        prepared_by=row.prepared_by,
        prepared_us=row.prepared_us,
        comment=row.comment,
        reviewed_by=row.reviewed_by,
        reviewed_us=row.reviewed_us,
        reason=row.reason,
    )


def _person(actor: Actor) -> None:
    if actor.kind is not ActorKind.PERSON:
        raise NotPermitted("only a named person may do this", "只有实名人员可以操作")


def _place(of: tuple[Tenant, OwnAccount]) -> tuple[str, str]:
    return of[0].id, of[1].number


def _money(minor: int | None, unit: Currency) -> Money | None:
    return None if minor is None else Money(minor, unit)


def _begins_us(day: date) -> int:
    return to_us(datetime(day.year, day.month, day.day, tzinfo=BEIJING))


def _record(
    place: tuple[str, str], day: date, what: tuple[str, int], told: dict[str, Any]
) -> Record:
    return Record(
        tenant=place[0],
        kind=what[0],
        # No account number: what a record is about is told to operators.
        subject=f"sheets/{day.isoformat()}",
        at_us=what[1],
        content={"account": place[1], **told},
    )
