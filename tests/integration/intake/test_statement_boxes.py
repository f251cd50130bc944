"""Statement files of several processes on one database: each once, and each day from one source."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256

from gateway.domain.errors import Overloaded
from gateway.domain.money import Money, currency
from gateway.domain.statement import Entry, StatementPage
from gateway.intake.ways_in import WayIn, WaysIn
from gateway.ports.erp import ErpTransport
from gateway.ports.statement_boxes import StatementBox
from gateway.ports.statement_formats import Reading
from gateway.schedule.work import WorkKind
from gateway.statements import import_plan
from gateway.statements.answered import DayAnswer, keep_answer
from gateway.statements.importing import Importing, StatementFile
from gateway.statements.picking import FileDesk, StatementFiles
from gateway.store import tables
from gateway.transport.box_names import Habits
from gateway.transport.file_box import Box
from gateway.transport.folders import FolderPlace
from tests.integration.intake.ground import nodes
from tests.integration.intake.test_ways_in import until
from tests.statement_ground import TINY, statement
from tests.unit.intake.sample import OWN_NUMBER, TENANT

BOX = StatementBox(
    tenant=TENANT.id, id="bank-files", transport=ErpTransport.FOLDER, address="", poll_s=1
)
FIRST = date(2026, 9, 1)
DAYS = [(FIRST + timedelta(days=number)).isoformat() for number in range(6)]


def _files(node, root, number: int, ways: WaysIn) -> WayIn:
    box = Box(FolderPlace(root), root.parent / f"scratch{number}", Habits(settle_s=0))
    desk = FileDesk(
        runtime=node.runtime,
        importing=Importing(node.store, node.runtime),
        formats=lambda: (TINY,),
    )
    files = StatementFiles(BOX, TENANT, box, desk, ways.stopping)
    return WayIn(system=BOX, look=files.look, close=files.aclose, kind=WorkKind.STATEMENT_FILES)


def test_a_folder_that_two_processes_look_at_gives_each_file_once(database, tmp_path):
    root = tmp_path / "files"
    (root / "in").mkdir(parents=True)
    for number, day in enumerate(DAYS):
        told = [(day, 10, "twin"), (day, 10, "twin")]
        text = statement(OWN_NUMBER, (day, day), (number * 20, number * 20 + 20), told)
        (root / "in" / f"{day}.sta").write_text(text)

    async def story() -> None:
        async with nodes(database) as made:
            ways = [WaysIn(it.store, it.runtime) for it in made]
            for number, (node, way) in enumerate(zip(made, ways, strict=True)):
                way.add(_files(node, root, number, way))
                way.start()
            await until(made, lambda: len(list(root.glob("processed/*"))) == len(DAYS))
            for way in ways:
                way.drain()
            line, done = tables.statement_line, tables.statement_import
            lines = [row.day for row in made[0].rows(line, line.c.day)]
            assert lines == sorted([*DAYS, *DAYS])
            assert [row.state for row in made[0].rows(done)] == ["imported"] * len(DAYS)
            assert len(list(root.glob("out/*.imported.json"))) == len(DAYS)

    asyncio.run(story())


def test_the_bank_answers_while_a_file_is_imported(database, tmp_path, monkeypatch):
    """Whoever is first with a day has all of it; nothing is there twice and nothing is missing."""
    monkeypatch.setattr(import_plan, "CHUNK", 5)
    told = [(day, 1, f"file-{number}") for day in DAYS for number in range(20)]
    text = statement(OWN_NUMBER, (DAYS[0], DAYS[-1]), (0, len(told)), told)
    path = tmp_path / "long.sta"
    path.write_text(text)
    account = TENANT.accounts[OWN_NUMBER]

    def answer(node, day: str) -> DayAnswer:
        entries = tuple(
            Entry(
                amount=Money(1, currency("CNY")),
                booking_date=date.fromisoformat(day),
                reference=f"bank-{number}",
            )
            for number in range(20)
        )
        return DayAnswer(
            tenant=TENANT.id,
            account=account,
            day=date.fromisoformat(day),
            asked_at=node.runtime.clock.now(),
            pages=(StatementPage(account=OWN_NUMBER, entries=entries, more=False),),
            import_id=node.runtime.ids.new("sti"),
            actor="policy:schedule",
        )

    async def answers(node) -> None:
        for day in reversed(DAYS[1:]):
            given = answer(node, day)
            await node.store.write(
                lambda uow, it=given: keep_answer(uow, it, node.runtime.clock.now())
            )

    async def imported(node) -> None:
        file = StatementFile(
            tenant=TENANT,
            path=path,
            name=path.name,
            digest=sha256(text.encode()).hexdigest(),
            format=replace(TINY),
            reading=Reading(),
            actor="machine:bank-files",
        )
        importing = Importing(node.store, node.runtime)
        with suppress(Overloaded):
            await importing.take_file(file)
        await importing.take_file(file)  # by now nobody answers any more

    async def story() -> None:
        async with nodes(database) as made:
            await asyncio.gather(imported(made[0]), answers(made[-1]))
            by_day = defaultdict(list)
            for row in made[0].rows(tables.statement_line):
                by_day[row.day].append(row.reference.partition("-")[0])
            assert {day: len(it) for day, it in by_day.items()} == dict.fromkeys(DAYS, 20)
            assert all(len(set(it)) == 1 for it in by_day.values())
            day = tables.statement_day
            sources = {row.day: row.source for row in made[0].rows(day)}
            assert sources == {
                day: "bank" if it[0] == "bank" else "camt" for day, it in by_day.items()
            }
            assert {row.state for row in made[0].rows(tables.statement_import)} == {"imported"}

    asyncio.run(story())
