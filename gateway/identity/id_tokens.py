"""What a provider of single sign-on says about a person, believed only when signed for us.

Rules kept here: the signature's algorithm is one of those in the settings, all asymmetric, and
the key one of the provider's own that is meant for signing, so neither ``none`` nor a MAC made
with a public key passes; who the person is here is said by the settings, never by a claim alone.

Source: OpenID Connect Core 1.0, section 3.1.3.7; RFC 8725.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final, cast

from gateway.identity.not_proven import NotProven
from gateway.identity.oidc import Provider, Tokens
from gateway.identity.principal import Method, Proof

if TYPE_CHECKING:
    from joserfc.jwk import KeySet, KeySetSerialization

ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"}
)
"""What the settings may choose from."""
LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
TOKEN_MAX: Final = 16_384
HEADER_MAX: Final = 4_096
_FLAWS: Final = {
    "iss": "token_issuer",
    "aud": "token_audience",
    "azp": "token_audience",
    "nonce": "token_nonce",
}


class PersonClaim(StrEnum):
    """The claim by which a person is known here. ``sub`` never changes hands, others may."""

    SUBJECT = "sub"
    EMAIL = "email"
    """Counts only with ``email_verified``."""
    PREFERRED_USERNAME = "preferred_username"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRules:
    """How claims become a person of ours.

    ``people`` maps the claim's value (e-mail addresses in lower case) to the person's name; who
    is not in it is nobody here.
    ``second_factor_acr`` and ``second_factor_amr`` are values that mean a second factor was used.
    """

    claim: PersonClaim = PersonClaim.SUBJECT
    people: Mapping[str, str] = field(default_factory=dict)
    second_factor_acr: frozenset[str] = frozenset()
    second_factor_amr: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """A checked ID token.

    ``asked_at`` is when the provider last asked the person itself; None when it does not say.
    """

    subject: str
    email: str = field(repr=False)
    """'' unless the provider verified it."""
    preferred_username: str
    acr: str
    amr: tuple[str, ...]
    asked_at: datetime | None


class KeyMissing(NotProven):
    """The token names a key that is not in the set: fetch the set anew, once, and try again."""


def read_id_token(  # noqa: PLR0913 - keyword-only, what a token is held against
    provider: Provider,
    tokens: Tokens,
    *,
    keys: str,
    nonce: str,
    now: datetime,
    oldest: timedelta | None = None,
) -> Claims:
    """Check an ID token in full.

    ``keys`` is the provider's JWK set (JSON), ``nonce`` the one of the ceremony; ``oldest``
    bounds how long ago the person may have been asked (for a step-up). Raises NotProven:
    ``token_malformed``, ``token_algorithm``, ``token_signature``, ``token_issuer``,
    ``token_audience``, ``token_nonce``, ``token_expired``, ``token_claims``,
    ``token_stale``; KeyMissing (``token_key``); ValueError for a provider whose settings allow
    an algorithm that is not in ALGORITHMS.
    """
    if not provider.algorithms or set(provider.algorithms) - ALGORITHMS:
        raise ValueError("only asymmetric signatures are accepted on ID tokens")
    header, said = _signed(provider, tokens.id_token, keys)
    _check_claims(provider, tokens, header, said, nonce=nonce, now=now)
    asked_at = _instant(said.get("auth_time"), now)
    if oldest is not None and (asked_at is None or asked_at + oldest + provider.leeway < now):
        raise NotProven("token_stale")
    if asked_at is not None and asked_at > now + provider.leeway:
        raise NotProven("token_claims")
    amr = said.get("amr")
    return Claims(
        subject=_word(said, "sub"),
        email=_word(said, "email") if said.get("email_verified") is True else "",
        preferred_username=_word(said, "preferred_username"),
        acr=_word(said, "acr"),
        amr=tuple(one for one in amr if isinstance(one, str)) if isinstance(amr, list) else (),
        asked_at=None if asked_at is None else min(asked_at, now),
    )


def person_of(claims: Claims, rules: ClaimRules) -> str:
    """The person of ours whom the claims name. Raises NotProven (``person_unknown``)."""
    value = {
        PersonClaim.SUBJECT: claims.subject,
        PersonClaim.EMAIL: claims.email.casefold(),
        PersonClaim.PREFERRED_USERNAME: claims.preferred_username,
    }[rules.claim]
    person = rules.people.get(value, "") if value else ""
    if not person:
        raise NotProven("person_unknown")
    return person


def proof_of(claims: Claims, rules: ClaimRules) -> Proof:
    """What the provider proved: single sign-on, and whether with a second factor.

    A provider that does not say when it asked may have asked this morning: its proof is as good
    as long ago, and a release asks for a step-up.
    """
    twice = claims.acr in rules.second_factor_acr or rules.second_factor_amr & set(claims.amr)
    return Proof(
        method=Method.OIDC_SECOND_FACTOR if twice else Method.OIDC,
        at=claims.asked_at or LONG_AGO,
        detail=claims.acr,
    )


def _signed(
    provider: Provider, token: str, keys: str
) -> tuple[Mapping[str, object], dict[str, object]]:
    """Header and claims of a token whose signature is right."""
    from joserfc import errors, jwt  # noqa: PLC0415 - start-up
    from joserfc.jws import JWSRegistry  # noqa: PLC0415 - start-up

    if len(token) > TOKEN_MAX:
        raise NotProven("token_malformed")
    try:
        # Providers add header parameters of their own; "crit" still refuses what must be known.
        registry = JWSRegistry(algorithms=provider.algorithms, strict_check_header=False)
        registry.max_header_length = HEADER_MAX
        signed = jwt.decode(token, _signing_keys(keys), registry=registry)
    except errors.InvalidKeyIdError as error:
        raise KeyMissing("token_key") from error
    except errors.BadSignatureError as error:
        raise NotProven("token_signature") from error
    except (errors.UnsupportedAlgorithmError, errors.KeyParameterError) as error:
        raise NotProven("token_algorithm") from error
    except (errors.JoseError, ValueError, TypeError, RecursionError) as error:
        raise NotProven("token_malformed") from error
    return signed.header, signed.claims


def _signing_keys(keys: str) -> KeySet:
    """The provider's keys; which may sign what, the library says. Raises NotProven."""
    from joserfc import errors  # noqa: PLC0415 - start-up
    from joserfc.jwk import KeySet  # noqa: PLC0415 - start-up

    try:
        return KeySet.import_key_set(cast("KeySetSerialization", json.loads(keys)))
    except (errors.JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotProven("provider_answer") from error


def _check_claims(  # noqa: PLR0913 - keyword-only from the fifth on
    provider: Provider,
    tokens: Tokens,
    header: Mapping[str, object],
    said: dict[str, object],
    *,
    nonce: str,
    now: datetime,
) -> None:
    """Issuer, audience, authorized party, times, nonce, hash of the access token."""
    from authlib.oidc.core import CodeIDToken  # noqa: PLC0415 - start-up
    from joserfc import errors  # noqa: PLC0415 - start-up

    checked = CodeIDToken(
        said,
        dict(header),
        options={
            "iss": {"essential": True, "value": provider.issuer},
            "aud": {"essential": True, "value": provider.client_id},
            "sub": {"essential": True},
        },
        params={
            "client_id": provider.client_id,
            "nonce": nonce,
            "access_token": tokens.access_token,
        },
    )
    try:
        if not nonce:
            raise NotProven("token_nonce")
        checked.validate(now=int(now.timestamp()), leeway=int(provider.leeway.total_seconds()))
    except errors.ExpiredTokenError as error:
        raise NotProven("token_expired") from error
    except (errors.InvalidClaimError, errors.MissingClaimError) as error:
        raise NotProven(_FLAWS.get(str(getattr(error, "claim", "")), "token_claims")) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise NotProven("token_claims") from error


def _instant(value: object, now: datetime) -> datetime | None:
    """A NumericDate as an instant in the time zone of ``now``; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(int(value), tz=now.tzinfo)
    except (OverflowError, ValueError, OSError):
        return None


def _word(said: Mapping[str, object], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""
