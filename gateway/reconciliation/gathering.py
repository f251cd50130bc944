"""What a run works on: open lines, open items, our own instructions; and what the engine says.

Rule kept here: the two sides of an automatic match have one sum to the minor unit: what a
tolerance or a fee leaves over stays open on its side, as a remainder of its own thing. What a
person has taken apart is never put together again by the engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import String, bindparam, select

from gateway.domain.balance_sheet import Side
from gateway.domain.bank_file import TransactionRead
from gateway.domain.money import Currency
from gateway.reconciliation import memory_rows
from gateway.reconciliation.match_rows import BY_WITHDRAWAL, UNDONE, Part, parts_of
from gateway.reconciliation.memory import Memory, contradictions, words
from gateway.reconciliation.rule_rows import InForce, in_force
from gateway.reconciliation.things import Ask, Thing, open_things
from gateway.store import tables
from gateway.store.prepared import among, prepare

if TYPE_CHECKING:
    from gateway.reconciliation.columns import (
        Columns,
        EntryRow,
        ItemRow,
        MemoryRow,
        OwnRow,
        PartRow,
    )
    from gateway.reconciliation.decisions import Decision

_i, _g, _s, _m = (
    tables.instruction,
    tables.message,
    tables.merged_source,
    tables.reconciliation_match,
)
_EPOCH: Final = date(1970, 1, 1).toordinal()
_OWN: Final = (
    _i.c.tenant == bindparam("of_tenant", type_=String()),
    _i.c.debtor_account == bindparam("of_account", type_=String()),
)
_ON_MESSAGE: Final = (_g.c.tenant == _i.c.tenant) & (_g.c.id == _i.c.message)
_INSTRUCTIONS: Final = prepare(
    select(_i.c.erp_reference, _g.c.serial, _i.c.bank_reference, _i.c.reconciliation_code)
    .select_from(_i.outerjoin(_g, _ON_MESSAGE))
    .where(*_OWN, among(_i.c.erp_reference, "of_references"))
)
_SOURCES: Final = prepare(
    select(_s.c.erp_reference, _g.c.serial, _i.c.bank_reference, _i.c.reconciliation_code)
    .select_from(
        _s.join(_i, (_i.c.tenant == _s.c.tenant) & (_i.c.id == _s.c.instruction)).outerjoin(
            _g, _ON_MESSAGE
        )
    )
    .where(*_OWN, among(_s.c.erp_reference, "of_references"))
)
_UNDONE_ROWS: Final = prepare(
    select(_m.c.parts).where(
        _m.c.tenant == bindparam("of_tenant", type_=String()),
        _m.c.account == bindparam("of_account", type_=String()),
        _m.c.state == UNDONE,
        _m.c.undone_by != BY_WITHDRAWAL,
    )
)
_parts: Final = msgspec.json.Decoder(tuple[TransactionRead, ...]).decode
Place = tuple[str, str]
"""Side and ref."""


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """What is open and whole of an account, in the order of the engine's positions."""

    unit: Currency
    entries: list[Thing]
    items: list[Thing]
    own: list[tuple[str, str, str, str]]
    apart: frozenset[tuple[Place, Place]]
    """Pairs that a person has taken apart."""
    rules: InForce
    """The version of the client's rules that is in force."""
    memories: list[Memory]
    """What people matched before."""


