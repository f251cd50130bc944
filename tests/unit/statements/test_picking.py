"""Statement files in a folder: imported whole and once, or refused whole with the reason."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from gateway.domain.errors import NotSent, Overloaded
from gateway.formats.read import formats
from gateway.ports.erp import ErpTransport
from gateway.ports.statement_boxes import StatementBox
from gateway.statements import import_rows
from gateway.statements.picking import FileDesk, StatementFiles
from gateway.store import tables
from gateway.transport.box_names import Habits
from gateway.transport.file_box import Box
from gateway.transport.folders import FolderPlace
from tests.statement_ground import ACCOUNT, OTHER, TINY, Imports, statement, tenant
from tests.store_ground import bench
from tests.unit.statements.test_importing import _staged

D1, D2 = "2026-09-10", "2026-09-11"
WHOLE = statement(ACCOUNT, (D1, D1), (1000, 1700), [(D1, 500, "x"), (D1, 200, "y")])
BOX = StatementBox(tenant="acme", id="bank-files", transport=ErpTransport.FOLDER, address="x")
TABLE = "一,二,三\n2026-09-10,货款,12.50\n"
MAPPING = {
    "account": ACCOUNT,
    "currency": "CNY",
    "column_booking_date": "一",
    "column_remittance": "二",
    "column_amount": "三",
    "signed": "yes",
}


class Ground(Imports):
    """One process with a folder for statement files."""

    def __init__(self, at, folder) -> None:
        super().__init__(at, folder)
        at.runtime.tasks.read = _read
        self.root = folder / "files"
        (self.root / "in").mkdir(parents=True)
        self.known = (TINY, *formats())
        self.stopping = False

    def look(self, *, size_max: int = 1 << 20, **changes) -> None:
        box = replace(BOX, **changes)
        files = Box(
            FolderPlace(self.root),
            self.root.parent / "scratch",
            Habits(settle_s=0),
            size_max=size_max,
        )
        desk = FileDesk(
            runtime=self.at.runtime, importing=self.importing, formats=lambda: self.known
        )

        picking = StatementFiles(box, tenant(), files, desk, lambda: self.stopping)
        asyncio.run(picking.look())

    def drop(self, name: str, text: str) -> None:
        (self.root / "in" / name).write_text(text)

    def names(self, folder: str) -> list[str]:
        return sorted(it.name for it in (self.root / folder).iterdir())

    def replies(self) -> dict[str, dict]:
        return {it.name: json.loads(it.read_text()) for it in (self.root / "out").iterdir()}

    def reply(self) -> dict:
        (found,) = self.replies().values()
        return found


async def _read(work):
    return work()


@pytest.fixture
def ground(tmp_path):
    with bench() as at:
        yield Ground(at, tmp_path)


def test_a_file_is_imported_answered_and_put_away(ground):
    ground.drop("day.sta", WHOLE)
    ground.drop("still-writing.sta.tmp", WHOLE)
    ground.look()
    assert len(ground.lines()) == 2
    assert (ground.names("in"), ground.names("processed")) == (
        ["still-writing.sta.tmp"],
        ["day.sta"],
    )
    ((name, reply),) = ground.replies().items()
    assert name == f"day.{reply['digest'][:12]}.imported.json"
    assert (reply["file"], reply["state"], reply["added"]) == ("day.sta", "imported", 2)
    assert "2 new lines" in reply["en"]
    assert "新增 2 条" in reply["zh"]
    assert reply["actor"] == "machine:bank-files"


def test_the_same_file_again_adds_nothing_and_says_so(ground):
    for name in ("day.sta", "again.sta"):
        ground.drop(name, WHOLE)
        ground.look()
    assert len(ground.lines()) == 2
    assert ground.names("processed") == ["again.sta", "day.sta"]
    again = next(it for name, it in ground.replies().items() if name.startswith("again"))
    assert (again["repeated"], again["en"]) == (True, "imported before: nothing was added")
    assert len(ground.at.rows(tables.statement_import)) == 1


@pytest.mark.parametrize(
    ("name", "text", "state", "code"),
    [
        ("hello.txt", "hello", "refused", "unknown_format"),
        ("cut.sta", WHOLE.removesuffix(".\n"), "refused", "unreadable_malformed"),
        ("strange.sta", WHOLE.replace(ACCOUNT, "999"), "refused", "account_unknown"),
        ("wrong.sta", WHOLE.replace("1700", "1800"), "quarantined", "continuity"),
    ],
)
def test_what_cannot_be_imported_is_refused_whole_and_the_reply_says_why(
    ground, name, text, state, code
):
    ground.drop(name, text)
    ground.look()
    assert ground.lines() == []
    assert (ground.names("in"), ground.names("work"), ground.names("refused")) == ([], [], [name])
    reply = ground.reply()
    assert (reply["state"], reply["findings"][0]["code"]) == (state, code)
    assert reply["findings"][0]["zh"]
    assert reply["findings"][0]["en"]
    (kept,) = ground.at.rows(tables.statement_import)
    assert (kept.state, kept.name) == (state, name)


def test_a_file_that_is_too_large_is_refused_unread(ground):
    ground.drop("big.sta", WHOLE)
    ground.look(size_max=10)
    assert ground.names("refused") == ["big.sta"]
    assert ground.reply()["findings"][0]["code"] == "file_too_large"


def test_only_the_box_s_own_accounts_come_this_way(ground):
    ground.drop("both.sta", WHOLE + statement(OTHER, (D1, D1), (0, 5), [(D1, 5, "z")]))
    ground.look(accounts=(OTHER,))
    assert (ground.lines(), len(ground.lines(OTHER))) == ([], 1)
    assert [it["code"] for it in ground.reply()["findings"]] == ["account_unknown"]


def test_a_table_is_read_by_the_saved_mapping(ground):
    ground.drop("netbank.csv", TABLE)
    ground.look(mapping=MAPPING)
    assert [it[:2] for it in ground.lines()] == [(D1, 1250)]


def test_while_another_statement_is_imported_the_file_waits(ground):
    ground.at.group(lambda uow: import_rows.begin(uow, _staged(ground.at.store.lane.id)))
    ground.drop("day.sta", WHOLE)
    ground.look()
    assert (ground.names("work"), ground.names("out")) == (["day.sta"], [])
    ground.at.group(lambda uow: import_rows.discard(uow, "acme", "sti_left"))
    ground.look()
    assert (ground.names("work"), ground.names("processed")) == ([], ["day.sta"])
    assert len(ground.lines()) == 2


@pytest.mark.parametrize("step", ["put", "finish"])
def test_a_crash_after_the_import_does_it_again_and_adds_nothing(ground, monkeypatch, step):
    async def die(*_, **__):
        raise NotSent

    ground.drop("day.sta", WHOLE)
    with monkeypatch.context() as dying:
        dying.setattr(Box, step, die)
        with pytest.raises(NotSent):
            ground.look()
    assert ground.names("work") == ["day.sta"]
    ground.look()
    assert (ground.names("work"), ground.names("processed")) == ([], ["day.sta"])
    assert len(ground.lines()) == 2
    assert len(ground.replies()) == 1


def test_when_the_database_is_away_everything_waits(ground, monkeypatch):
    ground.drop("one.sta", WHOLE)
    ground.drop("two.sta", WHOLE.replace("x", "z"))

    async def away(*_, **__):
        raise Overloaded

    with monkeypatch.context() as broken:
        broken.setattr(ground.at.store, "write", away)
        ground.look()
    assert len([*ground.names("work"), *ground.names("in")]) == 2
    assert ground.names("work") != []
    ground.look()
    assert ground.names("processed") == ["one.sta", "two.sta"]


def test_a_fault_of_a_reader_concerns_its_file_alone(ground):
    def stumbles(chunks, reading):
        yield from list(TINY.read(chunks, reading))[:2]
        raise ZeroDivisionError

    ground.known = (replace(TINY, read=stumbles),)
    ground.drop("day.sta", WHOLE)
    ground.look()
    assert ground.names("refused") == ["day.sta"]
    assert ground.reply()["findings"][0]["code"] == "unreadable_unrecognised"
    assert ground.lines() == []


def test_nothing_new_is_begun_at_the_end(ground):
    ground.stopping = True
    ground.drop("day.sta", WHOLE)
    ground.look()
    assert ground.names("in") == ["day.sta"]
