"""What people decide about open items: match, split, accept, take apart, write off, look after.

Rules kept here: a person decides, with a name and a reason, and the journal keeps it; the two
sides of a match have one sum; nothing is claimed twice; what a closed period froze stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from gateway.domain.balance_sheet import Side
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import NotFound, NotPermitted, Refused
from gateway.domain.money import Currency, Money, MoneyFormatError, currency
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import OwnAccount, Tenant
from gateway.reconciliation import match_rows as rows
from gateway.reconciliation.match_rows import ACCEPTED, HELD, MANUAL, NOTHING, Claim, Match, Part
from gateway.reconciliation.match_telling import MatchTelling
from gateway.reconciliation.remembering import learn
from gateway.reconciliation.rule_rows import version_in_force
from gateway.reconciliation.sheet_rows import closed_until
from gateway.reconciliation.things import OPENING, WRITE_OFF, Thing, named_things
from gateway.store.instants import to_us
from gateway.store.journal import Record
from gateway.store.store import Store
from gateway.store.uow import Uow

PARTS_MAX: Final = 500
"""Most lines and items of one match by hand."""


class Wanted(msgspec.Struct, frozen=True, gc=False):
    """A line or an item that a person names; ``amount`` is signed text, '' for all that is left."""

    ref: str
    amount: str = ""


class Wish(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a person wants matched or written off."""

    entries: tuple[Wanted, ...] = ()
    items: tuple[Wanted, ...] = ()
    reason: str = ""


