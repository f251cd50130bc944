"""The ERP systems of a deployment that are told, and the way to each.

Rule kept here: whoever only writes changes down (an API node) needs to know what a system wants
to hear, and opens no way to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.delivery.couriers import Courier, Outlet
from gateway.delivery.endpoints import ErpEndpoint, kinds_told
from gateway.delivery.erp_files import FileCourier, TableCourier
from gateway.delivery.erp_rows import ErpShelf
from gateway.delivery.erp_telling import ApiCourier
from gateway.domain.errors import NotOffered
from gateway.ports.erp import ErpDialect, ErpTransport
from gateway.ports.erp_systems import ErpSystem
from gateway.ports.tenancy import Directory
from gateway.transport.opening import Sessions, open_box, open_shared

Spoken = Callable[[ErpSystem], ErpDialect]
"""The language of a system, as its options shape it."""
API_WIDTH: Final = 4
"""Most conversations with one ERP at once."""
API_MOST: Final = 200
FILES_MOST: Final = 10_000
"""Most events of one round: so many may share a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What opening a way needs beside the settings. ``machine`` is the machine's clock."""

    sessions: Sessions
    machine: Callable[[], datetime]
    scratch: Path
    """A folder of this process alone."""


def erp_endpoints(directory: Directory, spoken: Spoken) -> tuple[ErpEndpoint, ...]:
    """The systems that are told anything at all."""
    found = (
        ErpEndpoint(
            system=system,
            owner=tenant,
            kinds=kinds_told(system, dialect),
            per_source=dialect.per_source,
        )
        for tenant in directory.tenants.values()
        for system in tenant.erps.values()
        for dialect in (spoken(system),)
    )
    return tuple(it for it in found if it.kinds)


def erp_outlets(
    endpoints: Sequence[ErpEndpoint], spoken: Spoken, around: Surroundings
) -> Iterator[Outlet]:
    """A way with connections of its own to each. Raises Refused for settings that cannot be."""
    for endpoint in endpoints:
        courier, width, most = _courier(endpoint, spoken(endpoint.system), around)
        yield Outlet(shelf=ErpShelf(endpoint=endpoint, most=most), courier=courier, width=width)


def _courier(
    endpoint: ErpEndpoint, dialect: ErpDialect, around: Surroundings
) -> tuple[Courier, int, int]:
    """Who carries, how many parcels at once, and how many events in a round."""
    system = endpoint.system
    if system.transport in {ErpTransport.FOLDER, ErpTransport.SFTP}:
        whose = hashlib.sha256(f"{system.tenant}\0{system.id}".encode()).hexdigest()[:16]
        scratch = around.scratch / f"out-{whose}"
        return FileCourier(open_box(system, scratch, endpoint.owner.reach), dialect), 1, FILES_MOST
    if system.transport is ErpTransport.TABLES and dialect.tables is not None:
        box = open_shared(system, around.machine)
        return TableCourier(box, dialect.tables(system.options)), 1, API_MOST
    if dialect.api is None:
        raise NotOffered(
            f"{dialect.name} tells nothing over its API", f"{dialect.name} 不支持接口回写"
        )
    api = dialect.api(system.options)
    session = around.sessions.of(system, endpoint.owner.reach, api)
    return ApiCourier(session, api), API_WIDTH, API_MOST
