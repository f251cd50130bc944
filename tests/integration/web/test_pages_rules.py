"""Under a control document: who may not see or do something meets nothing of it on the pages."""

from __future__ import annotations

from copy import deepcopy

from gateway.controls.in_force import InForce
from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.reading import read
from tests.integration.web.world import payment
from tests.ui_ground import story, text_of

RIGHTS = ["view", "approve", "reject", "stop"]
DOCUMENT = {
    "format": "controls/1",
    "people": [{"name": "王", "display": "王人事"}, {"name": "李", "display": "李复核"}],
    "roles": [
        {"name": "wages", "display": "人事", "permissions": [{"rights": RIGHTS}]},
        {"name": "checker", "display": "复核", "permissions": [{"rights": ["view", "approve"]}]},
        {"name": "erp", "display": "ERP", "permissions": [{"rights": ["make", "view"]}]},
    ],
    "assignments": [{"person": "王", "role": "wages"}, {"person": "李", "role": "checker"}],
    "machines": [{"name": "*", "roles": ["erp"]}],
    "matrix": [{"id": "all", "currency": "CNY", "bands": [{"steps": [{"role": "*"}]}]}],
    "payroll_viewers": ["wages"],
}


def in_force(site, *, resolve=False):
    document = deepcopy(DOCUMENT)
    if resolve:
        document["matrix"][0]["bands"] = [{"steps": []}]
        for role in document["roles"]:
            role["permissions"][0]["rights"] = [*role["permissions"][0]["rights"], "resolve"]
    found = InForce(1, Rules(read(document)))
    site.world.gateway.controls._found = lambda *_: found


async def posted(site, **changes):
    answer = await site.world.post("/v1/instructions", payment(**changes))
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


def test_wages_are_seen_by_who_is_named_for_them_and_exist_for_nobody_else(tmp_path):
    async def tell(site):
        in_force(site)
        wages = await posted(site, business_type="payroll")
        plain = await posted(site)
        wang, li = await site.member("wang"), await site.member("li")
        await wang.get("/ui/held")
        assert wages in wang.seen
        assert plain in wang.seen
        await li.get("/ui/held")
        assert wages not in li.seen
        assert plain in li.seen
        assert (await wang.get(f"/ui/payments/{wages}")).status_code == 200
        answer = await li.get(f"/ui/payments/{wages}")
        nothing = await li.get("/ui/payments/ins_nothing")
        assert answer.status_code == nothing.status_code == 404
        assert text_of(answer.text) == text_of(nothing.text)
        await li.get("/ui/stops")
        answer = await li.post(f"/ui/payments/{wages}", action="approve", digest="0" * 64)
        assert answer.status_code == 404

    story(tmp_path, tell)


def test_who_may_not_stop_is_told_the_rule_and_stops_nothing(tmp_path):
    async def tell(site):
        in_force(site)
        li, wang = await site.member("li"), await site.member("wang")
        await li.get("/ui/stops")
        answer = await li.post("/ui/stops", scope="tenant", reason="测试")
        assert answer.status_code == 403
        assert await site.stops() == []
        await wang.get("/ui/stops")
        assert (await wang.post("/ui/stops", scope="tenant", reason="测试")).status_code == 303

    story(tmp_path, tell)


def test_a_hold_is_shown_with_who_can_lift_it(tmp_path):
    async def tell(site):
        in_force(site)
        id_ = await posted(site)
        wang = await site.member("wang")
        await wang.get(f"/ui/payments/{id_}")
        assert "挂起原因" in text_of(wang.seen)

    story(tmp_path, tell)
