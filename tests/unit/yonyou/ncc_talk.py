"""NC Cloud's answers, and conversations with it, for its tests."""

from __future__ import annotations

import json

from adapters.erp.yonyou import DIALECTS
from gateway.domain.instruction import State
from gateway.ports.erp_api import Access, Call, CallReply, Conversation, Moment
from gateway.ports.erp_told import ToldKind
from tests.conformance import erps
from tests.ncc_ground import NOW

NCC = DIALECTS["ncc"]
MOMENT = Moment(now=NOW, nonce="0" * 32)


def answer(content=None, *, success=True, message="", code="1000000000", status=200):
    said = {"success": success, "code": code, "message": message, "data": content}
    return CallReply(status=status, body=json.dumps(said, ensure_ascii=False).encode())


def status(state=State.SETTLED, **changes):
    source = {"yurref": "YR1", "paylog": "PK1", "bill": "SRC1", "organisation": "10101"}
    return erps.status_told(
        "yonyou/ncc", state, **{"erp_reference": "YR1", "source": source, **changes}
    )


def said(options, *told, kind=ToldKind.STATUS, again=False, replies=(), nonce="0" * 32):
    """The next call, or the verdicts."""
    conversation = Conversation(
        told=told or (status(),),
        access=Access(system="n", options=options, secrets={}),
        moment=Moment(now=NOW, nonce=nonce),
        again=again,
        replies=tuple(replies),
    )
    return NCC.api(options).tell[kind].say(conversation)


def asked(call):
    assert isinstance(call, Call)
    return json.loads(call.body)
