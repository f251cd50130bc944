"""Reference data over HTTP, and what a loaded directory changes for a payment that comes in."""

from __future__ import annotations

import asyncio
import io
from datetime import date

import pytest

from gateway import bootstrap
from gateway.bootstrap import Role
from gateway.controls.reference.kinds import Kind
from gateway.controls.reference.rows import Imports, Wish
from gateway.domain.bank_office import check_digit
from tests.integration.web.world import batch_of, payment, story
from tests.sandbox_json import START

FUZHOU = "30939100001" + check_digit("30939100001")
SUZHOU = "10530501001" + check_digit("10530501001")
UNKNOWN = "10530501002" + check_digit("10530501002")
DIRECTORY = f"""行号|行名|清算行行号|城市|状态|生效日期
{FUZHOU}|兴业银行股份有限公司福州分行||福州|有效|20240101
{SUZHOU}|中国建设银行股份有限公司苏州分行||苏州市|有效|
"""
HOLIDAY = "day,kind,name\n2026-09-16,holiday,试验休息日\n"


async def take(it, kind, text):
    """Import beside the running service, as another process does."""
    wish = Wish(kind=kind, source="测试", holds_from=date(2026, 9, 15), by="local:w")
    await Imports(it.gateway.store, it.gateway.runtime).take(
        wish, lambda: io.BytesIO(text.encode())
    )


def test_offices_are_found_by_number_and_by_name(tmp_path):
    async def tell(it):
        assert (await it.get("/v1/bank-offices?number=" + FUZHOU)).json() == {"offices": []}
        await take(it, Kind.OFFICES, DIRECTORY)
        (office,) = (await it.get("/v1/bank-offices?number=" + SUZHOU)).json()["offices"]
        assert office == {
            "number": SUZHOU,
            "name": "中国建设银行股份有限公司苏州分行",
            "bank_code": "105",
            "area_code": "3050",
            "clearing_number": None,
            "city": "苏州市",
            "status": "active",
            "valid_from": None,
            "grade": "exact",
        }
        named = await it.get("/v1/bank-offices?name=%E5%88%86%E8%A1%8C&city=%E7%A6%8F%E5%B7%9E")
        assert [(one["number"], one["grade"]) for one in named.json()["offices"]] == [
            (FUZHOU, "contains")
        ]
        elsewhere = await it.get(f"/v1/bank-offices?number={SUZHOU}&city=%E7%A6%8F%E5%B7%9E")
        assert elsewhere.json()["offices"] == []

    story(tmp_path, tell)


@pytest.mark.parametrize(
    "target",
    [
        "/v1/bank-offices",
        "/v1/bank-offices?number=1",
        "/v1/bank-offices?name=",
        "/v1/bank-offices?number=309391000011&name=a",
        "/v1/calendar/2026-02-30",
        "/v1/calendar/20260915",
        "/v1/route?amount=1.00",
        "/v1/route?amount=0.00&own_bank=true",
        "/v1/route?amount=-1.00&own_bank=true",
        "/v1/route?amount=1.001&own_bank=true",
        "/v1/route?amount=1.00&own_bank=yes",
        "/v1/route?amount=1.00&own_bank=true&at=tomorrow",
        "/v1/route?amount=1.00&own_bank=true&at=0001-01-01",
        "/v1/route?amount=1.00&own_bank=true&urgency=high",
        "/v1/route?amount=1.00&own_bank=true&currency=RMB",
    ],
)
def test_what_cannot_be_asked_is_refused_at_its_place(tmp_path, target):
    async def tell(it):
        answer = await it.get(target)
        assert answer.status_code == 400
        assert answer.json()["faults"]

    story(tmp_path, tell)


def test_a_day_is_told_and_an_import_changes_it(tmp_path):
    async def tell(it):
        wednesday = (await it.get("/v1/calendar/2026-09-16")).json()
        assert (wednesday["working"], wednesday["provisional"]) == (True, False)
        await take(it, Kind.CALENDAR, HOLIDAY)
        free = (await it.get("/v1/calendar/2026-09-16")).json()
        assert (free["working"], free["name"]) == (False, "试验休息日")
        assert (await it.get("/v1/calendar/2031-01-02")).json()["provisional"] is True
        assert (await it.get("/v1/calendar/2026-09-16?calendar=mars")).status_code == 404

    story(tmp_path, tell)


