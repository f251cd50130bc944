"""The dry run of a rule set: what it would match otherwise in a period of an account.

Rule kept here: everything kept of the period is decided twice as if nothing were matched yet, by
the rules in force and by the others; nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from gateway.domain.balance_sheet import Side
from gateway.domain.errors import Fault, Refused
from gateway.domain.money import currency
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import OwnAccount, Tenant
from gateway.reconciliation.floors import may_hold
from gateway.reconciliation.gathering import Gathered, columns, own_instructions
from gateway.reconciliation.rule_rows import in_force
from gateway.reconciliation.rules import RuleSet
from gateway.reconciliation.things import Thing, asking, things_between
from gateway.store.store import Store

if TYPE_CHECKING:
    from gateway.reconciliation.decisions import Decision

DAYS_MAX: Final = 400
THINGS_MAX: Final = 300_000
"""Most lines, and most items, of one dry run."""
EXAMPLES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An automatic match that only one of two rule sets makes.

    ``instead`` is what the rules in force match with some of it.
    """

    rule: str
    reasons: tuple[str, ...]
    entries: tuple[Thing, ...]
    items: tuple[Thing, ...]
    instead: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How many there are of one kind, and the first of them."""

    count: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a rule set would match otherwise than version ``against``."""

    against: int
    entries: int
    items: int
    same: int
    newly: Kind
    no_longer: Kind
    changed: Kind


class Trials:
    """The use case behind ``/v1/reconciliations/{account}/dry-run``."""

    def __init__(self, store: Store, runtime: Runtime) -> None:
        self._store = store
        self._runtime = runtime

    async def of(
        self, of: tuple[Tenant, OwnAccount], days: tuple[date, date], rules: RuleSet
    ) -> Trial:
        """Compare rules with those in force over what is kept of a period.

        Raises Refused naming every floor they lie below, and for a period too long.
        """
        may_hold(rules)
        if not days[0] <= days[1] or (days[1] - days[0]).days >= DAYS_MAX:
            raise _refused(
                "from", f"期间须为 1 至 {DAYS_MAX} 天", f"a period of 1 to {DAYS_MAX} days"
            )
        gathered = await self._store.read(lambda db: _gathered(db, of, days))
        return await self._runtime.tasks.read(lambda: _tried(gathered, rules))


def _gathered(db: Connection, of: tuple[Tenant, OwnAccount], days: tuple[date, date]) -> Gathered:
    ask, place = asking(db), (of[0].id, of[1].number)
    unit = currency(of[1].currency)
    sides = {side: things_between(ask, place, side, days, THINGS_MAX + 1) for side in Side}
    if any(len(it) > THINGS_MAX for it in sides.values()):
        raise _refused(
            "from",
            f"该期间超过 {THINGS_MAX} 笔，请缩短期间",
            f"more than {THINGS_MAX} lines or items: choose a shorter period",
        )
    entries, items = (
        [it for it in sides[side] if it.currency == unit.code] for side in (Side.BANK, Side.BOOK)
    )
    return Gathered(
        unit=unit,
        entries=entries,
        items=items,
        own=own_instructions(ask, place, items),
        apart=frozenset(),
        rules=in_force(ask, place[0]),
        memories=[],  # they only suggest
    )


def _tried(of: Gathered, rules: RuleSet) -> Trial:
    from gateway.reconciliation.dry_run import compare  # noqa: PLC0415 - costs a start

    told = compare(of.rules.rules, rules, columns(of))
    before = {place: at for at, it in enumerate(told.only_before) for place in _places(it)}
    newly: list[Decision] = []
    changed: list[tuple[Decision, list[int]]] = []
    for it in told.only_after:
        met = sorted({before[place] for place in _places(it) if place in before})
        if met:
            changed.append((it, met))
        else:
            newly.append(it)
    touched = {at for _, met in changed for at in met}
    lost = [it for at, it in enumerate(told.only_before) if at not in touched]
    return Trial(
        against=of.rules.version,
        entries=len(of.entries),
        items=len(of.items),
        same=told.same,
        newly=_kind(of, [(it, ()) for it in newly]),
        no_longer=_kind(of, [(it, ()) for it in lost]),
        changed=_kind(of, [(it, [told.only_before[at] for at in met]) for it, met in changed]),
    )


def _places(it: Decision) -> Iterator[tuple[str, int]]:
    yield from (("e", at) for at in it.entries)
    yield from (("i", at) for at in it.items)


def _kind(of: Gathered, found: Sequence[tuple[Decision, Sequence[Decision]]]) -> Kind:
    return Kind(
        count=len(found),
        examples=tuple(_example(of, it, instead) for it, instead in found[:EXAMPLES]),
    )


def _example(of: Gathered, it: Decision, instead: Sequence[Decision] = ()) -> Example:
    return Example(
        rule=it.rule,
        reasons=it.reasons,
        entries=tuple(of.entries[at] for at in it.entries),
        items=tuple(of.items[at] for at in it.items),
        instead=tuple(_example(of, one) for one in instead),
    )


def _refused(name: str, zh: str, en: str) -> Refused:
    fault = Fault(path=f"/{name}", code="period", zh=zh, en=en)
    return Refused("nothing was compared", "试算请求有误", [fault])
