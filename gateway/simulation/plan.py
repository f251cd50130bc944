"""What a simulated ERP asks for, and how a run ends: plain records."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Final

from gateway.domain.decision import Actor, ActorKind
from gateway.domain.ids import TenantId
from gateway.domain.party import Account, Agent, Party
from gateway.ports.erp import Draft
from gateway.ports.tenancy import Connection, OwnAccount, Policy, Tenant

TENANT: Final = TenantId("sim")
LINK: Final = "cib-sim"
ERP_ACTOR: Final = Actor(kind=ActorKind.MACHINE, name="sim-erp")
_WRONG_NAMES: Final = 0.08
_URGENT: Final = 0.3
"""Of the payments to other banks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How one seed ended. ``broken`` lists every violated invariant in words."""

    seed: int
    payments: int
    kills: int
    faults: dict[str, int]
    broken: tuple[str, ...]
    states: dict[str, int]
    trace: str
    """Hash over every request the bank saw and every row of history: same seed, same hash."""
    lost: int = 0
    doubled: int = 0
    stuck: int = 0
    wrong: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """Somebody the simulated ERP pays."""

    account: str
    name: str
    agent_name: str = ""
    cnaps: str = ""
    city: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who takes part: the bank's customer and accounts as its ledger knows them."""

    customer: str
    operator: str
    password: str = field(repr=False)
    bank: str
    accounts: tuple[tuple[str, str, str], ...]
    """(number, holder's name, city) of our own accounts."""
    payees: tuple[Payee, ...]


def tenant_of(cast: Cast, *, batching: bool = False) -> Tenant:
    """The tenant that the cast makes; one that batches has few slots, so that payments gather."""
    accounts = {
        number: OwnAccount(
            party=Party(
                name=name,
                account=Account(number=number, agent=Agent(name="兴业银行", city=city)),
            ),
            company="sim",
            connection=LINK,
        )
        for number, name, city in cast.accounts
    }
    connection = Connection(
        tenant=TENANT,
        id=LINK,
        bank=cast.bank,
        url="http://bank.invalid/",
        customer=cast.customer,
        operator=cast.operator,
        password=cast.password,
        slots=1 if batching else 4,
        enquiry_slots=2,
        timeout_s=30,
    )
    return Tenant(
        id=TENANT,
        name="simulated group",
        companies={"sim": "simulated company"},
        accounts=accounts,
        connections={LINK: connection},
        policy=Policy(default_local=False, batching=batching),
    )


def draft(cast: Cast, number: int, draw: Random, *, batching: bool = False) -> Draft:
    """The ERP's instruction ``number``: mostly fine, sometimes with a wrong payee name.

    A tenant that batches mostly pays from one account, so that its payments can gather.
    """
    payee = draw.choice(cast.payees)
    debtor = draw.choice(cast.accounts)
    if batching and draw.random() < 0.8:  # noqa: PLR2004 - a share of the main account
        debtor = cast.accounts[0]
    wrong = draw.random() < _WRONG_NAMES
    fen = draw.randrange(1, 500_000)
    return Draft(
        erp_reference=f"SIM-{number:06d}",
        debtor_account=debtor[0],
        creditor_name="样本错名有限公司" if wrong else payee.name,
        creditor_account=payee.account,
        creditor_agent_name=payee.agent_name,
        creditor_agent_cnaps=payee.cnaps,
        creditor_city=payee.city,
        amount=f"{fen // 100}.{fen % 100:02d}",
        currency="CNY",
        purpose=f"货款{number}",
        urgency="urgent" if payee.cnaps and draw.random() < _URGENT else "",
    )
