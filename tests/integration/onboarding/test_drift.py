"""Bank and settings that part are noticed: by ``gateway doctor``, and by the worker's watch."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from gateway import bootstrap, settings
from gateway.cli import main
from gateway.cli.own_postgres import NODE
from gateway.runtime import SharedClock
from gateway.store import tables
from gateway.store.tenancy import EVERYONE, acting_for
from tests.postgres import seen_by

SETTINGS = """
[gateway]
data = "data"
clock = "{clock}"
drift_every_minutes = {minutes}
{database}
[[tenant]]
id = "sample"
name = "样本控股集团"
[[tenant.connection]]
id = "main"
bank = "cib"
url = "{bank}/cib"
customer = "9900000002"
operator = "{operator}"
password = "{password}"
timeout_s = 5
[[tenant.company]]
id = "company-1"
name = "样本能源有限公司"
[[tenant.company.account]]
number = "900010104000000018"
connection = "main"
[[tenant.company.account]]
number = "900010104000000026"
connection = "main"
"""
MAKER, QUERY, WRONG = (
    ("erpmaker", "Demo-Pass-1"),
    ("erpquery", "Demo-Pass-2"),
    ("erpmaker", "not-the-password"),
)


@pytest.fixture
def config(bank, database, tmp_path):
    """Write settings for an operator; returns their path."""
    url = f'database = "{seen_by(NODE, database).url}"' if database.postgresql else ""

    def write(operator, minutes=60):
        path = tmp_path / "gateway.toml"
        user, password = operator
        text = SETTINGS.format(
            clock=bank[1],
            bank=bank[0],
            database=url,
            minutes=minutes,
            operator=user,
            password=password,
        )
        path.write_text(text, encoding="utf-8")
        return path

    return write


def doctor(path, capsys, *more):
    code = main.main(["doctor", "--config", str(path), "--json", *more])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_doctor_is_content_where_both_agree(config, capsys):
    code, told = doctor(config(MAKER), capsys, "--connection", "main")
    assert code == 0
    assert {it["result"] for it in told} == {"ok", "warn"}


def test_the_doctor_names_the_right_that_is_missing_at_the_bank(config, capsys):
    code, told = doctor(config(QUERY), capsys)
    assert code == 1
    assert [(it["code"], it["what"]) for it in told if not it["ok"]] == [
        ("right", "sample/main ****0026 balance")
    ]


def test_the_doctor_finds_a_stopped_connection(config, capsys):
    """The first question is refused and stops the connection; asked again, it says so."""
    loaded = settings.load(config(WRONG))
    assert [it.code for it in watched(loaded, look)] == ["sign_on_refused"]
    code, told = doctor(config(MAKER), capsys)
    assert code == 1
    assert "stopped" in [it["code"] for it in told]


def test_no_such_connection_is_not_well(config, capsys):
    assert doctor(config(MAKER), capsys, "--connection", "other") == (1, [])


# ── the watch ─────────────────────────────────────────────────────────────────────────────────


def watched(loaded, tell):
    async def inside():
        built = bootstrap.build(loaded, lambda *it: pytest.fail(str(it)))
        try:
            return await tell(built)
        finally:
            await built.stop(0)

    return asyncio.run(inside())


async def until(asked):
    async with asyncio.timeout(60):
        while True:
            if await asked():
                return
            await asyncio.sleep(0.02)


async def look(built):
    return await built.drift.look()


async def cases(built):
    case = tables.case
    with acting_for(EVERYONE):
        rows = await built.store.read(
            lambda db: db.execute(select(case).where(case.c.kind == "drift")).all()
        )
    return [(it.tenant, it.instruction, it.detail) for it in rows]


def test_where_both_agree_no_case_is_opened(config):
    async def tell(built):
        assert await look(built) == []
        assert await cases(built) == []

    watched(settings.load(config(MAKER)), tell)


def test_a_right_taken_away_opens_one_case_and_counts(config):
    async def tell(built):
        for _ in range(2):
            assert [it.code for it in await look(built)] == ["right"]
        ((tenant, instruction, detail),) = await cases(built)
        assert (tenant, instruction) == ("sample", "")
        assert "****0026" in detail
        assert "900010104000000026" not in detail
        shown = (await built.watch.scrape()).decode()
        assert 'gateway_drift_found_total{bank="cib",code="right"} 2.0' in shown
        assert "gateway_drift_checks_total 2.0" in shown

    watched(settings.load(config(QUERY)), tell)


def test_a_refused_sign_on_is_not_tried_again_by_the_watch(config):
    async def tell(built):
        assert [it.code for it in await look(built)] == ["sign_on_refused"]
        for _ in range(3):
            assert await look(built) == [], "stopped, and left alone"
        sent = select(tables.wire.c.id).where(tables.wire.c.tenant == "sample")
        with acting_for(EVERYONE):
            rows = await built.store.read(lambda db: db.execute(sent).all())
        assert len(rows) == 2, "one question and its answer"

    watched(settings.load(config(WRONG)), tell)


def test_a_bank_that_is_away_has_not_changed(config):
    path = config(MAKER)
    text = path.read_text("utf-8")
    place = text.index('url = "')
    path.write_text(
        text[:place] + 'url = "http://127.0.0.1:1/cib"' + text[text.index("\n", place) :]
    )

    async def tell(built):
        assert await look(built) == []

    watched(settings.load(path), tell)


def test_a_closed_case_is_opened_again_on_another_day(config, bank):
    def tomorrow():
        SharedClock(bank[1]).jump(int(timedelta(days=1).total_seconds()))
        return asyncio.sleep(0.1)

    async def tell(built):
        await look(built)
        await tomorrow()
        await look(built)
        assert len(await cases(built)) == 1, "the one that is open is enough"
        case = tables.case
        with acting_for(EVERYONE):
            await built.store.write(
                lambda uow: uow.change(update(case).values(closed_us=1, closing="granted"))
            )
        await look(built)
        assert len(await cases(built)) == 2
        with acting_for(EVERYONE):
            await built.store.write(
                lambda uow: uow.change(update(case).values(closed_us=1, closing="granted"))
            )
        await look(built)
        assert len(await cases(built)) == 2, "not twice on one day"

    watched(settings.load(config(QUERY)), tell)


def test_the_worker_keeps_the_appointment(config, bank, monkeypatch):
    monkeypatch.setattr("gateway.schedule.rounds._LOOK_S", 0.05)

    async def tell(built):
        await built.start()
        work = tables.work

        async def appointments():
            with acting_for(EVERYONE):
                return await built.store.read(
                    lambda db: db.execute(select(work).where(work.c.kind == "drift")).all()
                )

        await until(appointments)
        assert await cases(built) == [], "not before its time"
        SharedClock(bank[1]).jump(120)
        await until(lambda: cases(built))

    watched(settings.load(config(QUERY, minutes=1)), tell)


def test_without_the_setting_there_is_no_appointment(config):
    assert settings.load(config(MAKER, minutes=0)).drift_every_minutes == 0

    async def tell(built):
        assert built.drift is None

    watched(settings.load(config(MAKER, minutes=0)), tell)
