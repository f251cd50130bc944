"""What would come back: by report, file, call or rows, whatever the ERP's language has."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from gateway.cli.erp_echo import SHOWN_MAX, broken, echo
from gateway.cli.erp_trial import ground_of, judged, pages
from gateway.dialects import erp_dialect
from gateway.domain.errors import Refused, WireError
from gateway.ports.erp import ErpTransport, FileEnd, FileHead
from gateway.ports.erp_api import Access, Call, ErpApi, Pull, Pulled, Taken, Telling, Verdict
from gateway.ports.erp_draft import Draft
from gateway.ports.erp_tables import ErpTables, ResultTable
from gateway.ports.erp_told import ToldKind
from tests.conformance.test_erp_faults import GOOD

CANONICAL = erp_dialect("canonical/v2")
MUTE = replace(CANONICAL, report=None, files={})
DRAFT = Draft(**GOOD, erp_reference="FK-1", source={"line": "1"})
ACCESS = Access(system="try", options={}, secrets={})


@pytest.fixture(scope="module")
def ground():
    return ground_of(None, "")


def echoed(erp, ground, draft=DRAFT):
    parts = (FileHead(format="x", message_id="M-1"), draft, FileEnd(count=1))
    trial = judged(erp, parts, ground)
    echo(erp, trial, ground)
    return trial.reply


def api(say):
    return replace(
        MUTE,
        api=lambda _: ErpApi(tell={ToldKind.STATUS: Telling(say=say)}),
        secrets=frozenset({"app_secret"}),
    )


def test_a_report_where_there_is_one(ground):
    reply = echoed(CANONICAL, ground)
    assert reply["way"] == "report"
    assert '"state": "RECEIVED"' in reply["text"]


def test_a_status_file_where_there_is_no_report(ground):
    reply = echoed(replace(CANONICAL, report=None), ground)
    assert reply["way"] == "file"
    assert '"erp_reference": "FK-1"' in reply["text"]


def test_the_first_call_of_a_write_back_without_its_headers(ground):
    def say(talk):
        secret = talk.access.secrets["app_secret"]
        return Call(
            method="POST",
            path="/feedback",
            endpoint="feedback",
            headers=(("X-Token", f"{secret} in a header"),),
            body=b'{"amount": "1234.50"}',
        )

    reply = echoed(api(say), ground)
    assert (reply["way"], reply["text"]) == ("call", 'POST /feedback\n{"amount": "1234.50"}')


def test_a_state_that_is_not_written_back_says_so(ground):
    reply = echoed(api(lambda _: (Taken(place=0, verdict=Verdict.TAKEN),)), ground)
    assert reply["way"] == "none"


def test_rows_where_the_erp_reads_tables(ground):
    table = ResultTable(
        name="gw_pay_result",
        key=("no",),
        rows=lambda told: ({"no": told.erp_reference, "amount": Decimal(told.amount)},),
    )
    erp = replace(
        MUTE,
        tables=lambda _: ErpTables(results={ToldKind.STATUS: table}),
        transports=frozenset({ErpTransport.TABLES}),
    )
    reply = echoed(erp, ground)
    assert reply["way"] == "rows"
    assert json.loads(reply["text"]) == {"gw_pay_result": [{"no": "FK-1", "amount": "1234.50"}]}


def test_options_that_are_missing_are_told(ground):
    def made(_options):
        raise Refused("the option url is missing", "缺少选项 url")

    reply = echoed(replace(MUTE, api=made), ground)
    assert (reply["way"], reply["text"]) == ("none", "缺少选项 url / the option url is missing")


def test_a_language_that_answers_nothing_has_no_reply(ground):
    assert echoed(MUTE, ground) is None


def test_a_refused_file_is_answered_by_the_refusal(ground):
    reply = echoed(CANONICAL, ground, replace_amount("1e3"))
    assert reply["way"] == "refuse"
    assert broken(CANONICAL, WireError("json", "/x", line=3), ground.now)["way"] == "refuse"
    assert broken(replace(CANONICAL, refuse=None), WireError("json"), ground.now) is None


def replace_amount(amount):
    return Draft(**{**GOOD, "amount": amount}, erp_reference="FK-1")


def test_a_long_reply_is_shown_from_its_beginning(ground):
    erp = replace(CANONICAL, report=lambda _: iter([b"<"] + [b"x" * 1000] * 100))
    assert len(echoed(erp, ground)["text"]) == SHOWN_MAX


# ── a vendor's page ───────────────────────────────────────────────────────────────────────────


def paging(decode):
    pull = Pull(encode=lambda *_: Call(method="GET", path="/x", endpoint="x"), decode=decode)
    return replace(MUTE, api=lambda _: ErpApi(tell={}, pull=pull))


def decode(_access, reply):
    if b"rows" not in reply.body[:8]:
        raise WireError("unrecognised")
    return Pulled(drafts=(DRAFT,))


def test_a_page_is_read_by_itself_or_as_a_member_of_a_collection():
    erp = paging(decode)
    assert DRAFT in list(pages(erp, b'{"rows": [1]}', ACCESS))
    head, draft, _ = pages(erp, b'{"token": {"a": 1}, "page": {"rows": [1.10]}}', ACCESS)
    assert (head.message_id, draft) == ("page", DRAFT)


@pytest.mark.parametrize("body", [b"{}", b"[]", b"x", b"", b'{"token": {"a": 1}}'])
def test_what_is_no_page_is_none(body):
    with pytest.raises(WireError):
        list(pages(paging(decode), body, ACCESS))
    with pytest.raises(WireError):
        list(pages(MUTE, b'{"rows": []}', ACCESS))


def test_a_page_without_documents_is_none():
    with pytest.raises(WireError):
        list(pages(paging(lambda *_: Pulled(drafts=())), b'{"rows": []}', ACCESS))
    with pytest.raises(WireError):
        list(pages(paging(lambda *_: Verdict.LOGIN), b'{"rows": []}', ACCESS))
