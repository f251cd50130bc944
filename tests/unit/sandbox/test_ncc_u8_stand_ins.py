"""The stand-ins of NC Cloud and U8 refuse what the vendors refuse; no adapter is asked."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from gateway.sandbox.erps.ncc import Ncc, NccSite
from gateway.sandbox.erps.u8 import U8, U8Site
from gateway.transport.http_messages import Request
from gateway.wire.xml import Profile, parse

NOW = datetime(2026, 9, 15, 2, 0, tzinfo=UTC)
CLIENT, SECRET = "K", "S"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json;charset=utf-8"
UPDATE = "/nccloud/api/obm/ebankpaylog/updatestate"
QUERY = "/nccloud/api/obm/ebankpaylog/query"
LINES = "/nccloud/api/obm/ebankdzd/save"


def ask(stand_in, method, path, *, query=None, headers=None, body=b""):
    request = Request(method=method, path=path, query=query or {}, headers=headers or {}, body=body)
    return asyncio.run(stand_in.answer(request))


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65_537, key_size=2048)


class Site:
    """One NC Cloud, and somebody who speaks to it by the published rules."""

    def __init__(self, key):
        self.now = NOW
        self.ncc = Ncc(NccSite(client_id=CLIENT, client_secret=SECRET), lambda: self.now, key)
        self.public = key.public_key()
        self.paylog = self.ncc.create(yurref="YR1", dbtacc="1", trsamt="1.00")
        self.token = self.got()["data"]["access_token"]
        self.numbers = 0

    def sign(self, text):
        seed = hashlib.sha1(self.ncc.public_key.encode(), usedforsecurity=False).digest()
        salt = hashlib.sha1(seed, usedforsecurity=False).digest()[:16]
        whole = text + self.ncc.public_key + base64.b64encode(salt).decode()
        return hashlib.sha256(whole.encode()).hexdigest()

    def seal(self, secret):
        how = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
        return base64.b64encode(self.public.encrypt(secret.encode(), how)).decode()

    def got(self, *, method="POST", content_type=FORM, body=b"", **changes):
        query = {
            "grant_type": "client_credentials",
            "client_id": CLIENT,
            "client_secret": self.seal(SECRET),
            "biz_center": "develop",
            "signature": self.sign(CLIENT + SECRET),
            **changes,
        }
        query = {name: text for name, text in query.items() if text is not None}
        headers = {"content-type": content_type}
        path = "/nccloud/opm/accesstoken"
        return json.loads(ask(self.ncc, method, path, query=query, headers=headers, body=body).body)

    def call(self, path, content, *, busi_id="", **changes):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        headers = {
            "content-type": JSON,
            "client_id": CLIENT,
            "access_token": self.token,
            "signature": self.sign(CLIENT + body.decode()),
            "ucg_flag": "y",
            **({"repeat_check": "Y", "busi_id": busi_id} if busi_id else {}),
            **{{"content_type": "content-type"}.get(it, it): text for it, text in changes.items()},
        }
        return json.loads(ask(self.ncc, "POST", path, headers=headers, body=body).body)

    def save(self, path, **row):
        said = self.call(path, {"rows": [row]})
        assert said["success"], said
        (result,) = said["data"]["results"]
        return result["success"], result["message"]


@pytest.fixture
def site(key):
    return Site(key)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"method": "GET"}, "Bad request content type"),
        ({"content_type": JSON}, "Bad request content type"),
        ({"body": b"grant_type=x"}, "Missing parameters"),
        ({"signature": None}, "Missing parameters: signature"),
        ({"more": "1"}, "Missing parameters"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"biz_center": "x"}, "账套编码"),
        ({"client_id": "x"}, "not registered"),
        ({"client_secret": SECRET}, "Decryption error"),
        ({"signature": "0" * 64}, "verify signature for get token"),
    ],
)
def test_a_token_needs_everything_right(site, changes, words):
    said = site.got(**changes)
    assert said["success"] is False
    assert words in said["message"]


def test_a_secret_of_another_application_is_not_authorized(site):
    assert "not authorized" in site.got(client_secret=site.seal("other"))["message"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client_id": ""}, "appid"),
        ({"access_token": "x"}, "token失效"),
        ({"ucg_flag": "Y"}, "请求头"),
        ({"content_type": "application/json"}, "请求头"),
        ({"signature": "0" * 64}, "verify signature for call api"),
    ],
)
def test_a_call_needs_everything_right(site, changes, words):
    said = site.call(QUERY, {"pageIndex": 1, "pageSize": 1}, **changes)
    assert said["success"] is False
    assert words in said["message"]


def test_tokens_end_and_rights_are_looked_at(site):
    asked = {"pageIndex": 1, "pageSize": 1}
    denied = site.call("/nccloud/api/gl/voucher/insert", asked)
    assert denied["code"] == "1000000010"
    site.now = NOW + timedelta(hours=2)
    assert "expired" in site.call(QUERY, asked)["message"]


def test_a_number_is_taken_once_and_has_to_be_there(site):
    row = {"rows": [{"gwid": "g", "yurref": "YR1", "paystate": "3", "paytime": "t"}]}
    assert site.call(UPDATE, row, busi_id="b1")["success"]
    assert "重复" in site.call(UPDATE, row, busi_id="b1")["message"]
    assert site.call(UPDATE, row, busi_id="b2")["success"]
    assert "busi_id" in site.call(UPDATE, row, repeat_check="Y")["message"]


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        [],
        {"rows": []},
        {"rows": [{}]},
        {"rows": [{"gwid": "g", "trsamt": 1.5}]},
        {"rows": ["x"]},
        {"rows": [{"gwid": "g"}] * 501},
    ],
)
def test_bodies_of_another_form_are_an_error_of_the_call(site, content):
    assert site.call(UPDATE, content)["success"] is False


@pytest.mark.parametrize("paging", [{}, {"pageIndex": 0, "pageSize": 1}, {"pageIndex": True}])
def test_a_query_needs_its_page(site, paging):
    assert site.call(QUERY, paging)["success"] is False


GOOD = {"gwid": "g", "yurref": "YR1", "paystate": "0", "paytime": "2026-09-15 10:00:00"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"yurref": "?"}, "不存在"),
        ({"pk_ebank_paylog": "other"}, "不符"),
        ({"paystate": "9"}, "取值范围"),
        ({"paytime": "2026-09-15"}, "格式"),
        ({"isrefund": "yes"}, "格式"),
        ({"paymsg": "x" * 451}, "超长"),
    ],
)
def test_states_are_looked_at_closely(site, changes, words):
    taken, message = site.save(UPDATE, **{**GOOD, **changes})
    assert not taken
    assert words in message
    assert site.paylog.state == "4"


def test_an_outcome_is_never_changed_but_by_money_that_came_back(site):
    assert site.save(UPDATE, **{**GOOD, "paystate": "2"})[0]
    assert site.save(UPDATE, **GOOD)[0]
    for state in "0123":
        assert not site.save(UPDATE, **{**GOOD, "paystate": state})[0]
    assert site.save(UPDATE, **GOOD, isrefund="Y")[0]
    assert site.paylog.row["isrefund"] == "Y"
    assert len(site.paylog.told) == 7, "what should not have been written is remembered too"


LINE = {
    "uid2": "u1",
    "curacc": "1",
    "trans_date": "2026-09-15",
    "cdflag": "1",
    "trsamt": "3.50",
    "currcode": "CNY",
}


@pytest.mark.parametrize(
    "changes",
    [
        {"trsamt": "-3.50"},
        {"trsamt": "3.505"},
        {"trsamt": "1e3"},
        {"trans_date": "20260915"},
        {"trans_time": "10:00"},
        {"cdflag": "D"},
        {"cdtdbtind": "CRDT"},
        {"curacc": ""},
        {"uid2": "u" * 41},
    ],
)
def test_statement_lines_are_looked_at_closely(site, changes):
    assert not site.save(LINES, **{**LINE, **changes})[0]
    assert not site.ncc.books.lines


def test_a_line_comes_once(site):
    assert [site.save(LINES, **LINE)[0] for _ in range(2)] == [True, False]


def test_a_reference_is_never_given_twice(site):
    for reference in ("YR1", "", "Y" * 31):
        with pytest.raises(ValueError, match="yurref"):
            site.ncc.create(yurref=reference)


# ── U8 ────────────────────────────────────────────────────────────────────────────────────────

ENVELOPE = (
    '<ufinterface sender="001" receiver="u8" roottag="gwbankbalance" docid="D1" proc="add"'
    ' codeexchanged="N" exportneedexch="N"><gwbankbalance id="B1"><header><bankacc>1</bankacc>'
    "<curdate>2026-09-15</curdate><balance>1.00</balance></header></gwbankbalance></ufinterface>"
)


def post(u8, text):
    answer = ask(u8, "POST", "/U8EAI/import.asp", body=text.encode())
    root = parse(answer.body, Profile.MESSAGE)
    return [(it.attr("key"), it.attr("succeed")) for it in root.each("item")]


def test_zero_is_success_and_a_document_is_taken_once():
    u8 = U8()
    assert post(u8, ENVELOPE) == [("B1", "0")]
    assert post(u8, ENVELOPE) == [("B1", "1")]
    assert len(u8.documents) == 1
    assert post(U8(U8Site(keyed=False)), ENVELOPE) == [("", "0")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('sender="001"', 'sender="999"'),
        ('receiver="u8"', 'receiver="nc"'),
        ("gwbankbalance", "voucher"),
        ('docid="D1"', 'docid=""'),
        ('proc="add"', 'proc="edit"'),
        ('codeexchanged="N"', 'codeexchanged="?"'),
        ("<balance>1.00</balance>", ""),
        ("<balance>1.00</balance>", "<balance>1,00</balance>"),
        ("2026-09-15", "20260915"),
        ('id="B1"', 'id=""'),
        ("</ufinterface>", ""),
    ],
)
def test_what_eai_does_not_know_is_an_error(old, new):
    u8 = U8()
    assert [code for _, code in post(u8, ENVELOPE.replace(old, new))] == ["1"]
    assert not u8.documents


def test_a_state_of_a_payment_that_nobody_made_is_an_error():
    text = ENVELOPE.replace("gwbankbalance", "gwpaylog").replace(
        "<bankacc>1</bankacc>",
        "<yurref>?</yurref><paystate>0</paystate><paytime>t</paytime><gwstate>SETTLED</gwstate>",
    )
    assert post(U8(), text) == [("B1", "1")]


def test_other_ways_to_ask_are_not_eai():
    assert ask(U8(), "GET", "/U8EAI/import.asp").status == 405
    assert ask(U8(), "POST", "/U8EAI/export.asp").status == 404
