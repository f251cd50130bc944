"""Files and envelopes that came from ERP systems, and what became of each: a list for people.

Rule kept here: one row per system, name and content; what is taken in once more after a crash, or
sent twice, is the same row with a later time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, Connection, bindparam, select, update

from gateway.domain.errors import Fault
from gateway.store import tables
from gateway.store.instants import from_us, to_us
from gateway.store.prepared import prepare
from gateway.store.uow import Uow

LISTED_MAX: Final = 1000
_FAULTS_KEPT: Final = 100
"""Faults of one file that are kept: its reply tells all."""
_NAME_MAX: Final = 200
_ID_DIGITS: Final = 32
_f = tables.erp_file
_ONE: Final = (_f.c.tenant == bindparam("of_tenant"), _f.c.id == bindparam("of_id"))
_KNOWN: Final = prepare(select(_f.c.id).where(*_ONE))
_AGAIN: Final = prepare(
    update(_f)
    .where(*_ONE)
    .values(
        outcome=bindparam("to_outcome"),
        batch=bindparam("to_batch"),
        faults=bindparam("to_faults"),
        at_us=bindparam("to_at", type_=BigInteger()),
    )
)


class FileOutcome(StrEnum):
    """What became of a file. The strings are stored: for ever."""

    ACCEPTED = "accepted"
    """Payments of it were taken; lines of it may have been refused."""
    REFUSED = "refused"
    """Nothing was taken."""
    ANSWERED = "answered"
    """It held questions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One file or envelope and what became of it."""

    tenant: str
    system: str
    name: str
    digest: str
    outcome: FileOutcome
    at: datetime
    batch: str = ""
    faults: tuple[Fault, ...] = ()

    @property
    def id(self) -> str:
        """The same for the same content under the same name from the same system."""
        said = f"{self.system}\0{self.name}\0{self.digest}"
        return "fil_" + hashlib.sha256(said.encode(errors="replace")).hexdigest()[:_ID_DIGITS]


def record(uow: Uow, arrival: Arrival) -> None:
    """Write down what became of a file; of one that came before, what became of it now."""
    faults = json.dumps([it.document() for it in arrival.faults[:_FAULTS_KEPT]], ensure_ascii=False)
    one = {"of_tenant": arrival.tenant, "of_id": arrival.id}
    if uow.first(_KNOWN, one) is None:
        uow.add(
            _f,
            {
                "tenant": arrival.tenant,
                "id": arrival.id,
                "system": arrival.system,
                "name": arrival.name[:_NAME_MAX],
                "digest": arrival.digest,
                "outcome": arrival.outcome.value,
                "batch": arrival.batch,
                "faults": faults,
                "at_us": to_us(arrival.at),
            },
        )
        return
    uow.change(
        _AGAIN,
        one
        | {
            "to_outcome": arrival.outcome.value,
            "to_batch": arrival.batch,
            "to_faults": faults,
            "to_at": to_us(arrival.at),
        },
    )


def arrivals(
    db: Connection, tenant: str, *, system: str = "", outcome: str = "", most: int = LISTED_MAX
) -> Sequence[Arrival]:
    """What came, the latest first; of one system, or with one outcome only, where named."""
    wanted = select(_f).where(_f.c.tenant == tenant)
    if system:
        wanted = wanted.where(_f.c.system == system)
    if outcome:
        wanted = wanted.where(_f.c.outcome == outcome)
    rows = db.execute(wanted.order_by(_f.c.at_us.desc(), _f.c.id).limit(min(most, LISTED_MAX)))
    return [
        Arrival(
            tenant=row.tenant,
            system=row.system,
            name=row.name,
            digest=row.digest,
            outcome=FileOutcome(row.outcome),
            at=from_us(row.at_us),
            batch=row.batch,
            faults=tuple(Fault(**it) for it in json.loads(row.faults)),
        )
        for row in rows
    ]
