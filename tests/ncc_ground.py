"""The gateway's side of a conversation with NC Cloud, against a stand-in without a socket."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from itertools import count

from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.erp.yonyou import DIALECTS
from gateway.ports.erp_api import Access, Call, CallReply, Conversation, Moment, Verdict
from gateway.sandbox.erps.ncc import Ncc, NccSite
from gateway.transport.http_messages import Request

NOW = datetime(2026, 9, 15, 2, 0, tzinfo=UTC)
CLIENT, SECRET = "bankgw", "a-secret-of-the-test"
PAYER = "900010100100000011"


@cache
def key() -> rsa.RSAPrivateKey:
    """One key for all tests of a process: making one takes its time."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=2048)


def ncc_site(*yurrefs, now=lambda: NOW, fields=None, **site) -> Ncc:
    """A stand-in whose users sent these payments to the bank."""
    known = {"client_id": CLIENT, "client_secret": SECRET, **site}
    made = Ncc(NccSite(**known), now, key())
    for at, reference in enumerate(yurrefs, 1):
        made.create(**order(reference, f"{at}00.50", **(fields or {})))
    return made


def order(reference, amount, **changes):
    return {
        "yurref": reference,
        "dbtacc": PAYER,
        "crtacc": "6200000000001234567",
        "crtaccname": "样本钢铁（上海）有限公司",
        "crtbranchname": "中国样本银行上海分行",
        "crtbranchid": "102290000001",
        "trsamt": amount,
        "nusage": "货款",
        **changes,
    }


def ncc_options(site, **changes):
    return {
        "client_id": site.site.client_id,
        "biz_center": site.site.biz_center,
        "public_key": site.public_key,
        **changes,
    }


class Line:
    """One NC Cloud as the gateway speaks to it; answers may be lost on the way."""

    def __init__(self, site, *, secret=SECRET, **options):
        self.site = site
        self.access = Access(
            system="ncc", options=ncc_options(site, **options), secrets={"client_secret": secret}
        )
        self.api = DIALECTS["ncc"].api(self.access.options)
        self.sent: list[Call] = []
        self.token = None
        self._nonces = count(1)

    def moment(self) -> Moment:
        return Moment(now=NOW, nonce=f"{next(self._nonces):032x}")

    def carry(self, call: Call, *, lose=False) -> CallReply:
        self.sent.append(call)
        headers = {name.lower(): text for name, text in call.headers}
        if self.token is not None:
            headers |= dict(self.token.headers)
        self.site._losing = int(lose)
        request = Request(
            method=call.method,
            path=call.path,
            query=dict(call.query),
            headers=headers,
            body=call.body,
        )
        answer = asyncio.run(self.site.answer(request))
        return CallReply(status=answer.status, body=answer.body)

    def log_in(self):
        self.token = None
        moment = self.moment()
        reply = self.carry(self.api.login.encode(self.access, moment))
        self.token = self.api.login.decode(reply, moment)
        return self

    def pull(self):
        """Every waiting instruction, or what was said instead."""
        cursor, drafts = "", []
        for _ in range(100):
            reply = self.carry(self.api.pull.encode(self.access, self.moment(), cursor))
            page = self.api.pull.follow(self.access, reply, cursor)
            if isinstance(page, Verdict):
                return page
            drafts += page.drafts
            cursor = page.cursor
            if not cursor:
                return drafts
        raise AssertionError("the pages never end")

    def tell(self, kind, *told, again=False, lost=()):
        """The verdicts; ``lost`` says of each call in turn whether its answer is lost."""
        losing, moment = iter(lost), self.moment()
        talk = Conversation(told=told, access=self.access, moment=moment, again=again)
        for _ in range(100):
            step = self.api.tell[kind].say(talk)
            if not isinstance(step, Call):
                return step
            reply = self.carry(step, lose=next(losing, False))
            talk = replace(talk, replies=(*talk.replies, reply))
        raise AssertionError("the conversation never ends")


def verdicts(taken):
    assert not isinstance(taken, Call)
    return [it.verdict for it in taken]
