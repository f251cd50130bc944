"""What all use cases of people's log-in share, and how each attempt is counted.

Rule kept here: an attempt is counted in a commit of its own before anything is compared, so that
guesses at the same time count one by one and a refusal never takes its count back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from gateway.domain.ids import TenantId
from gateway.identity.local_accounts import Account
from gateway.identity.lockout import attempt, counter_of_address, counter_of_person, taken_back
from gateway.identity.not_proven import NotProven
from gateway.identity.options import IdentityOptions
from gateway.identity.rows import AccountTable, FailureTable, Standing
from gateway.identity.seals import purpose_key
from gateway.identity.sessions import Sessions
from gateway.ports.runtime import Gate, Runtime
from gateway.ports.tenancy import Person, Tenant
from gateway.signing.vault import Vault
from gateway.store.instants import to_us
from gateway.store.journal import Record
from gateway.store.store import Store
from gateway.store.tenancy import EVERYONE, acting_for
from gateway.store.uow import Uow

T = TypeVar("T")
HANDLE_BYTES: Final = 64
CHECKS_AT_ONCE: Final = 2
"""Passwords checked at the same time: each takes a core for half a second and 64 MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """A person of a tenant, as the settings name them."""

    tenant: str
    person: Person

    @property
    def name(self) -> str:
        """Who acts."""
        return self.person.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """The deployment's people and what their log-ins rest on.

    ``now`` is the machine's clock: business time jumps in a demonstration, sessions must not.
    """

    store: Store
    runtime: Runtime
    options: IdentityOptions
    tenants: Mapping[TenantId, Tenant]
    root: bytes = field(repr=False)
    now: Callable[[], datetime]
    checking: Gate

    @property
    def sessions(self) -> Sessions:
        """Sessions under this deployment's key and lifetimes."""
        return Sessions(key=self.key("sessions"), lifetimes=self.options.lifetimes)

    @property
    def vault(self) -> Vault:
        """Seals secrets of authenticator apps."""
        return Vault(self.key("codes"), self.runtime.random.bytes)

    def key(self, purpose: str) -> bytes:
        """The key for one purpose."""
        return purpose_key(self.root, purpose)

    def drawn(self, count: int) -> bytes:
        """Fresh random bytes."""
        return self.runtime.random.bytes(count)

    def by_login(self, login: str) -> Somebody | None:
        """Who logs in under this name."""
        wanted = login.strip().casefold()
        return next(
            (
                Somebody(tenant=tenant.id, person=person)
                for tenant in self.tenants.values()
                for person in tenant.people
                if person.login == wanted
            ),
            None,
        )

    def by_name(self, tenant: str, name: str) -> Somebody:
        """A person the settings still name. Raises NotProven (``person_gone``)."""
        served = self.tenants.get(TenantId(tenant))
        for person in served.people if served else ():
            if person.name == name:
                return Somebody(tenant=tenant, person=person)
        raise NotProven("person_gone")

    async def write(self, job: Callable[[Uow], T]) -> T:
        """Commit a job over identities, whoever's they are."""
        with acting_for(EVERYONE):
            return await self.store.write(job, at_once=True)

    async def counted(self, login: str, address: str) -> None:
        """Count one attempt under this name and from this address.

        Raises NotProven (``locked_person``, ``locked_address``) while it has to wait.
        """
        counters = self._counters(login, address)

        def job(uow: Uow) -> None:
            table = FailureTable(uow)
            person, place = (table.get(it) for it in counters)
            failed = attempt(
                person=person,
                address=place,
                now=self.now(),
                of_person=self.options.of_person,
                of_address=self.options.of_address,
            )
            for counter, failures in zip(counters, failed, strict=True):
                table.put(counter, failures)

        await self.write(job)

    def right(self, uow: Uow, login: str, address: str, *, whole: bool) -> None:
        """Take an attempt back that was right; a ``whole`` log-in forgets the person's failures.

        A right password alone forgets nothing: whoever has it could otherwise guess second
        factors for ever.
        """
        table = FailureTable(uow)
        of_person, of_address = self._counters(login, address)
        if whole:
            table.put(of_person, None)
        for counter in (of_address,) if whole else (of_person, of_address):
            failures = table.get(counter)
            if failures is not None:
                table.put(counter, taken_back(failures))

    def forget(self, uow: Uow, login: str) -> None:
        """Unlock a name."""
        FailureTable(uow).put(self._counters(login, "")[0], None)

    def account(self, uow: Uow, who: Somebody) -> Standing:
        """A person's account, made when there is none (who comes by single sign-on has none)."""
        table = AccountTable(uow)
        found = table.standing(who.tenant, who.name)
        if found is not None:
            return found
        made = Account(
            tenant=who.tenant, person=who.name, password="", handle=self.drawn(HANDLE_BYTES)
        )
        table.put(made)
        return Standing(account=made)

    def record(self, uow: Uow, who: Somebody, kind: str, **content: object) -> None:
        """Write into the journal what a person did to their own identity."""
        uow.journal(
            Record(
                tenant=who.tenant,
                kind=kind,
                subject=who.person.login,
                at_us=to_us(self.runtime.clock.now()),
                content={"actor": f"person:{who.name}", **content},
            )
        )

    def _counters(self, login: str, address: str) -> tuple[bytes, bytes]:
        key = self.key("failures")
        # Log-in names are unique over all tenants, so no tenant is part of the count.
        return counter_of_person("", login, key=key), counter_of_address(address, key=key)
