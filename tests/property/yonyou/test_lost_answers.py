"""However many answers are lost, each result is written once and stands right in the end."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.erp.yonyou import DIALECTS, codes
from gateway.domain.instruction import State
from gateway.ports.erp import Draft
from gateway.ports.erp_api import Access, Call, CallReply, Conversation, Moment, Verdict
from gateway.ports.erp_told import ToldKind
from gateway.sandbox.erps.yonbip import YonBip
from gateway.transport.http_messages import Request
from tests.erp_talk import told_of

NOW = datetime(2026, 9, 15, 2, 0, tzinfo=UTC)
MOMENT = Moment(now=NOW, nonce="0" * 32)
ACCESS = Access(system="bip", options={"app_key": "K"}, secrets={"app_secret": "S"})
API = DIALECTS["yonbip"].api(ACCESS.options)
DONE = {Verdict.TAKEN, Verdict.ALREADY}


class Line:
    """The stand-in without a socket."""

    def __init__(self, count):
        self.bip = YonBip(app_key="K", app_secret="S", now=lambda: NOW)
        made = self.bip.books.create("110", [{"originalcurrencyamt": 1}] * count)
        self.details = list(self.bip.books.details.values())
        body = json.dumps(made.view()).encode()
        parts = DIALECTS["yonbip"].read([body])
        self.drafts = [it for it in parts if isinstance(it, Draft)]
        token = API.login.decode(self.call(API.login.encode(ACCESS, MOMENT)), MOMENT)
        self.query = token.query

    def call(self, call, *, lose=False):
        self.bip._losing = int(lose)
        request = Request(
            method=call.method,
            path=call.path,
            query=dict(call.query),
            headers={name.lower(): text for name, text in call.headers},
            body=call.body,
        )
        answer = asyncio.run(self.bip.answer(request))
        return CallReply(status=answer.status, body=answer.body)

    def tell(self, told, lost, *, again):
        """One conversation; ``lost`` says of each call in turn whether its answer is lost."""
        replies = []
        while True:
            step = API.tell[ToldKind.STATUS].say(
                Conversation(
                    told=told, access=ACCESS, moment=MOMENT, again=again, replies=tuple(replies)
                )
            )
            if not isinstance(step, Call):
                return step
            replies.append(self.call(replace(step, query=self.query), lose=next(lost, False)))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(list(State)), min_size=1, max_size=5),
    st.lists(st.booleans(), max_size=12),
)
def test_results_are_written_once_whatever_is_lost(states, losses):
    line, lost = Line(len(states)), iter(losses)
    told = [told_of(it, state) for it, state in zip(line.drafts, states, strict=True)]
    again = False
    for _ in range(len(losses) + 2):
        taken = line.tell(told, lost, again=again)
        told = [it for it, one in zip(told, taken, strict=True) if one.verdict not in DONE]
        again = True
        if not told:
            break
    assert told == []
    for detail, state in zip(line.details, states, strict=True):
        stop, result = codes.STOP[state], codes.FEEDBACK[state]
        expected = result if stop == codes.NOT_TOLD else stop
        if expected == codes.NOT_TOLD:
            assert detail.told == []
            assert detail.status == 1
        else:
            assert len(detail.told) == 1
            assert str(detail.status) == expected
            assert detail.row["isrefund"] == int(state is State.RETURNED)
