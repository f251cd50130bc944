"""The storm of a campaign: processes shot dead, the database cut off, the clock moved on.

Everything is drawn from the seed: whom it hits and when. What it hits comes back at once; how
long that takes is measured.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final

from gateway.cli.children import Child
from gateway.cli.demo_stage import Stage
from gateway.domain.errors import GatewayError
from gateway.sandbox.faults import Fault

KILL_EVERY_S: Final = 2.0
_SPREAD_S: Final = 0.5
_DATABASE_EVERY_S: Final = 8.0
_DATABASE_SPREAD_S: Final = 1.5
_CLOCK_EVERY_S: Final = 5.0
_QUIET_S: Final = 16 * 60
_LOOK_S: Final = 0.05
_BANK_SHARE: Final = 0.1
"""So often it is the bank that is shot."""
RATES: Final = {
    Fault.REFUSE: 0.04,
    Fault.DROP_BEFORE_COMMIT: 0.03,
    Fault.DROP_AFTER_COMMIT: 0.05,
    Fault.DELAY: 0.03,
    Fault.EXECUTE_LATE: 0.03,
    Fault.HALF_OPEN: 0.03,
    Fault.ERROR_5XX_BEFORE_COMMIT: 0.03,
    Fault.ERROR_5XX_AFTER_COMMIT: 0.05,
    Fault.HTML_200: 0.02,
    Fault.GARBAGE_GBK: 0.02,
    Fault.TRUNCATED: 0.02,
    Fault.DUPLICATE_ANSWER: 0.02,
    Fault.OTHER_ANSWER: 0.02,
    Fault.STALE_STATUS: 0.03,
    Fault.OUT_OF_ORDER_STATUS: 0.03,
    Fault.UNKNOWN_CODE: 0.02,
}
"""Of a hundred requests to the bank about fifty meet one of these."""


@dataclass(slots=True)
class Damage:
    """What the storm did."""

    kills: int = 0
    database_restarts: int = 0
    clock_jumps: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    """Faults that the bank played, by kind, over all its lives."""
    killed: Counter[str] = field(default_factory=Counter)
    """Kills by what was hit."""
    database_s: list[float] = field(default_factory=list)
    """Seconds from each cut of the database until it took connections again."""


class Storm:
    """Runs on a thread of its own until ``kills`` are done and it is told to end."""

    def __init__(self, stage: Stage, seed: int, kills: int, say: Callable[[str], None]) -> None:
        self._stage = stage
        self._draw = Random(seed)  # noqa: S311 - a seed is the point
        self._kills = kills
        self._say = say
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._blow, name="storm", daemon=True)
        self._failed: list[BaseException] = []
        self._bank_in_force = False
        self._victim: Child | None = None
        self.damage = Damage()

    def start(self) -> None:
        """Begin, with faults at the bank."""
        self._thread.start()

    @property
    def spent(self) -> bool:
        """Whether all kills are done."""
        return self.damage.kills >= self._kills or not self._thread.is_alive()

    def end(self) -> None:
        """Hit nothing more."""
        self._ended.set()
        if self._thread.ident is not None:  # Ctrl-C may have come before it began
            self._thread.join()

    def heal(self) -> None:
        """Everything runs again, the bank plays no more faults. Raises what failed."""
        if self._failed:
            raise self._failed[0]
        for child in self._everybody():
            child.wait(90)
        self._order({"clear": True})

    def tend(self) -> None:
        """Start again whatever ended by itself, as a supervisor does."""
        for child in self._everybody():
            child.tend()

    def _everybody(self) -> list[Child]:
        return [self._stage.bank, self._stage.gateway, *self._stage.workers]

    def _blow(self) -> None:
        try:
            self._rage()
        except (GatewayError, OSError) as error:
            self._failed.append(error)

    def _rage(self) -> None:
        draw = self._draw
        now = time.monotonic()
        kill_at = now + draw.uniform(KILL_EVERY_S - _SPREAD_S, KILL_EVERY_S + _SPREAD_S)
        database_at = now + draw.uniform(_DATABASE_SPREAD_S, _DATABASE_EVERY_S)
        clock_at = now + _CLOCK_EVERY_S
        while not self._ended.wait(_LOOK_S):
            self.tend()
            self._keep_faults()
            now = time.monotonic()
            if now >= kill_at and self.damage.kills < self._kills and self._kill():
                kill_at = now + draw.uniform(KILL_EVERY_S - _SPREAD_S, KILL_EVERY_S + _SPREAD_S)
            if now >= database_at and self._stage.postgres is not None and self._kills:
                self._cut_database()
                database_at = time.monotonic() + draw.uniform(
                    _DATABASE_EVERY_S - _DATABASE_SPREAD_S, _DATABASE_EVERY_S + _DATABASE_SPREAD_S
                )
            if now >= clock_at:
                self._stage.clock.jump(_QUIET_S)
                self.damage.clock_jumps += 1
                clock_at = now + _CLOCK_EVERY_S
        if 0 < self._kills <= self.damage.kills and not self.damage.database_restarts:
            self._cut_database()  # a short storm on a busy machine: no campaign goes without

    def _kill(self) -> bool:
        """Shoot the process that is drawn; False while it is not up yet."""
        stage = self._stage
        if self._victim is None:
            others = [stage.gateway, *stage.workers]
            hit_bank = self._draw.random() < _BANK_SHARE
            self._victim = stage.bank if hit_bank else self._draw.choice(others)
        victim = self._victim
        if not victim.ready:
            return False
        self._victim = None
        if victim is stage.bank:
            self._count_faults()
            self._bank_in_force = False
        victim.kill()
        victim.start()
        self.damage.kills += 1
        self.damage.killed[victim.name] += 1
        self._say(f"kill -9 {victim.name}")
        return True

    def _cut_database(self) -> None:
        postgres = self._stage.postgres
        if postgres is None:
            return
        began = time.monotonic()
        postgres.restart("immediate")
        self.damage.database_s.append(time.monotonic() - began)
        self.damage.database_restarts += 1
        self._say("PostgreSQL: immediate shutdown, restart")

    # ── the bank's faults ────────────────────────────────────────────────────────────────────

    def _keep_faults(self) -> None:
        """A bank that comes back knows nothing of faults: tell it again."""
        if not self._bank_in_force and self._stage.bank.ready:
            rates = {fault.value: rate for fault, rate in RATES.items()}
            self._bank_in_force = self._order({"rates": rates}) is not None

    def finish(self) -> None:
        """Count what the bank has played since its last start."""
        self._count_faults()

    def _count_faults(self) -> None:
        told = self._order({})
        counts = told.get("counts") if told is not None else None
        if isinstance(counts, dict):
            self.damage.faults.update({str(kind): int(count) for kind, count in counts.items()})

    def _order(self, order: dict[str, object]) -> dict[str, object] | None:
        """Tell the bank about faults; None when it does not answer."""
        admin = self._stage.admin()
        try:
            answer = admin.call("POST", "/admin/faults", json.dumps(order).encode())
            told = answer.json()["cib"] if answer.status == http.client.OK else None
            return told if isinstance(told, dict) else None
        except (GatewayError, OSError, http.client.HTTPException):
            return None
        finally:
            admin.close()
