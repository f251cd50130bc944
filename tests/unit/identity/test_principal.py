"""Whether a proof is strong enough, by weight of the action."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.domain.decision import Actor, ActorKind
from gateway.identity.principal import (
    Lack,
    Method,
    Principal,
    Proof,
    Strength,
    Weight,
    may_enrol,
    strong_enough,
)
from tests.identity_ground import NOW

MACHINE = Actor(kind=ActorKind.MACHINE, name="sap")
PERSON = Actor(kind=ActorKind.PERSON, name="wang")


def principal(*methods: Method, actor: Actor = PERSON, ago: int = 0, session: str = "s"):
    proofs = tuple(Proof(method=it, at=NOW - timedelta(seconds=ago)) for it in methods)
    return Principal(
        tenant="acme",
        actor=actor,
        proofs=proofs,
        session=session if actor.kind is ActorKind.PERSON else "",
    )


@pytest.mark.parametrize("method", [Method.KEY_SIGNATURE, Method.CLIENT_CERTIFICATE])
def test_a_machine_enters_and_looks_but_never_releases(method):
    machine = principal(method, actor=MACHINE)
    anything = Strength(person_keys=True)
    assert strong_enough(machine, Weight.LOOK, now=NOW) is None
    assert strong_enough(machine, Weight.ENTER, now=NOW) is None
    assert strong_enough(machine, Weight.RELEASE, now=NOW, strength=anything) is Lack.PERSON


@pytest.mark.parametrize("method", sorted(set(Method)))
def test_a_release_needs_a_second_factor(method):
    lack = strong_enough(principal(Method.PASSWORD, method), Weight.RELEASE, now=NOW)
    second = {Method.TOTP, Method.WEBAUTHN, Method.OIDC_SECOND_FACTOR}
    assert lack is (None if method in second else Lack.SECOND_FACTOR)


@pytest.mark.parametrize(
    ("ago", "lack"),
    [
        (0, None),
        (299, None),
        (300, Lack.FRESH_SECOND_FACTOR),
        (28_800, Lack.FRESH_SECOND_FACTOR),
        (-1, Lack.FRESH_SECOND_FACTOR),
    ],
)
def test_a_second_factor_counts_for_five_minutes(ago, lack):
    shown = principal(Method.PASSWORD, Method.TOTP, ago=ago)
    assert strong_enough(shown, Weight.RELEASE, now=NOW) is lack


def test_a_deployment_may_accept_security_keys_only():
    strength = Strength(factors=frozenset({Method.WEBAUTHN}))
    for method, lack in ((Method.TOTP, Lack.SECOND_FACTOR), (Method.WEBAUTHN, None)):
        shown = principal(Method.PASSWORD, method)
        assert strong_enough(shown, Weight.RELEASE, now=NOW, strength=strength) is lack


@pytest.mark.parametrize("factors", [frozenset(), frozenset({Method.PASSWORD}), frozenset(Method)])
def test_what_is_no_second_factor_cannot_be_named_one(factors):
    with pytest.raises(ValueError, match="second factors"):
        Strength(factors=factors)


def test_a_person_with_a_key_alone_releases_only_where_that_is_said():
    keyed = principal(Method.KEY_SIGNATURE, session="")
    assert strong_enough(keyed, Weight.RELEASE, now=NOW) is Lack.PERSON
    assert (
        strong_enough(keyed, Weight.RELEASE, now=NOW, strength=Strength(person_keys=True)) is None
    )


def test_a_second_factor_without_a_session_is_no_log_in():
    shown = principal(Method.TOTP, session="")
    assert strong_enough(shown, Weight.RELEASE, now=NOW) is Lack.PERSON


def test_entering_may_be_made_to_need_a_factor_of_people_at_the_page():
    strength = Strength(enter_with_factor=True)

    def lack(who: Principal) -> Lack | None:
        return strong_enough(who, Weight.ENTER, now=NOW, strength=strength)

    assert lack(principal(Method.PASSWORD)) is Lack.SECOND_FACTOR
    assert lack(principal(Method.PASSWORD, Method.TOTP, ago=3600)) is None
    assert lack(principal(Method.KEY_SIGNATURE, actor=MACHINE)) is None
    assert lack(principal(Method.KEY_SIGNATURE, session="")) is None


@pytest.mark.parametrize(
    ("methods", "ago", "enrolled", "lack"),
    [
        ([Method.PASSWORD], 0, False, None),
        ([Method.PASSWORD], 300, False, Lack.FRESH_SECOND_FACTOR),
        ([Method.PASSWORD], 0, True, Lack.SECOND_FACTOR),
        ([Method.OIDC], 0, True, Lack.SECOND_FACTOR),
        ([Method.PASSWORD, Method.TOTP], 0, True, None),
        ([Method.PASSWORD, Method.TOTP], 300, True, Lack.FRESH_SECOND_FACTOR),
        ([Method.PASSWORD, Method.RECOVERY_CODE], 0, True, None),
    ],
)
def test_a_stolen_password_does_not_bring_a_factor_along(methods, ago, enrolled, lack):
    assert may_enrol(principal(*methods, ago=ago), enrolled=enrolled, now=NOW) is lack


def test_only_a_person_at_the_page_enrols():
    keyed = principal(Method.KEY_SIGNATURE, session="")
    assert may_enrol(keyed, enrolled=False, now=NOW) is Lack.PERSON
    machine = principal(Method.KEY_SIGNATURE, actor=MACHINE)
    assert may_enrol(machine, enrolled=False, now=NOW) is Lack.PERSON


def test_nothing_proven_is_nobody():
    assert strong_enough(principal(), Weight.LOOK, now=NOW) is Lack.PERSON
