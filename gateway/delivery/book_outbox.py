"""What happens in the books, for those who asked to be told: ERP systems and webhooks.

Rule kept here: of an item only the ERP that owns it hears, and webhooks that do not name others;
it is written down in the commit that changes the match. See ``gateway.lifecycle.telling``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from gateway.delivery import webhook_rows
from gateway.delivery.book_event import book_text
from gateway.delivery.endpoints import ErpEndpoint
from gateway.delivery.erp_outbox import Outbox, following, last_told
from gateway.delivery.webhook_rows import Said
from gateway.domain.ids import TenantId
from gateway.lifecycle.outbox import LANE
from gateway.lifecycle.telling import BookSay, Say
from gateway.ports.erp_told import KIND_OF, MatchTold, OpenItemsTold, ToldKind
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import Directory
from gateway.ports.webhooks import MATCH_EVENT, OPEN_ITEMS_EVENT, Webhook
from gateway.store.instants import to_us
from gateway.store.uow import Uow

_TYPES: Final[Mapping[ToldKind, str]] = {
    ToldKind.MATCH: MATCH_EVENT,
    ToldKind.OPEN_ITEMS: OPEN_ITEMS_EVENT,
}


class BookOutbox:
    """The outboxes of all who are told of the books. See ``gateway.lifecycle.telling``."""

    def __init__(
        self, runtime: Runtime, directory: Directory, systems: Iterable[ErpEndpoint]
    ) -> None:
        self._runtime = runtime
        self._systems = tuple(systems)
        self._outbox = Outbox(runtime, self._systems)
        self._webhooks = {it.id: it.webhooks for it in directory.tenants.values()}

    def wanted(self, tenant: str) -> frozenset[ToldKind]:
        """What of its books somebody of a tenant is told."""
        told = {kind for it in self._systems if it.tenant == tenant for kind in it.kinds}
        events = {name for it in self._of(tenant) for name in it.events}
        return frozenset(kind for kind, name in _TYPES.items() if kind in told or name in events)

    def tell(self, uow: Uow, tenant: str, says: Sequence[BookSay]) -> None:
        """Put records into the outboxes of those whom they concern."""
        for system in self._systems:
            if system.tenant == tenant:
                own = [it.say for it in says if not it.owner or it.owner == system.system.id]
                self._outbox.tell(uow, tenant, system.system.id, own)
        for webhook in self._of(tenant):
            self._post(uow, webhook, [it for it in says if _concerns(webhook, it)])

    def _of(self, tenant: str) -> Sequence[Webhook]:
        return self._webhooks.get(TenantId(tenant), ())

    def _post(self, uow: Uow, webhook: Webhook, says: Sequence[BookSay]) -> None:
        if not says:
            return
        uow.guard(f"outbox:{webhook.tenant}")
        last = last_told(uow, webhook, [it.say.subject for it in says])
        now_us = to_us(self._runtime.clock.now())
        new = [
            it
            for it in (following(one.say, last.get(one.say.subject)) for one in says)
            if it is not None
        ]
        if new:
            said = [_said(it) for it in new]
            webhook_rows.add(uow, webhook, self._runtime.ids, said, now_us)
            uow.rouse(webhook.tenant, LANE)


def _said(it: Say) -> Said:
    told = it.told
    assert isinstance(told, MatchTold | OpenItemsTold)
    return Said(
        subject=it.subject,
        version=it.version,
        state=it.standing,
        kind=KIND_OF[type(told)].value,
        body=lambda envelope: book_text(envelope, told),
    )


def _concerns(webhook: Webhook, it: BookSay) -> bool:
    if _TYPES[KIND_OF[type(it.say.told)]] not in webhook.events:
        return False
    return not it.owner or not webhook.erps or it.owner in webhook.erps
