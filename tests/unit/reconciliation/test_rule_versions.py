"""Versions of a client's rules: proposed by one, put in force by another, used by the next run."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace
from sqlalchemy import update

from gateway.domain.errors import Corrupt, NotFound, NotPermitted, Refused
from gateway.reconciliation.rule_reading import read_proposal, read_trial
from gateway.reconciliation.rule_versions import RuleVersions
from gateway.reconciliation.rules import STANDARD, RuleSet
from gateway.store import tables
from tests.ledger_ground import LI, SAP, WANG, Books, day, wish
from tests.store_ground import bench

TOLERANT = RuleSet(name="甲", fee_max=1000, amount_tolerance=5)


class Rules:
    """The rules of the tenant, and its books."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self._versions = RuleVersions(books.at.store, books.at.runtime)

    def do(self, name: str, *words):
        return asyncio.run(getattr(self._versions, name)("acme", *words))

    def propose(self, rules: RuleSet = TOLERANT, actor=WANG):
        return self.do("propose", actor, rules, "试行")

    def in_force(self, rules: RuleSet = TOLERANT) -> int:
        made = self.propose(rules)
        self.do("confirm", LI, made.row.version, (made.row.digest, "同意"))
        return made.row.version

    def states(self) -> dict[int, str]:
        table = tables.reconciliation_rules
        return {row.version: row.state for row in self.books.at.rows(table, table.c.version)}


@pytest.fixture
def rules():
    with bench() as at:
        it = Books(at)
        at.runtime.clock.pass_time(days=30)
        yield Rules(it)


def test_a_version_takes_a_second_person_over_its_very_content(rules):
    made = rules.propose()
    assert (made.row.version, made.row.state, made.in_force) == (1, "proposed", 0)
    assert {it.name for it in made.changes} == {"name", "fee_max", "amount_tolerance"}
    assert made.rules == replace(TOLERANT, version=1)
    digest = made.row.digest
    with pytest.raises(NotPermitted, match="must differ"):
        rules.do("confirm", WANG, 1, (digest, ""))
    with pytest.raises(NotPermitted, match="named person"):
        rules.do("confirm", SAP, 1, (digest, ""))
    with pytest.raises(Refused, match="not the rules"):
        rules.do("confirm", LI, 1, ("0" * 64, ""))
    with pytest.raises(NotFound):
        rules.do("confirm", LI, 2, (digest, ""))
    assert rules.do("in_force").version == 0
    shown = rules.do("confirm", LI, 1, (digest, "同意"))
    assert (shown.row.state, shown.row.confirmed_by, shown.changes) == ("in_force", "person:李", ())
    again = rules.do("confirm", LI, 1, (digest, ""))
    assert again.row.confirmed_us == shown.row.confirmed_us
    kinds = [row.kind for row in rules.books.at.rows(tables.journal)]
    assert kinds.count("match_rules_in_force") == 1


def test_the_same_again_is_the_same_and_nothing_new_is_refused(rules):
    assert rules.propose().row.version == rules.propose().row.version == 1
    assert rules.propose(actor=LI).row.version == 2
    with pytest.raises(Refused, match="nothing would change"):
        rules.propose(STANDARD)


def test_one_below_a_floor_is_not_even_stored(rules):
    with pytest.raises(Refused) as caught:
        rules.propose(RuleSet(margin=9, points=replace(STANDARD.points, name=41)))
    assert [it.path for it in caught.value.faults] == ["margin", "points.name"]
    assert rules.states() == {}


def test_a_version_in_force_ends_the_other_proposals_and_stays_for_ever(rules):
    first = rules.propose()
    other = rules.propose(RuleSet(margin=30), LI)
    rules.do("confirm", LI, 1, (first.row.digest, ""))
    assert rules.states() == {1: "in_force", 2: "withdrawn"}
    with pytest.raises(NotPermitted, match="no longer open"):
        rules.do("confirm", WANG, 2, (other.row.digest, ""))
    assert rules.in_force(STANDARD) == 3
    assert rules.states() == {1: "replaced", 2: "withdrawn", 3: "in_force"}
    now, listed = rules.do("listed")
    assert (now.version, [row.version for row in listed]) == (3, [3, 2, 1])
    assert rules.do("show", 1).rules.fee_max == 1000
    made = rules.propose()
    assert rules.do("withdraw", WANG, made.row.version, "不用了").row.ended_by == "person:王"
    assert rules.do("withdraw", LI, made.row.version, "").row.ended_reason == "不用了"
    with pytest.raises(NotPermitted):
        rules.do("withdraw", LI, 3, "")


