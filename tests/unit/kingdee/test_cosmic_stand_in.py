"""苍穹: the adapter against the stand-in, which knows nothing of it."""

from __future__ import annotations

import hashlib

import pytest

from gateway.domain.errors import Refused
from gateway.ports.erp_api import Verdict
from tests.kingdee_ground import (
    COSMIC_BILL,
    balance,
    cosmic_line,
    cosmic_server,
    credit,
    entry,
    receipt,
    statement,
    status,
)


@pytest.fixture
def server():
    made = cosmic_server()
    for number in range(1, 6):
        made.create(**{**COSMIC_BILL, "billno": f"YHFK-{number:04}"})
    return made


@pytest.mark.parametrize("field", ["appSecuret", "appSecret"])
@pytest.mark.parametrize("auth", ["token", "apptoken"])
def test_the_adapter_logs_in_either_way(server, auth, field):
    server.account = server.gate.account = cosmic_server(ways=frozenset({auth})).account
    ours = cosmic_line(server, auth=auth, app_secret_field=field)
    assert len(ours.sent) == (1 if auth == "token" else 2)
    assert ours.pull()[0][0].erp_reference == "YHFK-0001"
    with pytest.raises(Refused, match="errorCode"):
        cosmic_line(server, auth="apptoken" if auth == "token" else "token")


def test_bills_are_fetched_to_the_digit_and_each_state_is_taken(server):
    ours = cosmic_line(server, page="2")
    pages = ours.pull()
    assert [[it.erp_reference[-1] for it in page] for page in pages] == [
        ["1", "2"],
        ["3", "4"],
        ["5"],
    ]
    first = pages[0][0]
    assert (first.amount, first.currency, first.purpose) == ("3734.56", "CNY", "货款")
    source = dict(first.source)
    for state in ("RECEIVED", "SENDING", "PROCESSING", "UNCONFIRMED", "SETTLED", "RETURNED"):
        assert ours.verdicts(status(state, source)) == [Verdict.TAKEN]
    bill = server.books.bills["YHFK-0001"]
    assert [it["bankpaystate"] for it in bill.told] == ["OP", "OS", "BP", "NC", "TS", "TS"]
    assert (bill.state, bill.refunded) == ("TS", True)


def test_every_kind_of_row_is_taken_once_and_lost_answers_double_nothing(server):
    ours = cosmic_line(server)
    paper = receipt(file_sha256=hashlib.sha256(b"%PDF-1.7 receipt").hexdigest())
    records = (
        credit(entry("E9", "5.00")),
        statement(entry("E9", "5.00"), entry("E1"), entry("E2", "-7.77")),
        balance(),
        paper,
    )
    for record in records:
        server.faults.lose = 2  # of the looking up, or of the writing
        for _ in range(4):
            verdicts = ours.verdicts(record, again=True)
            if verdicts != [Verdict.AGAIN]:
                break
        assert verdicts in ([Verdict.TAKEN], [Verdict.ALREADY])
    kept = server.books.kept
    assert {form: len(rows) for form, rows in kept.items()} == {
        "bei_transdetail": 3,
        "bei_bankbalance": 1,
        "bei_elecreceipt": 1,
    }
    assert kept["bei_elecreceipt"]["R-1"]["ismatch"] is True


def test_a_busy_system_and_one_that_only_counts(server):
    ours = cosmic_line(server)
    source = {"billno": "YHFK-0001"}
    server.faults.refuse = 1
    assert ours.verdicts(status("SETTLED", source)) == [Verdict.AGAIN]
    server.faults.only_count = True
    assert ours.verdicts(status("SETTLED", source), again=True) == [Verdict.TAKEN]
    assert ours.verdicts(status("SETTLED", source), again=True) == [Verdict.ALREADY]


def test_an_operation_that_is_not_granted_is_told_in_the_vendors_words(server):
    ours = cosmic_line(server, pull_path="bei/bei_bankpaybill/waiting")
    with pytest.raises(Refused, match=r"404.*Cannot found OpenAPI"):
        ours.pull()


def test_operations_of_the_vendors_own_have_no_mark_in_their_path():
    server = cosmic_server(isv="")
    server.create(**COSMIC_BILL)
    ours = cosmic_line(server, isv="")
    assert len(ours.pull()[0]) == 1
    assert ours.sent[-1].path == "/ierp/kapi/v2/bei/bei_bankpaybill/query"


def test_a_spent_token_is_a_log_in(server):
    ours = cosmic_line(server)
    server.gate.end_tokens()
    assert ours.pull() is Verdict.LOGIN
    ours.log_in()
    assert len(ours.pull()[0]) == 5
