"""What a deployment says about log-ins, with the values that stand when nothing is said."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from gateway.identity.id_tokens import ClaimRules
from gateway.identity.lockout import OF_ADDRESS, Patience
from gateway.identity.mtls import CertificateRule, Network, TrustedProxy
from gateway.identity.oidc import Provider
from gateway.identity.passwords import STANDING_COST, Cost
from gateway.identity.principal import STANDING_STRENGTH, Strength
from gateway.identity.sessions import STANDING_LIFETIMES, Lifetimes

FREE_FAILURES: Final = 9
"""Ten failures in a row cost no waiting in between; the eleventh attempt waits."""
STANDING_PATIENCE: Final = Patience(
    free=FREE_FAILURES,
    first=timedelta(seconds=30),
    longest=timedelta(hours=1),
    forgotten=timedelta(days=1),
    hard_max=100,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOn:
    """One provider of single sign-on. ``name`` stands on its button."""

    id: str
    name: str
    provider: Provider
    rules: ClaimRules


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityOptions:
    """``[identity]``. ``key`` is secret: 32 bytes or more, '' bytes: one in the data folder.

    ``site`` is the WebAuthn relying party, ``origins`` are what browsers call these pages; both
    are empty only with ``plain_http``, where loopback addresses stand for them. ``proxies`` may
    say from where a request came (X-Forwarded-For).
    """

    site: str = ""
    origins: tuple[str, ...] = ()
    plain_http: bool = False
    key: bytes = field(default=b"", repr=False)
    lifetimes: Lifetimes = STANDING_LIFETIMES
    strength: Strength = STANDING_STRENGTH
    of_person: Patience = STANDING_PATIENCE
    of_address: Patience = OF_ADDRESS
    cost: Cost = STANDING_COST
    proxies: tuple[Network, ...] = ()
    sign_on: tuple[SignOn, ...] = ()
    certificates: TrustedProxy | None = None
    certificate_rules: tuple[CertificateRule, ...] = ()

    @property
    def open(self) -> bool:
        """Whether people can log in at all: their pages have an address."""
        return self.plain_http or bool(self.origins)


NO_IDENTITY: Final = IdentityOptions()