def test_a_run_takes_the_version_in_force_and_every_decision_states_it(rules):
    books = rules.books
    books.line(day(2), -1500, "PAY-1", "福州甲公司")
    books.item("L1", day(2), "10", erp_reference="PAY-1", counterparty_name="福州甲公司")
    ref = books.line(day(3), -700)
    books.item("L2", day(3), "7")
    before = books.run()
    assert (before.matched, before.rules_version) == (0, 0)
    version = rules.in_force(RuleSet(fee_max=500))
    after = books.run()
    assert (after.matched, after.rules_version) == (1, version)
    books.decide("match", wish([ref], ["L2"]))
    told = {it.kind: it.rules_version for it in books.matches()}
    assert told == {"auto": version, "manual": version}
    runs = books.at.rows(tables.reconciliation_run, tables.reconciliation_run.c.id)
    assert [it.rules_version for it in runs] == [0, version]
    assert runs[1].rules == rules.do("show", version).row.digest != runs[0].rules


def test_new_rules_are_a_reason_to_run(rules):
    books = rules.books
    books.line(day(2), -1500, "PAY-1", first_seen_us=0)
    books.item("L1", day(2), "10", erp_reference="PAY-1")
    books.at.runtime.clock.pass_time(minutes=20)
    books.run()
    asyncio.run(books.running.look())
    assert len(books.at.rows(tables.reconciliation_run)) == 1
    rules.in_force(RuleSet(fee_max=500))
    asyncio.run(books.running.look())
    assert [it.rules_version for it in books.at.rows(tables.reconciliation_run)].count(1) == 1
    assert len(books.matches()) == 1


def test_what_was_changed_in_the_database_holds_for_nobody(rules):
    rules.in_force()
    table = tables.reconciliation_rules
    content = rules.do("show", 1).row.content
    tampered = content.replace('"fee_max": 1000', '"fee_max": 2000')
    assert tampered != content
    rules.books.at.group(lambda uow: uow.change(update(table).values(content=tampered)))
    with pytest.raises(Corrupt, match="changed in the database"):
        rules.books.run()
    assert rules.do("listed")[0] is None
    assert rules.in_force(STANDARD) == 2  # two people put things right
    assert rules.books.run().rules_version == 2


def test_what_lies_below_a_floor_holds_for_nobody_whoever_stored_it(rules, monkeypatch):
    from gateway.reconciliation import rule_versions

    with monkeypatch.context() as patched:
        patched.setattr(rule_versions, "may_hold", lambda it: it)
        rules.in_force(RuleSet(margin=9))
    with pytest.raises(Corrupt, match="below a floor"):
        rules.books.run()


# ── as they are sent ──────────────────────────────────────────────────────────────────────────


def test_a_proposal_is_read_with_every_fault_at_its_place():
    rules, comment = read_proposal(b'{"rules": {"margin": 20}, "comment": "x"}')
    assert (rules, comment) == (RuleSet(margin=20), "x")
    body = b'{"rules": {"margin": 1, "points": {"day": 5}}, "comment": "\\u0000"}'
    with pytest.raises(Refused) as caught:
        read_proposal(body)
    paths = {it.path for it in caught.value.faults}
    assert paths == {"/rules/margin", "/rules/points/day", "/comment"}
    for wrong in (b"", b"{}", b"[]", b"\xff", b'{"rules": 1}', b'{"rules": {}, "x": 1}'):
        with pytest.raises(Refused):
            read_proposal(wrong)


def test_what_is_unknown_or_of_another_kind_is_named():
    body = (
        b'{"rules": {"mragin": 1, "margin": 10.5, "threshold": true, "passes": [1], "name": 3,'
        b' "points": {"key": "60", "keys": 1}, "fee_max": 5}}'
    )
    with pytest.raises(Refused) as caught:
        read_proposal(body)
    found = {it.path: (it.code, it.zh, it.en) for it in caught.value.faults}
    assert found.pop("/rules/mragin")[0] == found.pop("/rules/points/keys")[0] == "unknown_field"
    assert found == {
        "/rules/margin": ("type", "须为整数", "a whole number"),
        "/rules/threshold": ("type", "须为整数", "a whole number"),
        "/rules/passes": ("type", "须为文本列表", "a list of texts"),
        "/rules/name": ("type", "须为文本", "a text"),
        "/rules/points/key": ("type", "须为整数", "a whole number"),
    }


def test_a_dry_run_names_rules_or_a_version_and_real_days():
    wanted = read_trial(b'{"version": 3, "from": "2026-09-01", "to": "2026-09-30"}')
    assert (wanted.version, wanted.rules, wanted.days[1].day) == (3, None, 30)
    for body, paths in (
        (b'{"from": "2026-09-01", "to": "2026-09-31"}', ["/rules", "/to"]),
        (b'{"from": "", "to": "2026-09-30", "rules": {}, "version": 1}', ["/rules", "/from"]),
        (b'{"from": "2026-09-01", "to": "2026-09-30", "version": 0}', ["/version"]),
    ):
        with pytest.raises(Refused) as caught:
            read_trial(body)
        assert [it.path for it in caught.value.faults] == paths
