"""Prepared statements say on both databases what the engine's own ways say."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from gateway.store import tables
from gateway.store.engine import open_engine
from gateway.store.inserts import inserting
from gateway.store.prepared import among, prepare

_w, _m = tables.work, tables.message

_SOME = prepare(
    select(_w.c.subject, _w.c.due_us, _w.c.tries)
    .where(
        _w.c.tenant == bindparam("of_tenant"),
        among(_w.c.subject, "of_subjects"),
        _w.c.kind.in_(("send", "enquire")),
        _w.c.lane == "main",
    )
    .order_by(_w.c.subject)
    .limit(bindparam("most"))
)
_LATER = prepare(
    update(_w)
    .where(_w.c.subject == bindparam("of_subject"))
    .values(due_us=bindparam("to_due"), tries=_w.c.tries + 1)
)
_DROP = prepare(delete(_w).where(among(_w.c.subject, "of_subjects")))
_TRUTHS = prepare(select(_m.c.id, _m.c.resend_refused, _m.c.not_found_us).order_by(_m.c.id))
_CONTENT = prepare(select(tables.wire.c.content, func.length(tables.wire.c.content).label("size")))


@pytest.fixture
def db(database):
    engine = open_engine(database)
    with engine.connect() as connection, connection.begin():
        yield connection
    engine.dispose()


def work(subject: str, **changes) -> dict[str, object]:
    row = {"tenant": "t", "kind": "send", "subject": subject, "lane": "main", "due_us": 5}
    return row | {"tries": 0} | changes


def stored(db, *rows) -> None:
    assert inserting(_w, tuple(rows[0])).run(db, rows) == len(rows)


def test_rows_have_the_names_and_values_of_their_columns(db):
    stored(db, work("a"), work("b", due_us=7), work("c", kind="other"), work("d", lane="else"))
    found = _SOME.rows(db, {"of_tenant": "t", "of_subjects": ["b", "a", "c", "d", "x"], "most": 9})
    assert [(row.subject, row.due_us, row.tries) for row in found] == [("a", 5, 0), ("b", 7, 0)]
    assert [row.subject for row in found] == [row[0] for row in found]


def test_a_list_may_be_empty_or_long_or_hold_any_text(db):
    hostile = ["'; DROP TABLE work; --", '"]', "{x,y}", "中文", "\\", "NULL", "%s", "", " "]
    stored(db, *(work(name) for name in hostile))
    asked = {"of_tenant": "t", "most": 99}
    assert _SOME.rows(db, asked | {"of_subjects": []}) == []
    found = _SOME.rows(db, asked | {"of_subjects": [*hostile, *(str(n) for n in range(5_000))]})
    assert {row.subject for row in found} == set(hostile)


def test_a_limit_of_the_caller_holds(db):
    stored(db, *(work(f"s{number}") for number in range(5)))
    of = [f"s{number}" for number in range(5)]
    found = _SOME.rows(db, {"of_tenant": "t", "of_subjects": of, "most": 2})
    assert [row.subject for row in found] == ["s0", "s1"]


def test_a_change_tells_how_many_rows_it_hit_in_all(db):
    stored(db, work("a"), work("b"))
    rows = [{"of_subject": name, "to_due": 9} for name in ("a", "nobody", "b")]
    assert _LATER.run(db, rows) == 2
    assert _LATER.run(db, rows[:1]) == 1
    assert [row.tries for row in db.execute(select(_w.c.tries).order_by(_w.c.subject))] == [2, 1]
    assert _DROP.run(db, [{"of_subjects": ["a", "b", "c"]}]) == 2


def test_truth_and_nothing_come_back_as_what_they_are(db):
    base = {
        "tenant": "t",
        "connection": "main",
        "bank": "cib",
        "customer": "c",
        "operation": "pay",
        "fate": "OPEN",
        "sends": 1,
        "enquiries": 0,
        "holder": "lan",
        "created_us": 1,
        "not_found_us": None,
    }
    rows = [
        base | {"id": "m1", "serial": "s1", "resend_refused": True},
        base | {"id": "m2", "serial": "s2", "resend_refused": False},
    ]
    inserting(_m, tuple(rows[0])).run(db, rows)
    found = _TRUTHS.rows(db)
    assert [(row.resend_refused, row.not_found_us) for row in found] == [
        (True, None),
        (False, None),
    ]
    assert all(type(row.resend_refused) is bool for row in found)


def test_bytes_come_back_as_bytes(db):
    row = {
        "tenant": "t",
        "id": "w",
        "connection": "main",
        "direction": "out",
        "purpose": "pay",
        "serial": "s",
        "at_us": 1,
        "content": bytes(range(256)),
        "digest": "d",
    }
    inserting(tables.wire, tuple(row)).run(db, [row])
    (found,) = _CONTENT.rows(db)
    assert (found.content, found.size) == (bytes(range(256)), 256)
    assert type(found.content) is bytes


def test_a_driver_error_comes_as_the_engines_and_shows_no_value(db):
    stored(db, work("a"))
    with pytest.raises(IntegrityError) as caught:
        stored(db, work("a", lane="secret lane"))
    assert "secret lane" not in str(caught.value)


def test_a_statement_that_cannot_be_run_says_so(db):
    lost = prepare(select(tables.work.c.subject).where(_w.c.due_us == bindparam("at")))
    with pytest.raises((KeyError, ProgrammingError)):
        lost.rows(db, {})
    db.exec_driver_sql("ALTER TABLE work RENAME TO gone")
    with pytest.raises((ProgrammingError, OperationalError)):
        lost.rows(db, {"at": 1})


def test_both_ways_share_one_transaction(database):
    engine = open_engine(database)
    count = select(func.count()).select_from(_w)
    with engine.connect() as db:
        with db.begin() as transaction:
            stored(db, work("a"))
            db.execute(insert(_w), [work("b")])
            assert db.execute(count).scalar() == 2
            transaction.rollback()
        assert db.execute(count).scalar() == 0
    engine.dispose()
