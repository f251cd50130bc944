"""The check of the books finds controls that held without the people they needed."""

from __future__ import annotations

from contextlib import closing

import pytest
from sqlalchemy import delete, update

from gateway.audit.books import Question, check
from gateway.store import tables
from gateway.store.engine import open_engine
from tests.store_ground import NOW_US, Bench
from tests.versions_ground import Desk, limited, next_document

_c, _v, _j = tables.control_version, tables.control_vote, tables.journal
UNRECORDED = (
    "I10: controls t1/controls/{} held without a record in the journal, or were changed since"
)


@pytest.fixture
def desk(database):
    it = Bench(open_engine(database))
    with closing(it.store):
        yield Desk(it)


def broken(desk) -> list[str]:
    with desk.bench.engine.connect() as db:
        return sorted(check(db, Question(only=("I10",))).texts())


def run(desk, *statements) -> None:
    with desk.bench.engine.begin() as db:
        for it in statements:
            db.execute(it)


def two_versions(desk) -> None:
    desk.put_in_force(next_document())
    desk.put_in_force(next_document(limits=limited("48.00")))
    desk.propose("wang", next_document(limits=limited("1.00")))


def test_what_people_voted_for_is_sound(desk):
    assert broken(desk) == []
    two_versions(desk)
    assert broken(desk) == []


def test_a_vote_that_is_gone(desk):
    two_versions(desk)
    run(desk, delete(_v).where(_v.c.version == 1))
    assert broken(desk) == [
        "I10: controls t1/controls/1 held with only 1 people behind them, their proposer counted"
    ]


@pytest.mark.parametrize(
    "change",
    [{"actor": "person:chen"}, {"actor": "machine:sap"}, {"digest": "0" * 64}],
    ids=["the proposer's own", "a machine's", "on other content"],
)
def test_a_vote_that_does_not_count(desk, change):
    two_versions(desk)
    run(desk, update(_v).where(_v.c.version == 2, _v.c.seq == 1).values(**change))
    assert broken(desk) == [
        "I10: controls t1/controls/2 held with only 1 people behind them, their proposer counted"
    ]


def test_content_changed_since(desk):
    two_versions(desk)
    run(desk, update(_c).where(_c.c.version == 2).values(content=_c.c.content + " "))
    assert broken(desk) == [UNRECORDED.format(2)]


def test_a_version_the_journal_never_saw(desk):
    two_versions(desk)
    run(
        desk,
        update(_c).where(_c.c.version == 2).values(state="replaced"),
        update(_c).where(_c.c.version == 3).values(state="in_force", in_force_us=NOW_US),
    )
    found = broken(desk)
    assert UNRECORDED.format(3) in found
    assert (
        "I10: controls t1/controls/3 held with only 1 people behind them, their proposer counted"
        in found
    )


def test_an_older_version_brought_back(desk):
    two_versions(desk)
    run(
        desk,
        update(_c).where(_c.c.version == 2).values(state="replaced"),
        update(_c).where(_c.c.version == 1).values(state="in_force"),
    )
    assert broken(desk) == [
        "I10: controls t1/controls/2 came into force last, and the database holds version 1 for it"
    ]


def test_all_documents_removed(desk):
    """The tenant would live by its settings again."""
    two_versions(desk)
    run(desk, delete(_v), delete(_c))
    assert broken(desk) == [
        "I10: controls t1/controls/2 came into force last, and the database holds version 0 for it"
    ]
