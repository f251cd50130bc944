"""The payee master: proposed by one, approved by another, sealed, and told with its history."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, insert, update

from gateway.controls.payee_rows import PayeeState
from gateway.controls.payees import OPEN_MAX
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import Corrupt, NotFound, NotPermitted, Refused
from gateway.store import tables
from tests.payee_ground import ACCOUNT, NAME, PayeeDesk, create, keeping
from tests.store_ground import NOW_US, bench

_p, _x = tables.payee, tables.payee_change_item
OTHER = "6228480402564890026"
SAP = Actor(kind=ActorKind.MACHINE, name="sap")


@pytest.fixture
def desk():
    with bench() as at:
        yield PayeeDesk(at)


def codes(refused) -> list[tuple[str, str]]:
    return [(it.path, it.code) for it in refused.value.faults]


# ── the life of a proposal ──────────────────────────────────────────────────────────────────


def test_proposed_by_one_and_active_by_the_vote_of_another(desk):
    made = desk.propose("wang", create(vendor="V-1", cnaps="102100099996"), comment="新供应商")
    assert (made.change.state, made.change.comment, made.items_count) == ("proposed", "新供应商", 1)
    assert made.next_people == ("li", "boss")
    assert desk.payees() == []
    desk.at.runtime.clock.pass_time(hours=1)
    done = desk.say_yes("li", made.change.id)
    payee = desk.payee()
    assert (done.change.state, done.change.decided_by) == ("approved", "person:li")
    assert (payee.name, payee.vendor, payee.state) == (NAME, "V-1", PayeeState.ACTIVE)
    assert (payee.made_by, payee.approved_by) == ("person:wang", "person:li")
    assert payee.changed_us == payee.active_us == NOW_US + 3_600_000_000, "cooling begins here"
    assert done.change.payee == done.items[0].payee == payee.id
    assert desk.told() == ["payee_proposed", "payee_approved"]


def test_who_proposed_it_never_decides_it(desk):
    made = desk.propose("wang", create())
    with pytest.raises(NotPermitted, match="maker and checker must differ"):
        desk.say_yes("wang", made.change.id)
    assert desk.payees() == []


def test_whoever_the_proposer_stood_in_for_does_not_decide_it_either():
    document = keeping(
        delegations=[
            {"giver": "li", "taker": "zhao", "roles": ["keeper"],
             "since": "2026-09-01", "until": "2026-09-30"},
        ],
    )  # fmt: skip
    with bench() as at:
        desk = PayeeDesk(at, document)
        made = desk.propose("zhao", create())
        with pytest.raises(NotPermitted, match="maker and checker must differ"):
            desk.say_yes("li", made.change.id)
        assert desk.say_yes("boss", made.change.id).change.state == "approved"


@pytest.mark.parametrize("who", ["zhao", SAP])
def test_who_has_not_the_right_neither_proposes_nor_votes_nor_withdraws(desk, who):
    made = desk.propose("wang", create())
    with pytest.raises(NotPermitted):
        desk.propose(who, create(OTHER))
    with pytest.raises(NotPermitted):
        desk.say_yes(who, made.change.id)
    if isinstance(who, str):
        with pytest.raises(NotPermitted):
            desk.withdraw(who, made.change.id)
    assert [it.change.id for it in desk.opened()] == [made.change.id]


def test_a_machine_that_was_granted_everything_changes_no_payee():
    roles = [*keeping()["roles"], {"name": "all", "permissions": [{"rights": ["*"]}]}]
    machines = [{"name": "sap", "roles": ["all"]}]
    with bench() as at:
        desk = PayeeDesk(at, keeping(machines=machines) | {"roles": roles})
        with pytest.raises(NotPermitted, match="named person"):
            desk.propose(SAP, create())


def test_a_vote_holds_for_what_was_read(desk):
    made = desk.propose("wang", create())
    with pytest.raises(NotPermitted, match="read it again"):
        desk.say_yes("li", made.change.id, "0" * 64)


def test_repeated_it_changes_nothing(desk):
    made = desk.propose("wang", create())
    assert desk.propose("wang", create()).change.id == made.change.id
    assert desk.propose("boss", create()).change.id != made.change.id, "somebody else's is another"
    once = desk.say_yes("li", made.change.id)
    assert desk.say_yes("li", made.change.id) == once
    with pytest.raises(NotPermitted, match="no longer open"):
        desk.say_yes("boss", made.change.id)
    assert desk.told().count("payee_approved") == 1


def test_who_voted_and_lost_the_right_is_told_nothing_more(desk):
    made = desk.propose("wang", create())
    desk.say_yes("li", made.change.id)
    assignments = [it for it in keeping()["assignments"] if it["person"] != "li"]
    desk.rules.put(keeping() | {"assignments": assignments})
    with pytest.raises(NotPermitted):
        desk.say_yes("li", made.change.id)


def test_withdrawn_it_is_over(desk):
    made = desk.propose("wang", create())
    assert desk.withdraw("boss", made.change.id).change.state == "withdrawn"
    assert desk.withdraw("boss", made.change.id).change.state == "withdrawn"
    with pytest.raises(NotPermitted, match="no longer open"):
        desk.say_yes("li", made.change.id)
    assert desk.told() == ["payee_proposed", "payee_withdrawn"]
    approved = desk.approved(create())
    with pytest.raises(NotPermitted, match="no longer open"):
        desk.withdraw("wang", approved.change.id)


def test_what_is_not_there_is_not_found(desk):
    for call in (desk.shown, desk.seen, lambda it: desk.withdraw("wang", it)):
        with pytest.raises(NotFound):
            call("pch_nothing")
    with pytest.raises(NotFound):
        desk.say_yes("wang", "pch_nothing", "0" * 64)


def test_so_many_may_be_open(desk):
    for number in range(OPEN_MAX):
        desk.propose("wang", create(str(number)))
    with pytest.raises(Refused, match="withdraw some first"):
        desk.propose("wang", create())


# ── what becomes of a payee ─────────────────────────────────────────────────────────────────


def test_a_payee_through_its_life(desk):
    desk.approved(create(vendor="V-1"))
    id_ = desk.payee().id
    since = desk.payee().active_us
    desk.at.runtime.clock.pass_time(hours=30)
    desk.approved({"action": "change", "payee": id_, "account": OTHER, "name": NAME})
    changed = desk.payee(OTHER)
    assert (changed.id, changed.vendor, changed.active_us) == (id_, "", since)
    assert changed.changed_us > since
    desk.approved({"action": "block", "payee": id_})
    assert (desk.payee(OTHER).state, desk.payee(OTHER).active_us) == ("blocked", None)
    desk.approved({"action": "unblock", "payee": id_})
    assert desk.payee(OTHER).state == "active"
    desk.approved({"action": "remove", "payee": id_})
    assert desk.payee(OTHER).state == "removed"
    desk.approved(create(OTHER))
    assert (desk.payee(OTHER).id, desk.payee(OTHER).state) == (id_, "active")
    seen = desk.seen(id_)
    assert seen.sealed
    assert sorted(it.action.value for _, it in seen.history) == [
        *("block", "change", "create", "create", "remove", "unblock")
    ]


@pytest.mark.parametrize(
    ("before", "wish", "code"),
    [
        ("", "create", "exists"),
        ("", "unblock", "not_blocked"),
        ("block", "block", "is_blocked"),
        ("block", "change", "is_blocked"),
        ("remove", "change", "is_removed"),
        ("remove", "block", "is_removed"),
        ("remove", "remove", "is_removed"),
    ],
)
def test_what_does_not_fit_what_stands_is_refused(desk, before, wish, code):
    desk.approved(create())
    id_ = desk.payee().id
    if before:
        desk.approved({"action": before, "payee": id_})
    item = {"action": wish, "payee": id_}
    if wish == "create":
        item = create()
    if wish == "change":
        item |= {"account": ACCOUNT, "name": "另一名称"}
    with pytest.raises(Refused) as refused:
        desk.propose("wang", item)
    assert [it for _, it in codes(refused)] == [code]


def test_a_change_onto_another_payee_is_refused(desk):
    desk.approved(create(), create(OTHER, "乙"))
    with pytest.raises(Refused) as refused:
        desk.propose(
            "wang",
            {"action": "change", "payee": desk.payee(OTHER).id, "account": ACCOUNT, "name": "乙"},
        )
    assert codes(refused) == [("/items/0/payee", "exists")]


def test_one_payee_stands_once_in_a_proposal(desk):
    with pytest.raises(Refused) as refused:
        desk.propose("wang", create(), create(name="另一名称"))
    assert codes(refused) == [("/items/1/account", "repeated")]
    with pytest.raises(Refused) as refused:
        desk.propose("wang", {"action": "block", "payee": "pye_nothing"})
    assert codes(refused) == [("/items/0/payee", "not_there")]


def test_a_vote_on_a_payee_that_was_changed_since_is_refused_and_changes_nothing(desk):
    desk.approved(create(), create(OTHER, "乙"))
    id_ = desk.payee().id
    change = {"action": "change", "payee": id_, "account": ACCOUNT}
    first = desk.propose("wang", {**change, "name": "甲一"}).change.id
    second = desk.propose(
        "wang",
        {"action": "block", "payee": desk.payee(OTHER).id},
        {**change, "name": "甲二"},
    ).change.id
    desk.say_yes("li", first)
    with pytest.raises(NotPermitted, match="changed since"):
        desk.say_yes("li", second)
    assert (desk.payee().name, desk.payee(OTHER).state) == ("甲一", "active"), "all or nothing"
    assert desk.shown(second).change.state == "proposed"
    assert desk.shown(second).votes == ()


def test_two_that_want_the_same_new_payee(desk):
    first, second = (
        desk.propose(who, create(name=it)) for who, it in (("wang", "甲"), ("li", "乙"))
    )
    desk.say_yes("boss", first.change.id)
    with pytest.raises(NotPermitted, match="changed since"):
        desk.say_yes("boss", second.change.id)
    assert desk.payee().name == "甲"


# ── past the gateway ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "written",
    [
        {"name": "另一名称"},
        {"account": OTHER},
        {"changed_us": NOW_US - 1},
        {"active_us": None},
        {"state": "blocked"},
        {"vendor": "V-9"},
        {"approved_by": "person:boss"},
        {"seal": ""},
        {"tenant": "t2"},
    ],
)
def test_whatever_is_written_past_the_gateway_breaks_the_seal(desk, written):
    desk.approved(create())
    one = desk.payee()
    assert one.is_sealed(desk.seals, "t1")
    desk.change(update(_p).values(written))
    (row,) = desk.at.rows(_p)
    altered = type(one)(*(getattr(row, name) for name in one.__struct_fields__))
    assert not altered.is_sealed(desk.seals, row.tenant)


def test_a_proposal_altered_in_the_database_is_not_carried_out(desk):
    made = desk.propose("wang", create())
    text = desk.at.rows(_x)[0].content
    desk.change(update(_x).values(content=text.replace(ACCOUNT, OTHER)))
    with pytest.raises(Corrupt, match="not what people voted on"):
        desk.say_yes("li", made.change.id)
    desk.change(delete(_x))
    with pytest.raises(Corrupt, match="not what people voted on"):
        desk.say_yes("li", made.change.id)
    assert desk.payees() == []


def test_an_item_that_was_added_in_the_database_is_not_carried_out(desk):
    made = desk.propose("wang", create())
    (row,) = desk.at.rows(_x)
    added = row._asdict() | {"seq": 2, "content": row.content.replace(ACCOUNT, OTHER)}
    desk.change(insert(_x).values(added))
    with pytest.raises(Corrupt):
        desk.say_yes("li", made.change.id)
    assert desk.payees() == []


def test_another_key_makes_another_seal(desk):
    desk.approved(create())
    stranger = PayeeDesk(desk.at, root=b"another secret of another deployment")
    assert not desk.payee().is_sealed(stranger.seals, "t1")


# ── a file ──────────────────────────────────────────────────────────────────────────────────


def test_a_file_is_one_proposal_that_says_what_it_changes(desk):
    desk.approved(create(vendor="V-1"), create(OTHER, "乙"), create("111", "丙"))
    desk.approved({"action": "remove", "payee": desk.payee("111").id})
    made = desk.take_file(
        "wang",
        "收款账号,户名,供应商编号,开户行\n"
        f"{ACCOUNT},{NAME},V-1,\n"
        f"{OTHER},乙,,样本银行\n"
        "111,丙,,\n"
        "222,丁,V-2,\n",
        "供应商.csv",
    )
    assert (made.items_count, made.source) == (3, "供应商.csv")
    assert [(it.item.action.value, it.item.fields.account) for it in made.items] == [
        ("change", OTHER),
        ("create", "111"),
        ("create", "222"),
    ]
    assert made.items[0].now.agent_name == ""
    desk.say_yes("boss", made.change.id)
    assert desk.payee(OTHER).agent_name == "样本银行"
    assert {it.state for it in desk.payees()} == {"active"}
    with pytest.raises(Refused, match="nothing would change"):
        desk.take_file("wang", f"account,name\n{OTHER},乙\n")


def test_what_a_file_has_no_column_for_stays_as_it_is(desk):
    desk.approved(create(city="福州", agent_name="样本银行"))
    made = desk.take_file("wang", f"account,name,city\n{ACCOUNT},新名称,\n")
    fields = made.items[0].item.fields
    assert (fields.name, fields.city, fields.agent_name) == ("新名称", "", "样本银行")


def test_every_faulty_line_of_a_file_is_told_and_none_is_taken(desk):
    text = '账号,户名,行号\n1,甲,\n,乙,\n3 3,丙,\n4,丁,12\n5,<戊>,\n6,"己,\n7,庚\n'
    with pytest.raises(Refused) as refused:
        desk.take_file("wang", text)
    assert [(it.line, it.path, it.code) for it in refused.value.faults] == [
        (3, "账号", "required"),
        (4, "账号", "account_format"),
        (5, "行号", "cnaps_format"),
        (6, "户名", "forbidden_character"),
        (7, "", "quotes"),
        (8, "", "cells"),
    ]
    assert desk.opened() == []


def test_lines_that_do_not_fit_what_stands_are_told_by_number(desk):
    desk.approved(create())
    desk.approved({"action": "block", "payee": desk.payee().id})
    with pytest.raises(Refused) as refused:
        desk.take_file("wang", f"account,name\n1,甲\n{ACCOUNT},{NAME}\n1,甲\n")
    assert [(it.line, it.code) for it in refused.value.faults] == [
        (3, "is_blocked"),
        (4, "repeated"),
    ]


def test_what_was_written_past_the_gateway_is_brought_anew_by_a_file(desk):
    desk.approved(create())
    desk.change(update(_p).values(seal=""))
    made = desk.take_file("wang", f"account,name\n{ACCOUNT},{NAME}\n")
    assert [it.item.action.value for it in made.items] == ["change"]
    desk.say_yes("li", made.change.id)
    assert desk.seen(desk.payee().id).sealed


def test_a_long_file_is_carried_out_piece_by_piece_and_shown_in_pages(desk):
    lines = "".join(f"{number:06},收款人{number}\n" for number in range(1200))
    made = desk.take_file("wang", f"account,name\n{lines}")
    assert (made.items_count, len(made.items)) == (1200, 500)
    later = desk.shown(made.change.id, after=1000)
    assert [it.seq for it in later.items] == list(range(1001, 1201))
    desk.say_yes("li", made.change.id)
    found = desk.payees(most=700)
    assert len(found) == 700
    assert len(desk.payees(most=700, after=found[-1].id)) == 500
    assert all(it.is_sealed(desk.seals, "t1") for it in found)
    assert desk.seen(found[0].id).history[0][0].id == made.change.id


def test_payees_are_found_by_account_vendor_and_state(desk):
    desk.approved(create(vendor="V-1"), create(OTHER, "乙", vendor="V-2"))
    assert [it.vendor for it in desk.payees(account=ACCOUNT)] == ["V-1"]
    assert [it.account for it in desk.payees(vendor="V-2")] == [OTHER]
    assert desk.payees(state="blocked") == []
    assert desk.payees(account=ACCOUNT, vendor="V-2") == []
