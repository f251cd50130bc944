"""Who a request comes from, and how that was proven.

Rule kept here: whether a proof is strong enough is asked in one place, by the weight of the
action; a machine's proof is never enough for what a person must decide, and a second factor
counts for weighty actions only while it is fresh.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Final

from gateway.domain.decision import Actor, ActorKind


class Method(StrEnum):
    """How an identity was proven. The words are stored with sessions."""

    KEY_SIGNATURE = "key_signature"
    """Each request signed with the HMAC of an API key."""
    CLIENT_CERTIFICATE = "client_certificate"
    PASSWORD = "password"  # noqa: S105 - the name of a method
    TOTP = "totp"
    RECOVERY_CODE = "recovery_code"
    WEBAUTHN = "webauthn"
    """A security key or passkey that also verified its user."""
    OIDC = "oidc"
    """Single sign-on; the provider said nothing of a second factor."""
    OIDC_SECOND_FACTOR = "oidc_second_factor"
    """Single sign-on with an ``acr`` or ``amr`` that the settings take for a second factor."""


SECOND_FACTORS: Final = frozenset({Method.TOTP, Method.WEBAUTHN, Method.OIDC_SECOND_FACTOR})
"""What counts as a second factor. A recovery code lets a person in to enrol anew, no further."""


class Weight(IntEnum):
    """How much an action asks of the proof."""

    LOOK = 1
    """Reading."""
    ENTER = 2
    """Whatever others still have to release."""
    RELEASE = 3
    """What lets money go, or changes who may: release, resolve, lift a stop, change controls."""


class Lack(StrEnum):
    """What is missing before an action may go on; the page asks for exactly that."""

    PERSON = "person"
    """A machine, or a key alone, cannot do this: a person must log in."""
    SECOND_FACTOR = "second_factor"
    """Bring a second factor of an accepted kind."""
    FRESH_SECOND_FACTOR = "fresh_second_factor"
    """Bring it again: the last one is too long ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One thing that was shown, and when. ``detail`` names it: a key's id, an ``acr``."""

    method: Method
    at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The identity of one request: who, of which tenant, proven how.

    ``session`` is the digest of the session it came with, '' for machines.
    """

    tenant: str
    actor: Actor
    proofs: tuple[Proof, ...]
    session: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """What the deployment asks for.

    ``factors`` are the second factors accepted for RELEASE, ``fresh`` how long one counts;
    ``enter_with_factor`` asks people for one when they enter something as well.
    ``person_keys`` lets an API key of kind person release by signature alone: for automated
    tests and demonstrations, never where people log in.
    """

    factors: frozenset[Method] = SECOND_FACTORS
    fresh: timedelta = timedelta(minutes=5)
    enter_with_factor: bool = False
    person_keys: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError when something is named a second factor that is none."""
        if not self.factors or self.factors - SECOND_FACTORS:
            raise ValueError("only totp, webauthn and oidc_second_factor are second factors")


STANDING_STRENGTH: Final = Strength()


def strong_enough(
    principal: Principal, weight: Weight, *, now: datetime, strength: Strength = STANDING_STRENGTH
) -> Lack | None:
    """What the proofs lack for an action of this weight; None when nothing."""
    methods = {proof.method for proof in principal.proofs}
    if not methods:
        return Lack.PERSON
    if weight is Weight.LOOK:
        return None
    if weight is Weight.ENTER:
        asked = strength.enter_with_factor and principal.actor.kind is ActorKind.PERSON
        keyed = Method.KEY_SIGNATURE in methods
        lacking = asked and not keyed and not methods & SECOND_FACTORS
        return Lack.SECOND_FACTOR if lacking else None
    if principal.actor.kind is not ActorKind.PERSON:
        return Lack.PERSON
    if not principal.session:
        allowed = strength.person_keys and Method.KEY_SIGNATURE in methods
        return None if allowed else Lack.PERSON
    return _lack_of(strength.factors, principal.proofs, now, strength)


def may_enrol(
    principal: Principal,
    *,
    enrolled: bool,
    now: datetime,
    strength: Strength = STANDING_STRENGTH,
) -> Lack | None:
    """What is missing before somebody adds or removes a second factor of their own.

    Who is ``enrolled`` already shows a factor or a recovery code just before: else a stolen
    password would be enough to bring a factor along. Who is not must have logged in just now.
    """
    if principal.actor.kind is not ActorKind.PERSON or not principal.session:
        return Lack.PERSON
    accepted = SECOND_FACTORS | {Method.RECOVERY_CODE} if enrolled else frozenset(Method)
    return _lack_of(accepted, principal.proofs, now, strength)


def _lack_of(
    accepted: Collection[Method], proofs: Collection[Proof], now: datetime, strength: Strength
) -> Lack | None:
    """Whether one of these was shown, and lately.

    A proof dated after ``now`` is not fresh: it was made under another clock.
    """
    shown = [proof for proof in proofs if proof.method in accepted]
    if not shown:
        return Lack.SECOND_FACTOR
    if any(proof.at <= now < proof.at + strength.fresh for proof in shown):
        return None
    return Lack.FRESH_SECOND_FACTOR
