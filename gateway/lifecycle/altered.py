"""Where intake meets controls a second time: a reference that came again with other content."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from gateway.domain.ids import InstructionId
from gateway.ports.tenancy import Tenant
from gateway.store.uow import Uow


class Altered(msgspec.Struct, frozen=True, gc=False):
    """A stored instruction that its ERP sent again, altered.

    ``fields`` are those that differ, told so that anybody may see them.
    """

    id: InstructionId
    stored_digest: str
    sent_digest: str
    fields: tuple[str, ...]


class AlteredCheck(Protocol):
    """Told of what an ERP altered, in a unit of work of its own: the call itself is refused."""

    def watches(self, uow: Uow, tenant: Tenant) -> bool:
        """Whether anything comes of it for this tenant."""
        ...

    def hold(self, uow: Uow, tenant: Tenant, altered: Sequence[Altered]) -> None:
        """Hold those that have not left; nothing where nobody watches."""
        ...
