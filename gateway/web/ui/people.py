"""People's log-in as the pages use it, built when the first page is asked for.

Rule kept here: where no people are configured there is nothing: no key is made, no page answers.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

from gateway.bootstrap import Gateway
from gateway.domain.errors import NotFound
from gateway.identity.context import CHECKS_AT_ONCE, Identities
from gateway.identity.cookies import Cookie, cookies_for
from gateway.identity.enrolment import SERVICE, Enrolments
from gateway.identity.log_in import LogIn
from gateway.identity.options import NO_IDENTITY
from gateway.identity.providers import Providers
from gateway.identity.seals import KEY_BYTES
from gateway.identity.webauthn_keys import Site
from gateway.runtime import SystemClock
from gateway.store.own_file import own_file
from gateway.transport.fetch import HttpFetch
from gateway.web.asked import desk_of

KEY_FILE: Final = "identity.key"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """What the pages need to know who somebody is."""

    gateway: Gateway
    identities: Identities
    log_in: LogIn
    enrolments: Enrolments
    providers: Providers
    session: Cookie
    ceremony: Cookie

    def origins(self, request: Request) -> tuple[str, ...]:
        """What browsers may call these pages.

        Over plain http that is the loopback address they were reached at: a name of somebody
        else that leads here (DNS rebinding) is none.
        """
        options = self.identities.options
        if not options.plain_http:
            return options.origins
        host = request.headers.get("host", "")
        return (f"http://{host}",) if _is_loopback(host) else ()

    def site(self, request: Request) -> Site:
        """The relying party of security keys."""
        options = self.identities.options
        named = options.site or (urlsplit(f"//{request.headers.get('host', '')}").hostname or "")
        return Site(id=named, name=SERVICE, origins=self.origins(request))

    def address(self, request: Request) -> str:
        """Where a request came from; a trusted proxy may say so, nobody else."""
        peer = request.client.host if request.client else ""
        told = request.headers.getlist("x-forwarded-for")
        if not told or not self._is_proxy(peer):
            return peer
        return told[-1].rpartition(",")[2].strip()

    def _is_proxy(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self.identities.options.proxies)


def build(gateway: Gateway, now: Callable[[], datetime] | None = None) -> People:
    """The people of a built gateway. ``now`` is the machine's clock unless a test has its own."""
    settings = gateway.settings
    options = settings.identity or NO_IDENTITY
    random = gateway.runtime.random
    root = options.key or own_file(settings.data / KEY_FILE, lambda: random.bytes(KEY_BYTES))
    identities = Identities(
        store=gateway.store,
        runtime=gateway.runtime,
        options=options,
        tenants=settings.directory.tenants,
        root=root,
        now=now or SystemClock().now,
        checking=gateway.runtime.tasks.gate(CHECKS_AT_ONCE),
    )
    log_in = LogIn(identities)
    session, ceremony = cookies_for(host=settings.host, plain_http=options.plain_http)
    return People(
        gateway=gateway,
        identities=identities,
        log_in=log_in,
        enrolments=Enrolments(identities, log_in),
        providers=Providers(identities, log_in, HttpFetch()),
        session=session,
        ceremony=ceremony,
    )


def people_of(request: Request) -> People:
    """The people of the running application. Raises NotFound where none can log in at all."""
    gateway = desk_of(request).gateway
    identity = gateway.settings.identity
    if identity is None or not identity.open:
        raise NotFound("people's log-in is not configured", "未配置人员登录（[identity]）")
    people: People | None = getattr(request.app.state, "people", None)
    if people is None:
        people = request.app.state.people = build(gateway)
    return people


def _is_loopback(host: str) -> bool:
    try:
        return urlsplit(f"//{host}").hostname in _LOOPBACK
    except ValueError:
        return False
