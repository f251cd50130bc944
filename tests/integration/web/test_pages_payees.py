"""Open changes of payees on the pages: another person's yes, over what was shown."""

from __future__ import annotations

from gateway.sandbox import payees
from tests.integration.web.test_pages_rules import in_force
from tests.ui_ground import story, text_of

ACCOUNT = payees.own_account(9001)
CREATE = {"action": "create", "account": ACCOUNT, "name": "示例钢铁", "vendor": "V-1"}


async def proposed(site, *items, key="wang"):
    answer = await site.world.post("/v1/payees/proposals", {"items": list(items)}, key=key)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def payee(site):
    (found,) = (await site.world.get(f"/v1/payees?account={ACCOUNT}", key="li")).json()["payees"]
    return found


def test_another_person_approves_what_was_shown(tmp_path):
    async def tell(site):
        made = await proposed(site, CREATE)
        wang, li = await site.member("wang"), await site.member("li")
        address = f"/ui/payees/{made['id']}"
        await wang.get("/ui/payees")
        assert ACCOUNT in wang.seen
        assert address in wang.seen
        await wang.get(address)
        assert "须由他人表决" in text_of(wang.seen)
        said = {"action": "approve", "digest": made["digest"]}
        assert (await wang.post(address, **said)).status_code == 403
        await li.get(address)
        assert "示例钢铁" in li.seen
        answer = await li.post(address, action="approve", digest="0" * 64)
        assert answer.status_code == 403
        assert "重新查看" in text_of(answer.text)
        await li.get(address)
        assert (await li.post(address, **said, reason="已核对")).status_code == 200
        assert "已生效" in text_of(li.seen)
        found = await payee(site)
        assert (found["approved"], found["made_by"], found["approved_by"]) == (
            *(True, "person:王", "person:李"),
        )
        change = {"action": "change", "payee": found["id"], "account": ACCOUNT, "name": "新名称"}
        second = await proposed(site, change)
        await li.get(f"/ui/payees/{second['id']}")
        assert "<s>示例钢铁</s> → <strong>新名称</strong>" in li.seen
        answer = await li.post(f"/ui/payees/{second['id']}", action="withdraw", reason="有误")
        assert "已撤回" in text_of(answer.text)
        await li.get("/ui/payees")
        assert "没有待表决" in text_of(li.seen)

    story(tmp_path, tell)


def test_a_second_factor_of_long_ago_approves_nothing(tmp_path):
    async def tell(site):
        made = await proposed(site, CREATE)
        li = await site.member("li")
        site.watch.pass_(minutes=6)
        address = f"/ui/payees/{made['id']}"
        await li.get(address)
        said = {"action": "approve", "digest": made["digest"]}
        answer = await li.post(address, **said)
        assert answer.status_code == 403
        assert "第二因素" in text_of(answer.text)
        assert (await site.world.get("/v1/payees", key="li")).json()["payees"] == []
        assert (await li.post(address, **said, code=li.code())).status_code == 200
        assert (await payee(site))["approved"]

    story(tmp_path, tell)


def test_what_is_not_theirs_is_closed_or_not_there(tmp_path):
    async def tell(site):
        made = await proposed(site, CREATE)
        li = await site.member("li")
        assert (await li.get("/ui/payees/pch_nothing")).status_code == 404
        address = f"/ui/payees/{made['id']}"
        await li.get(address)
        assert (await li.post(address, action="pay")).status_code == 400
        assert (await li.post(address, action="withdraw", reason="\0")).status_code == 400
        in_force(site)  # its people may not change payees
        for path in ("/ui/payees", address):
            assert (await li.get(path)).status_code == 403
            assert ACCOUNT not in li.seen
        await li.get("/ui/stops")
        assert (await li.post(address, action="withdraw")).status_code == 403

    story(tmp_path, tell)
