"""What banks post by themselves: read in their language, archived before anybody acts on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.domain.errors import NotFound, NotOffered
from gateway.domain.message import WireReply
from gateway.ports.bank_confirm import BalanceNotice
from gateway.relay.archive import Envelope
from gateway.relay.context import Link
from gateway.store.uow import Uow

NOTICE: Final = "notice"


class Incoming:
    """The notices of all connections."""

    def __init__(self, links: Mapping[tuple[str, str], Link]) -> None:
        self._links = links

    def read_notice(self, tenant: str, connection: str, posted: WireReply) -> BalanceNotice:
        """What the bank tells. Raises NotOffered where it tells nothing by itself, WireError."""
        link = self._link(tenant, connection)
        if link.dialect.notice is None:
            bank = link.connection.dialect
            raise NotOffered(
                f"bank {bank} sends no notices that can be read here",
                f"银行 {bank} 的动账通知不能在此接收",
            )
        return link.dialect.notice(posted)

    def archive_notice(self, uow: Uow, tenant: str, connection: str, posted: WireReply) -> str:
        """Keep the exact bytes; the id of where they are."""
        link = self._link(tenant, connection)
        envelope = Envelope(tenant=tenant, connection=connection, purpose=NOTICE, serial="")
        return link.archive.store_in(uow, envelope, posted, alone=True).id

    def _link(self, tenant: str, connection: str) -> Link:
        link = self._links.get((tenant, connection))
        if link is None:
            raise NotFound("no such connection", "没有该银行连接")
        return link
