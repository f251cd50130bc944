"""Versions of the controls on both kinds of database: proposing, voting, in force, withdrawn."""

from __future__ import annotations

import json
from contextlib import closing
from threading import Barrier, Event, Thread

import pytest
from sqlalchemy import insert, update

from gateway.controls.rules.reading import DocumentRefused
from gateway.controls.version_rows import VersionState
from gateway.controls.versions import control_guard
from gateway.domain.errors import Corrupt, NotFound, NotPermitted, Refused
from gateway.store import tables
from gateway.store.engine import open_engine
from tests.store_ground import NOW_US, Bench, CountedIds
from tests.versions_ground import ERP, Desk, limited, next_document, tenant

_c, _v = tables.control_version, tables.control_vote
STATES = VersionState


@pytest.fixture
def desk(database):
    it = Bench(open_engine(database))
    with closing(it.store):
        yield Desk(it)


def states(desk) -> dict[int, str]:
    return {it.version: it.state.value for it in desk.listed()}


# ── the life of a version ───────────────────────────────────────────────────────────────────


def test_a_tenant_without_a_document_lives_by_its_settings(desk):
    assert desk.in_force().version == 0
    assert desk.listed() == []
    with pytest.raises(NotFound):
        desk.show(1)


def test_proposed_voted_on_and_in_force_in_the_commit_of_the_last_vote(desk):
    proposed = desk.propose("wang", next_document(), "首版")
    one = proposed.version
    assert (one.version, one.state, one.comment) == (1, STATES.PROPOSED, "首版")
    assert (proposed.needed, proposed.counted, proposed.in_force) == (2, 1, 0)
    assert set(proposed.next_people) == {"maker", "li", "chen", "zhou", "gast"}
    assert desk.in_force().version == 0
    done = desk.vote("zhou", 1, one.digest)
    assert (done.version.state, done.counted, done.in_force) == (STATES.IN_FORCE, 2, 1)
    assert done.changes == ()
    assert desk.in_force().version == 1
    assert desk.in_force().rules.digest == one.digest
    assert [kind for kind, _ in desk.told()] == [
        *("control_proposed", "control_vote", "control_in_force")
    ]
    assert {subject for _, subject in desk.told()} == {"controls/1"}
    record = json.loads(desk.bench.journal()[-1].payload)["content"]
    assert (record["digest"], record["replaced"]) == (one.digest, 0)
    assert sorted(record["voters"]) == ["person:wang", "person:zhou"]


def test_the_next_version_replaces_and_shows_what_it_changes(desk):
    desk.put_in_force(next_document())
    second = desk.propose("wang", next_document(limits=limited("48.00")))
    assert second.version.version == 2
    assert {(it.section, it.name) for it in second.changes} == {
        ("limits", "day"),
        ("limits", "hand"),
        ("limits", "one"),
    }
    assert set(second.next_people) == {"li", "chen"}, "only who may change the controls by now"
    desk.vote("li", 2, second.version.digest)
    assert states(desk) == {1: "replaced", 2: "in_force"}
    assert desk.in_force().version == 2


def test_other_open_proposals_end_when_a_version_comes_into_force(desk):
    """They were written against rules that no longer hold, and would silently bring them back."""
    stale = desk.propose("maker", next_document(limits=limited("1.00"))).version
    desk.put_in_force(next_document())
    assert states(desk) == {1: "withdrawn", 2: "in_force"}
    with pytest.raises(NotPermitted, match="no longer open"):
        desk.vote("wang", 1, stale.digest)
    assert ("control_withdrawn", "controls/1") in desk.told()


def test_withdrawn_counts_no_more(desk):
    one = desk.propose("wang", next_document()).version
    assert desk.withdraw("li", 1).version.state is STATES.WITHDRAWN
    assert desk.withdraw("li", 1).version.state is STATES.WITHDRAWN
    with pytest.raises(NotPermitted, match="no longer open"):
        desk.vote("chen", 1, one.digest)
    assert [kind for kind, _ in desk.told()] == ["control_proposed", "control_withdrawn"]


