"""The way to the provider and back: PKCE, state, issuer, and what a provider may not say."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from gateway.identity.id_tokens import ClaimRules, KeyMissing
from gateway.identity.not_proven import NotProven
from gateway.identity.oidc import Endpoints, Provider, depart, discover, read_return, redeem
from gateway.identity.principal import Method
from gateway.identity.single_sign_on import SingleSignOn
from tests.identity_ground import NOW, drawn
from tests.records import replace

ISSUER = "https://login.example.com"
PROVIDER = Provider(
    issuer=ISSUER,
    client_id="gateway",
    client_secret="s3cret/with:colon",
    redirect_uri="https://gateway.example.com/sign-on",
    acr="gold",
)
ENDPOINTS = Endpoints(
    authorization=f"{ISSUER}/authorize?realm=bank", token=f"{ISSUER}/token", keys=f"{ISSUER}/keys"
)
DESCRIPTION = {
    "issuer": ISSUER,
    "authorization_endpoint": ENDPOINTS.authorization,
    "token_endpoint": ENDPOINTS.token,
    "jwks_uri": ENDPOINTS.keys,
}
RULES = ClaimRules(people={"u-17": "wang"}, second_factor_acr=frozenset({"gold"}))


def run(work):
    return asyncio.run(work)


def flaw_of(work) -> str:
    with pytest.raises(NotProven) as refused:
        run(work)
    return refused.value.flaw


class Said:
    """A provider that answers what it is told to."""

    def __init__(self, answers) -> None:
        self.answers = dict(answers)
        self.calls: list[tuple[str, str]] = []
        self.headers: dict[str, str] = {}
        self.body = b""

    async def __call__(self, method, url, headers, body):
        self.calls.append((method, url))
        self.headers, self.body = dict(headers), body
        said = self.answers[url]
        status, content = said if isinstance(said, tuple) else (200, said)
        return status, content if isinstance(content, bytes) else json.dumps(content).encode()


def describing(**changes) -> Said:
    return Said({f"{ISSUER}/.well-known/openid-configuration": DESCRIPTION | changes})


# ── discovery ────────────────────────────────────────────────────────────────────────────────


def test_a_provider_describes_itself():
    assert run(discover(ISSUER, describing())) == ENDPOINTS
    supported = describing(authorization_response_iss_parameter_supported=True)
    assert run(discover(ISSUER, supported)).names_itself


@pytest.mark.parametrize(
    ("changes", "flaw"),
    [
        ({"issuer": f"{ISSUER}/"}, "provider_other"),
        ({"issuer": "https://evil.example"}, "provider_other"),
        ({"token_endpoint": "http://login.example.com/token"}, "provider_plain"),
        ({"jwks_uri": "file:///etc/passwd"}, "provider_plain"),
        ({"jwks_uri": "https://"}, "provider_plain"),
        ({"token_endpoint": "http://127.0.0.1:8080/token"}, "provider_plain"),
        ({"jwks_uri": "https://[x"}, "provider_plain"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "provider_plain"),
        ({"jwks_uri": None}, "provider_answer"),
        ({"jwks_uri": 1}, "provider_answer"),
    ],
)
def test_a_description_that_points_elsewhere_is_refused(changes, flaw):
    assert flaw_of(discover(ISSUER, describing(**changes))) == flaw


def test_plain_http_to_a_provider_is_possible_on_this_machine_only():
    assert flaw_of(discover("http://login.example.com", describing())) == "provider_plain"
    local = Said({"http://127.0.0.1:9/.well-known/openid-configuration": DESCRIPTION})
    assert flaw_of(discover("http://127.0.0.1:9", local)) == "provider_other"


@pytest.mark.parametrize(
    "said", [b"", b"[]", b"null", b"<html>", b"\xff", b"[" * 100_000, (500, {}), (302, DESCRIPTION)]
)
def test_an_unreadable_description_is_refused(said):
    fetch = Said({f"{ISSUER}/.well-known/openid-configuration": said})
    assert flaw_of(discover(ISSUER, fetch)) == "provider_answer"


# ── there ────────────────────────────────────────────────────────────────────────────────────


def test_the_browser_goes_with_state_nonce_and_the_hash_of_a_verifier():
    going = depart(PROVIDER, ENDPOINTS, drawn=drawn(96))
    asked = parse_qs(urlsplit(going.url).query)
    hashed = hashlib.sha256(going.verifier.encode()).digest()
    assert asked == {
        "realm": ["bank"],
        "response_type": ["code"],
        "client_id": ["gateway"],
        "redirect_uri": [PROVIDER.redirect_uri],
        "scope": ["openid"],
        "state": [going.state],
        "nonce": [going.nonce],
        "code_challenge": [base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()],
        "code_challenge_method": ["S256"],
        "acr_values": ["gold"],
    }
    assert going.verifier not in going.url
    assert len({going.state, going.nonce, going.verifier}) == 3
    assert going.state not in repr(going)


def test_a_step_up_has_the_person_asked_anew():
    going = depart(PROVIDER, ENDPOINTS, drawn=drawn(96), step_up=True)
    asked = parse_qs(urlsplit(going.url).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])


def test_a_departure_is_random_enough():
    with pytest.raises(ValueError, match="96"):
        depart(PROVIDER, ENDPOINTS, drawn=drawn(95))


def test_the_known_pair_of_rfc_7636_holds():
    # RFC 7636, appendix B
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    third = base64.urlsafe_b64decode(verifier + "=")
    going = depart(PROVIDER, ENDPOINTS, drawn=drawn(64) + third)
    assert going.verifier == verifier
    asked = parse_qs(urlsplit(going.url).query)
    assert asked["code_challenge"] == ["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"]


# ── back ─────────────────────────────────────────────────────────────────────────────────────


def returned(endpoints: Endpoints = ENDPOINTS, **said: str) -> str:
    return read_return(PROVIDER, endpoints, urlencode(said), state="mine")


def test_the_code_comes_back_with_the_state():
    assert returned(code="c", state="mine") == "c"
    assert returned(code="c", state="mine", iss=ISSUER) == "c"


@pytest.mark.parametrize(
    ("query", "flaw"),
    [
        ("code=c", "return_state"),
        ("code=c&state=", "return_state"),
        ("code=c&state=somebody+elses", "return_state"),
        ("code=c&state=%C3%A9", "return_state"),
        ("code=c&state=mine&state=mine", "return_malformed"),
        ("code=c&code=d&state=mine", "return_malformed"),
        ("state=mine", "return_malformed"),
        ("state=mine&code=", "return_malformed"),
        ("state=mine&code=c&x=" + "y" * 9000, "return_malformed"),
        ("state=mine&error=access_denied", "return_refused"),
        ("state=mine&error=access_denied&code=c", "return_refused"),
        ("error=access_denied", "return_state"),
        ("code=c&state=mine&iss=https%3A%2F%2Fevil.example", "return_issuer"),
    ],
)
def test_an_answer_that_is_not_this_browsers_is_refused(query, flaw):
    with pytest.raises(NotProven) as refused:
        read_return(PROVIDER, ENDPOINTS, query, state="mine")
    assert refused.value.flaw == flaw


def test_a_provider_that_names_itself_must_do_so():
    naming = replace(ENDPOINTS, names_itself=True)
    assert returned(naming, code="c", state="mine", iss=ISSUER) == "c"
    with pytest.raises(NotProven) as refused:
        returned(naming, code="c", state="mine")
    assert refused.value.flaw == "return_issuer"


def test_a_code_is_exchanged_with_the_verifier_and_the_secret():
    fetch = Said({ENDPOINTS.token: {"id_token": "i", "access_token": "a"}})
    tokens = run(redeem(PROVIDER, ENDPOINTS, code="c&x=1", verifier="v", fetch=fetch))
    assert (tokens.id_token, tokens.access_token) == ("i", "a")
    assert dict(parse_qsl(fetch.body.decode())) == {
        "grant_type": "authorization_code",
        "code": "c&x=1",
        "redirect_uri": PROVIDER.redirect_uri,
        "code_verifier": "v",
    }
    pair = base64.b64decode(fetch.headers["Authorization"].removeprefix("Basic ")).decode()
    assert pair == "gateway:s3cret%2Fwith%3Acolon"
    assert PROVIDER.client_secret not in repr(PROVIDER)


def test_a_public_client_names_itself_in_the_body():
    fetch = Said({ENDPOINTS.token: {"id_token": "i", "access_token": 1}})
    public = replace(PROVIDER, client_secret="")
    assert run(redeem(public, ENDPOINTS, code="c", verifier="v", fetch=fetch)).access_token == ""
    assert ("client_id", "gateway") in parse_qsl(fetch.body.decode())
    assert "Authorization" not in fetch.headers


@pytest.mark.parametrize(
    ("said", "flaw"),
    [
        ((400, {"error": "invalid_grant"}), "code_refused"),
        ({"access_token": "a"}, "provider_answer"),
        ({"id_token": ["i"]}, "provider_answer"),
        (b"no json", "provider_answer"),
    ],
)
def test_a_code_that_brings_no_token_proves_nothing(said, flaw):
    fetch = Said({ENDPOINTS.token: said})
    assert flaw_of(redeem(PROVIDER, ENDPOINTS, code="c", verifier="v", fetch=fetch)) == flaw


# ── the whole way ────────────────────────────────────────────────────────────────────────────

RSA = RSAKey.generate_key(2048, {"kid": "r1"})
NEXT = RSAKey.generate_key(2048, {"kid": "r2"})


class Whole:
    """A provider in memory, and a browser that goes there and back."""

    def __init__(self) -> None:
        self.fetch = Said(
            {
                f"{ISSUER}/.well-known/openid-configuration": DESCRIPTION,
                ENDPOINTS.keys: KeySet([RSA]).as_dict(),
            }
        )
        self.sign_on = SingleSignOn(PROVIDER, RULES, self.fetch)

    def depart(self, *, now=NOW, step_up: bool = False):
        return run(self.sign_on.depart(drawn=drawn(96), now=now, step_up=step_up))

    def arrive(self, words, *, now=NOW, key=RSA, **changes):
        seconds = int(now.timestamp())
        said = {
            "iss": ISSUER,
            "sub": "u-17",
            "aud": "gateway",
            "exp": seconds + 60,
            "iat": seconds,
            "auth_time": seconds,
            "nonce": words[1],
            "acr": "gold",
        } | changes
        token = jwt.encode({"alg": "RS256", "kid": key.kid}, said, key)
        self.fetch.answers[ENDPOINTS.token] = {"id_token": token}
        query = urlencode({"code": "c", "state": words[0]})
        return self.sign_on.arrive(query, words=words, now=now)

    def key_calls(self) -> int:
        return self.fetch.calls.count(("GET", ENDPOINTS.keys))


def test_a_person_arrives_with_a_proof():
    whole = Whole()
    url, words = whole.depart()
    assert url.startswith(ENDPOINTS.authorization)
    arrived = run(whole.arrive(words))
    assert arrived.person == "wang"
    assert (arrived.proof.method, arrived.proof.at) == (Method.OIDC_SECOND_FACTOR, NOW)
    assert dict(parse_qsl(whole.fetch.body.decode()))["code_verifier"] == words[2]


def test_a_step_up_that_the_provider_skipped_is_refused():
    whole = Whole()
    _, words = whole.depart(step_up=True)
    assert run(whole.arrive(words)).person == "wang"
    long_ago = int((NOW - timedelta(hours=1)).timestamp())
    assert flaw_of(whole.arrive(words, auth_time=long_ago)) == "token_stale"


def test_a_token_of_another_ceremony_is_refused():
    whole = Whole()
    _, words = whole.depart()
    assert flaw_of(whole.arrive(words, nonce="of another")) == "token_nonce"


def test_words_of_another_shape_were_never_ours():
    assert flaw_of(Whole().arrive(("a", "b"))) == "ceremony_altered"


def test_keys_are_fetched_once_an_hour_and_anew_for_an_unknown_one():
    whole = Whole()
    _, words = whole.depart()
    run(whole.arrive(words))
    assert whole.key_calls() == 1
    later = NOW + timedelta(minutes=1)
    whole.fetch.answers[ENDPOINTS.keys] = KeySet([RSA, NEXT]).as_dict()
    assert run(whole.arrive(words, now=later, key=NEXT)).person == "wang"
    assert whole.key_calls() == 2
    run(whole.arrive(words, now=later + timedelta(minutes=59)))
    assert whole.key_calls() == 2
    run(whole.arrive(words, now=later + timedelta(hours=1)))
    assert whole.key_calls() == 3


def test_invented_keys_do_not_become_calls_to_the_provider():
    whole = Whole()
    _, words = whole.depart()
    for second in range(59):
        with pytest.raises(KeyMissing):
            run(whole.arrive(words, now=NOW + timedelta(seconds=second), key=NEXT))
    assert whole.key_calls() == 1
