"""ID tokens: forged, swapped, stale, and the claims a person is known by."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from gateway.identity.id_tokens import (
    LONG_AGO,
    ClaimRules,
    Claims,
    KeyMissing,
    PersonClaim,
    person_of,
    proof_of,
    read_id_token,
)
from gateway.identity.not_proven import NotProven
from gateway.identity.oidc import Provider, Tokens
from gateway.identity.principal import Method, Proof
from tests.identity_ground import NOW, unpadded
from tests.records import replace

ISSUER = "https://login.example.com"
PROVIDER = Provider(
    issuer=ISSUER,
    client_id="gateway",
    client_secret="invented",
    redirect_uri="https://gateway.example.com/sign-on",
)
RSA = RSAKey.generate_key(2048, {"kid": "r1", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "e1", "use": "sig"})
STRANGER = RSAKey.generate_key(2048, {"kid": "r1", "use": "sig"})
KEYS = json.dumps(KeySet([RSA, EC]).as_dict())
SECONDS = int(NOW.timestamp())
NONCE = "the-nonce-of-this-ceremony"
CLAIMS = {
    "iss": ISSUER,
    "sub": "u-17",
    "aud": "gateway",
    "exp": SECONDS + 300,
    "iat": SECONDS - 5,
    "nonce": NONCE,
}


def token(*, key=RSA, alg: str = "RS256", kid: str | None = "r1", **changes) -> str:
    header = {"alg": alg} | ({"kid": kid} if kid else {})
    said = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    return jwt.encode(header, said, key, algorithms=[alg])


def read(text: str, *, access_token: str = "", provider: Provider = PROVIDER, **changes) -> Claims:
    settings = {"keys": KEYS, "nonce": NONCE, "now": NOW} | changes
    return read_id_token(provider, Tokens(id_token=text, access_token=access_token), **settings)


def flaw(text: str, **changes) -> str:
    with pytest.raises(NotProven) as refused:
        read(text, **changes)
    return refused.value.flaw


def test_a_token_signed_for_us_is_read():
    claims = read(token(acr="gold", amr=["pwd", "otp"], preferred_username="wang"))
    assert (claims.subject, claims.acr, claims.amr) == ("u-17", "gold", ("pwd", "otp"))
    assert claims.preferred_username == "wang"
    assert read(token(key=EC, alg="ES256", kid="e1")).subject == "u-17"
    assert read(token(aud=["gateway"])).subject == "u-17"


# ── signatures ───────────────────────────────────────────────────────────────────────────────


def unsigned(alg: str) -> str:
    parts = ({"alg": alg, "typ": "JWT"}, CLAIMS)
    return ".".join([unpadded(json.dumps(part).encode()) for part in parts] + [""])


@pytest.mark.parametrize("alg", ["none", "None", "NONE", ""])
def test_an_unsigned_token_is_refused(alg):
    assert flaw(unsigned(alg)) in ("token_algorithm", "token_malformed")


def test_a_mac_made_with_the_public_key_is_refused():
    parts = ({"alg": "HS256", "kid": "r1"}, CLAIMS)
    signed = ".".join(unpadded(json.dumps(part).encode()) for part in parts)
    mac = hmac.digest(RSA.as_pem(private=False), signed.encode(), "sha256")
    assert flaw(f"{signed}.{unpadded(mac)}") == "token_algorithm"


def test_a_mac_made_with_the_client_secret_is_refused():
    secret = OctKey.import_key(b"invented client secret of thirty-two bytes")
    assert flaw(token(key=secret, alg="HS256")) == "token_algorithm"


def test_a_shared_key_in_the_set_is_not_taken():
    secret = OctKey.import_key(b"invented client secret of thirty-two bytes", {"kid": "s1"})
    keys = json.dumps({"keys": [*json.loads(KEYS)["keys"], secret.as_dict()]})
    assert flaw(token(key=secret, alg="HS256", kid="s1"), keys=keys) in (
        "token_algorithm",
        "token_key",
    )


def test_settings_cannot_allow_a_shared_key_or_none():
    for alg in ("HS256", "none", "RS1"):
        with pytest.raises(ValueError, match="asymmetric"):
            read(token(), provider=replace(PROVIDER, algorithms=("RS256", alg)))
    with pytest.raises(ValueError, match="asymmetric"):
        read(token(), provider=replace(PROVIDER, algorithms=()))


def test_an_algorithm_the_settings_do_not_name_is_refused():
    only_ec = replace(PROVIDER, algorithms=("ES256",))
    assert flaw(token(), provider=only_ec) == "token_algorithm"


def test_a_strangers_signature_is_refused():
    assert flaw(token(key=STRANGER)) == "token_signature"


def test_a_key_brought_along_in_the_header_is_not_used():
    header = {"alg": "RS256", "kid": "r1", "jwk": STRANGER.as_dict(private=False)}
    forged = jws.serialize_compact(header, json.dumps(CLAIMS), STRANGER, algorithms=["RS256"])
    assert flaw(forged) == "token_signature"


def test_a_parameter_of_the_providers_own_is_ignored_unless_it_must_be_understood():
    header = {"alg": "RS256", "kid": "r1", "x-own": 1}
    registry = jws.JWSRegistry(algorithms=["RS256"], strict_check_header=False)

    def signed(**more) -> str:
        body = json.dumps(CLAIMS)
        return jws.serialize_compact(header | more, body, RSA, registry=registry)

    assert read(signed()).subject == "u-17"
    head = unpadded(json.dumps(header | {"crit": ["x-own"]}).encode())
    _, body, mac = signed().split(".")
    assert flaw(f"{head}.{body}.{mac}") == "token_malformed"


def test_a_changed_claim_breaks_the_signature():
    head, _, mac = token().split(".")
    body = unpadded(json.dumps(CLAIMS | {"sub": "u-1"}).encode())
    assert flaw(f"{head}.{body}.{mac}") == "token_signature"


def test_a_key_that_is_not_in_the_set_is_told_apart():
    with pytest.raises(KeyMissing):
        read(token(kid="r2"))


def test_a_key_meant_for_encryption_signs_nothing():
    keys = json.loads(KEYS)
    keys["keys"][0]["use"] = "enc"
    with pytest.raises(KeyMissing):
        read(token(), keys=json.dumps(keys))


@pytest.mark.parametrize("text", ["", "a.b.c", "....", "é", token() + ".x", "x" * 20_000])
def test_what_is_no_token_is_malformed(text):
    assert flaw(text) == "token_malformed"


@pytest.mark.parametrize("keys", ["", "[]", "{}", '{"keys": 1}', '{"keys": [1]}', '{"keys": []}'])
def test_what_is_no_key_set_is_the_providers_fault(keys):
    assert flaw(token(), keys=keys) == "provider_answer"


# ── claims ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"iss": "https://login.example.com/"}, "token_issuer"),
        ({"iss": "https://evil.example"}, "token_issuer"),
        ({"iss": None}, "token_issuer"),
        ({"aud": "another client"}, "token_audience"),
        ({"aud": ["another client", "third"]}, "token_audience"),
        ({"aud": []}, "token_audience"),
        ({"aud": None}, "token_audience"),
        ({"aud": ["gateway", "another client"]}, "token_audience"),
        ({"aud": ["gateway", "another client"], "azp": "another client"}, "token_audience"),
        ({"azp": "another client"}, "token_audience"),
        ({"nonce": "of another ceremony"}, "token_nonce"),
        ({"nonce": ""}, "token_nonce"),
        ({"nonce": None}, "token_nonce"),
        ({"nonce": [NONCE]}, "token_nonce"),
        ({"exp": SECONDS - 60}, "token_expired"),
        ({"exp": SECONDS - 99_999}, "token_expired"),
        ({"exp": None}, "token_claims"),
        ({"exp": str(SECONDS + 300)}, "token_claims"),
        ({"exp": True}, "token_claims"),
        ({"iat": SECONDS + 61}, "token_claims"),
        ({"iat": None}, "token_claims"),
        ({"iat": "now"}, "token_claims"),
        ({"nbf": SECONDS + 61}, "token_claims"),
        ({"sub": None}, "token_claims"),
        ({"sub": ""}, "token_claims"),
        ({"sub": 17}, "token_claims"),
        ({"auth_time": SECONDS + 61}, "token_claims"),
        ({"auth_time": "yesterday"}, "token_claims"),
    ],
    ids=str,
)
def test_a_token_not_for_us_not_now_or_not_of_this_ceremony_is_refused(changes, found):
    assert flaw(token(**changes)) == found


def test_a_ceremony_without_a_nonce_reads_no_token():
    assert flaw(token(nonce=None), nonce="") == "token_nonce"


def test_clocks_may_differ_by_the_leeway():
    assert read(token(exp=SECONDS - 59)).subject == "u-17"
    assert read(token(iat=SECONDS + 60)).subject == "u-17"
    assert read(token(auth_time=SECONDS + 60)).asked_at == NOW  # never later than now
    assert read(token(aud=["gateway", "other"], azp="gateway")).subject == "u-17"


def test_an_access_token_that_was_swapped_is_noticed():
    half = hashlib.sha256(b"the access token").digest()[:16]
    at_hash = base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    assert read(token(at_hash=at_hash), access_token="the access token").subject == "u-17"
    assert flaw(token(at_hash=at_hash), access_token="another") == "token_claims"


# ── step-up ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("auth_time", "found"),
    [
        (SECONDS - 5, ""),
        (SECONDS - 180, ""),
        (SECONDS - 181, "token_stale"),
        (SECONDS - 3600, "token_stale"),
        (None, "token_stale"),
        (True, "token_stale"),
    ],
)
def test_a_step_up_needs_the_person_to_have_been_asked_just_now(auth_time, found):
    text = token(auth_time=auth_time)
    oldest = timedelta(minutes=2)
    if found:
        assert flaw(text, oldest=oldest) == found
    else:
        assert int(read(text, oldest=oldest).asked_at.timestamp()) == auth_time


def test_a_proof_is_as_old_as_the_providers_asking_and_unsaid_is_long_ago():
    claims = read(token(auth_time=SECONDS - 3600))
    assert proof_of(claims, ClaimRules()).at == NOW - timedelta(hours=1)
    assert proof_of(read(token()), ClaimRules()).at == LONG_AGO


# ── who it is here ───────────────────────────────────────────────────────────────────────────

EVERYBODY = {"u-17": "wang", "wang@example.com": "wang", "wang.x": "wang"}


@pytest.mark.parametrize(
    ("claim", "changes", "person"),
    [
        (PersonClaim.SUBJECT, {}, "wang"),
        (PersonClaim.SUBJECT, {"sub": "u-18", "email": "wang@example.com"}, ""),
        (PersonClaim.EMAIL, {"email": "Wang@example.com", "email_verified": True}, "wang"),
        (PersonClaim.EMAIL, {"email": "wang@example.com"}, ""),
        (PersonClaim.EMAIL, {"email": "wang@example.com", "email_verified": False}, ""),
        (PersonClaim.EMAIL, {"email": "wang@example.com", "email_verified": "true"}, ""),
        (PersonClaim.EMAIL, {}, ""),
        (PersonClaim.PREFERRED_USERNAME, {"preferred_username": "wang.x"}, "wang"),
        (PersonClaim.PREFERRED_USERNAME, {"preferred_username": "WANG.X"}, ""),
        (PersonClaim.PREFERRED_USERNAME, {"preferred_username": ["wang.x"]}, ""),
    ],
)
def test_a_person_is_known_by_the_claim_of_the_settings(claim, changes, person):
    rules = ClaimRules(claim=claim, people=EVERYBODY)
    claims = read(token(**changes))
    if person:
        assert person_of(claims, rules) == person
        return
    with pytest.raises(NotProven) as refused:
        person_of(claims, rules)
    assert refused.value.flaw == "person_unknown"


def test_an_absent_claim_names_nobody_even_if_the_settings_hold_an_empty_name():
    rules = ClaimRules(claim=PersonClaim.EMAIL, people={"": "wang"})
    with pytest.raises(NotProven):
        person_of(read(token()), rules)


@pytest.mark.parametrize(
    ("changes", "method"),
    [
        ({}, Method.OIDC),
        ({"acr": "silver", "amr": ["pwd"]}, Method.OIDC),
        ({"acr": "gold"}, Method.OIDC_SECOND_FACTOR),
        ({"amr": ["pwd", "otp"]}, Method.OIDC_SECOND_FACTOR),
        ({"amr": "otp"}, None),
        ({"acr": ["gold"]}, Method.OIDC),
    ],
)
def test_a_second_factor_is_what_the_settings_call_one(changes, method):
    rules = ClaimRules(
        people=EVERYBODY,
        second_factor_acr=frozenset({"gold"}),
        second_factor_amr=frozenset({"otp"}),
    )
    if method is None:
        assert flaw(token(**changes)) == "token_claims"
        return
    claims = read(token(auth_time=SECONDS, **changes))
    assert proof_of(claims, rules) == Proof(method=method, at=NOW, detail=claims.acr)


def test_without_settings_nothing_is_a_second_factor():
    claims = read(token(acr="", amr=["otp", "mfa", "hwk"]))
    assert proof_of(claims, ClaimRules()).method is Method.OIDC
