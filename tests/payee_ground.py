"""A payee master over a store: people who propose and vote, and payments held against it."""

from __future__ import annotations

import asyncio
import io
from typing import Any

from gateway.controls.listed import ListedNames
from gateway.controls.payee_checks import PayeeChecks
from gateway.controls.payee_reading import read_wishes
from gateway.controls.payee_rows import Payee, Wanted
from gateway.controls.payee_seal import PayeeSeal
from gateway.controls.payees import PayeeMaster
from gateway.controls.reference.screening import ImportedNames
from gateway.domain.decision import Actor, ActorKind
from gateway.store import tables
from tests.controls_ground import HERE, Desk, content

_h = tables.hold
ROOT = b"the root secret of one deployment"
KEEPERS = ("wang", "li", "boss")
ACCOUNT, NAME = "6228480402564890018", "示例钢铁贸易有限公司"


def person(name: str) -> Actor:
    return Actor(kind=ActorKind.PERSON, name=name)


def keeping(**changes: object) -> dict[str, Any]:
    """A document in which wang, li and boss may change payees."""
    it = content(**changes)
    it["roles"].append({"name": "keeper", "permissions": [{"rights": ["payees"]}]})
    it["assignments"] += [{"person": name, "role": "keeper"} for name in KEEPERS]
    return it


def create(account: str = ACCOUNT, name: str = NAME, **more: str) -> dict[str, str]:
    return {"action": "create", "account": account, "name": name, **more}


class PayeeDesk(Desk):
    """Payments under a document, and the master they are held against."""

    def __init__(self, at, document=None, root: bytes = ROOT, **payees: object) -> None:
        self.seals = PayeeSeal(root)
        inspectors = (PayeeChecks(self.seals), ListedNames(ImportedNames()))
        super().__init__(at, document or keeping(payees=payees), inspectors)
        self.master = PayeeMaster(at.store, at.runtime, self.rules, self.seals)

    def propose(self, who: str | Actor, *items: dict[str, str], comment: str = ""):
        actor = person(who) if isinstance(who, str) else who
        wishes, _ = read_wishes({"items": list(items)})
        return asyncio.run(self.master.propose(HERE, actor, wishes, comment))

    def take_file(self, who: str, text: str, source: str = "payees.csv"):
        def opened():
            return io.BytesIO(text.encode())

        return asyncio.run(self.master.import_file(HERE, person(who), opened, "", source))

    def say_yes(self, who: str | Actor, change: str, digest: str = ""):
        actor = person(who) if isinstance(who, str) else who
        digest = digest or self.shown(change).change.digest
        return asyncio.run(self.master.vote(HERE, actor, change, digest, "已核对"))

    def withdraw(self, who: str, change: str):
        return asyncio.run(self.master.withdraw(HERE, person(who), change, "有误"))

    def shown(self, change: str, after: int = 0):
        return asyncio.run(self.master.show(HERE, change, after))

    def opened(self):
        return asyncio.run(self.master.opened(HERE))

    def approved(self, *items: dict[str, str]):
        """Proposed by wang, approved by li."""
        return self.say_yes("li", self.propose("wang", *items).change.id)

    def payees(self, most: int = 100, **wanted: str) -> list[Payee]:
        found = asyncio.run(self.master.listed(HERE, Wanted(**wanted), most))
        return [it.payee for it in found]

    def payee(self, account: str = ACCOUNT) -> Payee:
        (found,) = self.payees(account=account)
        return found

    def seen(self, payee: str):
        return asyncio.run(self.master.payee(HERE, payee))

    def findings(self, instruction: str) -> list[tuple[str, str]]:
        """Rule and English words of what holds a payment, without its approval."""
        return [
            (row.rule, row.en)
            for row in self.at.rows(_h, _h.c.seq)
            if row.instruction == instruction and row.rule != "approval"
        ]

    def told(self) -> list[str]:
        """Kinds of what the journal holds about payees."""
        return [it.kind for it in self.at.journal() if it.kind.startswith("payee_")]
