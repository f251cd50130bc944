"""The log-in pages over real sockets: the way in, and every way that must not lead in."""

from __future__ import annotations

import base64
import html
import json
import re

from sqlalchemy import select

from gateway.store import tables
from gateway.store.tenancy import EVERYONE, acting_for
from tests.identity_ground import SoftwareKey
from tests.integration.web import world
from tests.ui_ground import PASSWORD, story, text_of


def rows(site, table):
    with acting_for(EVERYONE):
        return site.world.gateway.store.read_now(lambda db: db.execute(select(table)).all())


def test_from_an_invitation_to_a_session_with_both_factors(tmp_path):
    async def tell(site):
        browser = await site.member("wang")
        assert len(browser.codes) == 10
        assert (await browser.get("/ui/held")).status_code == 200
        assert "待复核付款" in browser.seen
        await browser.get("/ui/me")
        assert (await browser.post("/ui/log-out")).headers["location"] == "/ui/log-in"
        assert (await browser.get("/ui/held")).status_code == 303
        await browser.enter("wang")
        assert (await browser.get("/ui/held")).status_code == 200

    story(tmp_path, tell)


def test_nothing_behind_the_log_in_answers_strangers(tmp_path):
    async def tell(site):
        stranger = site.browser()
        for path in ("/ui/held", "/ui/unconfirmed", "/ui/stops", "/ui/me", "/ui/payments/ins_1"):
            answer = await stranger.get(path)
            assert (answer.status_code, answer.headers["location"]) == (
                303,
                f"/ui/log-in?next={path}",
            )
        assert (await stranger.post("/ui/payments/ins_1", action="approve")).status_code == 303
        assert (await stranger.get("/ui/nothing")).status_code == 404

    story(tmp_path, tell)


def test_pages_say_who_runs_the_gateway(tmp_path, monkeypatch):
    """Only where the settings do."""

    def content(*given, **more):
        return said(*given, **more) | {"operator": operator} if operator else said(*given, **more)

    async def tell(site):
        await site.browser().get("/ui/log-in")
        seen = site.browsers[-1].seen
        assert ("运行机构：示例银行福州分行" in seen) is bool(operator)
        assert ("<footer>" in seen) is bool(operator)

    said = world.content
    monkeypatch.setattr(world, "content", content)
    for operator in ({}, {"id": "b", "name": "示例银行福州分行", "kind": "bank"}):
        folder = tmp_path / f"{len(operator)}"
        folder.mkdir()
        story(folder, tell)


def test_a_password_alone_opens_no_page(tmp_path):
    async def tell(site):
        await site.member("wang")
        thief = site.browser()
        answer = await thief.log_in("wang")
        assert answer.headers["location"].startswith("/ui/second")
        for path in ("/ui/held", "/ui/stops", "/ui/me"):
            assert (await thief.get(path)).headers["location"] == "/ui/second"
        await thief.get("/ui/second")
        # and it brings no factor of its own along
        answer = await thief.post("/ui/me/codes")
        assert answer.status_code == 403

    story(tmp_path, tell)


def test_an_invitation_works_once_and_for_its_person(tmp_path):
    async def tell(site):
        secret = site.invitation("wang")
        first, second = site.browser(), site.browser()
        form = {"secret": secret, "password": PASSWORD, "again": PASSWORD}
        await first.get(f"/ui/invitation?secret={secret}")
        assert (await first.post("/ui/invitation", **form)).status_code == 303
        assert (await second.post("/ui/invitation", **form)).status_code == 403
        for wrong in (
            secret.replace("wang", "li"),
            secret.replace("~0~", "~1~"),
            secret[:-1] + ("0" if secret[-1] != "0" else "1"),
            "",
        ):
            answer = await second.post("/ui/invitation", **form | {"secret": wrong})
            assert answer.status_code == 403, wrong
        site.watch.pass_(days=4)
        late = site.invitation("li")
        site.watch.pass_(days=4)
        answer = await second.post("/ui/invitation", **form | {"secret": late})
        assert answer.status_code == 403

    story(tmp_path, tell)


def test_a_weak_password_is_refused_with_the_reason_and_uses_nothing_up(tmp_path):
    async def tell(site):
        browser, secret = site.browser(), site.invitation("wang")
        for password, word in (("short", "12"), ("wang" * 1 + "x" * 0, "12"), ("a" * 20, "重复")):
            answer = await browser.post(
                "/ui/invitation", secret=secret, password=password, again=password
            )
            assert answer.status_code == 400
            assert word in text_of(answer.text)
        answer = await browser.post(
            "/ui/invitation", secret=secret, password=PASSWORD, again=PASSWORD + "!"
        )
        assert answer.status_code == 400
        answer = await browser.post(
            "/ui/invitation", secret=secret, password=PASSWORD, again=PASSWORD
        )
        assert answer.status_code == 303

    story(tmp_path, tell)


def test_a_new_invitation_ends_sessions_and_with_anew_the_factors(tmp_path):
    async def tell(site):
        browser = await site.member("wang")
        stored = rows(site, tables.identity_account)[0].password
        secret = site.invitation("wang", stored=stored, anew=True)
        new = "another long password"
        other = site.browser()
        answer = await other.post("/ui/invitation", secret=secret, password=new, again=new)
        assert answer.status_code == 303
        assert (await browser.get("/ui/held")).status_code == 303
        account = rows(site, tables.identity_account)[0]
        assert account.totp is None
        assert rows(site, tables.identity_recovery) == []
        assert (await site.browser().log_in("wang")).status_code == 403
        assert (await site.browser().log_in("wang", new)).status_code == 303

    story(tmp_path, tell)


def asked(page: str) -> bytes:
    """The challenge that a page has for a security key."""
    options = json.loads(html.unescape(re.search(r'data-options="([^"]+)"', page)[1]))
    return base64.urlsafe_b64decode(options["challenge"] + "==")


def test_a_security_key_is_registered_and_shown(tmp_path):
    async def tell(site):
        browser = await site.member("wang")
        device = SoftwareKey(site="127.0.0.1", origin=site.base)
        await browser.get("/ui/me")
        answer = await browser.post("/ui/me/key", label="蓝色")
        made = device.create(asked(answer.text))
        answer = await browser.post("/ui/me/key/answer", answer=made, label="蓝色")
        assert answer.status_code == 200, text_of(answer.text)
        await browser.get("/ui/me")
        assert "蓝色" in browser.seen
        other = site.browser()
        await other.log_in("wang")
        await other.get("/ui/second")
        answer = await other.post("/ui/second/key")
        shown = device.get(asked(answer.text))
        answer = await other.post("/ui/second/key/answer", answer=shown)
        assert answer.status_code == 303, text_of(answer.text)
        assert (await other.get("/ui/held")).status_code == 200
        # the same answer again belongs to a ceremony that is over
        await other.get("/ui/me")
        answer = await other.post("/ui/second/key/answer", answer=shown)
        assert answer.status_code == 403

    story(tmp_path, tell)
