"""Fetching bills from the stand-in of 星空: being let in, pages, busy servers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.erp.kingdee import DIALECTS
from gateway.domain.errors import Refused, WireError
from gateway.ports.erp_api import Moment, Verdict
from tests.kingdee_ground import (
    ACCESS,
    NOW,
    OPTIONS,
    k3_with_bills,
    status,
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


def test_waiting_entries_are_fetched_to_the_digit(server):
    ((*drafts,),) = line(server).pull()
    assert [it.amount for it in drafts] == ["1.5", "2.5", "3.5", "3734.56"]
    assert drafts[0].debtor_account == "900010100100000011"
    assert drafts[0].currency == "CNY"
    assert drafts[0].erp_reference == f"FKD1/{drafts[0].source['entry_id']}"
    assert drafts[3].at["creditor_name"].startswith("/AP_PAYBILL/FKD2/FPAYBILLENTRY/")


def test_pages_begin_after_the_last_entry_even_inside_a_bill(server):
    pages = line(server, page="2").pull()
    assert [len(page) for page in pages] == [2, 2, 0]
    found = [it.erp_reference for page in pages for it in page]
    assert len(set(found)) == 4


def test_an_entry_that_leaves_between_two_pages_hides_no_other(server):
    ours = line(server, page="1")
    pull, moment = ours.api.pull, ours.moment()
    first = pull.decode(ACCESS, ours.carry(pull.encode(ACCESS, moment, "")))
    (bill,) = [it for it in server.books.bills.values() if it.number == "FKD1"]
    bill.entries[0].bank = "B"  # as its first status would do
    second = pull.decode(ACCESS, ours.carry(pull.encode(ACCESS, moment, first.cursor)))
    assert second.drafts[0].source["entry_id"] == str(bill.entries[1].id)


def test_what_is_not_waiting_is_not_fetched(server):
    for bill in server.books.bills.values():
        for one in bill.entries:
            one.bank = "C"
    assert line(server).pull() == [[]]


def test_a_cursor_of_ours_only():
    pull = DIALECTS["k3cloud"].api(OPTIONS).pull
    with pytest.raises(WireError):
        pull.encode(ACCESS, Moment(now=NOW, nonce="0"), "1' OR '1'='1")


def test_a_query_that_is_refused_is_told_in_the_vendors_words(server):
    """A wrong field in the settings must not look like an empty list."""
    with pytest.raises(Refused, match=r"code 9.*F_NoSuchField"):
        line(server, memo_field="F_NoSuchField").pull()


def test_a_busy_server_is_asked_again(server):
    server.faults.refuse = 1
    assert line(server).pull() is AGAIN


def test_a_session_is_opened_and_used(server):
    ours = line(server, auth="session")
    ours.log_in()
    assert len(ours.pull()[0]) == 4
    server.gate.end_sessions()
    assert ours.pull() is Verdict.LOGIN
    assert ours.verdicts(status(source=sources(server)[0])) == [Verdict.LOGIN]


def test_a_wrong_secret_opens_no_session(server):
    ours = line(server, auth="session")
    ours.access = replace(ACCESS, secrets={"app_secret": "wrong"})
    with pytest.raises(Refused, match="LoginResultType 0"):
        ours.log_in()
    ours.access = replace(ACCESS, secrets={})
    with pytest.raises(Refused, match="app_secret"):
        ours.log_in()


@pytest.mark.parametrize(
    "name", ["X-Api-Signature", "X-Kd-Signature", "X-Kd-Appdata", "x-api-nonce", "x-api-timestamp"]
)
def test_one_changed_header_lets_nobody_in(server, name):
    ours = line(server)
    signed = ours.api.sign

    def spoilt(call, access, moment):
        made = signed(call, access, moment)
        wrong = tuple((it, "x" if it == name else value) for it, value in made.headers)
        return replace(made, headers=wrong)

    ours.api = replace(ours.api, sign=spoilt)
    assert ours.pull() is Verdict.LOGIN
    assert server.calls == []


def test_an_old_signature_lets_nobody_in(server):
    ours = line(server)
    ours.moment = lambda: Moment(now=NOW.replace(minute=30), nonce="0" * 32)
    assert ours.pull() is Verdict.LOGIN
