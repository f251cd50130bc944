"""The controls on the pages: people without any key read a next version and agree to it."""

from __future__ import annotations

from tests.integration.web.test_controls import DOCUMENT
from tests.ui_ground import PEOPLE, story, text_of

ALL = [*PEOPLE, {"name": "陈", "login": "chen"}, {"name": "周", "login": "zhou"}]
NAMES = ("王", "李", "陈")


def document():
    """wang, li and chen may change the controls; zhou holds nothing."""
    people = [{"name": it} for it in (*NAMES, "周")]
    assignments = [{"person": it, "role": "governor"} for it in NAMES]
    roles = [it for it in DOCUMENT["roles"] if it["name"] != "clerk"]
    return {**DOCUMENT, "people": people, "roles": roles, "assignments": assignments}


def test_who_only_logs_in_agrees_to_the_first_document(tmp_path):
    async def tell(site):
        sent = {"content": document(), "comment": "首版"}
        answer = await site.world.post("/v1/controls/proposals", sent, key="wang")
        assert answer.status_code == 200, answer.text
        digest = answer.json()["digest"]
        assert "陈" in answer.json()["next"], "who has no key may agree as well"
        chen, zhou = await site.member("chen"), await site.member("zhou")
        await chen.get("/ui/controls")
        assert "首版" in chen.seen
        await chen.get("/ui/controls/1")
        assert digest in chen.seen
        assert "matrix all" in text_of(chen.seen)
        assert (await chen.post("/ui/controls/1", digest="0" * 64)).status_code == 403
        await chen.get("/ui/controls/1")
        site.watch.pass_(minutes=6)
        assert (await chen.post("/ui/controls/1", digest=digest)).status_code == 403
        await chen.get("/ui/controls/1")
        answer = await chen.post("/ui/controls/1", digest=digest, code=chen.code())
        assert answer.status_code == 200, text_of(answer.text)
        assert "现行" in text_of(answer.text)
        for path in ("/ui/controls", "/ui/controls/1"):
            assert (await zhou.get(path)).status_code == 403
        for path in ("/ui/controls/2", "/ui/controls/x", "/ui/controls/99999999999"):
            assert (await chen.get(path)).status_code == 404

    story(tmp_path, tell, people=ALL)
