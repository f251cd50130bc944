"""The pages that decide: a payment is shown whole, and a vote binds exactly what was shown."""

from __future__ import annotations

import re

from gateway.sandbox.faults import Fault, Scripted
from gateway.store import tables
from gateway.store.tenancy import acting_for
from tests.integration.web.world import payment
from tests.ui_ground import story, text_of

HELD = {"release_people": 2}


async def posted(site, reference="P-1", **changes):
    answer = await site.world.post("/v1/instructions", payment(reference, **changes))
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


async def state_of(site, id_):
    return (await site.world.get(f"/v1/instructions/{id_}")).json()["state"]


def digest_in(page):
    return re.search(r'name="digest" value="([0-9a-f]{64})"', page)[1]


async def vote(browser, id_, action, **more):
    await browser.get(f"/ui/payments/{id_}")
    form = {"digest": digest_in(browser.seen), "action": action} | more
    return await browser.post(f"/ui/payments/{id_}", **form)


def test_two_people_approve_what_they_were_shown(tmp_path):
    async def tell(site):
        wang, li = await site.member("wang"), await site.member("li")
        id_ = await posted(site)
        await wang.get("/ui/held")
        assert f"/ui/payments/{id_}" in wang.seen
        answer = await vote(wang, id_, "approve")
        assert answer.status_code == 200, text_of(answer.text)
        assert "1/2" in text_of(answer.text)
        assert await state_of(site, id_) == "HELD"
        await vote(li, id_, "approve")
        await site.world.reaches(id_, "SETTLED", "PROCESSING", "ACKNOWLEDGED")
        view = (await site.world.get(f"/v1/instructions/{id_}")).json()
        assert "person:李" in {step["actor"] for step in view["history"]}

    story(tmp_path, tell, **HELD)


def test_one_person_rejects(tmp_path):
    async def tell(site):
        wang = await site.member("wang")
        id_ = await posted(site)
        await vote(wang, id_, "reject", reason="收款人有误")
        assert await state_of(site, id_) == "CANCELLED"

    story(tmp_path, tell, **HELD)


def test_the_same_person_does_not_count_twice(tmp_path):
    async def tell(site):
        wang = await site.member("wang")
        id_ = await posted(site)
        await vote(wang, id_, "approve")
        await vote(wang, id_, "approve", reason="再次")
        assert await state_of(site, id_) == "HELD"

    story(tmp_path, tell, **HELD)


def test_a_vote_over_another_content_does_not_count(tmp_path):
    async def tell(site):
        wang = await site.member("wang")
        id_ = await posted(site)
        answer = await vote(wang, id_, "approve", digest="0" * 64)
        assert answer.status_code == 403
        assert "内容已变化" in text_of(answer.text)
        with acting_for(["t1"]):
            found = site.world.gateway.store.read_now(
                lambda db: db.execute(tables.vote.select()).all()
            )
        assert found == []

    story(tmp_path, tell, **HELD)


def test_a_second_factor_of_long_ago_releases_nothing_until_it_is_shown_again(tmp_path):
    async def tell(site):
        wang = await site.member("wang")
        id_ = await posted(site)
        site.watch.pass_(minutes=6)
        answer = await vote(wang, id_, "approve")
        assert answer.status_code == 403
        assert await state_of(site, id_) == "HELD"
        answer = await vote(wang, id_, "approve", code="000000")
        assert answer.status_code == 403
        before = wang.session
        answer = await vote(wang, id_, "approve", code=wang.code())
        assert answer.status_code == 200, text_of(answer.text)
        assert wang.session != before
        await site.world.reaches(id_, "SETTLED", "PROCESSING", "ACKNOWLEDGED")

    story(tmp_path, tell, release_people=1)


