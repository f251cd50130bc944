"""Entries, balances and receipts told to the stand-in of 星空, each once."""

from __future__ import annotations

import pytest

from adapters.erp.kingdee import DIALECTS
from gateway.ports.erp_api import Access, Moment, Verdict
from tests.kingdee_ground import (
    NOW,
    OPTIONS,
    balance,
    credit,
    entry,
    k3_with_bills,
    receipt,
    statement,
)
from tests.kingdee_ground import (
    k3_line as line,
)
from tests.kingdee_ground import (
    k3_sources as sources,
)

TAKEN, ALREADY, AGAIN, REFUSED = (
    Verdict.TAKEN,
    Verdict.ALREADY,
    Verdict.AGAIN,
    Verdict.REFUSED,
)


@pytest.fixture
def server():
    return k3_with_bills()


def rows(server, form="GW_BankEntry"):
    return list(server.books.own.get(form, {}).values())


def test_a_statement_is_one_row_per_entry_to_the_digit(server):
    day = statement(entry("E1"), entry("E2", "999999999999999.99"), entry("E3", "-0.01"))
    assert line(server).verdicts(day) == [TAKEN]
    found = rows(server)
    assert [str(it.get("F_GW_Debit", it.get("F_GW_Credit"))) for it in found] == [
        "3734.56",
        "999999999999999.99",
        "0.01",
    ]
    assert ["F_GW_Debit" in it for it in found] == [True, False, True]


def test_a_statement_that_comes_again_adds_nothing(server):
    ours = line(server)
    day = statement(entry("E1"), entry("E2", "5.00"))
    assert ours.verdicts(day) == [TAKEN]
    for again in (False, True):
        assert ours.verdicts(day, again=again) == [ALREADY]
    assert ours.verdicts(statement(*day.entries, entry("E3", "6.00"))) == [TAKEN]
    assert len(rows(server)) == 3


def test_money_told_as_it_came_in_is_one_row_with_its_statement(server):
    ours = line(server)
    came = entry("E9", "88.00")
    assert ours.verdicts(credit(came), credit(entry("E8", "1.00"))) == [TAKEN, TAKEN]
    assert ours.verdicts(statement(came)) == [ALREADY]
    assert len(rows(server)) == 2


def test_twins_are_two_rows(server):
    assert line(server).verdicts(statement(entry("E1#1"), entry("E1#2"))) == [TAKEN]
    assert len(rows(server)) == 2


def test_a_long_statement_goes_in_parts(server):
    day = statement(*(entry(f"E{at}", "1.00") for at in range(250)))
    ours = line(server, batch="100")
    assert ours.verdicts(day) == [TAKEN]
    assert len(rows(server)) == 250
    assert [it.endpoint for it in ours.sent] == ["ExecuteBillQuery", *["BatchSave"] * 3]


def test_a_lost_answer_in_the_middle_leaves_no_row_twice(server):
    day = statement(*(entry(f"E{at}", "1.00") for at in range(150)))
    ours = line(server, batch="100")
    carried = ours.carry

    def losing(call):
        server.faults.lose = int(len(ours.sent) == 2)
        return carried(call)

    ours.carry = losing
    assert ours.verdicts(day) == [AGAIN]
    ours.carry = carried
    assert ours.verdicts(day, again=True) == [ALREADY]
    assert len(rows(server)) == 150


def test_a_day_without_entries_is_told(server):
    assert line(server).verdicts(statement()) == [TAKEN]


def test_balances_are_told_once(server):
    ours = line(server)
    assert ours.verdicts(balance("1234.50")) == [TAKEN]
    assert ours.verdicts(balance("1234.50")) == [ALREADY]
    (row,) = rows(server, "GW_BankBalance")
    assert str(row["F_GW_Ledger"]) == "1234.50"


def test_a_receipt_hangs_on_its_bill_and_only_once(server):
    first = sources(server)[0]
    ours = line(server)
    told = receipt(erp_reference=f"{first['bill_no']}/{first['entry_id']}")
    assert ours.verdicts(told) == [TAKEN]
    assert ours.verdicts(told, again=True) == [ALREADY]
    (file,) = server.books.files
    assert file["content"] == b"%PDF-1.7 receipt"
    assert (file["FBillType"], file["FInterID"]) == ("AP_PAYBILL", first["bill_id"])


def test_a_large_receipt_goes_in_pieces(server):
    ours = line(server)
    ours.tell(statement(entry("E1")))
    content = bytes(range(256)) * (7 << 12)
    assert ours.verdicts(receipt(content)) == [TAKEN]
    (file,) = server.books.files
    assert file["content"] == content
    assert [it.endpoint for it in ours.sent].count("AttachmentUpload") == 3


def test_a_receipt_whose_entry_is_not_there_yet_waits(server):
    assert line(server).verdicts(receipt()) == [AGAIN]
    assert not server.books.files


def test_what_is_not_set_up_is_not_told():
    api = DIALECTS["k3cloud"].api({**OPTIONS, "entry_form": "", "balance_form": ""})
    assert set(api.tell) == {"status"}


def test_secrets_are_in_no_text_of_ours():
    secret = "not-to-be-shown"
    access = Access(system="k3", options=OPTIONS, secrets={"app_secret": secret})
    for auth in ("headers", "session"):
        api = DIALECTS["k3cloud"].api({**OPTIONS, "auth": auth})
        moment = Moment(now=NOW, nonce="0" * 32)
        call = api.pull.encode(access, moment, "")
        made = api.sign(call, access, moment) if api.sign else api.login.encode(access, moment)
        assert secret not in repr((access, made, made.headers, made.body))
