"""What every part of the relay of one connection shares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from gateway.domain.ids import Serial
from gateway.lifecycle.release import SendCheck
from gateway.ports.bank import BankDialect, SignOn
from gateway.ports.runtime import Runtime, Signal
from gateway.ports.tenancy import Connection, Tenant
from gateway.relay.archive import Archive
from gateway.schedule.work import Queue, WorkKind
from gateway.store.instants import span_us, to_us
from gateway.store.store import Store

_BASE32: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = tuple(high + low for high in _BASE32 for low in _BASE32)
_PLACES: Final = tuple(range(70, -10, -10))
ENQUIRY_STEP_MAX: Final = timedelta(hours=4)
OVERDUE: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One connection with everything needed to talk over it."""

    tenant: Tenant
    connection: Connection
    dialect: BankDialect
    store: Store
    runtime: Runtime
    archive: Archive
    wake: Signal
    """Lets the sender look again: something may be due, or a slot is free."""
    poll_s: float
    """Longest wait before looking at the shared clock again (it may have jumped)."""
    check: SendCheck | None = None
    """Asked before a payment leaves whether it was released, and still may."""

    def queue(self, kind: WorkKind) -> Queue:
        """Where this connection's work of one kind waits."""
        return Queue(tenant=self.tenant.id, lane=self.connection.id, kind=kind)

    def sign_on(self) -> SignOn:
        """Credentials with the business time, whole seconds."""
        it = self.connection
        return SignOn(
            customer=it.customer,
            operator=it.operator,
            password=it.password,
            at=self.runtime.clock.now().replace(microsecond=0),
        )

    def now_us(self) -> int:
        """Business time in microseconds."""
        return to_us(self.runtime.clock.now())

    def actor(self) -> str:
        """How the relay signs its history rows."""
        return f"relay:{self.connection.id}"

    def quiet_us(self) -> int:
        """The dialect's quiet time."""
        return span_us(self.dialect.timing.quiet)

    def timeout_us(self) -> int:
        """The send time-out."""
        return self.connection.timeout_s * 1_000_000

    def sending_deadline(self) -> float:
        """Monotonic: what leaves much later than its commit would spoil the quiet time."""
        return self.runtime.clock.monotonic() + max(self.connection.timeout_s, 1)

    def may_send(self, deadline: float) -> bool:
        """Whether bytes may leave now: in time, and while this process's lease lasts."""
        return self.runtime.clock.monotonic() <= min(deadline, self.store.lease.deadline)

    def serial(self) -> Serial:
        """A fresh serial: prefix, business day, 80 random bits; unique per customer for ever."""
        number = int.from_bytes(self.runtime.random.bytes(10), "big")
        tail = "".join([_PAIRS[(number >> shift) & 1023] for shift in _PLACES])
        day = f"{self.runtime.clock.now():%Y%m%d}"
        return Serial(f"{self.tenant.policy.serial_prefix}{day}{tail}")