class Said(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a person says of an open thing. ``owner`` is who looks after it from now on."""

    side: Side
    ref: str
    owner: str = ""
    comment: str = ""


class Deciding:
    """The use cases behind ``/v1/reconciliations/{account}/decisions``."""

    def __init__(self, store: Store, runtime: Runtime, telling: MatchTelling | None = None) -> None:
        self._store = store
        self._telling = telling
        self._runtime = runtime

    async def match(self, of: tuple[Tenant, OwnAccount], actor: Actor, wish: Wish) -> str:
        """Match lines with items, whole or in part; the id of the match.

        Raises Refused when the sums differ or something is claimed already; NotPermitted.
        """
        return await self._write(of, actor, lambda uow: self._match(uow, of, actor, wish))

    async def accept(
        self, of: tuple[Tenant, OwnAccount], actor: Actor, suggestion: str, wish: Wish
    ) -> str:
        """Match what a suggestion names, or the part of it that the wish names."""
        return await self._write(
            of, actor, lambda uow: self._accept(uow, of, actor, (suggestion, wish))
        )

    async def write_off(self, of: tuple[Tenant, OwnAccount], actor: Actor, wish: Wish) -> str:
        """Look for things no more. They stay on the sheet until the books post them."""
        return await self._write(of, actor, lambda uow: self._write_off(uow, of, actor, wish))

    async def unmatch(
        self, of: tuple[Tenant, OwnAccount], actor: Actor, match: str, reason: str
    ) -> str:
        """Take a match apart, whoever made it; the same again changes nothing."""
        return await self._write(
            of, actor, lambda uow: self._unmatch(uow, of, actor, (match, reason))
        )

    async def note(self, of: tuple[Tenant, OwnAccount], actor: Actor, said: Said) -> str:
        """Add an owner or a comment to a thing; its ref."""
        return await self._write(of, actor, lambda uow: self._note(uow, of, actor, said))

    async def _write(
        self, of: tuple[Tenant, OwnAccount], actor: Actor, work: Callable[[Uow], str]
    ) -> str:
        if actor.kind is not ActorKind.PERSON:
            raise NotPermitted("only a named person may decide", "只有实名人员可以作出决定")
        place = (of[0].id, of[1].number)

        def guarded(uow: Uow) -> str:
            uow.guard(rows.guard_of(place))
            return work(uow)

        made = await self._store.write(guarded, at_once=True)
        if self._telling is not None:
            await self._telling.settled(self._store, place)
        return made

    # ── inside a unit of work ───────────────────────────────────────────────────────────────

    def _match(self, uow: Uow, of: tuple[Tenant, OwnAccount], actor: Actor, wish: Wish) -> str:
        parts, known = self._parts(uow, of, wish)
        unit = currency(of[1].currency)
        gap = sum(it.amount if it.side == Side.BANK.value else -it.amount for it in parts)
        if gap:
            told = Money(gap, unit).text()
            raise Refused(
                f"the two sides differ by {told} (bank minus book): name part amounts, or other"
                " items",
                f"两侧金额相差 {told}（银行减账面）：请指定部分金额或改选明细",
            )
        made = Match(
            id=self._runtime.ids.new("rcm"),
            kind=MANUAL,
            rule=MANUAL,
            reasons=(),
            parts=parts,
            reason=wish.reason,
        )
        return self._store_match(uow, of, actor, (made, known))

    def _accept(
        self,
        uow: Uow,
        of: tuple[Tenant, OwnAccount],
        actor: Actor,
        what: tuple[str, Wish],
    ) -> str:
        row = rows.suggestion_of(uow.rows, of[0].id, what[0])
        if row is None or row.account != of[1].number:
            raise NotFound(
                "no such suggestion: a newer run has others", "没有该建议，可能已有新一轮对账"
            )
        entries, items = rows.texts_of(row.entries), rows.texts_of(row.items)
        wish = what[1]
        chosen = Wish(
            entries=wish.entries or tuple(Wanted(it) for it in entries),
            items=wish.items or tuple(Wanted(it) for it in items),
            reason=wish.reason,
        )
        strange = {it.ref for it in chosen.entries} - set(entries)
        strange |= {it.ref for it in chosen.items} - set(items)
        if strange:
            raise Refused("the suggestion does not name that", "建议中没有所选明细")
        parts, known = self._parts(uow, of, chosen)
        if sum(it.amount if it.side == Side.BANK.value else -it.amount for it in parts):
            raise Refused(
                "what the suggestion names does not add up: choose among it",
                "建议所列金额不平，请从中选择",
            )
        made = Match(
            id=self._runtime.ids.new("rcm"),
            kind=ACCEPTED,
            rule=row.rule,
            reasons=rows.texts_of(row.reasons),
            parts=parts,
            reason=wish.reason,
        )
        return self._store_match(uow, of, actor, (made, known))

    def _write_off(self, uow: Uow, of: tuple[Tenant, OwnAccount], actor: Actor, wish: Wish) -> str:
        if not wish.reason.strip():
            raise Refused("a reason is required", "必须填写原因")
        parts, known = self._parts(uow, of, wish)
        made = Match(
            id=self._runtime.ids.new("rcm"),
            kind=WRITE_OFF,
            rule=WRITE_OFF,
            reasons=(),
            parts=parts,
            reason=wish.reason,
        )
        return self._store_match(uow, of, actor, (made, known))

    def _store_match(
        self,
        uow: Uow,
        of: tuple[Tenant, OwnAccount],
        actor: Actor,
        what: tuple[Match, dict[tuple[str, str], Claim]],
    ) -> str:
        made, known = what
        place, at_us = (of[0].id, of[1].number), to_us(self._runtime.clock.now())
        version = version_in_force(uow.rows, place[0])
        made = msgspec.structs.replace(made, rules_version=version)
        rows.put_match(uow, place, made, known, (actor.label(), at_us))
        learn(uow, place, made, (actor.label(), at_us))
        self._tell(uow, place, made.kind, made.parts)
        content = {
            "account": of[1].number,
            "match": made.id,
            "parts": msgspec.to_builtins(made.parts),
            "rules_version": version,
            "actor": actor.label(),
            "reason": made.reason,
        }
        kind = {WRITE_OFF: "open_item_written_off"}.get(made.kind, "reconciliation_matched")
        self._journal(uow, of[0].id, (kind, made.id), at_us, content)
        return made.id

    def _unmatch(
        self, uow: Uow, of: tuple[Tenant, OwnAccount], actor: Actor, what: tuple[str, str]
    ) -> str:
        match, reason = what
        row = rows.match_of(uow.rows, of[0].id, match)
        if row is None or row.account != of[1].number:
            raise NotFound
        if row.state != HELD:
            return match
        closed = closed_until(uow.rows, (of[0].id, of[1].number))
        if closed is not None and date.fromisoformat(row.last_day) <= closed.day:
            raise NotPermitted(
                f"the period up to {closed.day} is closed: its matches stay",
                f"截至 {closed.day} 的期间已结账，其匹配不能取消",
            )
        at_us = to_us(self._runtime.clock.now())
        rows.undo(uow, of[0].id, match, (actor.label(), at_us, reason))
        self._tell(uow, (of[0].id, of[1].number), row.kind, rows.parts_of(row))
        content = {
            "account": of[1].number,
            "match": match,
            "kind": row.kind,
            "actor": actor.label(),
            "reason": reason,
        }
        self._journal(uow, of[0].id, ("reconciliation_unmatched", match), at_us, content)
        return match

    def _tell(self, uow: Uow, place: tuple[str, str], kind: str, parts: Sequence[Part]) -> None:
        """Tell whose items are matched otherwise now; a write-off matches nothing."""
        if self._telling is not None and kind != WRITE_OFF:
            self._telling.changed(uow, place, parts)

    def _note(self, uow: Uow, of: tuple[Tenant, OwnAccount], actor: Actor, said: Said) -> str:
        place = (of[0].id, of[1].number)
        if not said.owner and not said.comment:
            raise Refused("nothing was said", "负责人与备注均为空")
        if not named_things(uow.rows, place, said.side, [said.ref]):
            raise NotFound("there is no such line or item", "没有该明细")
        at_us = to_us(self._runtime.clock.now())
        rows.put_note(
            uow,
            {
                "tenant": place[0],
                "account": place[1],
                "side": said.side.value,
                "ref": said.ref,
                "owner": said.owner,
                "comment": said.comment,
                "actor": actor.label(),
                "at_us": at_us,
            },
        )
        content = {
            "account": place[1],
            "side": said.side.value,
            "ref": said.ref,
            "owner": said.owner,
            "comment": said.comment,
            "actor": actor.label(),
        }
        self._journal(uow, place[0], ("open_item_noted", "open_item"), at_us, content)
        return said.ref

    def _journal(
        self,
        uow: Uow,
        tenant: str,
        what: tuple[str, str],
        at_us: int,
        content: Mapping[str, object],
    ) -> None:
        record = Record(
            tenant=tenant,
            kind=what[0],
            subject=what[1],
            at_us=at_us,
            content=dict(content),
        )
        uow.journal(record)

    def _parts(
        self, uow: Uow, of: tuple[Tenant, OwnAccount], wish: Wish
    ) -> tuple[tuple[Part, ...], dict[tuple[str, str], Claim]]:
        """The exact parts that a wish names, and what is claimed of them already."""
        wanted = [(Side.BANK, it) for it in wish.entries] + [(Side.BOOK, it) for it in wish.items]
        if not wanted:
            raise Refused("nothing was named", "未选择任何明细")
        if len(wanted) > PARTS_MAX:
            raise Refused(f"{PARTS_MAX} at most at once", f"一次至多 {PARTS_MAX} 条")
        if len({(side, it.ref) for side, it in wanted}) != len(wanted):
            raise Refused("something is named twice", "同一明细重复列出")
        place = (of[0].id, of[1].number)
        things = {
            side: named_things(uow.rows, place, side, [it.ref for at, it in wanted if at is side])
            for side in Side
        }
        bare = [Part(side.value, it.ref, 0, "") for side, it in wanted]
        known = rows.claims_of(uow, place, bare)
        unit = currency(of[1].currency)
        parts = tuple(
            _part(side, it, things[side].get(it.ref), (known.get((side.value, it.ref)), unit))
            for side, it in wanted
        )
        return parts, known


def _part(
    side: Side, wanted: Wanted, thing: Thing | None, of: tuple[Claim | None, Currency]
) -> Part:
    shown = _shown(wanted.ref)
    if thing is None:
        raise NotFound(f"there is no line or item {shown}", f"没有明细 {shown}")
    claim, unit = of
    left = thing.amount - (claim or NOTHING).claimed
    if not left:
        raise Refused(f"{shown} is matched already", f"{shown} 已匹配")
    if not wanted.amount:
        return Part(side.value, wanted.ref, left, thing.day)
    try:
        amount = Money.parse(wanted.amount, unit, signed=True).minor
    except MoneyFormatError:
        raise Refused(f"{shown}: not an amount", f"{shown}：金额格式有误") from None
    if not amount or (amount > 0) != (left > 0) or abs(amount) > abs(left):
        told = Money(left, unit).text()
        raise Refused(
            f"{shown}: a part has the sign of {told}, what is left of it, and is no more",
            f"{shown}：部分金额须与剩余 {told} 同号且不超过",
        )
    return Part(side.value, wanted.ref, amount, thing.day)


def _shown(ref: str) -> str:
    """A name short enough for a message: a line's key is 64 digits."""
    return ref if ref.startswith(OPENING) or "/" not in ref else ref[: len("2026-01-01/12345678")]
