"""What each tenant has, for a control document to name: companies, accounts, ERPs, machines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from gateway.controls.rules.document import Ground
from gateway.domain.decision import ActorKind
from gateway.ports.tenancy import ApiKey, Tenant


class Grounds:
    """The ground of each tenant, by the keys of the deployment."""

    def __init__(self, keys: Iterable[ApiKey]) -> None:
        self._erps: dict[str, set[str]] = defaultdict(set)
        self._machines: dict[str, set[str]] = defaultdict(set)
        for key in keys:
            if key.actor.kind is ActorKind.MACHINE:
                self._machines[key.tenant].add(key.actor.name)
                if key.erp:
                    self._erps[key.tenant].add(key.erp)

    def of(self, tenant: Tenant) -> Ground:
        """What a tenant has, as its settings say now."""
        return Ground(
            companies=frozenset(tenant.companies),
            accounts={
                number: (account.company, account.currency)
                for number, account in tenant.accounts.items()
            },
            erps=frozenset(self._erps.get(tenant.id, ())),
            machines=frozenset(self._machines.get(tenant.id, ())),
        )
