"""Rules that look further than the payment itself: at its payee, at hours, at the bank's books.

Each is an inspector of its own. Rule kept here: it only reads and says what it found; whether that
holds the payment, and who lifts it, is decided where all findings come together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from gateway.controls.holds import Finding
from gateway.controls.rules.compiled import Rules
from gateway.lifecycle.release import Candidate
from gateway.ports.tenancy import Tenant
from gateway.store.uow import Uow


class Inspection(msgspec.Struct, frozen=True, gc=False):
    """For whom, under which rules and at what instant of the shared clock payments are seen."""

    tenant: Tenant
    rules: Rules
    now: datetime


class Inspector(Protocol):
    """Looks for reasons of one kind to hold payments of a tenant with a document in force."""

    def look(
        self, uow: Uow, inspection: Inspection, candidates: Sequence[Candidate]
    ) -> Mapping[str, Sequence[Finding]]:
        """What holds these payments, by id; nothing at once where no rule asks for it.

        Asked inside the tenant's release guard, for a chunk when it is accepted and for one
        payment again when people are about to lift its last hold.
        """
        ...


class LateInspectors:
    """Inspectors whose code is read when a payment is first looked at: a start costs nothing."""

    def __init__(self, build: Callable[[], Sequence[Inspector]]) -> None:
        self._build = build
        self._built: Sequence[Inspector] | None = None

    def look(
        self, uow: Uow, inspection: Inspection, candidates: Sequence[Candidate]
    ) -> Mapping[str, Sequence[Finding]]:
        """See ``Inspector.look``."""
        if self._built is None:
            self._built = self._build()
        return inspected(self._built, uow, inspection, candidates)


def inspected(
    inspectors: Sequence[Inspector],
    uow: Uow,
    inspection: Inspection,
    candidates: Sequence[Candidate],
) -> dict[str, list[Finding]]:
    """What all inspectors found, by id, in their order."""
    found: dict[str, list[Finding]] = {}
    for inspector in inspectors:
        for name, findings in inspector.look(uow, inspection, candidates).items():
            found.setdefault(name, []).extend(findings)
    return found
