"""What an envelope of 星空 says of each record, and what it does not say."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from adapters.erp.kingdee import DIALECTS
from gateway.domain.errors import WireError
from gateway.ports.erp_api import CallReply, Conversation, Moment, Verdict
from gateway.ports.erp_told import KIND_OF
from tests.kingdee_ground import ACCESS, NOW, OPTIONS, receipt, status

TAKEN, ALREADY, AGAIN, REFUSED = (
    Verdict.TAKEN,
    Verdict.ALREADY,
    Verdict.AGAIN,
    Verdict.REFUSED,
)


def _conversation(*told):
    return Conversation(
        told=told, access=ACCESS, moment=Moment(now=NOW, nonce="0" * 32), again=False
    )


def verdicts_of(body, status_code=200, count=1):
    api = DIALECTS["k3cloud"].api({**OPTIONS, "attempt_field": ""})
    source = {"bill_id": "1", "bill_no": "FKD1", "entry_id": "2"}
    told = [status(source={**source, "bill_id": str(at)}) for at in range(1, count + 1)]
    conversation = replace(
        _conversation(*told), replies=(CallReply(status=status_code, body=body),)
    )
    return [it.verdict for it in api.tell["status"].say(conversation)]


def envelope(*, succeeded, code=0, errors=(), entities=()):
    status_ = {"IsSuccess": succeeded, "MsgCode": code, "Errors": list(errors)}
    return json.dumps(
        {"Result": {"ResponseStatus": {**status_, "SuccessEntitys": list(entities)}}}
    ).encode()


def named(place):
    return {"Id": "1", "Number": "FKD1", "DIndex": place}


def test_success_counts_only_for_what_it_names():
    assert verdicts_of(envelope(succeeded=True, entities=[named(0)]), count=2) == [TAKEN, AGAIN]


def test_a_partly_refused_batch_is_read_by_place():
    error = {"FieldName": "FID", "Message": "?", "DIndex": 1}
    body = envelope(succeeded=False, code=11, errors=[error], entities=[named(0)])
    assert verdicts_of(body, count=3) == [TAKEN, REFUSED, AGAIN]


@pytest.mark.parametrize(
    ("code", "verdict"),
    [(1, Verdict.LOGIN), (4, AGAIN), (11, REFUSED), (13, AGAIN), (99, AGAIN), ("", AGAIN)],
)
def test_each_code_of_a_failure(code, verdict):
    error = {"FieldName": "", "Message": "?", "DIndex": 0}
    assert verdicts_of(envelope(succeeded=False, code=code, errors=[error])) == [verdict]


@pytest.mark.parametrize(
    ("status_code", "body", "verdict"),
    [
        (401, b"", Verdict.LOGIN),
        (429, b"", AGAIN),
        (500, b"{}", AGAIN),
        (200, b"response_error:something", AGAIN),
    ],
)
def test_a_reply_without_an_envelope_settles_nothing(status_code, body, verdict):
    assert verdicts_of(body, status_code) == [verdict]


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{}", b'{"Result": {}}', envelope(succeeded="perhaps")]
)
def test_a_reply_of_another_form_is_no_verdict(body):
    with pytest.raises(WireError):
        verdicts_of(body)


@pytest.mark.parametrize("body", [b"[[]]", b'[["1"], ["2", "3", "4"]]', b"[1]", b'{"rows": []}'])
@pytest.mark.parametrize("told", [status(source={"bill_no": "F", "entry_id": "1"}), receipt()])
def test_a_row_of_another_width_is_no_row(told, body):
    tell = DIALECTS["k3cloud"].api(OPTIONS).tell[KIND_OF[type(told)]]
    conversation = replace(_conversation(told), replies=(CallReply(status=200, body=body),))
    with pytest.raises(WireError):
        tell.say(conversation)
