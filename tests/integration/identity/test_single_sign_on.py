"""Single sign-on against a provider of another make, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from gateway.domain.errors import Unconfirmed
from gateway.identity.ceremonies import CeremonyKind, begin, finish
from gateway.identity.id_tokens import ClaimRules, PersonClaim
from gateway.identity.not_proven import NotProven
from gateway.identity.oidc import Provider
from gateway.identity.principal import Lack, Method, Strength, Weight, strong_enough
from gateway.identity.sessions import Sessions
from gateway.identity.single_sign_on import SingleSignOn
from gateway.transport.fetch import HttpFetch
from tests.identity_ground import KEY, CeremonyTable, SessionTable, drawn
from tests.records import replace

REDIRECT = "https://gateway.example.com/sign-on"
PROVIDER = """
import sys
from oidc_provider_mock import User, run_server_in_thread
wang = User(
    sub="u-17",
    claims={
        "email": "wang@example.com",
        "email_verified": True,
        "preferred_username": "wang.x",
        "acr": "gold",
    },
)
with run_server_in_thread(require_nonce=True, user_claims=[wang, User(sub="u-99")]) as server:
    print(server.server_port, flush=True)
    sys.stdin.read()
"""
RULES = ClaimRules(people={"u-17": "wang"}, second_factor_acr=frozenset({"gold"}))


@pytest.fixture(scope="module")
def issuer():
    """The provider, in a process of its own: what it warns of is not about us."""
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", PROVIDER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield f"http://localhost:{int(process.stdout.readline())}"
        process.stdin.close()


@pytest.fixture
def provider(issuer) -> Provider:
    return Provider(
        issuer=issuer,
        client_id="gateway",
        client_secret="invented",
        redirect_uri=REDIRECT,
        scopes=("openid", "email", "profile"),
    )


class Browser:
    """Goes to the provider, logs in there and comes back with a query."""

    def __init__(self, provider: Provider, rules: ClaimRules = RULES) -> None:
        self.sign_on = SingleSignOn(provider, rules, HttpFetch())

    def depart(self):
        return asyncio.run(self.sign_on.depart(drawn=drawn(96), now=datetime.now(UTC)))

    def log_in(self, url: str, subject: str = "u-17") -> str:
        answer = httpx.post(url, data={"sub": subject}, trust_env=False)
        assert answer.status_code == 302, answer.text
        assert answer.headers["location"].startswith(REDIRECT)
        return urlsplit(answer.headers["location"]).query

    def arrive(self, query: str, words, *, now: datetime | None = None):
        return asyncio.run(self.sign_on.arrive(query, words=words, now=now or datetime.now(UTC)))

    def refused(self, query: str, words, **when) -> str:
        with pytest.raises(NotProven) as refused:
            self.arrive(query, words, **when)
        return refused.value.flaw


def test_a_person_logs_in_at_the_provider_and_may_release(provider):
    browser, now = Browser(provider), datetime.now(UTC)
    ceremonies, rows = CeremonyTable(), SessionTable()
    url, words = browser.depart()
    id_ = begin(
        ceremonies,
        key=KEY,
        kind=CeremonyKind.SINGLE_SIGN_ON,
        tenant="acme",
        words=words,
        drawn=drawn(32),
        now=now,
    )
    query = browser.log_in(url)
    kept = finish(ceremonies, id_, key=KEY, kind=CeremonyKind.SINGLE_SIGN_ON, now=now)
    arrived = browser.arrive(query, kept.words)
    assert arrived.person == "wang"
    assert arrived.proof.method is Method.OIDC_SECOND_FACTOR
    opened = Sessions(key=KEY).log_in(
        rows,
        tenant="acme",
        person=arrived.person,
        proofs=(arrived.proof,),
        drawn=drawn(32, 2),
        now=datetime.now(UTC),
    )
    principal = opened.session.principal()
    assert strong_enough(principal, Weight.RELEASE, now=datetime.now(UTC)) is None
    keys_only = Strength(factors=frozenset({Method.WEBAUTHN}))
    lack = strong_enough(principal, Weight.RELEASE, now=datetime.now(UTC), strength=keys_only)
    assert lack is Lack.SECOND_FACTOR


def test_what_the_browser_carries_is_a_code_and_no_token(provider):
    browser = Browser(provider)
    url, words = browser.depart()
    query = browser.log_in(url)
    assert parse_qs(query).keys() == {"code", "state"}
    assert words[2] not in url + query
    assert re.search(r"code_challenge=[\w-]{43}&code_challenge_method=S256", url)


@pytest.mark.parametrize(
    ("claim", "name"),
    [(PersonClaim.EMAIL, "wang@example.com"), (PersonClaim.PREFERRED_USERNAME, "wang.x")],
)
def test_a_person_is_known_by_the_claim_of_the_settings(provider, claim, name):
    browser = Browser(provider, ClaimRules(claim=claim, people={name: "wang"}))
    url, words = browser.depart()
    arrived = browser.arrive(browser.log_in(url), words)
    assert (arrived.person, arrived.proof.method) == ("wang", Method.OIDC)


def test_somebody_the_settings_do_not_name_is_nobody_here(provider):
    browser = Browser(provider)
    url, words = browser.depart()
    assert browser.refused(browser.log_in(url, "u-99"), words) == "person_unknown"


def test_a_code_is_worth_nothing_twice(provider):
    browser = Browser(provider)
    url, words = browser.depart()
    query = browser.log_in(url)
    browser.arrive(query, words)
    assert browser.refused(query, words) == "code_refused"


def test_an_answer_meant_for_another_browser_is_refused(provider):
    browser = Browser(provider)
    url, words = browser.depart()
    query = browser.log_in(url)
    others = ("another state", *words[1:])
    assert browser.refused(query, others) == "return_state"


def test_a_token_of_another_ceremony_is_refused(provider):
    browser = Browser(provider)
    url, words = browser.depart()
    query = browser.log_in(url)
    assert browser.refused(query, (words[0], "another nonce", *words[2:])) == "token_nonce"


def test_a_person_who_declines_is_not_logged_in(provider):
    browser = Browser(provider)
    url, words = browser.depart()
    answer = httpx.post(url, data={"action": "deny"}, trust_env=False)
    query = urlsplit(answer.headers["location"]).query
    assert parse_qs(query)["error"] == ["access_denied"]
    assert browser.refused(query, words) in ("return_refused", "return_state")


def test_a_token_that_expired_on_the_way_is_refused(provider):
    browser = Browser(provider)
    url, words = browser.depart()
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert browser.refused(browser.log_in(url), words, now=tomorrow) == "token_expired"


def test_an_audience_that_is_not_ours_is_refused(provider):
    browser, other = Browser(provider), Browser(replace(provider, client_id="other"))
    url, words = browser.depart()
    assert other.refused(browser.log_in(url), words) == "code_refused"


# ── the call itself ──────────────────────────────────────────────────────────────────────────


def fetched(url: str, **settings):
    return asyncio.run(HttpFetch(**settings)("GET", url, {}, b""))


def test_redirects_are_told_and_not_followed(provider):
    url, _ = Browser(provider).depart()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _ = asyncio.run(HttpFetch()("POST", url, form, b"sub=u-17"))
    assert status == 302


def test_whoever_does_not_answer_in_full_leaves_it_unconfirmed(issuer):
    port = urlsplit(issuer).port
    for url in ("http://127.0.0.1:1/", "http://[x/", f"https://localhost:{port}/"):
        with pytest.raises(Unconfirmed):
            fetched(url, tls=ssl.create_default_context())


async def endless(_, writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    for _ in range(1_000):
        writer.write(b"x" * 65_536)
        await writer.drain()


async def silent(reader, _) -> None:
    await reader.read()


@pytest.mark.parametrize(
    ("behaviour", "timeout_s", "told"),
    [(endless, 60, "the answer is too long"), (silent, 1, "no whole answer came")],
)
def test_time_and_size_of_an_answer_are_bounded(behaviour, timeout_s, told):
    async def story() -> str:
        ended = asyncio.Event()

        async def serve(reader, writer) -> None:
            with contextlib.suppress(ConnectionError):
                await behaviour(reader, writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            ended.set()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(Unconfirmed) as raised:
                await HttpFetch(timeout_s=timeout_s)("GET", f"http://127.0.0.1:{port}/", {}, b"")
            await ended.wait()
        return raised.value.en

    assert asyncio.run(story()) == told
