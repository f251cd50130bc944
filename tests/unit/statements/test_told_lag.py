"""From the bank's booking to the ERP's having taken the notice, in simulated time.

A bank that takes its time, an ERP that does: the whole way is one polling interval and a few
seconds, and from first sight only the ERP's own time is left.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random

from gateway.cli.load import percentile
from gateway.delivery.couriers import Carried, Outlet
from gateway.delivery.endpoints import ErpEndpoint
from gateway.delivery.erp_outbox import Outbox
from gateway.delivery.erp_rows import ErpShelf
from gateway.ports.erp_systems import Feed
from gateway.ports.erp_told import CreditTold, ToldKind, decoded
from gateway.ports.events import ERP_TOLD
from gateway.statements.feeds import Feeds
from gateway.statements.told_entries import Fed
from tests.erp_ground import system, tenant
from tests.unit.statements.feed_ground import Bank, entry
from tests.webhook_ground import Room

EVERY_S = 60
ALLOWED_S = 5
BANK_S, ERP_S = (0.2, 2.0), (0.2, 1.5)
CREDITS = 120
SPAN_S = 3600


class Erp:
    """Takes whatever it is told, each after a while."""

    def __init__(self, room_of, draw: Random) -> None:
        self.room_of, self.draw = room_of, draw
        self.lags: list[float] = []

    def parcels(self, events):
        return [(it,) for it in events]

    async def carry(self, parcel, may_go):
        runtime = self.room_of()
        await runtime.tasks.sleep(self.draw.uniform(*ERP_S))
        for it in parcel:
            told = decoded(it.body)
            assert isinstance(told, CreditTold)
            self.lags.append((runtime.clock.now() - told.entry.booked_at).total_seconds())
        return [Carried(taken=True)] * len(parcel)

    async def aclose(self) -> None:
        """Nothing to close."""


class Slow(Bank):
    """A bank that books as time goes by and takes a while to say so."""

    async def answer(self, asker, question):
        await self.runtime.tasks.sleep(self.draw.uniform(*BANK_S))
        now = self.clock.now()
        self.days = {}
        for one in self.all:
            if one.booked_at <= now:
                self.days.setdefault(one.booking_date, []).append(one)
        return await super().answer(asker, question)


class Told:
    """Hears of what ERPs were told: the facts behind ``gateway_told_seconds``."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def tell(self, event, /, **facts) -> None:
        if event is ERP_TOLD:
            self.seconds.append(facts["seconds"])


def test_p95_is_within_one_polling_interval_and_five_seconds():
    it = system(feed=Feed(kinds=frozenset({ToldKind.CREDIT}), every_s=EVERY_S), aliases={})
    kinds = frozenset({ToldKind.CREDIT})
    end = ErpEndpoint(system=it, owner=tenant(it), kinds=kinds)
    made, log, draw = [], Told(), Random(7)
    erp = Erp(lambda: made[0], draw)

    def outlets(runtime):
        runtime.log = log
        made.append(runtime)
        return [Outlet(shelf=ErpShelf(endpoint=end, most=200), courier=erp, width=4)]

    room = Room(webhooks=[], outlets=outlets, poll_s=5)
    try:
        (runtime,) = made
        bank = Slow(room.clock)
        bank.runtime, bank.draw = runtime, draw
        begin = room.clock.now()
        instants = sorted(
            begin + timedelta(seconds=draw.uniform(0, SPAN_S)) for _ in range(CREDITS)
        )
        bank.all = [
            entry(100 + number, booking_date=at.date(), booked_at=at, bank_key=f"K{number}")
            for number, at in enumerate(instants)
        ]
        fed = [Fed(tenant=end.owner, system=it, kinds=kinds)]
        Feeds(room.life.store, runtime, bank, Outbox(runtime, [end]), fed).start()
        room.run_for(SPAN_S + 3 * EVERY_S)
        assert len(erp.lags) == len(log.seconds) == CREDITS
        assert percentile(erp.lags, 0.95) <= EVERY_S + ALLOWED_S
        assert percentile(log.seconds, 0.95) <= ALLOWED_S
        # It is measured, not assumed: most of the way is waiting for the next look.
        assert percentile(erp.lags, 0.5) > EVERY_S / 3
    finally:
        room.close()
