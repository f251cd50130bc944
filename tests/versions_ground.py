"""A tenant whose controls may change: its keys, its ground, and the use cases over a store."""

from __future__ import annotations

import asyncio
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.controls.in_force import Controls
from gateway.controls.version_seal import VersionSeal
from gateway.controls.versions import ControlVersions
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.ids import TenantId
from gateway.domain.party import Account, Party
from gateway.ports.tenancy import ApiKey, OwnAccount, Person, Tenant
from tests.store_ground import Bench
from tests.unit.controls.rules.sample import MAIN, OTHER, WAGES, content

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
ROOT = b"the root secret of one deployment"
PEOPLE = ("maker", "wang", "li", "chen", "zhou")
ERPS = ("sap", "u8")


def person(name: str) -> Actor:
    return Actor(kind=ActorKind.PERSON, name=name)


def machine(name: str) -> Actor:
    return Actor(kind=ActorKind.MACHINE, name=name)


ERP = machine("sap")


def tenant(name: str = "t1") -> Tenant:
    def own(number: str, company: str) -> OwnAccount:
        party = Party(name="示例公司", account=Account(number=number))
        return OwnAccount(party=party, company=company, connection="c")

    return Tenant(
        id=TenantId(name),
        name="示例集团",
        companies={"c1": "一公司", "c2": "二公司"},
        accounts={MAIN: own(MAIN, "c1"), WAGES: own(WAGES, "c1"), OTHER: own(OTHER, "c2")},
        connections={},
        people=(Person(name="gast", login="gast"), Person(name="li", login="li")),
    )


def keys() -> list[ApiKey]:
    """Five people and two ERPs of each of two tenants."""
    return [
        ApiKey(
            id=f"{name}-{actor.name}",
            tenant=TenantId(name),
            actor=actor,
            secret=b"s",
            erp=actor.name if actor.kind is ActorKind.MACHINE else "",
        )
        for name in ("t1", "t2")
        for actor in (*map(person, PEOPLE), *map(machine, ERPS))
    ]


def next_document(**changes: object) -> dict[str, Any]:
    """A document in which three may change the controls."""
    it = content(**changes)
    for section in ("plan", "payees"):  # not carried out yet, so not taken
        del it[section]
    it["assignments"].append({"person": "chen", "role": "governor"})
    it["roles"].append({"name": "governor", "permissions": [{"rights": ["view", "controls"]}]})
    return it


def limited(amount: str) -> list[dict[str, Any]]:
    """Limits of another document: one, of this amount."""
    return [
        {"id": "one", "of": "account", "span": "instruction", "currency": "CNY", "amount": amount}
    ]


class Desk:
    """The use cases of one process, called without an event loop of one's own."""

    def __init__(self, bench: Bench, root: bytes = ROOT) -> None:
        async def read(work):
            return work()

        bench.runtime.tasks.read = read
        self.bench = bench
        self.tenant = tenant()
        self.controls = Controls(keys(), VersionSeal(root))
        self.versions = ControlVersions(bench.store, bench.runtime, self.controls, KEY)

    def propose(self, who: str | Actor, document: dict[str, Any], comment: str = ""):
        actor = person(who) if isinstance(who, str) else who
        return asyncio.run(self.versions.propose(self.tenant, actor, document, comment))

    def vote(self, who: str | Actor, version: int, digest: str, reason: str = "已核对"):
        actor = person(who) if isinstance(who, str) else who
        return asyncio.run(self.versions.vote(self.tenant, actor, version, digest, reason))

    def withdraw(self, who: str, version: int):
        return asyncio.run(self.versions.withdraw(self.tenant, person(who), version, "有误"))

    def show(self, version: int):
        return asyncio.run(self.versions.show(self.tenant, version))

    def listed(self):
        return asyncio.run(self.versions.listed(self.tenant))

    def in_force(self):
        return asyncio.run(self.versions.in_force(self.tenant))

    def export(self, version: int | None = None) -> dict[str, Any]:
        return asyncio.run(self.versions.export(self.tenant, version))

    def put_in_force(self, document: dict[str, Any]):
        """By two people who may."""
        made = self.propose("chen", document).version
        return self.vote("li", made.version, made.digest)

    def told(self) -> list[tuple[str, str]]:
        """Kind and subject of what the journal holds about controls."""
        rows = self.bench.journal()
        return [(it.kind, it.subject) for it in rows if it.kind.startswith("control_")]
