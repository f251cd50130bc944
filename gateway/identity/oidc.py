"""Single sign-on: the authorization code flow of OpenID Connect, with PKCE, state and nonce.

Rules kept here: the browser carries nothing but a code, which is worth nothing without the
verifier that stayed here; an answer counts for the ceremony of this very browser and once; HTTP
is made by a passed-in callable, addresses come from the settings or the provider's own
description under them.

Source: OpenID Connect Core 1.0, RFC 6749, RFC 7636 (PKCE), RFC 9207 (issuer in the answer).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Final, Protocol
from urllib.parse import parse_qsl, quote, urlsplit

from gateway.identity.not_proven import NotProven

DRAWN_BYTES: Final = 96
"""Random bytes per ceremony: 32 each for state, nonce and verifier."""
QUERY_MAX: Final = 8_192
_OK: Final = 200
_READING: Final = MappingProxyType({"Accept": "application/json"})
_FORM: Final = "application/x-www-form-urlencoded"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider of single sign-on, as the settings name it. ``client_secret`` is secret.

    ``algorithms`` are the signatures accepted on ID tokens; asymmetric ones only. ``acr`` are
    classes of authentication to ask for, '' leaves it to the provider.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    scopes: tuple[str, ...] = ("openid",)
    algorithms: tuple[str, ...] = ("RS256", "PS256", "ES256")
    acr: str = ""
    leeway: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where a provider is reached: from its description, or written into the settings."""

    authorization: str
    token: str
    keys: str
    names_itself: bool = False
    """Whether it sends its issuer along with the code (RFC 9207)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Where to send the browser, and what must be kept until it comes back."""

    url: str = field(repr=False)
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)

    def words(self) -> tuple[str, str, str]:
        """What a ceremony keeps: state, nonce, verifier."""
        return self.state, self.nonce, self.verifier


class Fetch(Protocol):
    """One HTTP exchange: certificates checked, redirects not followed, time and size bounded.

    Raises NotSent or Unconfirmed when there is no whole answer.
    """

    def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, /
    ) -> Awaitable[tuple[int, bytes]]:
        """Status and body of the answer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What the provider gave for a code. Both are secret."""

    id_token: str = field(repr=False)
    access_token: str = field(default="", repr=False)


async def discover(issuer: str, fetch: Fetch) -> Endpoints:
    """Read the provider's own description.

    Raises NotProven: ``provider_answer`` (unreadable), ``provider_other`` (it calls itself
    otherwise), ``provider_plain`` (an address without https; loopback excepted).
    """
    url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    said = _object(await fetch("GET", _secure(url, issuer), _READING, b""))
    if said.get("issuer") != issuer:
        raise NotProven("provider_other")
    return Endpoints(
        authorization=_secure(_text(said, "authorization_endpoint"), issuer),
        token=_secure(_text(said, "token_endpoint"), issuer),
        keys=_secure(_text(said, "jwks_uri"), issuer),
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
    )


def depart(
    provider: Provider, endpoints: Endpoints, *, drawn: bytes, step_up: bool = False
) -> Departure:
    """Draw state, nonce and verifier of 96 random bytes and make the address to go to.

    With ``step_up`` the provider must ask the person again, however lately it did. Raises
    ValueError for another number of bytes.
    """
    if len(drawn) != DRAWN_BYTES:
        raise ValueError("a departure is drawn of 96 bytes")
    from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # noqa: PLC0415 - start-up

    third = DRAWN_BYTES // 3
    state, nonce, verifier = (
        _unpadded(drawn[at : at + third]) for at in range(0, DRAWN_BYTES, third)
    )
    wishes = {"acr_values": provider.acr} if provider.acr else {}
    if step_up:
        wishes |= {"prompt": "login", "max_age": "0"}
    url = prepare_grant_uri(
        endpoints.authorization,
        provider.client_id,
        "code",
        redirect_uri=provider.redirect_uri,
        scope=" ".join(provider.scopes),
        state=state,
        nonce=nonce,
        code_challenge=_unpadded(hashlib.sha256(verifier.encode()).digest()),
        code_challenge_method="S256",
        **wishes,
    )
    return Departure(url=url, state=state, nonce=nonce, verifier=verifier)


def read_return(provider: Provider, endpoints: Endpoints, query: str, *, state: str) -> str:
    """The code in the query the browser came back with.

    Raises NotProven: ``return_malformed``, ``return_state`` (not this browser's ceremony),
    ``return_issuer`` (another provider's answer), ``return_refused`` (the provider says no).
    """
    pairs = parse_qsl(query[:QUERY_MAX], keep_blank_values=True)
    said = dict(pairs)
    if len(query) > QUERY_MAX or len(said) != len(pairs):
        raise NotProven("return_malformed")
    if not hmac.compare_digest(said.get("state", "").encode(), state.encode()):
        raise NotProven("return_state")
    if said.get("iss", "" if endpoints.names_itself else provider.issuer) != provider.issuer:
        raise NotProven("return_issuer")
    if "error" in said:
        raise NotProven("return_refused")
    if not said.get("code"):
        raise NotProven("return_malformed")
    return said["code"]


async def redeem(
    provider: Provider, endpoints: Endpoints, *, code: str, verifier: str, fetch: Fetch
) -> Tokens:
    """Exchange the code for tokens.

    The client proves itself by its secret (``client_secret_basic``), a public client by the
    verifier alone. Raises NotProven (``provider_answer``, ``code_refused``).
    """
    from authlib.oauth2.rfc6749.parameters import prepare_token_request  # noqa: PLC0415

    named = {} if provider.client_secret else {"client_id": provider.client_id}
    body = prepare_token_request(
        "authorization_code",
        redirect_uri=provider.redirect_uri,
        code=code,
        code_verifier=verifier,
        **named,
    )
    headers = {**_READING, "Content-Type": _FORM}
    if provider.client_secret:
        pair = f"{quote(provider.client_id, safe='')}:{quote(provider.client_secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    answer = await fetch("POST", endpoints.token, headers, body.encode())
    said = _object(answer, refused="code_refused")
    token = said.get("access_token", "")
    return Tokens(
        id_token=_text(said, "id_token"), access_token=token if isinstance(token, str) else ""
    )


async def provider_keys(endpoints: Endpoints, fetch: Fetch) -> str:
    """The provider's public keys (a JWK set, JSON). Raises NotProven (``provider_answer``)."""
    return json.dumps(_object(await fetch("GET", endpoints.keys, _READING, b"")))


def _object(answer: tuple[int, bytes], *, refused: str = "provider_answer") -> dict[str, object]:
    """The JSON object of an answer. Raises NotProven."""
    status, body = answer
    if status != _OK:
        raise NotProven(refused)
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotProven("provider_answer") from error
    if not isinstance(said, dict):
        raise NotProven("provider_answer")
    return said


def _text(said: Mapping[str, object], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value:
        raise NotProven("provider_answer")
    return value


def _unpadded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _secure(url: str, issuer: str) -> str:
    """The address itself, if it is https. Raises NotProven (``provider_plain``).

    Plain http is possible on this machine, and only where the issuer is there as well: else a
    provider could have the client's secret sent to whatever listens here.
    """
    scheme, host = _place(url)
    if host and scheme == "https":
        return url
    if scheme == "http" and host in _LOOPBACK and _place(issuer)[1] in _LOOPBACK:
        return url
    raise NotProven("provider_plain")


def _place(url: str) -> tuple[str, str]:
    """Scheme and host of an address, '' for what is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.scheme, parts.hostname or ""
