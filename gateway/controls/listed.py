"""Payees on lists of names not to be paid hold their payments until people have looked.

Rule kept here: a hold names the list, the entry and where the list is from. Who keeps the lists
is a Protocol: those that were imported, or another service.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from gateway.controls.holds import Finding
from gateway.controls.inspecting import Inspection
from gateway.controls.reference.screening import ImportedNames
from gateway.controls.rules.document import HoldRule
from gateway.domain.name_list import NameHit, Subject
from gateway.lifecycle.release import Candidate
from gateway.ports.reference import NameList
from gateway.store.uow import Uow

HITS_TOLD: Final = 3


class NameSource(Protocol):
    """Whoever keeps the lists of names."""

    def names(self, uow: Uow, tenant: str) -> NameList | None:
        """The lists that hold for a tenant, everybody's and its own; None where nothing is listed.

        Called on the writer's thread: a service elsewhere is asked before, not from here.
        """
        ...

    def sources(self, uow: Uow, tenant: str, hits: Sequence[NameHit]) -> dict[tuple[str, str], str]:
        """Where the entries that were hit are from, by list and entry."""
        ...


class ListedNames:
    """The rule ``listed`` as an inspector."""

    def __init__(self, source: NameSource | None = None) -> None:
        """``source`` keeps the lists; unless told, they are those that were imported."""
        self._source = source or ImportedNames()

    def look(
        self, uow: Uow, inspection: Inspection, candidates: Sequence[Candidate]
    ) -> dict[str, list[Finding]]:
        """What is listed of the payees, by payment; nothing is asked where no list is."""
        lists = self._source.names(uow, inspection.tenant.id)
        if lists is None:
            return {}
        today = inspection.now.date()
        asked: dict[tuple[str, str], Sequence[NameHit]] = {}
        met: dict[str, Sequence[NameHit]] = {}
        for candidate in candidates:
            payee = candidate.creditor_name, candidate.creditor_account
            hits = asked.get(payee)
            if hits is None:
                subject = Subject(name=payee[0], account=payee[1])
                hits = asked[payee] = lists.check(subject, today)
            if hits:
                met[candidate.standing.id] = hits[:HITS_TOLD]
        if not met:
            return {}
        told = list(
            {(it.list_id, it.entry_id): it for hits in met.values() for it in hits}.values()
        )
        sources = self._source.sources(uow, inspection.tenant.id, told)
        return {name: [_finding(it, sources) for it in hits] for name, hits in met.items()}


def _finding(hit: NameHit, sources: dict[tuple[str, str], str]) -> Finding:
    source = sources.get((hit.list_id, hit.entry_id), "")
    zh, en = hit.zh, hit.en
    if hit.reason:
        zh, en = f"{zh}；列入原因：{hit.reason}", f"{en}; reason: {hit.reason}"
    if source:
        zh, en = f"{zh}；来源：{source}", f"{en}; source: {source}"
    return Finding(HoldRule.LISTED.value, zh, en)
