"""Questions wait for payments where calls are counted, and never the other way round."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from gateway.domain.errors import Overloaded
from gateway.domain.ids import TenantId
from gateway.ports.events import OUT_OF_PACE
from gateway.ports.tenancy import Connection, Directory, Policy, Tenant
from gateway.relay.pace import Pace
from gateway.relay.queries import Queries
from gateway.store.instants import to_us
from gateway.transport.limits import ClientLimits, limits_for
from tests.store_ground import StillClock

RATE = 4


class Ground:
    """A connection of four calls a second, a payment that may be due, a clock that sleeps pass."""

    def __init__(self) -> None:
        self.clock = StillClock()
        self.slept: list[float] = []
        self.due_us: int | None = None
        self.told: list[object] = []
        self.runtime = SimpleNamespace(
            clock=self.clock,
            tasks=SimpleNamespace(sleep=self._sleep),
            log=SimpleNamespace(tell=lambda event, **_: self.told.append(event)),
        )
        self.pace = Pace(self.runtime, RATE)
        self.link = SimpleNamespace(
            connection=SimpleNamespace(rate_per_s=RATE),
            runtime=self.runtime,
            store=SimpleNamespace(read=self._read),
            queue=lambda kind: kind,
            now_us=lambda: to_us(self.clock.now()),
        )
        self.paid_at = 1e9

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.pass_time(seconds=seconds)
        if self.clock.ticks >= self.paid_at:
            self.due_us = None

    async def _read(self, _work) -> int | None:
        return self.due_us

    def turn(self) -> None:
        asyncio.run(Queries({}, {})._turn(self.link, self.pace))


def test_a_question_goes_at_once_while_nothing_is_due():
    at = Ground()
    at.due_us = to_us(at.clock.now()) + 60_000_000  # a payment of the next minute waits for nobody
    at.turn()
    assert at.slept == []
    assert at.pace.allowance() == RATE - 1


def test_a_question_waits_as_long_as_a_payment_is_due():
    at = Ground()
    at.due_us, at.paid_at = to_us(at.clock.now()), 3.0
    at.turn()
    assert sum(at.slept) == pytest.approx(3.0)


def test_a_question_that_would_wait_too_long_is_told_to_come_again():
    at = Ground()
    at.due_us = to_us(at.clock.now())
    with pytest.raises(Overloaded):
        at.turn()
    assert sum(at.slept) == pytest.approx(30.0, abs=1)
    assert at.pace.allowance() == RATE


def test_the_last_call_is_kept_for_payments():
    at = Ground()
    for _ in range(RATE - 1):
        at.turn()
    assert at.slept == []
    assert at.pace.allowance() == 1
    at.turn()
    assert at.slept != []


def test_who_waits_for_the_pace_says_so():
    at = Ground()
    for _ in range(RATE):
        asyncio.run(at.pace.turn())
    assert at.told == at.slept == []
    asyncio.run(at.pace.turn())
    assert at.told == [OUT_OF_PACE]
    assert at.slept == [1 / RATE]


@pytest.mark.parametrize(("rate", "kept"), [(0, 0), (1, 0), (2, 1), (100, 1)])
def test_a_question_may_always_come_to_its_turn(rate, kept):
    pace = Pace(Ground().runtime, rate)
    assert pace.spare()
    if rate:
        pace.take(rate - kept)
        assert not pace.spare()
        assert pace.allowance() == kept


def test_a_banks_front_end_has_connections_for_all_slots():
    def connection(name: str, url: str, **slots: int) -> Connection:
        return Connection(
            tenant=TenantId("t"),
            id=name,
            bank="cib",
            url=url,
            customer="1",
            operator="o",
            password="p",
            **slots,
        )

    def of(*connections: Connection) -> int:
        tenant = Tenant(
            id=TenantId("t"),
            name="T",
            companies={},
            accounts={},
            connections={it.id: it for it in connections},
            policy=Policy(),
        )
        return limits_for(Directory(tenants={tenant.id: tenant}, keys={})).connections_max

    assert of() == of(connection("a", "http://b/x")) == ClientLimits().connections_max
    wide = connection("a", "http://b:1/x", slots=40, enquiry_slots=10)
    assert of(wide, connection("b", "http://c/x")) == 60
    assert of(wide, connection("b", "http://b:1/y", slots=1, enquiry_slots=1)) == 63
