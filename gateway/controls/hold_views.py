"""What keeps payments back and who can lift it, as people and ERPs are told.

Rule kept here: it is told of tenants that live by a document; for others the reason says it all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from gateway.controls.ballots import lifts
from gateway.controls.by_rules import facts_now
from gateway.controls.holds import APPROVAL, OPEN, Hold, hold_at
from gateway.controls.in_force import RulesInForce
from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.explaining import who_can
from gateway.domain.instruction import State
from gateway.lifecycle.release import CANDIDATE, candidate_at
from gateway.lifecycle.rows import STANDING, standing_at
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.instants import from_us
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

_i = tables.instruction
_AFTER: Final = len(STANDING)
_HELD: Final = prepare(
    select(*STANDING, _i.c.reason, _i.c.changed_us, *CANDIDATE).where(
        _i.c.tenant == bindparam("of_tenant"),
        among(_i.c.id, "of_ids"),
        _i.c.state == State.HELD.value,
    )
)


class HoldViews:
    """Names the open holds of instructions."""

    def __init__(self, controls: RulesInForce, today: Callable[[], date]) -> None:
        self._controls = controls
        self._today = today

    def told(
        self, db: Connection, tenant: Tenant, views: Sequence[dict[str, object]]
    ) -> list[dict[str, object]]:
        """The same views, each that is held with its ``holds``."""
        names = [str(it["id"]) for it in views if it["state"] == State.HELD.value]
        if not names:
            return list(views)
        found = self._controls.seen(db, tenant)
        if not found.version:
            return list(views)
        holds = self._holds(db, tenant, names, found.rules)
        return [
            {**it, "holds": holds[str(it["id"])]} if str(it["id"]) in holds else it for it in views
        ]

    def _holds(
        self, db: Connection, tenant: Tenant, names: Sequence[str], rules: Rules
    ) -> Mapping[str, list[dict[str, object]]]:
        values = {"of_tenant": tenant.id, "of_ids": list(names)}
        open_now: dict[str, list[Hold]] = {}
        for row in OPEN.tuples(db, values):
            open_now.setdefault(row[0], []).append(hold_at(row))
        return {
            row[1]: [
                self._hold(db, tenant, rules, row, hold)
                for hold in open_now.get(row[1]) or [_unnamed(row)]
            ]
            for row in _HELD.tuples(db, values)
        }

    def _hold(
        self, db: Connection, tenant: Tenant, rules: Rules, row: Sequence[Any], hold: Hold
    ) -> dict[str, object]:
        candidate = candidate_at(standing_at(row), row[_AFTER + 2 :])
        facts = facts_now(Uow(db), tenant, candidate, rules)
        en, zh = who_can(rules, lifts(rules, facts, hold.rule), facts, self._today())
        return {
            "rule": hold.rule,
            "zh": hold.zh,
            "en": hold.en,
            "lifted_by_zh": zh,
            "lifted_by_en": en,
            "raised_at": from_us(hold.raised_us).isoformat(),
        }


def _unnamed(row: Sequence[Any]) -> Hold:
    """What holds an instruction that was held where it was about to leave."""
    reason, changed_us = row[_AFTER : _AFTER + 2]
    return Hold(row[1], 0, APPROVAL, reason, reason, changed_us)
