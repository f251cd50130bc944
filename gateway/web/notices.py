"""Where a bank posts what it tells by itself (动账通知), behind a door of its own.

Rule kept here: a connection without a door, an unknown one and a wrong secret look the same; all
that the settings name must hold.
"""

from __future__ import annotations

import hashlib
import hmac
from ipaddress import ip_address
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.ids import TenantId
from gateway.domain.message import WireReply
from gateway.identity.not_proven import NotProven
from gateway.ports.events import SIGNATURE_REFUSED
from gateway.ports.tenancy import Connection, NoticeDoor, Tenant
from gateway.store.tenancy import acting_for
from gateway.web.asked import Desk, desk_of, json_response
from gateway.web.bodies import read_body
from gateway.web.problems import NotAuthenticated

MOST: Final = 64 << 10
"""Most bytes of a notice."""
SECRET_HEADER: Final = "X-Notice-Secret"  # noqa: S105 - a header's name
_NOBODY: Final = NoticeDoor(secret=b"no such door: compared all the same")


async def post(request: Request) -> Response:
    """Take a notice in; 200 once it is durable, also when it came before."""
    desk = desk_of(request)
    tenant, connection = _let_in(request, desk)
    body = await read_body(request, MOST)
    kind = request.headers.get("content-type", "")
    posted = WireReply(0, kind, body)
    with acting_for((tenant.id,)):
        new = await desk.gateway.front.notices.take(tenant, connection, posted)
    return json_response({"taken": new})


def _let_in(request: Request, desk: Desk) -> tuple[Tenant, Connection]:
    """The connection whose bank this is. Raises NotAuthenticated."""
    tenants = desk.gateway.settings.directory.tenants
    tenant = tenants.get(TenantId(str(request.path_params["tenant"])))
    name = str(request.path_params["connection"])
    connection = tenant.connections.get(name) if tenant is not None else None
    door = connection.notices if connection is not None else None
    holds = _holds(request, desk, door or _NOBODY)
    if tenant is None or connection is None or door is None or not holds:
        desk.gateway.runtime.log.tell(SIGNATURE_REFUSED, flaw="notice")
        raise NotAuthenticated
    return tenant, connection


def _holds(request: Request, desk: Desk, door: NoticeDoor) -> bool:
    """Whether everything that the door asks for is there."""
    shown = request.headers.getlist(SECRET_HEADER)
    secret = shown[0].encode("latin-1") if len(shown) == 1 else b""
    holds = not door.secret or hmac.compare_digest(door.secret, secret)
    if door.peers:
        holds &= _from_peer(request, door)
    if door.certificate:
        holds &= hmac.compare_digest(door.certificate, _fingerprint(request, desk))
    return holds


def _from_peer(request: Request, door: NoticeDoor) -> bool:
    """The address of the socket, never one from a header."""
    try:
        peer = ip_address(request.client.host if request.client else "")
    except ValueError:
        return False
    mapped = getattr(peer, "ipv4_mapped", None)
    return any((mapped or peer) in network for network in door.peers)


def _fingerprint(request: Request, desk: Desk) -> str:
    """That of the certificate a trusted proxy passed on; '' where there is none."""
    try:
        der = desk.door.certificates.shown(request)
    except NotProven:
        return ""
    return hashlib.sha256(der).hexdigest() if der is not None else ""