def test_what_is_in_force_is_not_withdrawn(desk):
    desk.put_in_force(next_document())
    with pytest.raises(NotPermitted, match="no longer open"):
        desk.withdraw("wang", 1)


def test_the_same_proposal_again_is_the_same(desk):
    once = desk.propose("wang", next_document()).version.version
    assert desk.propose("wang", next_document()).version.version == once
    assert desk.propose("li", next_document()).version.version == 2, "somebody else's is another"


def test_what_is_in_force_is_not_proposed_again(desk):
    desk.put_in_force(next_document())
    with pytest.raises(Refused, match="nothing would change"):
        desk.propose("wang", next_document())


# ── who counts ──────────────────────────────────────────────────────────────────────────────


def of_three(desk):
    """A document in force under which it takes three people to change it."""
    desk.put_in_force(next_document(quorums={"controls": 3}))
    return desk.propose("wang", next_document()).version


def test_two_people_are_enough_and_one_is_not(desk):
    """The proposal is the proposer's yes; there is no second one of the same person."""
    one = desk.propose("wang", next_document()).version
    with pytest.raises(NotPermitted, match="already decided"):
        desk.vote("wang", 1, one.digest)
    assert states(desk) == {1: "proposed"}
    desk.vote("li", 1, one.digest)
    assert states(desk) == {1: "in_force"}


def test_one_person_is_one_vote_and_a_repeated_one_is_harmless(desk):
    one = of_three(desk)
    for _ in range(3):
        assert desk.vote("li", 2, one.digest).counted == 2
    assert len(desk.bench.rows(_v)) == 2
    with pytest.raises(NotPermitted, match="already decided"):
        desk.vote("wang", 2, one.digest)
    desk.vote("chen", 2, one.digest)
    again = desk.vote("chen", 2, one.digest)
    assert again.version.state is STATES.IN_FORCE, "who lost the answer asks again"


def test_whoever_proposed_in_somebodys_place_counts_once_for_both(desk):
    """Neither the giver nor the taker of a delegation is a second person."""
    given = {"giver": "li", "taker": "zhou", "since": "2026-09-01", "until": "2026-09-30"}
    given["roles"] = ["checker"]
    desk.put_in_force(next_document(delegations=[given], exclusive=[]))
    one = desk.propose("zhou", next_document()).version
    assert desk.show(2).counted == 1
    with pytest.raises(NotPermitted):
        desk.vote("li", 2, one.digest)
    assert desk.vote("wang", 2, one.digest).version.state is STATES.IN_FORCE


def test_a_proposer_who_may_no_longer_change_the_controls_counts_no_more(desk):
    document = next_document()
    document["assignments"][-1]["person"] = "zhou"
    for it in document["people"]:
        if it["name"] == "zhou":
            it["until"] = "2026-09-20"
    desk.put_in_force(document)
    one = desk.propose("zhou", next_document()).version
    assert desk.show(2).counted == 1
    desk.bench.runtime.clock.pass_time(days=10)
    assert desk.vote("li", 2, one.digest).counted == 1
    assert desk.vote("wang", 2, one.digest).version.state is STATES.IN_FORCE


def test_what_has_its_people_already_comes_into_force_with_the_next_yes(desk):
    """As a vote that was given when the proposer was not counted yet."""
    one = desk.propose("wang", next_document()).version
    with desk.bench.engine.begin() as db:
        values = {"tenant": "t1", "version": 1, "seq": 1, "actor": "person:li", "at_us": NOW_US}
        db.execute(insert(_v), [values | {"digest": one.digest, "reason": ""}])
    with pytest.raises(NotPermitted):
        desk.vote("chen", 1, "0" * 64)
    assert desk.vote("li", 1, one.digest).version.state is STATES.IN_FORCE
    assert len(desk.bench.rows(_v)) == 1


def test_who_only_logs_in_proposes_and_votes_without_a_key(desk):
    one = desk.propose("gast", next_document()).version
    assert desk.vote("li", 1, one.digest).version.state is STATES.IN_FORCE


