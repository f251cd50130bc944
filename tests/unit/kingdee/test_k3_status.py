"""Statuses told to the stand-in of 星空: repeated, lost, refused, submitted anew."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gateway.ports.erp_api import Conversation, Moment, Verdict
from gateway.sandbox.erps.k3cloud_books import OpError
from tests.kingdee_ground import (
    ACCESS,
    ENTRY,
    NOW,
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


def told_of(server) -> dict[str, str]:
    return {it["entry_id"]: it["status"] for it in server.bills()}


def test_a_status_reaches_its_own_entry_and_no_other(server):
    first, *others = sources(server)
    ours = line(server, status_operation="Synchronism")
    assert ours.verdicts(status("SETTLED", first, bank_reference="BK1")) == [TAKEN]
    told = told_of(server)
    assert told[first["entry_id"]] == "B/C"
    assert {told[it["entry_id"]] for it in others} == {"B/A"}
    shown = next(it for it in server.bills() if it["entry_id"] == first["entry_id"])
    assert shown["told"][-1]["F_GW_BankRef"] == "BK1"
    # the bill was audited and its other entries were not named: none may be lost
    assert len(server.bills()) == 4


def test_several_statuses_share_one_call(server):
    ours = line(server, status_operation="Synchronism")
    states = ["SETTLED", "REJECTED", "UNCONFIRMED", "PROCESSING"]
    told = [status(state, it) for state, it in zip(states, sources(server), strict=True)]
    assert ours.verdicts(*told) == [TAKEN] * 4
    assert [it.endpoint for it in ours.sent] == [
        "ExecuteBillQuery",
        "BatchSave",
        "ExcuteOperation",
    ]
    assert list(told_of(server).values()) == ["B/C", "B/D", "B/E", "B/B"]


def test_an_unknown_outcome_cannot_be_taken_back_as_failed(server):
    """未确认 is written with words that say not to send again."""
    (first, *_) = sources(server)
    assert line(server).verdicts(status("UNCONFIRMED", first, reason="UNCONFIRMED")) == [TAKEN]
    shown = next(it for it in server.bills() if it["entry_id"] == first["entry_id"])
    assert shown["told"][-1]["F_GW_BankMsg"].startswith("结果未明，切勿重发")
    assert shown["told"][-1]["F_GW_BankStatus"] == "B/E"


def test_a_lost_answer_is_read_again_before_it_is_written_again(server):
    first, second, *_ = sources(server)
    ours = line(server, status_operation="Synchronism")
    server.faults.lose = 1
    assert ours.verdicts(status("SETTLED", first)) == [AGAIN]
    # the fields were written but the operation did not run: it is not yet as it should be
    assert ours.verdicts(status("SETTLED", first), again=True) == [TAKEN]
    assert told_of(server)[first["entry_id"]] == "B/C"
    ours.sent.clear()
    both = status("SETTLED", first), status("REJECTED", second)
    assert ours.verdicts(*both, again=True) == [ALREADY, TAKEN]
    assert [it.endpoint for it in ours.sent] == [
        "ExecuteBillQuery",
        "BatchSave",
        "ExcuteOperation",
    ]


def test_a_repetition_that_was_refused_leaves_the_first_ones_status_alone(server):
    first, second, *_ = sources(server)
    ours = line(server, status_operation="Synchronism")
    ours.tell(status("PROCESSING", first))
    for code in ("reused_reference", "already_accepted"):
        assert ours.verdicts(status("REFUSED", first, code=code)) == [TAKEN]
        assert told_of(server)[first["entry_id"]] == "B/B"
    assert ours.verdicts(status("REFUSED", second, code="cnaps_format")) == [TAKEN]
    assert told_of(server)[second["entry_id"]] == "A/D"


def test_what_is_no_bill_of_theirs_waits_for_a_person(server):
    first = sources(server)[0]
    ours = line(server)
    wrong = (
        {},
        {**first, "entry_id": "1 OR 1=1"},
    )
    for source in wrong:
        assert ours.verdicts(status(source=source), status("SETTLED", first)) == [REFUSED, TAKEN]


def test_a_bill_that_is_gone_waits_for_a_person(server):
    first, second, *_ = sources(server)
    gone = {**first, "bill_id": "999"}
    other = next(it for it in sources(server) if it["bill_no"] == "FKD2")
    ours = line(server, attempt_field="")
    assert ours.verdicts(status(source=gone), status(source=other)) == [REFUSED, TAKEN]
    lost = {**second, "entry_id": "999"}
    assert ours.verdicts(status(source=lost), again=True) == [REFUSED]


def test_without_attempts_a_fresh_status_is_one_call(server):
    ours = line(server, attempt_field="")
    assert ours.verdicts(status(source=sources(server)[0])) == [TAKEN]
    assert [it.endpoint for it in ours.sent] == ["BatchSave"]
    gone = {**sources(server)[0], "bill_id": "999"}
    assert ours.verdicts(status(source=gone)) == [REFUSED]


def test_a_failed_entry_is_submitted_anew_as_another_payment(server):
    (source,) = [it for it in sources(server) if it["bill_no"] == "FKD2"]
    ours = line(server, status_operation="Synchronism")
    assert ours.verdicts(status("REJECTED", source, text="账号户名不符")) == [TAKEN]
    server.books.operate("CancelWB", "FKD2")
    server.books.operate("SubmitBank", "FKD2")
    anew = [it for page in ours.pull() for it in page if it.source["bill_no"] == "FKD2"]
    assert [it.erp_reference for it in anew] == [f"FKD2/{source['entry_id']}/2"]

    # what comes late of the first attempt is said in words, and the second one's standing stays
    assert ours.verdicts(status("PROCESSING", anew[0].source)) == [TAKEN]
    assert ours.verdicts(status("REJECTED", source)) == [TAKEN]
    shown = next(it for it in server.bills() if it["bill_no"] == "FKD2")
    assert shown["status"] == "B/B"
    assert list(shown["told"][-1]) == ["F_GW_BankMsg"]
    assert shown["told"][-1]["F_GW_BankMsg"].startswith("第 1 次提交 REJECTED")
    assert ours.verdicts(status("SETTLED", anew[0].source)) == [TAKEN]
    assert told_of(server)[source["entry_id"]] == "B/C"


def test_what_came_back_is_opened_again_and_paid_as_another_payment(server):
    (source,) = [it for it in sources(server) if it["bill_no"] == "FKD2"]
    ours = line(server, status_operation="Synchronism")
    assert ours.verdicts(status("SETTLED", source)) == [TAKEN]
    with pytest.raises(OpError):
        server.books.operate("SubmitBank", "FKD2")
    assert ours.verdicts(status("RETURNED", source)) == [TAKEN]
    shown = next(it for it in server.bills() if it["bill_no"] == "FKD2")
    assert (shown["status"], shown["told"][-1]["F_GW_BankStatus"]) == ("A/A", "B/C")
    server.books.operate("SubmitBank", "FKD2")
    anew = [it for page in ours.pull() for it in page if it.source["bill_no"] == "FKD2"]
    assert [it.erp_reference for it in anew] == [f"FKD2/{source['entry_id']}/2"]
    # told once more, the return of the first attempt does not touch the second
    assert ours.verdicts(status("RETURNED", source), again=True) == [TAKEN]
    assert told_of(server)[source["entry_id"]] == "B/A"


def test_a_change_that_is_refused_does_not_free_what_was_accepted(server):
    first = sources(server)[0]
    ours = line(server, status_operation="Synchronism")
    ours.tell(status("PROCESSING", first))
    assert ours.verdicts(status("REFUSED", first, code="account_format")) == [TAKEN]
    assert told_of(server)[first["entry_id"]] == "B/B"
    ours.tell(status("REJECTED", first))
    assert ours.verdicts(status("REFUSED", first, code="account_format")) == [TAKEN]
    assert told_of(server)[first["entry_id"]] == "A/D"


def test_a_bill_known_by_its_number_only_is_looked_up(server):
    first = sources(server)[0]
    ours = line(server)
    assert ours.verdicts(status(source={**first, "bill_id": ""})) == [TAKEN]
    assert [it.endpoint for it in ours.sent] == ["ExecuteBillQuery", "BatchSave"]


def test_a_quotation_mark_in_a_number_ends_no_condition(server):
    server.create("FKD'3", [ENTRY])
    (source,) = [it for it in sources(server) if it["bill_no"] == "FKD'3"]
    assert line(server).verdicts(status(source={**source, "bill_id": ""})) == [TAKEN]


def test_truth_values_as_texts_are_understood(server):
    server.faults.truth_as_text = True
    first = sources(server)[0]
    ours = line(server, attempt_field="")
    assert ours.verdicts(status(source=first)) == [TAKEN]
    assert ours.verdicts(status(source={**first, "bill_id": "999"})) == [REFUSED]


@pytest.mark.parametrize("dropped", ["IsDeleteEntry", "NeedUpDateFields"])
def test_the_stand_in_would_notice_a_careless_save(server, dropped):
    """Without these a Save of one entry deletes the others, or touches an audited bill."""
    first = sources(server)[0]
    body = json.loads(
        line(server, attempt_field="")
        .api.tell["status"]
        .say(_conversation(status(source=first)))
        .body
    )
    model = body["data"]["Model"][0]
    model["FPAYBILLENTRY"][0]["FCOMMENT"] = "changed"
    del body["data"][dropped]
    ours = line(server, attempt_field="")
    call = ours.api.tell["status"].say(_conversation(status(source=first)))
    reply = json.loads(ours.carry(replace(call, body=json.dumps(body).encode())).body)
    assert reply["Result"]["ResponseStatus"]["IsSuccess"] is False
    assert len(server.bills()) == 4


def _conversation(*told):
    return Conversation(
        told=told, access=ACCESS, moment=Moment(now=NOW, nonce="0" * 32), again=False
    )
