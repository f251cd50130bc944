"""Emergency stops under a document: its rights and its quorum; without one as ever."""

from __future__ import annotations

import asyncio

import pytest

from gateway.controls.stops import EmergencyStops
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import NotFound, NotPermitted
from gateway.lifecycle.stops import StopScope
from tests.controls_ground import StandingRules
from tests.store_ground import bench
from tests.unit.controls.rules.sample import MAIN, OTHER, content
from tests.versions_ground import person, tenant

HERE = tenant()


def document(resume: int = 2, **of_c2):
    """zhou stops anything, wang, li and past lift it; ``clerk`` both, in company c2 alone."""
    it = content(quorums={"resume": resume})
    it["people"].append({"name": "clerk", "display": "c2"})
    rights = ["view", "stop", "resume"]
    it["roles"].append({"name": "clerk", "permissions": [{"rights": rights, **of_c2}]})
    it["assignments"].append({"person": "clerk", "role": "clerk", "companies": ["c2"]})
    it["people"].append({"name": "nobody", "display": "无岗位"})
    return it


class Desk:
    def __init__(self, at, rules) -> None:
        self.at, self.rules = at, rules
        self.stops = EmergencyStops(at.store, at.runtime, rules)

    def pull(self, who, scope=StopScope.TENANT, subject=""):
        return asyncio.run(self.stops.pull(HERE, person(who), scope, subject, "电话核实有疑问"))

    def lift(self, who, stop):
        self.at.runtime.clock.pass_time(seconds=60)
        return asyncio.run(self.stops.lift(HERE, person(who), stop.id, "已核实"))

    def told(self, who):
        return asyncio.run(self.stops.told(HERE, person(who)))


@pytest.fixture
def desk():
    with bench() as at:

        async def read(work):
            return work()

        at.runtime.tasks.read = read
        yield Desk(at, StandingRules(document()))


def test_stopping_takes_its_right(desk):
    for who in ("wang", "maker", "nobody", "stranger", "past"):
        with pytest.raises(NotPermitted):
            desk.pull(who)
    assert desk.told("wang") == []
    assert desk.pull("zhou").lifted_at is None


def test_lifting_takes_its_right_and_as_many_as_the_document_says(desk):
    desk.rules.put(document(resume=2))
    stop = desk.pull("zhou")
    with pytest.raises(NotPermitted, match="lift a stop"):
        desk.lift("zhou", stop)
    assert desk.lift("wang", stop).lifted_at is None
    assert desk.lift("wang", stop).lifted_at is None, "one person is one vote"
    assert desk.lift("li", stop).lifted_at is not None


def test_three_where_the_document_says_three(desk):
    wide = document(resume=3)
    wide["assignments"].append({"person": "chen", "role": "clerk"})
    wide["exclusive"] = []
    desk.rules.put(wide)
    stop = desk.pull("zhou")
    for who in ("wang", "li"):
        assert desk.lift(who, stop).lifted_at is None
    (told,) = desk.told("wang")
    assert (told.lifting.needed, told.lifting.counted) == (3, 2)
    assert told.lifting.next_people == ("chen",)
    assert told.held_s == 120
    desk.rules.put(document(resume=2))
    assert desk.lift("wang", stop).lifted_at is not None, "two are enough by now"


def test_a_right_taken_away_takes_its_vote_with_it(desk):
    stop = desk.pull("zhou")
    desk.lift("wang", stop)
    without = document()
    without["assignments"] = [it for it in without["assignments"] if it["person"] != "wang"]
    without["assignments"].append({"person": "chen", "role": "clerk"})
    without["exclusive"] = []
    desk.rules.put(without)
    assert desk.lift("li", stop).lifted_at is None
    assert desk.lift("chen", stop).lifted_at is not None


def test_a_company_stops_its_own_accounts_and_hears_of_no_other(desk):
    with pytest.raises(NotPermitted):
        desk.pull("clerk")
    with pytest.raises(NotFound):
        desk.pull("clerk", StopScope.ACCOUNT, MAIN)
    with pytest.raises(NotPermitted):
        desk.pull("maker", StopScope.ACCOUNT, MAIN)
    own = desk.pull("clerk", StopScope.ACCOUNT, OTHER)
    other = desk.pull("zhou", StopScope.ACCOUNT, MAIN)
    assert [it.stop.id for it in desk.told("clerk")] == [own.id]
    assert {it.stop.id for it in desk.told("zhou")} == {own.id, other.id}
    assert desk.told("nobody") == []
    with pytest.raises(NotFound):
        desk.lift("clerk", other)
    assert desk.lift("clerk", own).lifted_at is None
    assert desk.lift("wang", own).lifted_at is not None


def test_who_hears_of_a_stop_of_everything_is_whoever_it_concerns(desk):
    desk.pull("zhou")
    assert len(desk.told("clerk")) == 1
    assert desk.told("nobody") == []


def test_without_a_document_anybody_stops_and_any_two_lift():
    with bench() as at:

        async def read(work):
            return work()

        at.runtime.tasks.read = read
        desk = Desk(at, StandingRules())
        stop = desk.pull("anybody")
        desk.lift("anybody", stop)
        (told,) = desk.told("whoever")
        assert (told.lifting.needed, told.lifting.counted) == (2, 1)
        assert desk.lift("another", stop).lifted_at is not None


def test_a_machine_does_neither(desk):
    sap = Actor(kind=ActorKind.MACHINE, name="sap")
    with pytest.raises(NotPermitted, match="only a named person"):
        asyncio.run(desk.stops.pull(HERE, sap, StopScope.TENANT, "", "x"))
    assert len(asyncio.run(desk.stops.told(HERE, sap))) == 0
    desk.pull("zhou")
    assert len(asyncio.run(desk.stops.told(HERE, sap))) == 1