def test_a_vote_holds_for_the_content_that_was_read(desk):
    desk.propose("wang", next_document())
    with pytest.raises(NotPermitted, match="content has changed"):
        desk.vote("li", 1, "0" * 64)
    assert desk.bench.rows(_v) == []


def test_a_machine_neither_proposes_nor_votes(desk):
    with pytest.raises(NotPermitted):
        desk.propose(ERP, next_document())
    one = desk.propose("wang", next_document()).version
    with pytest.raises(NotPermitted):
        desk.vote(ERP, 1, one.digest)


def test_who_may_not_change_the_controls_by_the_rules_in_force(desk):
    desk.put_in_force(next_document())
    other = next_document(limits=limited("48.00"))
    with pytest.raises(NotPermitted):
        desk.propose("zhou", other)
    second = desk.propose("wang", other).version
    with pytest.raises(NotPermitted):
        desk.vote("zhou", 2, second.digest)
    with pytest.raises(NotPermitted):
        desk.withdraw("zhou", 2)


def test_a_document_with_faults_is_refused_with_all_of_them(desk):
    wrong = next_document()
    wrong["assignments"].append({"person": "nobody", "role": "checker"})
    wrong["matrix"][0]["companies"] = ["c9"]
    with pytest.raises(DocumentRefused) as refused:
        desk.propose("wang", wrong)
    assert {it.path.split("/")[1] for it in refused.value.faults} == {"assignments", "matrix"}
    assert desk.listed() == []


def test_a_document_that_no_longer_holds_together_does_not_come_into_force(desk):
    """Between proposal and last vote somebody's time ran out."""
    document = next_document()
    for it in document["people"]:
        if it["name"] in {"chen", "zhou"}:
            it["until"] = "2026-09-20"
    one = desk.propose("wang", document).version
    desk.bench.runtime.clock.pass_time(days=10)
    with pytest.raises(DocumentRefused):
        desk.vote("zhou", 1, one.digest)
    assert states(desk) == {1: "proposed"}
    assert desk.bench.rows(_v) == []


# ── tenants, processes, the database ────────────────────────────────────────────────────────


def test_nothing_of_another_tenant_is_found(desk):
    one = desk.propose("wang", next_document()).version
    desk.tenant = tenant("t2")
    assert desk.listed() == []
    for call in (
        lambda: desk.show(1),
        lambda: desk.vote("li", 1, one.digest),
        lambda: desk.withdraw("li", 1),
    ):
        with pytest.raises(NotFound):
            call()
    assert desk.propose("li", next_document()).version.version == 1, "numbers are each tenant's own"


def test_another_process_sees_what_came_into_force(desk, database):
    assert desk.in_force().version == 0
    there = Bench(open_engine(database), ids=desk.bench.runtime.ids, seed="there")
    with closing(there.store):
        other = Desk(there)
        assert other.in_force().version == 0
        desk.put_in_force(next_document())
        assert other.in_force().version == 1
        assert other.in_force() is other.in_force(), "compiled once"


def test_a_document_written_past_the_gateway_holds_for_nobody(desk):
    one = desk.propose("wang", next_document()).version
    with desk.bench.engine.begin() as db:
        db.execute(update(_c).values(state="in_force", in_force_us=NOW_US))
    with pytest.raises(Corrupt, match="not what people voted on"):
        desk.in_force()
    with desk.bench.engine.begin() as db:  # neither under a seal of one's own making
        db.execute(update(_c).values(seal="0" * 64))
    with pytest.raises(Corrupt):
        desk.vote("li", 1, one.digest)


def test_content_changed_in_the_database_holds_for_nobody(desk):
    desk.put_in_force(next_document())
    row = desk.bench.rows(_c)[0]
    other = row.content.replace('"5000000.00"', '"9000000.00"')
    assert other != row.content
    with desk.bench.engine.begin() as db:
        db.execute(update(_c).values(content=other))
    desk.controls._kept.clear()  # as after a start
    with pytest.raises(Corrupt, match="not what people voted on"):
        desk.in_force()


