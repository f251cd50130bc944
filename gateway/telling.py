"""The ways out to ERP systems, built over what every process has.

A deployment without ERP systems loads none of it, and whoever only writes changes down (an API
node) opens no way.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gateway.dialects import system_dialect
from gateway.ports.tenancy import Directory

if TYPE_CHECKING:
    from gateway.bootstrap import Gateway
    from gateway.delivery.endpoints import ErpEndpoint
    from gateway.ports.erp import ErpDialect
    from gateway.ports.erp_answers import Answers
    from gateway.ports.erp_systems import ErpSystem
    from gateway.transport.opening import Sessions


def told_systems(directory: Directory) -> tuple[ErpEndpoint, ...]:
    """The ERP systems that are told anything of their payments or accounts."""
    if not any(tenant.erps for tenant in directory.tenants.values()):
        return ()
    from gateway.delivery.erp_ways import erp_endpoints  # noqa: PLC0415 - costs a start

    return erp_endpoints(directory, _spoken)


def tell_systems(of: Gateway, answers: Answers, sessions: Sessions, scratch: Path) -> None:
    """Give the gateway a way out to each of them, and have those fed that want to be.

    ``scratch`` is a folder of this process alone. Raises Refused for settings that cannot be.
    """
    from gateway.delivery.erp_outbox import Outbox  # noqa: PLC0415 - costs a start
    from gateway.delivery.erp_ways import Surroundings, erp_outlets  # noqa: PLC0415 - the same
    from gateway.runtime import SystemClock  # noqa: PLC0415 - the same
    from gateway.statements.feeds import Feeds  # noqa: PLC0415 - the same
    from gateway.statements.told_entries import Fed  # noqa: PLC0415 - the same

    systems = told_systems(of.settings.directory)
    around = Surroundings(sessions=sessions, machine=SystemClock().now, scratch=scratch)
    of.webhooks.add(*erp_outlets(systems, _spoken, around))
    fed = [
        Fed(tenant=it.owner, system=it.system, kinds=it.kinds & it.system.feed.kinds)
        for it in systems
        if it.kinds & it.system.feed.kinds
    ]
    outbox, font = Outbox(of.runtime, systems), of.settings.font
    feeds = Feeds(of.store, of.runtime, answers, outbox, fed, font=font)
    of.begun.append(feeds.start)


def _spoken(system: ErpSystem) -> ErpDialect:
    return system_dialect(system.dialect, system.options)
