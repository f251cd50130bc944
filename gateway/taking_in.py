"""The ways in from ERP systems, built over what every process has.

It stands apart from the front office, so that a worker that looks at folders and vendors' APIs
loads nothing else that answers people; and a deployment without ERP systems loads none of this.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.answering import answering
from gateway.controls.altered import ErpAltered
from gateway.controls.release import Releaser
from gateway.delivery.erp_outbox import Outbox
from gateway.delivery.erp_ways import erp_endpoints
from gateway.delivery.standing import status_report
from gateway.dialects import system_dialect
from gateway.formats.read import formats
from gateway.intake.accept import Intake
from gateway.intake.asking import Asking
from gateway.intake.bulk import Bulk
from gateway.intake.exchange import Exchange
from gateway.intake.picking import Desk, Picking
from gateway.intake.pulling import Pulling
from gateway.intake.rows import Rows
from gateway.intake.shadow import Shadows
from gateway.intake.taking import Sender
from gateway.intake.ways_in import WayIn
from gateway.ports.bank import BankDialect
from gateway.ports.erp import ErpDialect, ErpTransport
from gateway.ports.erp_answers import Answers
from gateway.ports.erp_systems import ErpSystem
from gateway.ports.events import STATEMENT_BOX_AWAY
from gateway.ports.tenancy import Tenant
from gateway.relay.withdraw import withdraw
from gateway.runtime import SystemClock
from gateway.schedule.work import WorkKind
from gateway.statements.importing import Importing
from gateway.statements.picking import FileDesk, StatementFiles
from gateway.store.lock import Lock, Locked
from gateway.telling import tell_systems
from gateway.transport.opening import Sessions, open_box, open_shared

if TYPE_CHECKING:
    from gateway.bootstrap import Gateway


def spoken(system: ErpSystem) -> ErpDialect:
    """The language of a system, as its options shape it."""
    return system_dialect(system.dialect, system.options)


def sender_of(system: ErpSystem, tenant: Tenant) -> Sender:
    """A system as a caller of the intake. Raises Corrupt or Refused for what is not there."""
    shadow = (
        system_dialect(system.shadow, system.shadow_options or system.options)
        if system.shadow
        else None
    )
    return Sender(system=system, tenant=tenant, dialect=spoken(system), shadow=shadow)


def exchange(of: Gateway, intake: Intake, bulk: Bulk, answers: Answers) -> Exchange:
    """The use case of envelopes that ERPs post."""
    return Exchange(_desk(of, intake, bulk, answers), answers)


def look_at_systems(of: Gateway, releaser: Releaser, banks: Mapping[str, BankDialect]) -> None:
    """Give the gateway a way in for each system that has something to be looked at.

    Raises Refused for settings that cannot be.
    """
    if of.has_front:
        intake, bulk, answers = of.front.intake, of.front.bulk, of.front.answers
    else:
        altered = ErpAltered(releaser, of.runtime, withdraw)
        intake = Intake(
            of.store, of.runtime, banks, releaser, offices=of.reference, altered=altered
        )
        bulk, answers = Bulk(intake), answering(of)
    at_the_front = of.front.exchange if of.has_front else None
    desk = at_the_front.desk if at_the_front else _desk(of, intake, bulk, answers)
    scratch = _own_folder(of)
    sessions = Sessions(of.runtime, SystemClock().now)
    tell_systems(of, answers, sessions, scratch)
    for tenant in of.settings.directory.tenants.values():
        for system in tenant.erps.values():
            way = _way(of, desk, sender_of(system, tenant), _Means(answers, sessions, scratch))
            if way is not None:
                of.ways_in.add(way)


def look_at_boxes(of: Gateway) -> None:
    """Have the places for statement files looked at. Raises Refused for settings that cannot be."""
    desk = FileDesk(runtime=of.runtime, importing=Importing(of.store, of.runtime), formats=formats)
    scratch = _own_folder(of)
    for tenant in of.settings.directory.tenants.values():
        for box in tenant.statement_boxes.values():
            place = scratch / _named(box.tenant, f"statements\0{box.id}")
            opened = open_box(box, place, tenant.reach)
            files = StatementFiles(box, tenant, opened, desk, of.ways_in.stopping)
            of.ways_in.add(
                WayIn(
                    system=box,
                    look=files.look,
                    close=files.aclose,
                    kind=WorkKind.STATEMENT_FILES,
                    away=STATEMENT_BOX_AWAY,
                )
            )


def _named(tenant: str, name: str) -> str:
    """A folder's name for something of a tenant."""
    return hashlib.sha256(f"{tenant}\0{name}".encode()).hexdigest()[:16]


def _desk(of: Gateway, intake: Intake, bulk: Bulk, answers: Answers) -> Desk:
    return Desk(
        store=of.store,
        runtime=of.runtime,
        intake=intake,
        bulk=bulk,
        status_of=status_report,
        asking=Asking(of.store, of.runtime, answers, _outbox(of)),
        shadows=Shadows(of.store, of.runtime),
    )


def _outbox(of: Gateway) -> Outbox:
    return Outbox(of.runtime, erp_endpoints(of.settings.directory, spoken))


@dataclass(frozen=True, slots=True)
class _Means:
    """What a way in is made with."""

    answers: Answers
    sessions: Sessions
    scratch: Path


def _way(of: Gateway, desk: Desk, sender: Sender, means: _Means) -> WayIn | None:
    """What is looked at; None for a system that only calls us."""
    system, dialect, reach = sender.system, sender.dialect, sender.tenant.reach
    stopping = of.ways_in.stopping
    if system.transport in {ErpTransport.FOLDER, ErpTransport.SFTP}:
        box = open_box(system, means.scratch / _named(system.tenant, system.id), reach)
        picking = Picking(sender, box, desk, stopping)
        return WayIn(system=system, look=picking.look, close=picking.aclose)
    if system.transport is ErpTransport.TABLES and dialect.tables is not None:
        shared = open_shared(system, SystemClock().now)
        tables = dialect.tables(system.options)
        rows = Rows(sender, tables, shared, desk, stopping, means.answers)
        return WayIn(system=system, look=rows.look, close=rows.aclose)
    if dialect.api is None or not system.address:
        return None
    api = dialect.api(system.options)
    if api.pull is None:
        return None
    session = means.sessions.of(system, reach, api)
    pulling = Pulling(sender, api, session, _outbox(of), desk, stopping)
    return WayIn(system=system, look=pulling.look, close=pulling.aclose)


def _own_folder(of: Gateway) -> Path:
    """A folder of this process alone: what a dead one left in it is thrown away by its heir."""
    home = of.settings.data / "erp-in"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in count():
        lock = Lock(home / f"{number}.lock")
        try:
            lock.take()
        except Locked:
            continue
        of.ways_in.at_end(lock.release)
        return home / str(number)
    raise AssertionError
