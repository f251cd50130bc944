"""The treasurer's pages: how accounts stand, open items, decisions, the sheet, statement days."""

from __future__ import annotations

import asyncio
import html
import re

import pytest

from tests.chromium import WIDTH, tab
from tests.integration.web.test_pages_browser import FITS, LOW
from tests.integration.web.world import payment
from tests.treasury_ground import (
    BY_HAND,
    DAY,
    ITEMS,
    at_of,
    books,
    item,
    matches,
    mt940,
    seen_words,
)
from tests.ui_ground import story, text_of

_BANK = re.compile(r'name="(r[0-9]+|p[0-9]+|bank-[0-9]+)" value="((?:bank )?2026[^"]+)"')
_DIGEST = re.compile(r'name="digest" value="([0-9a-f]{64})"')


def test_a_day_of_work_ends_with_a_closed_sheet(tmp_path):
    async def tell(site):
        wang, li = await site.member("wang"), await site.member("li")
        assert "尚无对账单" in text_of((await wang.get("/ui/reconciliation")).text)
        await books(site, *ITEMS)
        at = await at_of(wang)
        answer = await wang.post(at, up_to="")
        assert "新匹配 1 笔，建议 1 条" in text_of(answer.text)
        told = await seen_words(wang, at)
        assert "2026-09-11 – 2026-09-14：4 天 缺失" in told
        assert "2026-08-31 未编制" in told
        await _looked_after(wang, at)
        await _matched_in_parts(site, wang, at)
        await _suggested(site, wang, at)
        await _written_off(site, wang, at)
        await _closed(site, wang, li, at)
        await _told_by_the_api(site)
        days = " ".join((await seen_words(wang, f"{at}/days?month=2026-09")).split())
        assert "2026-09-11 – 2026-09-14 缺失" in days
        assert "期末 closing 84.00" in days

    story(tmp_path, tell, gateway=BY_HAND)


async def _looked_after(wang, at):
    book = await seen_words(wang, f"{at}/open?side=book")
    assert "<b>甲</b>" in book
    assert "<b>甲" not in wang.seen
    path = f"{at}/item?side=book&ref=L4"
    assert "****3445" in await seen_words(wang, path)
    assert "6222020200112233445" not in wang.seen
    said = {"side": "book", "ref": "L4", "owner": "李", "comment": "待查"}
    answer = await wang.post(f"{at}/item", **said)
    assert "王：待查" in text_of(answer.text)
    answer = await wang.post(f"{at}/item", side="book", ref="L4")
    assert answer.status_code == 400
    assert "负责人与备注均为空" in text_of(answer.text)
    assert "负责人：李" in await seen_words(wang, f"{at}/open?side=book&text=%E7%94%B2")


async def _matched_in_parts(site, wang, at):
    await seen_words(wang, f"{at}/open?side=bank&amount=8")
    (line,) = re.findall(r'href="([^"]+/item[^"]+)"', wang.seen)
    desk = html.unescape(line).replace("/item?", "/desk?")
    assert "没有符合条件" in await seen_words(wang, desk)  # no item of 8.00
    ((_, bank),) = _BANK.findall(wang.seen)
    chosen = {"p0": bank, "side": "book", "reason": "合并付款"}
    answer = await wang.post(f"{at}/desk", **chosen, action="look")
    assert "尚未选择" not in text_of(answer.text)
    wrong = chosen | {"r100": "book L2", "action": "match"}
    answer = await wang.post(f"{at}/desk", **wrong)
    assert answer.status_code == 400
    assert "两侧金额相差 -3.00" in text_of(answer.text)
    assert 'value="book L2" checked' in answer.text  # what was chosen is still chosen
    nothing = chosen | {"r100": "book L2", "action": "match", "reason": " "}
    assert "必填" in text_of((await wang.post(f"{at}/desk", **nothing)).text)
    assert await matches(site) == [("auto", "held")]
    answer = await wang.post(f"{at}/desk", **wrong | {"a0": "-5.00"})
    assert "已记录" in text_of(answer.text), answer.text
    assert "未匹配余额 left -3.00" in " ".join(
        text_of((await wang.get(line_of(line))).text).split()
    )
    answer = await wang.post(f"{at}/desk", **chosen | {"r100": "book L3", "action": "match"})
    assert answer.status_code == 200
    assert await matches(site) == [("auto", "held"), ("manual", "held"), ("manual", "held")]


