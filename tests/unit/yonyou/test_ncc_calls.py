"""NC Cloud: options, tokens, signed calls and envelopes, without a socket."""

from __future__ import annotations

import base64
import gzip
from datetime import timedelta

import pytest

from adapters.erp.yonyou.ncc.calls import answered
from adapters.erp.yonyou.ncc.options import ncc_options as read_options
from adapters.erp.yonyou.ncc.sealing import signature
from gateway.domain.errors import Refused, WireError
from gateway.ports.erp_api import Access, CallReply, Verdict
from gateway.ports.erp_told import ToldKind
from tests.ncc_ground import NOW, ncc_options, ncc_site
from tests.unit.yonyou.ncc_talk import MOMENT, NCC, answer, said


@pytest.fixture(scope="module")
def options():
    return ncc_options(ncc_site())


# ── options ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"client_id": ""}, "client_id"),
        ({"biz_center": ""}, "biz_center"),
        ({"public_key": ""}, "public_key"),
        ({"public_key": "AAAA"}, "public_key"),
        ({"scheme": "md5"}, "scheme"),
        ({"secret_level": "L1"}, "secret_level"),
        ({"token_life_s": "5"}, "token_life_s"),
        ({"pull_path": ""}, "pull_path"),
        ({"status_path": "http://x/y"}, "status_path"),
        ({"line_query_path": ""}, "line_query_path"),
        ({"header_token": "access token"}, "header_token"),
        ({"fields": "yurref"}, "fields"),
        ({"fields": "nosuch=vdef1"}, "fields"),
        ({"fields": "crtacc=dbtacc"}, "fields"),
        ({"fields": "rows=results"}, "fields"),
        ({"currencies": "01=cny"}, "currencies"),
        ({"waiting": "4,0"}, "waiting"),
        ({"paystate_unknown": "1"}, "paystate_*"),
        ({"cdflag_debit": "2"}, "cdflag_*"),
        ({"page_size": "0"}, "page_size"),
        ({"expect_date": "later"}, "expect_date"),
        ({"accounts": "a;b"}, "accounts"),
    ],
)
def test_each_wrong_option_is_named(options, changes, path):
    with pytest.raises(Refused) as error:
        NCC.api({**options, **changes})
    assert f"/options/{path}" in {it.path for it in error.value.faults}
    assert all(it.zh and it.en for it in error.value.faults)


def test_every_name_is_an_option_and_a_path_that_is_empty_is_not_told(options):
    told = set(ToldKind) - {ToldKind.MATCH, ToldKind.OPEN_ITEMS}
    assert set(NCC.api(options).tell) == told
    quiet = {f"{it}_path": "" for it in ("status", "line", "balance", "receipt")}
    assert NCC.api({**options, **quiet}).tell == {}
    assert {f"{it}_path" for it in ("token", "pull")} | quiet.keys() <= NCC.options
    assert NCC.secrets == {"client_secret"}


# ── the token ─────────────────────────────────────────────────────────────────────────────────


def logged_in(options, reply, **changes):
    return NCC.api({**options, **changes}).login.decode(reply, MOMENT)


def test_the_log_in_has_the_vendors_parameters_and_never_the_secret(options):
    extra = {"dsname": "NCC", "usercode": "bank"}
    access = Access(system="n", options={}, secrets={"client_secret": "s3cret"})
    call = NCC.api({**options, **extra}).login.encode(access, MOMENT)
    assert (call.method, call.path, call.body) == ("POST", "/nccloud/opm/accesstoken", b"")
    asked = dict(call.query)
    assert asked["grant_type"] == "client_credentials"
    assert (asked["biz_center"], asked["dsname"], asked["usercode"]) == ("develop", "NCC", "bank")
    key = read_options(options).key
    assert asked["signature"] == signature("bankgws3cret", key, salted=True)
    old = NCC.api({**options, "scheme": "pkcs1"}).login.encode(access, MOMENT)
    assert dict(old.query)["signature"] == signature("bankgws3cret", key, salted=False)
    assert "s3cret" not in repr(call)
    assert all("s3cret" not in text for text in asked.values())