def test_a_route_is_proposed_with_its_reasons(tmp_path):
    async def tell(it):
        found = (await it.get("/v1/route?amount=60000.00&own_bank=false")).json()
        assert found["at"].startswith(f"{START:%Y-%m-%dT%H:%M}")
        assert (found["proposed"]["channel"], found["proposed"]["now"]) == ("hvps", True)
        assert {one["channel"] for one in found["not_chosen"]} == {"beps", "ibps", "own_bank"}
        late = "/v1/route?amount=9000000.00&own_bank=false&at=2026-09-15T18:00"
        proposed = (await it.get(late)).json()["proposed"]
        assert proposed["now"] is False
        assert proposed["leaves_at"] > "2026-09-15T18:00"

    story(tmp_path, tell)


def test_the_view_of_a_payment_that_waits_proposes_its_way_on_request(tmp_path):
    async def tell(it):
        await take(it, Kind.CALENDAR, HOLIDAY)
        other = payment(
            creditor_agent_name="中国建设银行股份有限公司苏州分行",
            creditor_agent_cnaps=SUZHOU,
            creditor_city="苏州",
            amount="9000000.00",
            execution_date="2026-09-16",
        )
        accepted = (await it.post("/v1/instructions", other)).json()
        target = f"/v1/instructions/{accepted['id']}"
        plain = await it.get(target)
        assert "route" not in plain.json()
        assert (await it.get(f"{target}?route=false")).json().keys() == plain.json().keys()
        way = (await it.get(f"{target}?route=true")).json()["route"]
        assert way["execution_day"]["working"] is False
        assert way["execution_day"]["name"] == "试验休息日"
        assert way["proposed"]["channel"] == "hvps"
        assert way["proposed"]["leaves_at"] >= "2026-09-16T20:30"
        view = (await it.get(target)).json()
        assert view["execution_date"] == "2026-09-16", "nothing is moved by itself"
        assert (await it.get(f"{target}?route=maybe")).status_code == 400
        etag = {"If-None-Match": plain.headers["etag"]}
        assert (await it.get(f"{target}?route=true", headers=etag)).status_code == 304

    story(tmp_path, tell, release_people=1)


def test_a_payment_that_has_left_has_no_way_to_propose(tmp_path):
    async def tell(it):
        accepted = (await it.post("/v1/instructions", payment())).json()
        await it.reaches(accepted["id"], "SETTLED")
        view = (await it.get(f"/v1/instructions/{accepted['id']}?route=true")).json()
        assert view["route"] is None

    story(tmp_path, tell)


def test_an_imported_directory_is_held_against_what_comes_in(tmp_path):
    async def tell(it):
        wrong = {"creditor_agent_cnaps": UNKNOWN, "creditor_agent_name": "中国建设银行"}
        before = await it.post("/v1/instructions", payment(**wrong))
        assert before.status_code == 200, "without a directory nothing is known of a number"
        await take(it, Kind.OFFICES, DIRECTORY)
        batch = batch_of(2)
        batch["instructions"].append(payment(**wrong))
        results = (await it.post("/v1/batches", batch)).json()["results"]
        assert [one["result"] for one in results] == ["accepted", "accepted", "refused"]
        after = await it.post("/v1/instructions", payment(**wrong))
        assert after.status_code == 422
        (fault,) = after.json()["faults"]
        assert (fault["path"], fault["code"]) == ("/creditor_agent_cnaps", "cnaps_unknown")
        right = payment(creditor_agent_cnaps=FUZHOU)
        assert (await it.post("/v1/instructions", right)).status_code == 200

    story(tmp_path, tell, release_people=1)


@pytest.mark.parametrize(
    "_database", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
def test_a_service_hears_of_what_another_process_imports(tmp_path):
    async def tell(it):
        assert (await it.post("/v1/instructions", payment())).status_code == 200
        other = bootstrap.build(it.gateway.settings, pytest.fail, role=Role.API)
        wish = Wish(kind=Kind.OFFICES, source="测试", holds_from=date(2026, 9, 15), by="local:w")
        await Imports(other.store, other.runtime).take(wish, lambda: io.BytesIO(DIRECTORY.encode()))
        await other.stop()
        async with asyncio.timeout(10):
            while True:
                if await it.gateway.reference.ready() is not None:
                    break
                await asyncio.sleep(0.02)
        wrong = payment(creditor_agent_cnaps=UNKNOWN, creditor_agent_name="中国建设银行")
        assert (await it.post("/v1/instructions", wrong)).status_code == 422

    story(tmp_path, tell)