def line_of(href):
    return html.unescape(href)


async def _suggested(site, wang, at):
    await seen_words(wang, f"{at}/suggestions")
    (path,) = set(re.findall(r'href="([^"]+/suggestions/[^"]+)"', wang.seen))
    told = await seen_words(wang, path)
    assert "只勾选属于同一笔业务的" in told
    ((name, bank),) = _BANK.findall(wang.seen)
    before = await matches(site)
    for chosen in ({name: bank}, {"book-0": "S1"}, {name: bank, "book-0": "S1", "book-1": "S2"}):
        assert (await wang.post(path, **chosen)).status_code == 400
    assert await matches(site) == before
    answer = await wang.post(path, **{name: bank, "book-0": "S1"})
    assert "采纳建议" in text_of(answer.text)
    assert ("accepted", "held") in await matches(site)


async def _written_off(site, wang, at):
    chosen = {"p0": "book L4", "side": "bank", "reason": "两元不追"}
    answer = await wang.post(f"{at}/desk", **chosen, action="write_off")
    assert "核销" in text_of(answer.text)
    await seen_words(wang, f"{at}/matches")
    (path,) = {
        it
        for it in re.findall(r'href="([^"]+/matches/[^"]+)"', wang.seen)
        if "L4" in (await wang.get(it)).text
    }
    assert (await wang.post(path, reason="")).status_code == 400
    answer = await wang.post(path, reason="写错")
    assert "已取消" in text_of(answer.text)
    assert ("write_off", "undone") in await matches(site)


async def _told_by_the_api(site):
    (told,) = (await site.world.get("/v1/reconciliations")).json()["reconciliations"]
    # What is left of each class after all that was decided, at the first age.
    sums = {kind: (ages[0]["items"], ages[0]["sum"]) for kind, ages in told["classes"].items()}
    assert sums == {
        "bank_received": (1, "5.00"),
        "bank_paid": (0, "0.00"),
        "book_received": (1, "7.00"),
        "book_paid": (1, "2.00"),
    }
    assert (told["last_day"], told["closed_until"]) == (DAY, DAY)
    assert told["sheet"] == {"day": "2026-08-31", "state": None, "result": None}
    missing = {"state": "missing", "why": None, "days": 4}
    assert told["days"] == [missing | {"first": "2026-09-11", "last": "2026-09-14"}]


async def _closed(site, wang, li, at):
    path = f"{at}/sheets/{DAY}"
    told = " ".join((await seen_words(wang, path)).split())
    assert "调节后余额 adjusted balance 89.00" in told
    assert (await wang.post(path, comment="九月")).status_code == 200
    assert "由您编制：须由他人复核" in text_of(wang.seen)
    digest = (await li.get(path)).text and _DIGEST.search(li.seen)[1]
    answer = await wang.post(f"{path}/review", digest=digest)
    assert answer.status_code == 403
    assert "编制人与复核人不能相同" in text_of(answer.text)
    answer = await li.post(f"{path}/review", digest="0" * 64)
    assert answer.status_code == 400
    site.watch.pass_(minutes=6)
    answer = await li.post(f"{path}/review", digest=digest)
    assert answer.status_code == 403
    assert "须先出示第二因素" in text_of(answer.text)
    answer = await li.post(f"{path}/review", digest=digest, reason="已核对", code=li.code())
    assert answer.status_code == 200
    assert "已复核，已结账" in text_of(li.seen)
    answer = await li.post(path)
    assert answer.status_code == 403
    assert "已结账" in text_of(answer.text)
    book = await li.get(f"{path}/workbook")
    assert book.headers["content-type"].endswith("spreadsheetml.sheet")
    assert (await li.get(f"{path}/paper")).content.startswith(b"%PDF")
    assert "2026-08-31 已按其他日期结账" in await seen_words(li, at)
    assert f"已结账至 closed until {DAY}" in " ".join(text_of(li.seen).split())