def test_without_its_secret_or_with_one_that_is_too_long_nothing_is_asked(options):
    login = NCC.api(options).login
    for secret in ("", "x" * 300):
        with pytest.raises(Refused):
            login.encode(Access(system="n", options={}, secrets={"client_secret": secret}), MOMENT)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({}, 900),
        ({"expires_in": 1_000_000}, 900),
        ({"expires_in": 60}, 60),
        ({"expires_in": "120"}, 120),
    ],
)
def test_a_token_is_never_used_longer_than_is_set(options, given, seconds):
    token = logged_in(options, answer({"access_token": "T", **given}))
    assert token.expires_at - NOW == timedelta(seconds=seconds)
    assert token.headers == (("access_token", "T"),)
    named = logged_in(options, answer({"access_token": "T"}), header_token="x-token")
    assert named.headers == (("x-token", "T"),)


@pytest.mark.parametrize(
    "reply",
    [
        answer(success=False, message="无效的账套编码，请检查"),
        answer({"access_token": "T", "security_level": "L1"}),
    ],
)
def test_no_token_is_refused_with_the_vendors_words(options, reply):
    with pytest.raises(Refused, match=r"账套编码|L1"):
        logged_in(options, reply)


@pytest.mark.parametrize(
    "reply",
    [
        answer({}),
        answer([]),
        answer({"access_token": ""}),
        answer({"access_token": "T", "expires_in": "soon"}),
        answer({"access_token": "T"}, status=302),
        answer({"access_token": "T"}, success="yes"),
        CallReply(status=200, body=b'{"access_token":"T"}'),
    ],
)
def test_what_is_no_token_is_no_token(options, reply):
    with pytest.raises(WireError):
        logged_in(options, reply)


# ── calls and envelopes ───────────────────────────────────────────────────────────────────────


def test_a_call_is_signed_over_its_plain_body_and_only_writes_have_a_number(options):
    api, read = NCC.api(options), read_options(options)
    for call, writes in ((api.pull.encode(None, MOMENT, ""), False), (said(options), True)):
        headers = dict(call.headers)
        whole = "bankgw" + call.body.decode()
        assert headers["signature"] == signature(whole, read.key, salted=True)
        assert (headers["client_id"], headers["ucg_flag"]) == ("bankgw", "y")
        assert headers["content-type"] == "application/json;charset=utf-8"
        assert headers.get("repeat_check", "") == ("Y" if writes else "")
        assert bool(headers.get("busi_id")) == writes


def test_headers_have_the_sites_own_names(options):
    own = {
        "header_client": "app-id",
        "header_signature": "app-sign",
        "header_flag": "x-flag",
        "ucg_flag": "",
        "repeat_check": "",
        "call_salt": "N",
    }
    headers = dict(said({**options, **own}).headers)
    assert headers.keys() == {"content-type", "app-id", "app-sign"}
    whole = "bankgw" + said(options).body.decode()
    assert headers["app-sign"] == signature(whole, read_options(options).key, salted=False)


def test_a_compressed_body_is_signed_as_it_was_before(options):
    plain, packed = said(options), said({**options, "secret_level": "L2"})
    assert gzip.decompress(base64.b64decode(packed.body)) == plain.body
    assert dict(packed.headers)["signature"] == dict(plain.headers)["signature"]
    read = read_options({**options, "secret_level": "L2"})
    body = base64.encodebytes(gzip.compress(answer([1]).body))
    assert answered(read, CallReply(status=200, body=body)).content.is_list
    assert answered(read, answer(success=False, message="token失效")).verdict is Verdict.LOGIN
    cut = base64.b64encode(gzip.compress(answer([1]).body)[:-9])
    for broken in (body[:-40], cut, b"AAAA", b"no base64", b""):
        with pytest.raises(WireError):
            answered(read, CallReply(status=200, body=broken))


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (answer(success=False, message="token失效，请重新获取token"), Verdict.LOGIN),
        (answer(success=False, message="The access_token has expired"), Verdict.LOGIN),
        (answer(status=401), Verdict.LOGIN),
        (answer(success=False, message="系统异常"), Verdict.AGAIN),
        (answer(success="false"), Verdict.AGAIN),
        (answer(status=302), Verdict.AGAIN),
        (answer(status=502), Verdict.AGAIN),
        (answer(status=429), Verdict.AGAIN),
        (answer([]), None),
        (answer([], success="true"), None),
    ],
)
def test_what_answers_mean(options, reply, verdict):
    assert answered(read_options(options), reply).verdict is verdict
