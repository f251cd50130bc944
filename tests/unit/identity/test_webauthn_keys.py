"""Security keys: registered, used, and every answer that must not count."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.not_proven import NotProven
from gateway.identity.webauthn_keys import (
    SecurityKey,
    Site,
    authenticate,
    authentication_options,
    register,
    registration_options,
)
from tests.identity_ground import KEY, NOW, SoftwareKey, drawn, unpadded
from tests.records import replace

SITE = Site(id="gateway.example.com", name="银企直联网关", origins=("https://gateway.example.com",))
CHALLENGE = drawn(32, 1)
OTHER = drawn(32, 2)


def software(**changes) -> SoftwareKey:
    return SoftwareKey(**{"site": SITE.id, "origin": SITE.origins[0]} | changes)


def registered(answer: str, *, person: str = "wang", key: bytes = KEY) -> SecurityKey:
    return register(
        SITE,
        answer,
        challenge=CHALLENGE,
        tenant="acme",
        person=person,
        label="蓝色钥匙",
        key=key,
        now=NOW,
    )


def enrolled(device: SoftwareKey, *, key: bytes = KEY) -> SecurityKey:
    return registered(device.create(CHALLENGE), key=key)


def refused_registration(answer: str) -> str:
    with pytest.raises(NotProven) as refused:
        registered(answer)
    return refused.value.flaw


def flaw(answer: str, *keys: SecurityKey, challenge: bytes = OTHER) -> str:
    with pytest.raises(NotProven) as refused:
        authenticate(SITE, answer, challenge=challenge, keys=keys, key=KEY)
    return refused.value.flaw


def test_a_key_is_registered_and_used_and_its_counter_kept():
    device = software()
    stored = enrolled(device)
    assert (stored.id, stored.sign_count, stored.person) == (device.id, 1, "wang")
    for count in (2, 3):
        stored = authenticate(SITE, device.get(OTHER), challenge=OTHER, keys=[stored], key=KEY)
        assert stored.sign_count == count


def test_a_key_without_a_counter_can_be_used_again():
    device = software(counts=False)
    stored = enrolled(device)
    for _ in range(2):
        stored = authenticate(SITE, device.get(OTHER), challenge=OTHER, keys=[stored], key=KEY)
    assert stored.sign_count == 0


def test_the_page_is_told_to_have_the_user_verified():
    stored = enrolled(software())
    create = json.loads(
        registration_options(
            SITE, person="wang", handle=drawn(64), challenge=CHALLENGE, existing=[stored]
        )
    )
    assert create["rp"] == {"id": SITE.id, "name": SITE.name}
    assert create["challenge"] == unpadded(CHALLENGE)
    assert create["authenticatorSelection"]["userVerification"] == "required"
    assert [one["id"] for one in create["excludeCredentials"]] == [unpadded(stored.id)]
    get = json.loads(authentication_options(SITE, challenge=OTHER, keys=[stored]))
    assert get["userVerification"] == "required"
    assert [one["id"] for one in get["allowCredentials"]] == [unpadded(stored.id)]


def test_a_challenge_is_random_enough():
    with pytest.raises(ValueError, match="32"):
        authentication_options(SITE, challenge=b"", keys=[])
    with pytest.raises(ValueError, match="32"):
        registration_options(SITE, person="wang", handle=b"h", challenge=b"c", existing=[])


# ── attacks ──────────────────────────────────────────────────────────────────────────────────


def test_registration_refuses_what_is_not_of_this_page_this_moment_or_this_person():
    device = software()
    answers = [
        device.create(OTHER),
        device.create(CHALLENGE, verified=False),
        device.create(CHALLENGE, origin="https://gateway.example.com.evil.example"),
        device.create(CHALLENGE, type="webauthn.get"),
        software(site="evil.example").create(CHALLENGE),
        device.get(CHALLENGE),
    ]
    assert {refused_registration(answer) for answer in answers} == {"webauthn_refused"}


def test_an_answer_to_another_challenge_does_not_count():
    device = software()
    stored = enrolled(device)
    answer = device.get(OTHER)
    assert flaw(answer, stored, challenge=drawn(32, 3)) == "webauthn_refused"


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "https://gateway.example.com.evil.example"},
        {"origin": "http://gateway.example.com"},
        {"type": "webauthn.create"},
        {"verified": False},
    ],
)
def test_an_answer_from_another_page_or_without_its_user_does_not_count(changes):
    device = software()
    stored = enrolled(device)
    assert flaw(device.get(OTHER, **changes), stored) == "webauthn_refused"


def test_a_key_of_another_site_does_not_count():
    device = software()
    stored = enrolled(device)
    device.site = "evil.example"
    assert flaw(device.get(OTHER), stored) == "webauthn_refused"


def test_a_key_that_is_not_this_persons_is_unknown():
    device = software()
    enrolled(device)
    assert flaw(device.get(OTHER), enrolled(software())) == "webauthn_unknown"
    assert flaw(device.get(OTHER)) == "webauthn_unknown"


def test_a_signature_by_another_key_does_not_count():
    device, mallory = software(), software()
    stored = enrolled(device)
    mallory.id = device.id
    mallory.count = 7
    assert flaw(mallory.get(OTHER), stored) == "webauthn_refused"


def test_a_copied_key_shows_by_its_counter():
    device = software()
    stored = enrolled(device)
    answer = device.get(OTHER)
    used = authenticate(SITE, answer, challenge=OTHER, keys=[stored], key=KEY)
    assert flaw(answer, used) == "webauthn_copied"
    device.count = 0
    assert flaw(device.get(OTHER), replace(used)) == "webauthn_copied"


def test_a_counter_that_falls_to_nothing_is_a_copy_too():
    device = software()
    stored = enrolled(device)
    device.step = device.count = 0
    assert flaw(device.get(OTHER), stored) == "webauthn_copied"


@pytest.mark.parametrize(
    "changes",
    [
        {"person": "chen"},
        {"tenant": "globex"},
        {"sign_count": 0},
        {"public_key": b"mine"},
        {"seal": b""},
    ],
)
def test_a_row_that_was_changed_opens_nothing(changes):
    device = software()
    stored = replace(enrolled(device), **changes)
    assert flaw(device.get(OTHER), stored) == "webauthn_altered"


def test_a_row_written_without_our_key_opens_nothing():
    device = software()
    assert flaw(device.get(OTHER), enrolled(device, key=bytes(32))) == "webauthn_altered"


MALFORMED = [
    "",
    "null",
    "[]",
    '"text"',
    "{}",
    '{"rawId": 1}',
    '{"rawId": "é"}',
    "[" * 20_000,
    "x" * 100_000,
]


@pytest.mark.parametrize("answer", MALFORMED, ids=lambda answer: answer[:12])
def test_what_is_no_answer_is_refused(answer):
    stored = enrolled(software())
    assert refused_registration(answer) == "webauthn_refused"
    assert flaw(answer, stored) in ("webauthn_refused", "webauthn_unknown")


DEVICE = software()
STORED = enrolled(DEVICE)
ANSWERS = {
    "get": json.loads(DEVICE.get(OTHER)),
    "create": json.loads(DEVICE.create(CHALLENGE)),
}


@given(st.data(), st.sampled_from(["get", "create"]))
def test_no_answer_however_damaged_raises_anything_else(data, kind):
    answer = json.loads(json.dumps(ANSWERS[kind]))
    field = data.draw(st.sampled_from(sorted(answer["response"])))
    text = answer["response"][field]
    junk = st.one_of(st.binary(max_size=300).map(unpadded), st.none(), st.integers(), st.text())
    place = data.draw(st.integers(0, len(text) - 1))
    cut = st.sampled_from([text[:place], text[:place] + "AAAA" + text[place + 4 :]])
    answer["response"][field] = data.draw(st.one_of(junk, cut))
    if answer["response"][field] == text:
        return
    if kind == "get":
        assert flaw(json.dumps(answer), STORED) == "webauthn_refused"
    elif field == "clientDataJSON" or answer["response"][field] != text[:place]:
        with contextlib.suppress(NotProven):  # an unsigned attestation may survive a changed byte
            registered(json.dumps(answer))
    else:
        assert refused_registration(json.dumps(answer)) == "webauthn_refused"