def test_a_seal_is_good_for_its_own_version_only(desk):
    """A version that was once in force is not brought back by writing it under a new number."""
    desk.put_in_force(next_document())
    row = desk.bench.rows(_c)[0]._asdict()
    with desk.bench.engine.begin() as db:
        db.execute(update(_c).values(state="replaced"))
        db.execute(insert(_c), [row | {"version": 2}])
    with pytest.raises(Corrupt):
        desk.in_force()


@pytest.mark.postgresql
def test_two_votes_that_would_each_complete_it_make_one_version(postgresql):
    """Three processes, three votes at once of which each would be enough."""
    ids = CountedIds()
    desks = [Desk(Bench(open_engine(postgresql), ids=ids, seed=f"{n}")) for n in range(3)]
    try:
        one = desks[0].propose("wang", next_document()).version
        two = desks[0].propose("maker", next_document(limits=limited("1.00"))).version
        barrier, errors = Barrier(3), []

        def voting(desk: Desk, who: str, version: int, digest: str) -> None:
            barrier.wait()
            try:
                desk.vote(who, version, digest)
            except NotPermitted as error:
                errors.append(error)

        ballots = [("chen", 1, one.digest), ("zhou", 2, two.digest), ("zhou", 1, one.digest)]
        threads = [
            Thread(target=voting, args=(desk, *ballot))
            for desk, ballot in zip(desks, ballots, strict=True)
        ]
        for it in threads:
            it.start()
        for it in threads:
            it.join()
        found = states(desks[0])
        assert sorted(found.values()) == ["in_force", "withdrawn"]
        in_force = [it for it in desks[0].told() if it[0] == "control_in_force"]
        assert len(in_force) == 1
        assert errors, "who came too late is told so"
    finally:
        for it in desks:
            it.bench.store.close()


@pytest.mark.postgresql
@pytest.mark.parametrize("what", ["propose", "vote", "withdraw"])
def test_who_changes_the_controls_is_alone_in_all_processes(postgresql, what):
    """The database's own constraints would only refuse what was decided on stale rows."""
    ids = CountedIds()
    one, two = (Desk(Bench(open_engine(postgresql), ids=ids, seed=f"{n}")) for n in range(2))
    entered, go_on = Event(), Event()

    def inside(uow) -> None:
        uow.guard(control_guard("t1"))
        entered.set()
        assert go_on.wait(20)

    made = one.propose("wang", next_document()).version
    calls = {
        "propose": lambda: two.propose("li", next_document()),
        "vote": lambda: two.vote("li", 1, made.digest),
        "withdraw": lambda: two.withdraw("li", 1),
    }
    before = len(one.told())
    first = Thread(target=lambda: one.bench.group(inside))
    second = Thread(target=calls[what])
    try:
        first.start()
        assert entered.wait(20)
        second.start()
        while second.is_alive() and not waits_for_a_guard(one):
            second.join(0.01)
        assert waits_for_a_guard(one), "it went on beside whoever is changing them"
        assert len(one.told()) == before
    finally:
        go_on.set()
        first.join()
        second.join()
        # The vote is the second person's, so it puts the version in force as well.
        assert len(one.told()) == before + (2 if what == "vote" else 1)
        for it in (one, two):
            it.bench.store.close()


def waits_for_a_guard(desk) -> bool:
    with desk.bench.engine.connect() as db:
        return bool(
            db.exec_driver_sql(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            ).scalar()
        )


def test_every_rule_that_a_document_can_ask_for_is_taken(desk):
    flags = dict.fromkeys(("first_payment", "shared_account", "netbank_paid"), True)
    payees = {**flags, "cooling_hours": 24, "duplicate_days": 3, "netbank_fresh_minutes": 30}
    document = {**next_document(), "payees": payees, "calendar": {"cutoffs": "hold"}}
    desk.propose("wang", document)
    assert states(desk) == {1: "proposed"}
