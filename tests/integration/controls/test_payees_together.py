"""The payee master on PostgreSQL: two votes at once, and the wall between tenants."""

from __future__ import annotations

from contextlib import closing
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from gateway.cli.own_postgres import NODE
from gateway.domain.errors import NotPermitted
from gateway.store import tables
from gateway.store.engine import open_engine
from gateway.store.tenancy import say
from tests.payee_ground import ACCOUNT, PayeeDesk, create
from tests.postgres import seen_by
from tests.store_ground import Bench, CountedIds

pytestmark = pytest.mark.postgresql
OF_PAYEES = (tables.payee, tables.payee_change, tables.payee_change_item, tables.payee_vote)


def at_once(*jobs) -> list[Exception]:
    """Run all jobs in threads that start together; what they were refused."""
    barrier, errors = Barrier(len(jobs)), []

    def running(job) -> None:
        barrier.wait()
        try:
            job()
        except NotPermitted as error:
            errors.append(error)

    threads = [Thread(target=running, args=(job,)) for job in jobs]
    for it in threads:
        it.start()
    for it in threads:
        it.join()
    return errors


def test_two_votes_at_once_approve_once_and_of_two_changes_of_one_payee_one_holds(postgresql):
    ids = CountedIds()
    benches = [Bench(open_engine(postgresql), ids=ids, seed=str(n)) for n in range(2)]
    here, there = (PayeeDesk(it) for it in benches)
    with closing(benches[0].store), closing(benches[1].store):
        made = here.propose("wang", create()).change
        errors = at_once(
            lambda: here.say_yes("li", made.id, made.digest),
            lambda: there.say_yes("boss", made.id, made.digest),
        )
        assert [str(it) for it in errors] == ["this proposal is no longer open: it is approved"]
        assert here.told().count("payee_approved") == 1
        (payee,) = here.payees()
        change = {"action": "change", "payee": payee.id, "account": ACCOUNT}
        first, second = (here.propose("wang", {**change, "name": it}).change for it in "甲乙")
        errors = at_once(
            lambda: here.say_yes("li", first.id, first.digest),
            lambda: there.say_yes("boss", second.id, second.digest),
        )
        assert len(errors) == 1
        assert "changed since" in str(errors[0])
        assert here.seen(payee.id).sealed


def test_nothing_of_another_tenants_payees_is_shown_by_the_database(postgresql):
    bench = Bench(open_engine(postgresql))
    with closing(bench.store):
        PayeeDesk(bench).approved(create())
    engine = open_engine(seen_by(NODE, postgresql))
    try:
        for tenant, count in (("t1", 1), ("t2", 0)):
            with engine.begin() as db:
                say(db, frozenset({tenant}))
                found = [len(db.execute(select(it)).all()) for it in OF_PAYEES]
                assert found == [count] * len(OF_PAYEES)
    finally:
        engine.dispose()
