"""The check of the books finds payees that no two people approved as they stand."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, insert, update

from gateway.audit.books import Question, check
from gateway.store import tables
from tests.payee_ground import PayeeDesk, create
from tests.store_ground import bench

_p, _c, _x, _j = (
    tables.payee,
    tables.payee_change,
    tables.payee_change_item,
    tables.journal,
)
OTHER = "6228480402564890026"
ALTERED = "payee t1/payees/{} is not what its last approved change left: changed, put back or gone"


@pytest.fixture
def desk():
    """Two payees by a file, of which one was blocked since; one proposal is open."""
    with bench() as at:
        it = PayeeDesk(at)
        made = it.take_file("wang", f"account,name\n1,甲\n{OTHER},乙\n")
        it.say_yes("li", made.change.id)
        it.before = at.rows(_p, _p.c.account)
        at.runtime.clock.pass_time(hours=1)
        it.approved({"action": "block", "payee": it.payee("1").id})
        it.propose("wang", create("2"))
        yield it


def broken(desk) -> list[str]:
    with desk.at.engine.connect() as db:
        return sorted(it.partition(": ")[2] for it in check(db, Question(only=("I10",))).texts())


def test_what_people_approved_is_sound(desk):
    assert broken(desk) == []
    desk.approved({"action": "unblock", "payee": desk.payee("1").id})
    desk.approved({"action": "remove", "payee": desk.payee(OTHER).id})
    desk.approved(create(OTHER))
    assert broken(desk) == []


def test_an_older_entry_put_back_under_its_own_seal_is_found(desk):
    """A block is undone by bringing back the row as it was before it, seal and all."""
    old = desk.before[0]._asdict()
    desk.change(update(_p).where(_p.c.id == old["id"]).values(old))
    assert desk.payee("1").is_sealed(desk.seals, "t1")
    assert broken(desk) == [ALTERED.format(old["id"])]


@pytest.mark.parametrize(
    "statement",
    [
        delete(_p).where(_p.c.account == "1"),
        update(_p).where(_p.c.account == "1").values(state="active"),
        update(_p).where(_p.c.account == "1").values(name="丙"),
        update(_p).where(_p.c.account == "1").values(approved_by="person:boss"),
    ],
)
def test_an_entry_that_was_changed_or_taken_away_is_found(desk, statement):
    desk.change(statement)
    (found,) = broken(desk)
    assert "is not what its last approved change left" in found


def test_an_entry_that_no_change_brought_is_found(desk):
    row = desk.before[0]._asdict() | {"id": "pye_x", "account": "3"}
    desk.change(insert(_p).values(row))
    assert broken(desk) == [ALTERED.format("pye_x")]


@pytest.mark.parametrize(
    "statement",
    [
        update(_c).where(_c.c.state == "approved", _c.c.payee == "").values(state="withdrawn"),
        delete(_c).where(_c.c.state == "approved", _c.c.payee == ""),
        update(_c).where(_c.c.state == "proposed").values(state="approved"),
        delete(_j).where(_j.c.kind == "payee_approved", _j.c.at_us == 1_789_437_600_000_000),
        update(_x).where(_x.c.content.contains("乙")).values(payee="", content="{}"),
    ],
)
def test_a_change_that_is_not_what_was_recorded_is_found(desk, statement):
    desk.change(statement)
    assert any("of payees is not what the journal recorded" in it for it in broken(desk))


def test_one_person_alone_is_found(desk):
    (row,) = [
        it for it in desk.at.rows(_j) if it.kind == "payee_approved" and b"pye_" in it.payload
    ]
    alone = row.payload.replace(b"person:wang", b"person:li")
    desk.change(update(_j).where(_j.c.seq == row.seq).values(payload=alone))
    assert any("by person:li alone" in it for it in broken(desk))