class Planned(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An automatic match to be stored."""

    rule: str
    reasons: tuple[str, ...]
    parts: tuple[Part, ...]


class Suggested(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A suggestion to be stored: refs of lines and of items."""

    rule: str
    reasons: tuple[str, ...]
    entries: list[str]
    items: list[str]


def gather(ask: Ask, account: tuple[str, str], unit: Currency, last: date) -> Gathered:
    """Read what is open of an account (tenant, number) up to a day."""
    entries, items = (
        [
            it
            for it in open_things(ask, account, side, last)
            if not it.claimed and it.currency == unit.code
        ]
        for side in (Side.BANK, Side.BOOK)
    )
    return Gathered(
        unit=unit,
        entries=entries,
        items=items,
        own=own_instructions(ask, account, items),
        apart=_apart(ask, account),
        rules=in_force(ask, account[0]),
        memories=memory_rows.held(ask, account),
    )


def own_instructions(
    ask: Ask, account: tuple[str, str], items: Sequence[Thing]
) -> list[tuple[str, str, str, str]]:
    """Our payments of these items: ERP reference, serial, the bank's reference, 对账标识码."""
    references = sorted({it.own_reference for it in items if it.own_reference})
    values = {
        "of_tenant": account[0],
        "of_account": account[1],
        "of_references": references,
    }
    own = [] if not references else [*ask(_INSTRUCTIONS, values), *ask(_SOURCES, values)]
    return [(row[0], row[1] or "", row[2], row[3]) for row in own]


def _apart(ask: Ask, account: tuple[str, str]) -> frozenset[tuple[Place, Place]]:
    rows = ask(_UNDONE_ROWS, {"of_tenant": account[0], "of_account": account[1]})
    return frozenset(
        pair for row in rows for pair in _pairs([(it.side, it.ref) for it in parts_of(row)])
    )


def _pairs(places: Sequence[Place]) -> Iterator[tuple[Place, Place]]:
    """Pairs of the two sides; of a match on one side, pairs within it."""
    bank = sorted(it for it in places if it[0] == Side.BANK.value)
    book = sorted(it for it in places if it[0] == Side.BOOK.value)
    if bank and book:
        yield from ((one, other) for one in bank for other in book)
    else:
        yield from combinations(bank or book, 2)


def plan(of: Gathered) -> tuple[list[Planned], list[Suggested]]:
    """Ask the engine, and make of its decisions what is to be stored."""
    from gateway.reconciliation.engine import reconcile  # noqa: PLC0415 - costs a start

    planned: list[Planned] = []
    suggested: list[Suggested] = []
    for it in reconcile(columns(of), of.rules.rules).records():
        if it.level == "none":
            continue
        parts = _parts_of(of, it) if it.level == "auto" else None
        if parts is not None and not _taken_apart(of, parts):
            planned.append(Planned(rule=it.rule, reasons=it.reasons, parts=parts))
        else:
            why = () if it.level != "auto" else _WHY_NOT[parts is None]
            suggested.append(
                Suggested(
                    rule=it.rule,
                    reasons=(*it.reasons, *why),
                    entries=[of.entries[at].ref for at in it.entries],
                    items=[of.items[at].ref for at in it.items],
                )
            )
    return planned, suggested


_WHY_NOT: Final = {
    True: ("差额无法归于单笔 / the difference belongs to no single one",),
    False: ("此前由人员取消匹配 / a person has taken this match apart",),
}


def _taken_apart(of: Gathered, parts: Sequence[Part]) -> bool:
    if not of.apart:
        return False
    return any(pair in of.apart for pair in _pairs([(it.side, it.ref) for it in parts]))


def _parts_of(of: Gathered, it: Decision) -> tuple[Part, ...] | None:
    """The exact parts of a match; None where its difference fits into no single thing."""
    things = [(Side.BANK, of.entries[at]) for at in it.entries]
    things += [(Side.BOOK, of.items[at]) for at in it.items]
    return balanced(things)


def balanced(things: Sequence[tuple[Side, Thing]]) -> tuple[Part, ...] | None:
    """Parts of one sum on both sides: what is over is left open of the first thing it fits in."""
    gap = sum(it.amount if side is Side.BANK else -it.amount for side, it in things)
    parts: list[Part] = []
    for side, it in things:
        own_gap = gap if side is Side.BANK else -gap
        takes = it.amount
        if gap and abs(it.amount) > abs(gap) and (it.amount > 0) == (own_gap > 0):
            takes, gap = it.amount - own_gap, 0
        parts.append(Part(side.value, it.ref, takes, it.day))
    return None if gap else tuple(parts)


# ── as columns of the engine ──────────────────────────────────────────────────────────────────


def columns(of: Gathered) -> Columns:
    """What the engine reads."""
    from gateway.reconciliation.columns import columns_of  # noqa: PLC0415 - costs a start

    told = [_parts(it.parts) if it.parts else () for it in of.entries]
    return columns_of(
        (_entry(it, parts) for it, parts in zip(of.entries, told, strict=True)),
        (_item(it) for it in of.items),
        parts=_rows_of_parts(of.unit, told),
        own=_own(of),
        memories=_memories(of),
        scale=of.unit.digits,
    )


def told_of(it: Thing) -> tuple[str, str, str]:
    """Name, account and text of a thing; nothing of a batch of several payments."""
    parts = _parts(it.parts) if it.parts else ()
    if sum(not one.kind for one in parts) > 1:
        return "", "", ""
    only = _only(parts)
    return (
        it.name or only.counterparty_name,
        it.account or only.counterparty_account,
        it.remittance or only.remittance,
    )


def _only(parts: Sequence[TransactionRead]) -> TransactionRead:
    """The only payment of an entry, else one that says nothing."""
    payments = [one for one in parts if not one.kind]
    return payments[0] if len(payments) == 1 else TransactionRead()


def _entry(it: Thing, parts: Sequence[TransactionRead]) -> EntryRow:
    from gateway.reconciliation.columns import EntryRow  # noqa: PLC0415 - costs a start

    only = _only(parts)
    return EntryRow(
        account="",
        currency=it.currency,
        units=it.amount,
        day=_day(it.own_day),
        end_to_end_id=it.end_to_end_id or only.end_to_end_id or only.instruction_id,
        entry_reference=it.own_reference or only.instruction_id,
        reference=it.reference or only.reference,
        counterparty_name=it.name or only.counterparty_name,
        counterparty_account=it.account or only.counterparty_account,
        remittance=it.remittance or only.remittance,
        reversal=bool(it.backward) and not it.ref.startswith("opening:"),
        returned=bool(it.return_reason or only.return_reason),
        fee=it.is_fee,
    )


def _rows_of_parts(unit: Currency, told: Sequence[Sequence[TransactionRead]]) -> Iterator[PartRow]:
    from gateway.reconciliation.columns import PartRow  # noqa: PLC0415 - costs a start

    for at, parts in enumerate(told):
        amounts = [it.amount for it in parts]
        several = sum(not it.kind for it in parts) > 1
        fits = all(it is not None and it.scale <= unit.digits for it in amounts)
        for it in parts if several and fits else ():
            assert it.amount is not None
            yield PartRow(
                entry=at,
                units=it.amount.at(unit.digits),
                end_to_end_id=it.end_to_end_id or it.instruction_id,
                reference=it.reference,
                counterparty_name=it.counterparty_name,
                counterparty_account=it.counterparty_account,
            )


def _item(it: Thing) -> ItemRow:
    from gateway.reconciliation.columns import ItemRow  # noqa: PLC0415 - costs a start

    return ItemRow(
        item_id=it.ref,
        account="",
        currency=it.currency,
        units=it.amount,
        day=_day(it.own_day),
        erp_reference=it.own_reference,
        counterparty_name=it.name,
        counterparty_account=it.account,
        remittance=it.remittance,
        red_letter=bool(it.backward),
    )


def _own(of: Gathered) -> Iterator[OwnRow]:
    from gateway.reconciliation.columns import OwnRow  # noqa: PLC0415 - costs a start

    for reference, serial, bank_reference, code in of.own:
        yield OwnRow(
            erp_reference=reference, serial=serial, bank_reference=bank_reference, code=code
        )


def _memories(of: Gathered) -> Iterator[MemoryRow]:
    from gateway.reconciliation.columns import MemoryRow  # noqa: PLC0415 - costs a start

    against = contradictions(of.memories)
    for it in of.memories:
        yield MemoryRow(
            bank_name=it.bank.name,
            bank_account=it.bank.account,
            bank_text=it.bank.text,
            book_name=it.book.name,
            book_account=it.book.account,
            book_text=it.book.text,
            words=words(it, against.get(it.id, ())),
        )


def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal() - _EPOCH
