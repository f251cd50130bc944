"""A campaign of real processes: storm, calm, rest, and then the books.

Nothing here decides what is right: the ERPs note what they were told, the bank keeps its
ledger, and ``gateway.audit.books`` holds the three against each other.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, func, select, true
from sqlalchemy.exc import DBAPIError

from gateway import settings
from gateway.audit.books import Report
from gateway.audit.breach import Harm
from gateway.cli.campaign_erp import Erps, Told
from gateway.cli.campaign_orders import orders
from gateway.cli.campaign_storm import KILL_EVERY_S, Damage, Storm
from gateway.cli.demo_stage import Stage
from gateway.cli.verify_books import books_of
from gateway.cli.verify_books_bank import open_bank
from gateway.domain.errors import Corrupt
from gateway.domain.instruction import FINAL, State
from gateway.store import tables
from gateway.store.engine import open_engine
from gateway.store.instants import to_us

_LOAD_S: Final = 240
"""Beyond the storm's own length: so long ERPs may go on to be answered."""
_REST_S: Final = 240
_LOOK_S: Final = 0.25
_STILL: Final = 4
"""Looks without any change after which the clock is moved to the next appointment."""
_RESTING: Final = frozenset({*(state.value for state in FINAL), State.HELD.value})
_SHOWN: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a campaign is to do."""

    seed: int
    payments: int
    kills: int
    database: str


def run(stage: Stage, plan: Plan, say: Callable[[str], None]) -> dict[str, object]:
    """Storm, calm, rest, judgement; the one object a campaign ends with."""
    began = time.monotonic()
    stage.keep_ports()
    calls = orders(plan.seed, plan.payments, stage.clock.now().replace(microsecond=0))
    erps = Erps(stage.gateway.told, calls, plan.kills * KILL_EVERY_S)
    storm = Storm(stage, plan.seed, plan.kills, say)
    say(f"{plan.payments} payments in {len(calls)} calls, {plan.kills} kills, {plan.database}")
    try:
        erps.start()
        storm.start()
        answered = _wait(
            lambda: erps.done and storm.spent, plan.kills * KILL_EVERY_S + _LOAD_S, say_at=say
        )
    finally:
        erps.stop()
        storm.end()
    storm.heal()
    stormy_s = time.monotonic() - began
    say(f"calm after {stormy_s:.0f} s; waiting until everything has come to rest")
    states = _rest(stage, storm, say)
    storm.finish()
    rested_s = time.monotonic() - began - stormy_s
    stage.quiesce()
    report = _judge(stage, erps.told)
    found = _extra(erps.told, answered=answered)
    return _document(plan, storm.damage, erps.told, report, found) | {
        "seconds": round(time.monotonic() - began, 1),
        "storm_seconds": round(stormy_s, 1),
        "rest_seconds": round(rested_s, 1),
        "states": dict(sorted(states.items())),
        "ended_by_itself": {
            child.name: child.ended_itself for child in (stage.bank, stage.gateway, *stage.workers)
        },
        "restored_s": _spread(
            [it for child in (stage.gateway, *stage.workers) for it in child.restored_s[1:]]
        ),
    }


def _wait(condition: Callable[[], bool], seconds: float, say_at: Callable[[str], None]) -> bool:
    """Wait for a condition; False when the time is over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(_LOOK_S)
    say_at(f"not done within {seconds:.0f} s")
    return False


# ── coming to rest ───────────────────────────────────────────────────────────────────────────


def _rest(stage: Stage, storm: Storm, say: Callable[[str], None]) -> Counter[str]:
    """Wait until everything is final or with a person, moving the clock to what is due next.

    A payment may be final by an enquiry while a process that died still holds its message: that is
    at rest once somebody has taken it over.
    """
    engine = open_engine(settings.load(stage.books).database)
    until = time.monotonic() + _REST_S
    still, before = 0, Counter[str]()
    try:
        while time.monotonic() < until:
            storm.tend()
            states, held, due_us = _look(engine)
            if states.keys() <= _RESTING and not held:
                return states
            still = 0 if states != before else still + 1
            before = states
            ahead_us = (due_us or 0) - to_us(stage.clock.now())
            if still >= _STILL and ahead_us > 0:
                stage.clock.jump(ahead_us // 1_000_000 + 1)
                still = 0
            time.sleep(_LOOK_S)
        say("it did not come to rest")
        return before
    finally:
        engine.dispose()


def _look(engine: Engine) -> tuple[Counter[str], int, int | None]:
    """States by how many, messages under way, and when the next appointment with a bank is due."""
    it, work, message = tables.instruction, tables.work, tables.message
    with engine.connect() as db:
        states = db.execute(select(it.c.state, func.count()).group_by(it.c.state)).all()
        held = db.execute(select(func.count()).where(message.c.in_flight == true())).scalar_one()
        due = db.execute(
            select(func.min(work.c.due_us)).where(work.c.kind.in_(("send", "enquire")))
        ).scalar()
    return Counter({row[0]: row[1] for row in states}), held, due


# ── judgement ────────────────────────────────────────────────────────────────────────────────


def _judge(stage: Stage, told: Told) -> Report:
    """The books of all three: ERPs, gateway, bank."""
    bank = open_bank(str(stage.folder / "bank"))
    try:
        return books_of(
            settings.load(stage.books), bank, promises=tuple(told.promises), at_rest=True
        )
    except DBAPIError as error:
        raise Corrupt("the database cannot be read in the end", "结束时无法读取数据库") from error
    finally:
        bank.close()


def _extra(told: Told, *, answered: bool) -> list[str]:
    """What only the ERPs saw."""
    unanswered = [] if answered else ["I19: not every call of the ERPs was answered in time"]
    return [*told.disagreed, *unanswered]


def _document(
    plan: Plan, damage: Damage, told: Told, report: Report, found: Sequence[str]
) -> dict[str, object]:
    stuck = sum(it.startswith("I19") for it in found)
    return {
        "payments": plan.payments,
        "kills": damage.kills,
        "faults": dict(sorted(damage.faults.items())),
        "lost": report.harms[Harm.LOST],
        "doubled": report.harms[Harm.DOUBLED],
        "stuck": report.harms[Harm.STUCK] + stuck,
        "wrong": report.harms[Harm.WRONG] + len(found) - stuck,
        "seconds": 0,
        "seed": plan.seed,
        "database": plan.database,
        "database_restarts": damage.database_restarts,
        "killed": dict(sorted(damage.killed.items())),
        "clock_jumps": damage.clock_jumps,
        "promised": len(told.promises),
        "posted_twice": told.twice,
        "erp_retries": dict(sorted(told.retries.items())),
        "database_restored_s": _spread(damage.database_s),
        "looked": report.looked,
        "found": [*report.texts(), *found][:_SHOWN],
    }


def _spread(seconds: Sequence[float]) -> dict[str, object]:
    """How long it took, in the middle and at worst."""
    if not seconds:
        return {"count": 0}
    return {
        "count": len(seconds),
        "median": round(statistics.median(seconds), 2),
        "most": round(max(seconds), 2),
    }
