"""Single sign-on through the pages, against a provider of another make."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from urllib.parse import urlsplit

import httpx
import pytest

from gateway.identity.principal import Method
from tests.integration.identity.test_single_sign_on import PROVIDER
from tests.ui_ground import IDENTITY, story


@pytest.fixture(scope="module")
def issuer():
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", PROVIDER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield f"http://localhost:{int(process.stdout.readline())}"
        process.stdin.close()


def options(issuer, **rules):
    provider = {
        "id": "group",
        "issuer": issuer,
        "client_id": "gateway",
        "client_secret": "invented",
        "redirect_uri": "https://gateway.example.com/ui/sign-on",
        "scopes": ["openid", "email", "profile"],
        **rules,
    }
    people = [{"name": "王", "login": "wang", "sign_on": ["group:u-17"]}]
    return {"identity": IDENTITY | {"provider": [provider]}, "people": people}


async def sent_to_the_provider(browser, **form):
    """Leave for the provider; the address that the page goes on to by itself."""
    await browser.get("/ui/log-in")
    answer = await browser.post("/ui/sign-on/leave", provider="group", **form)
    assert answer.status_code == 200, answer.text
    return html.unescape(re.search(r'content="0;url=([^"]+)"', answer.text)[1])


def sent_back(url, subject="u-17"):
    answer = httpx.post(url, data={"sub": subject}, trust_env=False)
    return urlsplit(answer.headers["location"]).query


def test_somebody_comes_back_from_the_provider_and_is_inside(tmp_path, issuer):
    async def tell(site):
        browser = site.browser()
        query = sent_back(await sent_to_the_provider(browser))
        answer = await browser.get(f"/ui/sign-on?{query}")
        # 200 and not a redirect: the Strict cookie would not be sent along from the other site.
        assert answer.status_code == 200, answer.text
        assert (await browser.get("/ui/held")).status_code == 200
        visit = await site.people.log_in.visit(browser.session)
        assert [it.method for it in visit.session.proofs] == [Method.OIDC_SECOND_FACTOR]

    story(tmp_path, tell, **options(issuer, second_factor_acr=["gold"]))


def test_without_a_second_factor_there_nobody_gets_past_the_door(tmp_path, issuer):
    async def tell(site):
        browser = site.browser()
        query = sent_back(await sent_to_the_provider(browser))
        await browser.get(f"/ui/sign-on?{query}")
        assert (await browser.get("/ui/held")).headers["location"] == "/ui/me"

    story(tmp_path, tell, **options(issuer))


def test_what_comes_back_counts_once_in_the_browser_that_left_for_who_is_listed(tmp_path, issuer):
    async def tell(site):
        browser, thief = site.browser(), site.browser()
        query = sent_back(await sent_to_the_provider(browser))
        assert (await thief.get(f"/ui/sign-on?{query}")).status_code == 403
        assert (await browser.get(f"/ui/sign-on?{query}")).status_code == 200
        assert (await browser.get(f"/ui/sign-on?{query}")).status_code == 403
        stranger = site.browser()
        query = sent_back(await sent_to_the_provider(stranger), "u-99")
        answer = await stranger.get(f"/ui/sign-on?{query}")
        assert answer.status_code == 403
        assert stranger.session == ""
        answer = await stranger.post("/ui/sign-on/leave", provider="other")
        assert answer.status_code == 403

    story(tmp_path, tell, **options(issuer, second_factor_acr=["gold"]))


def test_a_step_up_at_the_provider_ends_the_session_that_left(tmp_path, issuer):
    async def tell(site):
        browser = site.browser()
        query = sent_back(await sent_to_the_provider(browser))
        await browser.get(f"/ui/sign-on?{query}")
        before = browser.session
        query = sent_back(await sent_to_the_provider(browser, step_up="1"))
        answer = await browser.get(f"/ui/sign-on?{query}")
        assert answer.status_code == 200
        assert browser.session != before
        browser.client.cookies.set("gw-session-local", before, domain="127.0.0.1")
        assert (await browser.get("/ui/held")).status_code == 303

    story(tmp_path, tell, **options(issuer, second_factor_acr=["gold"]))