def test_many_items_are_many_pages_and_bad_addresses_are_told(tmp_path):
    async def tell(site):
        many = [item(f"N{it}", f"{100 + it}.00", erp_reference=f"PAY-{it}") for it in range(120)]
        await books(site, *many)
        wang = await site.member("wang")
        at = await at_of(wang)
        await seen_words(wang, f"{at}/open?side=book")
        assert wang.seen.count('class="go">处理') == 50
        found, path = set(), f"{at}/open?side=book"
        while path:
            page = (await wang.get(path)).text
            found |= set(re.findall(r"ref=(N[0-9]+)", page))
            (path,) = re.findall(r'<a href="([^"]+)" rel="next"', page) or [""]
            path = html.unescape(path)
        assert len(found) == 120
        await seen_words(wang, f"{at}/open?side=book&amount=103.00&text=pay-3")
        assert re.findall(r"ref=(N[0-9]+)", wang.seen) == ["N3"]
        await seen_words(wang, f"{at}/open?side=book&text=PAY%5F3")  # a letter, not any
        assert "没有符合条件" in text_of(wang.seen)
        for query in ("side=x", "start=-1", "amount=1e3", "first=2026-13-01", "text=%00"):
            assert (await wang.get(f"{at}/open?{query}")).status_code == 400, query
        for path in ("/item?side=book&ref=none", "/matches/rcm_1", "/suggestions/x", "/nothing"):
            assert (await wang.get(at + path)).status_code == 404, path
        answer = await wang.post(f"{at}/days", first="2026-09-01", last="2026-12-01")
        assert "一次至多 31 天" in text_of(answer.text)
        await _gaps_and_findings(site, wang, at)
        await _who_voted_prepares_nothing(site, wang, at)

    story(tmp_path, tell, gateway=BY_HAND, release_people=1)


async def _gaps_and_findings(site, wang, at):
    wrong = mt940(closing="99,")
    answer = await site.world.call("POST", "/v1/statement-files", wrong.encode())
    assert answer.json()["state"] == "quarantined"
    told = await seen_words(wang, f"{at}/days")
    assert "已隔离，未入库任何明细" in told
    assert answer.json()["findings"][0]["zh"] in told
    answer = await wang.post(f"{at}/days", first="2026-09-14", last="2026-09-14")
    assert "已取回" in text_of(answer.text)
    assert "2026-09-11 – 2026-09-13" in text_of(answer.text)  # what is missing now


async def _who_voted_prepares_nothing(site, wang, at):
    made = (await site.world.post("/v1/instructions", payment("P-1"))).json()["id"]
    await wang.get(f"/ui/payments/{made}")
    said = {"digest": _DIGEST.search(wang.seen)[1], "action": "reject", "reason": "有误"}
    assert (await wang.post(f"/ui/payments/{made}", **said)).status_code == 200
    site.world.gateway.runtime.clock.jump(86_400)
    path = f"{at}/sheets/2026-09-15"
    assert "请由未参与付款的同事编制" in await seen_words(wang, path)
    answer = await wang.post(path)
    assert answer.status_code == 403
    assert "须由他人编制" in text_of(answer.text)


LABELLED = (
    "[...document.querySelectorAll('input:not([type=hidden]), select')]"
    ".filter(it => it.labels.length !== 1).length"
)
RIGHT = (
    "[...document.querySelectorAll('.num')]"
    ".filter(it => getComputedStyle(it).textAlign !== 'right').length"
)


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("_database", ["sqlite"], indirect=True)
def test_the_pages_fit_a_phone_and_their_fields_are_labelled(tmp_path):
    async def tell(site):
        await books(site, *ITEMS)
        wang = await site.member("wang")
        at = await at_of(wang)
        await wang.post(at)
        told = await asyncio.to_thread(visit, site, wang.session, at)
        assert len(told) == 8
        for tail, flaws in told.items():
            assert flaws == {"width": WIDTH, "fits": True, "low": 0, "unnamed": 0, "left": 0}, tail

    def visit(site, session, at):
        desk = "/desk?side=book&ref=L4"
        tails = ("", "/open?side=book", "/item?side=book&ref=L4", desk, "/suggestions")
        tails += ("/days", f"/sheets/{DAY}", "/matches")
        with tab(tmp_path) as page:
            page.call("Network.setCookie", name="gw-session-local", value=session, url=site.base)
            return {tail: looked_at(page, f"{site.base}{at}{tail}") for tail in tails}

    def looked_at(page, url):
        page.go(url)
        return {
            "width": page.ask("window.innerWidth"),
            "fits": page.ask(FITS),
            "low": page.ask(LOW),
            "unnamed": page.ask(LABELLED),
            "left": page.ask(RIGHT),
        }

    story(tmp_path, tell, gateway=BY_HAND)
