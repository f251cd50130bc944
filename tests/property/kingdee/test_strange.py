"""Whatever stands where in a message or reply of 金蝶: it is read, or refused with its place."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.erp.kingdee import DIALECTS
from gateway.domain.errors import Refused, WireError
from gateway.ports.erp_api import Access, Call, CallReply, Conversation, Moment
from gateway.ports.erp_told import KIND_OF
from tests.kingdee_ground import ACCESS, NOW, OPTIONS, balance, entry, receipt, statement, status

DATA = Path(__file__).resolve().parents[2] / "data" / "erp" / "kingdee"
MESSAGES = {
    "k3cloud": json.loads((DATA / "k3cloud-batchsave.json").read_text()),
    "cosmic": json.loads((DATA / "cosmic-post.json").read_text()),
}
ENVELOPE = {
    "Result": {
        "ResponseStatus": {
            "IsSuccess": True,
            "MsgCode": 0,
            "Errors": [{"FieldName": "", "Message": "", "DIndex": 0}],
            "SuccessEntitys": [{"Id": "1", "Number": "1", "DIndex": 0}],
        },
        "FileId": "f",
    }
}
ROWS = [["100001", "FKD1", 2, "B", "A", "", 1], ["100001", "FKD1", 3, "B", "A", "", 1]]
KAPI = {
    "status": True,
    "errorCode": "0",
    "message": "",
    "data": {"result": [{"billIndex": 0, "billStatus": True, "errors": []}], "rows": [{}]},
}
COSMIC_OPTIONS = {"isv": "own", "client_id": "c", "username": "u", "account_id": "1"}
COSMIC_ACCESS = Access(system="c", options=COSMIC_OPTIONS, secrets={"client_secret": "s"})
APIS = {
    "k3cloud": (DIALECTS["k3cloud"].api(OPTIONS), ACCESS, (ENVELOPE, ROWS)),
    "cosmic": (DIALECTS["cosmic"].api(COSMIC_OPTIONS), COSMIC_ACCESS, (KAPI,)),
}
SOURCE = {"bill_id": "100001", "bill_no": "FKD1", "entry_id": "2", "billno": "Y-1"}
TOLD = [status(source=SOURCE), statement(entry()), balance(), receipt()]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@st.composite
def spoilt(draw, document):
    """The document with another value somewhere, or without that member."""
    if not isinstance(document, dict | list) or not document or draw(st.integers(0, 3)) == 0:
        return draw(VALUES)
    if isinstance(document, list):
        at = draw(st.integers(0, len(document) - 1))
        return [*document[:at], draw(spoilt(document[at])), *document[at + 1 :]]
    name = draw(st.sampled_from(sorted(document)))
    rest = {key: value for key, value in document.items() if key != name}
    return rest if draw(st.booleans()) else {**rest, name: draw(spoilt(document[name]))}


@pytest.mark.parametrize("name", MESSAGES)
@settings(max_examples=60)
@given(st.data())
def test_a_message_is_read_or_refused(name, data):
    body = json.dumps(data.draw(spoilt(MESSAGES[name]))).encode()
    dialect = DIALECTS[name]
    with suppress(WireError):
        list(dialect.read([body]))
    with suppress(WireError):
        dialect.questions(body)


@pytest.mark.parametrize("name", APIS)
@settings(max_examples=60)
@given(st.data())
def test_a_reply_is_read_or_refused(name, data):
    api, access, replies = APIS[name]
    moment = Moment(now=NOW, nonce="0" * 32)
    some = st.sampled_from(replies).flatmap(spoilt)
    bodies = data.draw(st.lists(some, min_size=6, max_size=6))
    told = data.draw(st.sampled_from(TOLD))
    answers = tuple(CallReply(status=200, body=json.dumps(it).encode()) for it in bodies)
    with suppress(WireError, Refused):
        api.pull.decode(access, answers[0])
    say, again = api.tell[KIND_OF[type(told)]].say, data.draw(st.booleans())
    with suppress(WireError):
        for count in range(len(answers) + 1):
            conversation = Conversation(
                told=(told,), access=access, moment=moment, again=again, replies=answers[:count]
            )
            said = say(conversation)
            if not isinstance(said, Call):
                assert [it.place for it in said] == [0]
                break
