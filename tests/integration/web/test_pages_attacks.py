"""What must not lead in: planted sessions, foreign forms, guesses, replays, altered rows."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from gateway.identity import local_accounts
from gateway.identity.principal import Method
from gateway.store import tables
from gateway.store.tenancy import EVERYONE, acting_for
from tests.ui_ground import IDENTITY, PASSWORD, story, text_of


def rows(site, table):
    with acting_for(EVERYONE):
        return site.world.gateway.store.read_now(lambda db: db.execute(select(table)).all())


def test_a_session_planted_beforehand_is_worth_nothing(tmp_path):
    async def tell(site):
        victim = await site.member("wang")
        await victim.get("/ui/me")
        await victim.post("/ui/log-out")
        attacker = site.browser()
        await attacker.log_in("wang", "wrong password")
        planted = "A" * 43
        victim.client.cookies.set("gw-session-local", planted, domain="127.0.0.1")
        await victim.log_in("wang")
        first = victim.session
        assert first not in ("", planted)
        await victim.second()
        assert victim.session not in (first, planted)
        for old in (planted, first):
            attacker.client.cookies.set("gw-session-local", old, domain="127.0.0.1")
            assert (await attacker.get("/ui/held")).headers["location"].startswith("/ui/log-in")

    story(tmp_path, tell)


def test_a_form_of_another_site_or_without_this_sessions_token_does_nothing(tmp_path):
    async def tell(site):
        wang, li = await site.member("wang"), await site.member("li")
        await wang.get("/ui/stops")
        await li.get("/ui/stops")
        stop = {"scope": "tenant", "reason": "测试"}
        bad = [
            {"token": ""},
            {"token": "0" * 64},
            {"token": li.token},
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"origin": ""},
            {"origin": site.base.replace("http:", "https:")},
        ]
        for flaw in bad:
            answer = await wang.post("/ui/stops", **stop | flaw)
            assert answer.status_code == 403, flaw
            await wang.get("/ui/stops")
        assert await site.stops() == []
        assert (await wang.post("/ui/stops", **stop)).status_code == 303
        assert len(await site.stops()) == 1

    story(tmp_path, tell)


def test_the_log_in_form_of_another_site_does_nothing(tmp_path):
    async def tell(site):
        await site.member("wang")
        answer = await site.browser().log_in("wang", origin="https://evil.example")
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers

    story(tmp_path, tell)


def test_every_page_refuses_frames_foreign_scripts_and_caches(tmp_path):
    async def tell(site):
        browser = await site.member("wang")
        for path in ("/ui/log-in", "/ui/held", "/ui/me", "/ui/stops", "/ui/payments/x", "/ui"):
            answer = await browser.get(path)
            policy = answer.headers["content-security-policy"]
            assert "frame-ancestors 'none'" in policy, path
            assert "default-src 'none'" in policy
            assert "unsafe-inline" not in policy
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "same-origin"
            assert answer.headers["cache-control"] == "no-store"
            for script in re.findall(r"<script[^>]*>", answer.text):
                assert re.search(r"nonce=\"([^\"]+)\"", script)[1] in policy
        policies = {
            (await browser.get("/ui/held")).headers["content-security-policy"] for _ in range(2)
        }
        assert len(policies) == 2

    story(tmp_path, tell)


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(tmp_path):
    async def tell(site):
        await site.member("wang")
        browser = site.browser()
        cookie = (await browser.log_in("wang")).headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert browser.session
        held = rows(site, tables.identity_session)
        assert browser.session not in {value for row in held for value in row}

    story(tmp_path, tell)


def test_brute_force_waits_from_the_eleventh_attempt_on_whoever_the_name_belongs_to(tmp_path):
    async def tell(site):
        await site.member("wang")
        for login in ("wang", "nobody"):
            guesser = site.browser()
            statuses = [
                (await guesser.log_in(login, f"guess number {it}")).status_code for it in range(11)
            ]
            assert statuses == [403] * 10 + [429], login
            site.watch.pass_(hours=7)  # of the address, not of the name
        answer = await site.browser().log_in("wang")
        assert answer.status_code == 303  # after the wait the right one is right

    story(tmp_path, tell)


def test_while_it_waits_the_right_password_is_refused_as_well(tmp_path):
    async def tell(site):
        await site.member("wang")
        guesser = site.browser()
        for it in range(10):
            await guesser.log_in("wang", f"guess number {it}")
        answer = await guesser.log_in("wang")
        assert answer.status_code == 429
        assert answer.headers["retry-after"]
        site.watch.pass_(seconds=31)
        assert (await guesser.log_in("wang")).status_code == 303

    story(tmp_path, tell)


def test_second_factors_cannot_be_guessed_by_who_has_the_password(tmp_path):
    async def tell(site):
        await site.member("wang")
        thief = site.browser()
        statuses = []
        for it in range(6):
            await thief.log_in("wang")
            for turn in range(3):
                await thief.get("/ui/second")
                answer = await thief.post("/ui/second", code=f"{it}{turn}0000")
                statuses.append(answer.status_code)
        assert 429 in statuses
        assert statuses.index(429) <= 10
        assert set(statuses) == {403, 429}

    story(tmp_path, tell)


def test_a_six_digit_code_counts_once(tmp_path):
    async def tell(site):
        browser = await site.member("wang")
        code = browser.code()
        await browser.log_in("wang")
        await browser.get("/ui/second")
        assert (await browser.post("/ui/second", code=code)).status_code == 303
        other = site.browser()
        await other.log_in("wang")
        await other.get("/ui/second")
        assert (await other.post("/ui/second", code=code)).status_code == 403

    story(tmp_path, tell)


def test_a_recovery_code_lets_in_once_and_releases_nothing(tmp_path):
    async def tell(site):
        member = await site.member("wang")
        browser = site.browser()
        await browser.log_in("wang")
        await browser.get("/ui/second")
        answer = await browser.post("/ui/second", recovery=member.codes[0])
        assert (answer.status_code, answer.headers["location"]) == (303, "/ui/me")
        assert (await browser.get("/ui/held")).status_code == 200
        visit = await site.people.log_in.visit(browser.session)
        assert {it.method for it in visit.session.proofs} == {
            Method.PASSWORD,
            Method.RECOVERY_CODE,
        }
        again = site.browser()
        await again.log_in("wang")
        await again.get("/ui/second")
        assert (await again.post("/ui/second", recovery=member.codes[0])).status_code == 403

    story(tmp_path, tell)


@pytest.mark.parametrize("span", [{"minutes": 16}, {"hours": 9}])
def test_a_session_ends_unused_and_in_any_case(tmp_path, span):
    async def tell(site):
        browser = await site.member("wang")
        site.watch.pass_(**span)
        assert (await browser.get("/ui/held")).status_code == 303

    story(tmp_path, tell)


def test_logging_out_everywhere_ends_every_browsers_session(tmp_path):
    async def tell(site):
        one = await site.member("wang")
        other = site.browser()
        other.secret = one.secret
        await other.enter("wang")
        await one.get("/ui/me")
        await one.post("/ui/me/log-out-everywhere")
        assert (await other.get("/ui/held")).status_code == 303

    story(tmp_path, tell)


def test_somebody_the_settings_no_longer_name_is_out(tmp_path):
    async def tell(site):
        browser = await site.member("wang")
        object.__setattr__(site.people.identities, "tenants", {})
        assert (await browser.get("/ui/held")).status_code == 303

    story(tmp_path, tell)


def test_a_row_written_past_the_gateway_opens_nothing(tmp_path):
    async def tell(site):
        browser = await site.member("wang")
        await site.member("li")
        table = tables.identity_session
        await site.people.identities.write(
            lambda uow: uow.change(table.update().where(table.c.person == "王").values(person="李"))
        )
        assert (await browser.get("/ui/held")).status_code == 303

    story(tmp_path, tell)


def test_what_has_ended_is_swept_at_the_next_log_in(tmp_path):
    async def tell(site):
        await site.member("wang")
        other = await site.member("li")
        await other.get("/ui/me")
        await other.post("/ui/me/key")  # a ceremony that nobody finishes
        await site.browser().log_in("nobody", "guess a password")
        assert len(rows(site, tables.identity_ceremony)) == 1
        assert len(rows(site, tables.identity_failure)) == 2
        site.watch.pass_(days=31)
        await site.browser().log_in("wang")
        assert [row.person for row in rows(site, tables.identity_session)] == ["王"]
        assert rows(site, tables.identity_ceremony) == []
        assert rows(site, tables.identity_failure) == []

    story(tmp_path, tell)


def test_an_address_is_told_by_a_trusted_proxy_and_by_nobody_else(tmp_path):
    async def tell(site):
        browser = site.browser()
        browser.client.headers["X-Forwarded-For"] = "198.51.100.7, 203.0.113.9"
        for it in range(22):
            browser.client.headers["X-Forwarded-For"] = f"203.0.113.{it}"
            answer = await browser.log_in(f"nobody{it}", "guess a password")
        assert answer.status_code == 429

    story(tmp_path, tell)

    async def behind(site):
        browser = site.browser()
        for it in range(22):
            browser.client.headers["X-Forwarded-For"] = f"9.9.9.9, 203.0.113.{it}"
            answer = await browser.log_in(f"nobody{it}", "guess a password")
        assert answer.status_code == 403

    folder = tmp_path / "behind"
    folder.mkdir()
    story(folder, behind, identity=IDENTITY | {"proxies": ["127.0.0.1/32"]})


def test_where_nobody_can_log_in_there_are_no_pages(tmp_path):
    async def tell(site):
        answer = await site.browser().get("/ui/log-in")
        assert answer.status_code == 404
        assert not (site.world.gateway.settings.data / "identity.key").exists()

    story(tmp_path, tell, identity={"session_hours": 8}, people=[])


def test_people_are_journaled_by_what_they_did_and_never_with_a_secret(tmp_path):
    async def tell(site):
        browser = await site.member("wang")
        kinds = {row.kind for row in rows(site, tables.journal)}
        assert {"password_set", "factor_added", "person_logged_in", "recovery_codes_made"} <= kinds
        payloads = b"".join(row.payload or b"" for row in rows(site, tables.journal))
        for secret in (PASSWORD, browser.secret, browser.codes[0], browser.session):
            assert secret.encode() not in payloads

    story(tmp_path, tell)


def test_a_name_that_nobody_has_costs_the_same_work(tmp_path, monkeypatch):
    checks = []
    check = local_accounts.check_password

    def counted(password, stored, **more):
        checks.append((stored is not None, more["cost"]))
        return check(password, stored, **more)

    async def tell(site):
        await site.member("wang")
        monkeypatch.setattr(local_accounts, "check_password", counted)
        answers = [
            await site.browser().log_in(login, "a wrong password") for login in ("wang", "nobody")
        ]
        assert [known for known, _ in checks] == [True, False]
        assert checks[0][1] == checks[1][1]
        # and reads the same, but for what is of one answer only
        assert {answer.status_code for answer in answers} == {403}
        one, other = (text_of(answer.text) for answer in answers)
        assert one == other

    story(tmp_path, tell)


def test_over_https_the_cookie_is_bound_to_the_host_and_never_sent_in_clear(tmp_path):
    https = {
        "site": "gw.example.com",
        "origins": ["https://gw.example.com"],
        "argon": IDENTITY["argon"],
    }

    async def tell(site):
        browser = site.browser()
        answer = await browser.post(
            "/ui/invitation",
            origin="https://gw.example.com",
            secret=site.invitation("wang"),
            password=PASSWORD,
            again=PASSWORD,
        )
        (cookie, _) = answer.headers.get_list("set-cookie")
        assert cookie.startswith("__Host-gw-session=")
        assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        assert answer.headers["strict-transport-security"]
        assert (await browser.log_in("wang", origin=site.base)).status_code == 403

    story(tmp_path, tell, identity=https)
