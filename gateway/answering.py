"""The use case of questions, built over what every process has.

It stands apart from the front office, so that a worker that takes questions from files and tables
loads nothing else that answers people.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from gateway.controls.rules.document import Right
from gateway.controls.rules.permissions import Viewer
from gateway.controls.sight import Onlooker, Sight
from gateway.domain.errors import NotPermitted
from gateway.domain.statement import Entry
from gateway.ports.erp_answers import Asker
from gateway.ports.tenancy import Directory, OwnAccount
from gateway.statements.answers import Answering

if TYPE_CHECKING:
    from gateway.bootstrap import Gateway


def answering(of: Gateway) -> Answering:
    """Whoever answers questions in this process. Build it once: what is shared is in it."""
    clock, directory = of.runtime.clock, of.settings.directory
    sight = Sight(of.controls, lambda: clock.now().date())
    return Answering(
        of.store, of.runtime, directory, of.relay.queries, of.relay, _Seen(sight, directory)
    )


class _Seen:
    """An asker's sight by the control document in force."""

    def __init__(self, sight: Sight, directory: Directory) -> None:
        self._sight = sight
        self._directory = directory

    def account(self, db: Connection, asker: Asker, account: OwnAccount) -> None:
        """Raise NotFound for an account whose balance and statements it may not see."""
        self._sight.account(db, self._who(asker), account)

    def entries(
        self, db: Connection, asker: Asker, account: OwnAccount, entries: Sequence[Entry]
    ) -> list[Entry]:
        """The entries without those that it may not see."""
        return self._sight.entries(db, self._who(asker), account, entries)

    def instruction(self, db: Connection, asker: Asker, instruction: str) -> None:
        """Raise NotFound for a payment that it may not see."""
        self._sight.find(db, self._who(asker), instruction)

    def may_enquire(self, db: Connection, asker: Asker, instruction: str) -> bool:
        """Whether it may have the bank asked about a payment that it sees."""
        try:
            self._sight.check(db, self._who(asker), instruction, Right.ENQUIRE)
        except NotPermitted:
            return False
        return True

    def _who(self, asker: Asker) -> Onlooker:
        tenant = self._directory.tenants[asker.tenant]
        return Onlooker(tenant=tenant, viewer=Viewer(asker.actor, asker.erp))
