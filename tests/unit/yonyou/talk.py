"""Conversations with canned replies."""

from __future__ import annotations

import json

from gateway.ports.erp_api import Access, CallReply, Conversation, Moment
from tests.conformance import erps

MOMENT = Moment(now=erps.AT, nonce=erps.NONCE)


def access(**options):
    return Access(system="erp", options=options, secrets={"app_secret": "secret"})


def conversation(*told, replies=(), again=False):
    return Conversation(
        told=told, access=access(), moment=MOMENT, again=again, replies=tuple(replies)
    )


def answer(code="200", data=None, message="", status=200):
    body = json.dumps({"code": code, "message": message, "data": data}, ensure_ascii=False)
    return CallReply(status=status, body=body.encode())


def xml(text, status=200):
    return CallReply(status=status, body=text.encode())
