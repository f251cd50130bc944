"""Taking a log-in away: it holds at once, and nobody does it to themselves."""

from __future__ import annotations

from tests.integration.web.test_pages_rules import in_force
from tests.ui_ground import PASSWORD, story

REASON = {"reason": "离职"}


def test_a_log_in_that_is_taken_away_ends_every_session_and_opens_none(tmp_path):
    async def tell(site):
        post = site.world.post
        wang = await site.member("wang")
        assert (await wang.get("/ui/held")).status_code == 200
        for key, login, status in (
            ("wang", "wang", 403),  # oneself
            ("erp", "wang", 403),
            ("zhao", "wang", 404),  # of another tenant
            ("li", "nobody", 404),
        ):
            answer = await post(f"/v1/people/{login}/disabling", REASON, key=key)
            assert answer.status_code == status, (key, answer.text)
        assert (
            await post("/v1/people/wang/disabling", {"reason": " "}, key="li")
        ).status_code == 400
        assert (await wang.get("/ui/held")).status_code == 200
        for _ in range(2):
            done = await post("/v1/people/wang/disabling", REASON, key="li")
            assert done.json() == {"login": "wang", "person": "王", "disabled": True}
        assert (await wang.get("/ui/held")).status_code == 303, "to the log-in"
        assert (await wang.log_in("wang", PASSWORD)).status_code == 403
        back = await post("/v1/people/wang/enabling", REASON, key="li")
        assert back.json()["disabled"] is False
        assert (await wang.get("/ui/held")).status_code == 303, "no old session comes back"
        await wang.enter("wang")
        assert (await wang.get("/ui/held")).status_code == 200

    story(tmp_path, tell)


def test_under_a_document_it_takes_its_right(tmp_path):
    async def tell(site):
        in_force(site)
        answer = await site.world.post("/v1/people/wang/disabling", REASON, key="li")
        assert answer.status_code == 403
        assert "identities" in answer.text or "log-in" in answer.text

    story(tmp_path, tell)