def test_a_recovery_code_is_not_enough_to_release(tmp_path):
    async def tell(site):
        member = await site.member("wang")
        id_ = await posted(site)
        browser = site.browser()
        await browser.log_in("wang")
        await browser.get("/ui/second")
        await browser.post("/ui/second", recovery=member.codes[0])
        answer = await vote(browser, id_, "approve")
        assert answer.status_code == 403
        assert await state_of(site, id_) == "HELD"

    story(tmp_path, tell, release_people=1)


def test_a_payment_of_another_tenant_is_not_found(tmp_path):
    async def tell(site):
        zhao = await site.member("zhao")
        id_ = await posted(site)
        assert (await zhao.get(f"/ui/payments/{id_}")).status_code == 404
        await zhao.get("/ui/stops")
        answer = await zhao.post(f"/ui/payments/{id_}", action="approve", digest="0" * 64)
        assert answer.status_code == 404
        await zhao.get("/ui/held")
        assert id_ not in zhao.seen

    others = [{"name": "赵", "login": "zhao"}]
    story(tmp_path, tell, other_people=others, **HELD)


def test_what_somebody_wrote_is_shown_as_text(tmp_path):
    async def tell(site):
        wang = await site.member("wang")
        await wang.get("/ui/stops")
        await wang.post("/ui/stops", scope="tenant", reason="<script>alert(1)</script>\"'&")
        await wang.get("/ui/stops")
        assert "<script>" not in wang.seen
        assert "&lt;script&gt;alert(1)" in wang.seen

    story(tmp_path, tell)


def test_a_stop_is_pulled_at_once_and_lifted_by_two(tmp_path):
    async def tell(site):
        wang, li = await site.member("wang"), await site.member("li")
        await wang.get("/ui/stops")
        answer = await wang.post("/ui/stops", scope="tenant", subject="", reason="疑似盗用")
        assert answer.status_code == 303
        (stop,) = await site.stops()
        for browser, holds in ((wang, True), (li, False)):
            await browser.get("/ui/stops")
            answer = await browser.post(f"/ui/stops/{stop.id}", reason="已核实")
            assert answer.status_code == 303, text_of(answer.text)
            (now,) = await site.stops()
            assert (now.lifted_at is None) is holds

    story(tmp_path, tell)


def test_lifting_a_stop_needs_a_fresh_second_factor_and_a_reason(tmp_path):
    async def tell(site):
        wang = await site.member("wang")
        await wang.get("/ui/stops")
        await wang.post("/ui/stops", scope="tenant", reason="疑似盗用")
        (stop,) = await site.stops()
        await wang.get("/ui/stops")
        assert (await wang.post(f"/ui/stops/{stop.id}", reason=" ")).status_code == 400
        site.watch.pass_(minutes=6)
        await wang.get("/ui/stops")
        assert (await wang.post(f"/ui/stops/{stop.id}", reason="已核实")).status_code == 403
        (now,) = await site.stops()
        assert now.votes == ()

    story(tmp_path, tell)


def test_two_people_resolve_an_outcome_that_nobody_knows_with_a_reason(tmp_path):
    async def tell(site):
        wang, li = await site.member("wang"), await site.member("li")
        wish = payment()
        site.world.bank.faults.add(
            Scripted(kind=Fault.ERROR_5XX_AFTER_COMMIT, creditor_account=wish["creditor_account"])
        )
        id_ = (await site.world.post("/v1/instructions", wish)).json()["id"]
        await site.world.reaches(id_, "UNCONFIRMED")
        await wang.get("/ui/unconfirmed")
        assert id_ in wang.seen
        answer = await vote(wang, id_, "resolve_settled")
        assert answer.status_code == 403
        assert "原因" in text_of(answer.text)
        await vote(wang, id_, "resolve_settled", reason="网银已见扣款")
        assert await state_of(site, id_) == "UNCONFIRMED"
        await vote(li, id_, "resolve_settled", reason="回单已核对")
        assert await state_of(site, id_) == "SETTLED"

    story(tmp_path, tell)
