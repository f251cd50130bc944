"""The cookies that carry a session or an unfinished log-in.

Rule kept here: ``__Host-``, Secure, HttpOnly, SameSite; plain http is an exception for a
demonstration on this very machine and cannot be had anywhere else.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from gateway.domain.errors import NotPermitted
from gateway.identity.not_proven import NotProven

_HEADER_MAX: Final = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """A cookie's name and attributes, without its value."""

    name: str
    secure: bool
    same_site: str

    def set(self, value: str) -> str:
        """A ``Set-Cookie`` header. It ends with the browser's session, at the latest."""
        secure = "; Secure" if self.secure else ""
        return f"{self.name}={value}; Path=/{secure}; HttpOnly; SameSite={self.same_site}"

    def clear(self) -> str:
        """A ``Set-Cookie`` header that removes it."""
        return f"{self.set('')}; Max-Age=0"

    def read(self, header: str) -> str:
        """The value in a ``Cookie`` header; '' when it is absent or stands there twice.

        Twice means that another site under the same domain planted one; with ``__Host-`` a
        browser does not let that happen, without it nobody can tell which is ours.
        """
        if len(header) > _HEADER_MAX:
            return ""
        pairs = [one.strip().partition("=") for one in header.split(";")]
        values = [value for name, _, value in pairs if name == self.name]
        return values[0] if len(values) == 1 else ""


SESSION: Final = Cookie(name="__Host-gw-session", secure=True, same_site="Strict")
CEREMONY: Final = Cookie(name="__Host-gw-signing-on", secure=True, same_site="Lax")
"""Lax, because the way back from the provider of single sign-on is a link on another site."""
LOCAL_SESSION: Final = Cookie(name="gw-session-local", secure=False, same_site="Strict")
LOCAL_CEREMONY: Final = Cookie(name="gw-signing-on-local", secure=False, same_site="Lax")


def check_origin(origin: str, *, own: Collection[str]) -> None:
    """Raise NotProven (``form_origin``) unless a form was sent by a page of ours.

    ``origin`` is the request's ``Origin`` header, which browsers send with every POST. Asked
    of the log-in form, which has no session yet that its token could be bound to.
    """
    if origin not in own:
        raise NotProven("form_origin")


def cookies_for(*, host: str, plain_http: bool) -> tuple[Cookie, Cookie]:
    """The session's cookie and the ceremony's, for a server that listens on ``host``.

    Raises NotPermitted when plain http is asked for anywhere but on a loopback address.
    """
    if not plain_http:
        return SESSION, CEREMONY
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback:
        raise NotPermitted(
            "people log in over https; plain http is possible on 127.0.0.1 only, for a demo",
            "人员登录须使用 https；明文 http 仅限本机 127.0.0.1 演示",
        )
    return LOCAL_SESSION, LOCAL_CEREMONY
