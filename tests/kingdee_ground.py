"""The gateway's side of a conversation with 金蝶, played against a stand-in without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from itertools import count

from adapters.erp.kingdee import DIALECTS
from gateway.ports.erp_api import Access, Call, CallReply, Conversation, ErpApi, Moment, Verdict
from gateway.ports.erp_told import (
    KIND_OF,
    BalanceTold,
    CreditTold,
    EntryTold,
    ReceiptTold,
    StatementTold,
    StatusTold,
)
from gateway.sandbox.erps.cosmic import CosmicAccount, CosmicServer
from gateway.sandbox.erps.k3cloud import K3Account, K3CloudServer
from gateway.transport.http_messages import Request

NOW = datetime(2026, 9, 15, 10, 0, tzinfo=timezone(timedelta(hours=8)))
APP_ID = "217312_4fbC29Bu2rhcyaVOS5Vo0/0L1ADb3trL"
SECRET = "a-secret-of-the-application"
ACCOUNT = K3Account(acct_id="acct01", user="bankapi", app_id=APP_ID, app_secret=SECRET)
OPTIONS = {"acct_id": "acct01", "user": "bankapi", "app_id": APP_ID}
ACCESS = Access(system="k3", options=OPTIONS, secrets={"app_secret": SECRET})
ENTRY = {
    "FACCOUNTID": {"FNumber": "900010100100000011"},
    "FOPPOSITEBANKACCOUNT": "6222000012345678",
    "FOPPOSITECCOUNTNAME": "样本钢铁有限公司",
    "FOPPOSITEBANKNAME": "中国工商银行上海某支行",
    "FCNAPS": "102290002916",
    "FREALPAYAMOUNTFOR": "3734.56",
    "FCOMMENT": "货款",
}


def k3_server(**settings) -> K3CloudServer:
    """A stand-in of 星空."""
    return K3CloudServer(account=ACCOUNT, now=lambda: NOW, **settings)


class Line:
    """Carries calls to a server's handler, as the gateway's own machinery does."""

    def __init__(self, server, api: ErpApi, access: Access = ACCESS) -> None:
        self.server = server
        self.api = api
        self.access = access
        self.sent: list[Call] = []
        self._nonces = count(1)
        self._token: Mapping[str, str] = {}

    def moment(self) -> Moment:
        return Moment(now=NOW, nonce=f"{next(self._nonces):032x}")

    def log_in(self) -> None:
        login = self.api.login
        assert login is not None
        moment = self.moment()
        found = login.decode(self.carry(login.encode(self.access, moment)), moment)
        while isinstance(found, Call):
            found = login.decode(self.carry(found), moment)
        self._token = dict(found.headers)

    def carry(self, call: Call) -> CallReply:
        self.sent.append(call)
        if self.api.sign is not None:
            call = self.api.sign(call, self.access, self.moment())
        headers = {name.lower(): value for name, value in (*call.headers, *self._token.items())}
        request = Request(
            method=call.method,
            path=call.path,
            query=dict(call.query),
            headers=headers,
            body=call.body,
        )
        response = asyncio.run(self.server.answer(request))
        return CallReply(status=response.status, body=response.body)

    def tell(self, *told, again=False, steps_max=50):
        """Verdicts of a whole conversation."""
        say = self.api.tell[KIND_OF[type(told[0])]].say
        replies: tuple[CallReply, ...] = ()
        for _ in range(steps_max):
            step = say(
                Conversation(
                    told=told,
                    access=self.access,
                    moment=self.moment(),
                    again=again,
                    replies=replies,
                )
            )
            if not isinstance(step, Call):
                assert [it.place for it in step] == list(range(len(told)))
                return step
            replies = (*replies, self.carry(step))
        raise AssertionError("the conversation does not end")

    def verdicts(self, *told, again=False) -> list[Verdict]:
        return [it.verdict for it in self.tell(*told, again=again)]

    def pull(self, pages_max=20):
        """All pages: a list of lists of drafts, or the verdict that ended it."""
        pull, cursor, pages = self.api.pull, "", []
        assert pull is not None
        for _ in range(pages_max):
            reply = self.carry(pull.encode(self.access, self.moment(), cursor))
            if pull.follow is None:
                found = pull.decode(self.access, reply)
            else:
                found = pull.follow(self.access, reply, cursor)
            if isinstance(found, Verdict):
                return found
            pages.append(list(found.drafts))
            cursor = found.cursor
            if not cursor:
                return pages
        raise AssertionError("the pages do not end")


def status(state="SETTLED", source=None, **fields) -> StatusTold:
    """A status of one instruction."""
    return StatusTold(
        **{
            "instruction": "ins_1",
            "version": 3,
            "state": state,
            "erp": "k3",
            "erp_reference": "FKD1/1",
            "at": NOW,
            "amount": "3734.56",
            "currency": "CNY",
            "source": source or {},
            **fields,
        }
    )


def entry(key="E1", amount="-3734.56", **fields) -> EntryTold:
    """A statement line."""
    return EntryTold(
        **{
            "key": key,
            "amount": amount,
            "currency": "CNY",
            "booking_date": NOW.date(),
            "reference": "BANK-1",
            "counterparty_name": "样本钢铁有限公司",
            **fields,
        }
    )


def statement(*entries, **fields) -> StatementTold:
    """A statement of a day."""
    return StatementTold(
        **{
            "statement_id": "stm_1",
            "account": "900010100100000011",
            "account_name": "示例制造有限公司",
            "currency": "CNY",
            "start": NOW.date(),
            "end": NOW.date(),
            "created": NOW,
            "entries": entries,
            **fields,
        }
    )


def credit(one: EntryTold) -> CreditTold:
    """Money that came in."""
    return CreditTold(
        account="900010100100000011",
        account_name="示例制造有限公司",
        currency="CNY",
        entry=one,
        seen_at=NOW,
    )


def balance(ledger="10.00", **fields) -> BalanceTold:
    """Balances of an account."""
    return BalanceTold(
        **{
            "account": "900010100100000011",
            "account_name": "示例制造有限公司",
            "currency": "CNY",
            "ledger": ledger,
            "asked_at": NOW,
            "day": NOW.date(),
            "available": "9.00",
            **fields,
        }
    )


def receipt(content=b"%PDF-1.7 receipt", **fields) -> ReceiptTold:
    """A receipt with its file."""
    return ReceiptTold(
        **{
            "receipt_number": "R-1",
            "account": "900010100100000011",
            "account_name": "示例制造有限公司",
            "currency": "CNY",
            "day": NOW.date(),
            "file_name": "R-1.pdf",
            "file_sha256": "0" * 64,
            "content": content,
            "entry_key": "E1",
            **fields,
        }
    )


def k3_with_bills() -> K3CloudServer:
    """One bill of three entries and one of one, all waiting."""
    made = k3_server()
    made.create("FKD1", [{**ENTRY, "FREALPAYAMOUNTFOR": f"{at}.50"} for at in (1, 2, 3)])
    made.create("FKD2", [ENTRY])
    return made


def k3_line(server, **options) -> Line:
    """Our side of it."""
    return Line(server, DIALECTS["k3cloud"].api({**OPTIONS, **options}))


def k3_sources(server) -> list[dict[str, str]]:
    """What replies to each waiting entry must echo."""
    return [dict(it.source) for page in k3_line(server).pull() for it in page]


# ── 苍穹 ──────────────────────────────────────────────────────────────────────────────────────

COSMIC_OPTIONS = {
    "isv": "own",
    "client_id": "cibgw",
    "username": "bankapi",
    "account_id": "1355633519610561531",
}
COSMIC_SECRETS = {"client_secret": SECRET, "acgw_identity": "identity-of-the-application"}
COSMIC_ACCESS = Access(system="cosmic", options=COSMIC_OPTIONS, secrets=COSMIC_SECRETS)
COSMIC_BILL = {
    "billno": "YHFK-0001",
    "payeracct": "900010100100000011",
    "payeename": "样本钢铁有限公司",
    "payeeacct": "6222000012345678",
    "payeebank": "中国工商银行上海某支行",
    "recbanknumber": "102290002916",
    "amount": "3734.56",
    "currency": "CNY",
    "usage": "货款",
    "srcbillno": "FK-0001",
}


def cosmic_server(now=lambda: NOW, **account) -> CosmicServer:
    """A stand-in of 苍穹."""
    known = {
        "client_id": "cibgw",
        "client_secret": SECRET,
        "username": "bankapi",
        "account_id": COSMIC_OPTIONS["account_id"],
        "isv": "own",
        "identity": COSMIC_SECRETS["acgw_identity"],
    }
    return CosmicServer(account=CosmicAccount(**{**known, **account}), now=now)


def cosmic_line(server, **options) -> Line:
    """Our side of it, logged in."""
    made = Line(server, DIALECTS["cosmic"].api({**COSMIC_OPTIONS, **options}), COSMIC_ACCESS)
    made.log_in()
    return made
