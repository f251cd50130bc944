"""Whose reconciliation somebody meets on the pages, and who changes anything there."""

from __future__ import annotations

import re
from copy import deepcopy

import pytest

from gateway.controls.in_force import InForce
from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.reading import read
from tests.integration.web.test_pages_rules import DOCUMENT
from tests.integration.web.world import OTHER_ACCOUNT
from tests.sandbox_json import MAIN
from tests.treasury_ground import (
    ADDRESS,
    BY_HAND,
    DAY,
    ITEMS,
    at_of,
    books,
    matches,
    mt940,
    seen_words,
)
from tests.ui_ground import story, text_of


def test_who_may_not_meets_no_form_and_changes_nothing(tmp_path):
    async def tell(site):
        await books(site, *ITEMS)
        wang, li = await site.member("wang"), await site.member("li")
        zhao = await site.member("zhao")
        at = await at_of(wang)
        assert await at_of(zhao) != at
        assert "样本能源" in text_of(zhao.seen)
        for number in (MAIN, OTHER_ACCOUNT):  # addresses hold no account number
            assert (await wang.get(f"/ui/reconciliation/{number}")).status_code == 404
        for path in (at, f"{at}/open", f"{at}/sheets/{DAY}", f"{at}/sheets/{DAY}/paper"):
            assert (await zhao.get(path)).status_code == 404
            assert (await site.browser().get(path)).status_code == 303
        await _only_from_our_pages(site, wang, at)
        await wang.get(at)
        await wang.post(at)  # one is matched, one suggested
        paths = {
            re.search(r'href="[^"]+(/(?:matches|suggestions)/[^"]+)"', (await wang.get(it)).text)[1]
            for it in (f"{at}/matches", f"{at}/suggestions")
        }
        _in_force(site)
        for path in ("/ui/reconciliation", at, f"{at}/open?side=book", f"{at}/days"):
            answer = await li.get(path)  # may look, but not at wages
            assert "L4" not in answer.text
        assert "没有您可查看的账户" in text_of((await li.get("/ui/reconciliation")).text)
        told = await seen_words(wang, f"{at}/item?side=book&ref=L4")  # may look, not decide
        assert "reconcile 权限" in told
        assert "<form" not in wang.seen.partition("</nav>")[2]
        assert "<form" not in (await wang.get(f"{at}/sheets/{DAY}")).text.partition("</nav>")[2]
        whole = {"reason": "x", "bank-0": "x", "book-0": "S1"}
        for path, form in (*FORMS, *((it, whole) for it in paths)):
            answer = await wang.post(f"{at}{path}", **form)
            assert answer.status_code == 403, path
        assert (await wang.get(f"{at}/desk?side=book&ref=L4")).status_code == 403
        assert await matches(site) == [("auto", "held")]
        stored = await site.world.get(f"/v1/reconciliations/{MAIN}/sheets", key="wang")
        assert stored.json()["sheets"] == []

    story(tmp_path, tell, gateway=BY_HAND, other_people=[{"name": "赵", "login": "zhao"}])


FORMS = (
    ("/item", {"side": "book", "ref": "L4", "comment": "x"}),
    ("/desk", {"p0": "book L4", "side": "bank", "reason": "x", "action": "write_off"}),
    (f"/sheets/{DAY}", {}),
    (f"/sheets/{DAY}/review", {"digest": "0" * 64}),
)


async def _only_from_our_pages(site, wang, at):
    form = {"p0": "book L4", "side": "bank", "reason": "x", "action": "write_off"}
    for flaw in ({"token": ""}, {"token": "0" * 64}, {"origin": "https://evil.example"}):
        await wang.get(at)
        assert (await wang.post(f"{at}/desk", **form | flaw)).status_code == 403
    assert await matches(site) == []


def _in_force(site):
    """王 sees everything and decides nothing here; 李 sees no wages."""
    found = InForce(1, Rules(read(deepcopy(DOCUMENT))))
    site.world.gateway.controls._found = lambda *_: found


ALIKE = "900010101777770011"
"""An account that ends as MAIN does."""
TWO = [{"number": it, "connection": "cib-1", "city": "福州"} for it in (MAIN, ALIKE)]


@pytest.mark.parametrize("_database", ["sqlite"], indirect=True)
def test_who_sees_one_account_meets_nothing_of_another(tmp_path):
    async def tell(site):
        await books(site)
        await site.world.call("POST", "/v1/statement-files", mt940(closing="99,").encode())
        wang = await site.member("wang")
        await wang.get("/ui/reconciliation")
        first, *_, second = ADDRESS.findall(wang.seen)
        told = text_of(wang.seen)
        for at in (first, second):  # of one tail, told apart by their addresses
            assert f"****0011 CNY ({at[-16:][:4]})" in told
        assert "已隔离" in await seen_words(wang, f"{first}/days")
        document = deepcopy(DOCUMENT)
        document["roles"][0]["permissions"][0]["accounts"] = [MAIN]
        found = InForce(1, Rules(read(document)))
        site.world.gateway.controls._found = lambda *_: found
        told = await seen_words(wang, f"{first}/days")
        assert "已入库" in told
        assert "已隔离" not in told  # a file set aside may be of any account
        assert (await wang.get(second)).status_code == 404
        assert second not in (await wang.get("/ui/reconciliation")).text

    company = {"id": "c1", "name": "示例制造有限公司", "account": TWO}
    story(tmp_path, tell, gateway=BY_HAND, tenant={"company": [company]})
