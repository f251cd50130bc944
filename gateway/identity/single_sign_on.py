"""One provider of single sign-on in use: from "log in" to a person with a proof.

Rule kept here: the provider's description and keys are fetched when they are needed and kept
for an hour; a token whose key is not among them has them fetched anew, but at most once a
minute, so that invented tokens do not become calls to the provider.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.identity.id_tokens import (
    ClaimRules,
    Claims,
    KeyMissing,
    person_of,
    proof_of,
    read_id_token,
)
from gateway.identity.not_proven import NotProven
from gateway.identity.oidc import (
    Departure,
    Endpoints,
    Fetch,
    Provider,
    Tokens,
    depart,
    discover,
    provider_keys,
    read_return,
    redeem,
)
from gateway.identity.principal import Proof

KEPT: Final = timedelta(hours=1)
ANEW_AFTER: Final = timedelta(minutes=1)
STEP_UP_OLDEST: Final = timedelta(minutes=2)
"""How long ago the provider may have asked the person when it was told to ask anew."""
_WORDS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """Who came back from the provider, and what it proved."""

    person: str
    proof: Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    endpoints: Endpoints
    keys: str
    at: datetime


class SingleSignOn:
    """Sends browsers to one provider and reads what they bring back."""

    def __init__(self, provider: Provider, rules: ClaimRules, fetch: Fetch) -> None:
        self._provider = provider
        self._rules = rules
        self._fetch = fetch
        self._known: _Known | None = None

    async def depart(
        self, *, drawn: bytes, now: datetime, step_up: bool = False
    ) -> tuple[str, tuple[str, ...]]:
        """The address to send the browser to, and the words its ceremony keeps.

        ``drawn`` are 96 fresh random bytes. Raises NotProven as ``discover``, and NotSent or
        Unconfirmed when the provider cannot be reached.
        """
        known = await self._learn(now)
        going: Departure = depart(self._provider, known.endpoints, drawn=drawn, step_up=step_up)
        return going.url, (*going.words(), "step_up" if step_up else "")

    async def arrive(self, query: str, *, words: tuple[str, ...], now: datetime) -> Arrived:
        """Who came back with ``query``; ``words`` are those of the ceremony, taken by now.

        Raises NotProven as ``read_return``, ``redeem``, ``read_id_token``, ``person_of``, and
        NotSent or Unconfirmed when the provider cannot be reached.
        """
        if len(words) != _WORDS:
            raise NotProven("ceremony_altered")
        state, nonce, verifier, step_up = words
        known = await self._learn(now)
        code = read_return(self._provider, known.endpoints, query, state=state)
        tokens = await redeem(
            self._provider, known.endpoints, code=code, verifier=verifier, fetch=self._fetch
        )
        oldest = STEP_UP_OLDEST if step_up else None
        claims = await self._claims(tokens, nonce=nonce, now=now, oldest=oldest)
        return Arrived(person=person_of(claims, self._rules), proof=proof_of(claims, self._rules))

    async def _claims(
        self, tokens: Tokens, *, nonce: str, now: datetime, oldest: timedelta | None
    ) -> Claims:
        known = await self._learn(now)
        try:
            return read_id_token(
                self._provider, tokens, keys=known.keys, nonce=nonce, now=now, oldest=oldest
            )
        except KeyMissing:
            if now - known.at < ANEW_AFTER:
                raise
        known = await self._learn(now, anew=True)
        return read_id_token(
            self._provider, tokens, keys=known.keys, nonce=nonce, now=now, oldest=oldest
        )

    async def _learn(self, now: datetime, *, anew: bool = False) -> _Known:
        known = self._known
        if known is not None and not anew and now - known.at < KEPT:
            return known
        endpoints = await discover(self._provider.issuer, self._fetch)
        keys = await provider_keys(endpoints, self._fetch)
        self._known = _Known(endpoints=endpoints, keys=keys, at=now)
        return self._known
