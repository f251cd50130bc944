"""What the file alone shows, and how everything is told."""

from __future__ import annotations

import json
import tomllib
from datetime import datetime
from html.parser import HTMLParser

import pytest

from gateway import settings
from gateway.controls.reference.uscc import uscc_fault
from gateway.domain.errors import Fault
from gateway.onboarding import check
from gateway.onboarding.findings import Area, Finding, Result, ok, ready
from gateway.onboarding.report import Report, html, markdown, text_lines
from gateway.onboarding.settings_piece import key_variable, settings_piece
from gateway.store.instants import BEIJING
from tests.unit.onboarding.sample import CLIENT, client

NUMBER = "900010101000000011"
BAD = Fault(path="/x", code="amount", zh="金额有误", en="wrong amount")
PAST = Fault(path="/d", code="date_past", zh="已过", en="has passed")


def report(*findings, text=CLIENT):
    made = client(text)
    return Report(
        client=made,
        at=datetime(2026, 9, 15, 10, tzinfo=BEIJING),
        findings=findings,
        piece=settings_piece(made),
    )


def missing(what="x", **more):
    return Finding(area=Area.ACCOUNT, what=what, result=Result.MISSING, zh="缺", en="gone", **more)


def test_the_credit_code_is_checked():
    assert check.credit_code(client(), uscc_fault).result is Result.OK
    wrong = client(CLIENT.replace("Y43", "Y44"))
    found = check.credit_code(wrong, uscc_fault)
    assert (found.result, found.code) == (Result.MISSING, "uscc_check")
    assert "line 4" in found.what


def test_one_contact_is_a_warning():
    assert check.contacts(client()).result is Result.OK
    alone = CLIENT[: CLIENT.index("  - {name: 李经理")]
    assert check.contacts(client(alone)).result is Result.WARN


def test_adapters_that_are_not_there():
    found = check.adapters(client(), lambda _: False, ["sap"])
    assert [(it.what, it.result) for it in found] == [
        ("bank cib", Result.MISSING),
        ("erp iso20022", Result.MISSING),
    ]


@pytest.mark.parametrize(
    ("lines", "whole", "result"),
    [
        ([(), ()], [], Result.OK),
        ([(PAST,), ()], [], Result.OK),
        ([(PAST, BAD), ()], [], Result.MISSING),
        ([()], [BAD], Result.MISSING),
        ([], [], Result.MISSING),
    ],
)
def test_a_sample_is_judged_by_its_faults_but_not_by_its_age(lines, whole, result):
    assert check.sample_read(client(), lines, whole).result is result


def test_only_what_is_missing_keeps_a_client_back():
    warn = Finding(area=Area.CLOCK, what="c", result=Result.WARN, zh="看", en="look")
    assert ready([ok(Area.ERP, "e", "好", "fine"), warn])
    assert not ready([ok(Area.ERP, "e", "好", "fine"), missing()])
    assert not ready([]), "nothing was looked at"


def test_the_piece_is_read_by_the_gateway_and_holds_no_secret(tmp_path, monkeypatch):
    made = client(CLIENT.replace("password_file: secrets/cib", "password_env: BANK_PASSWORD"))
    text = settings_piece(made)
    monkeypatch.setenv("BANK_PASSWORD", "told-only-here")
    monkeypatch.setenv(key_variable(made), "the-key-too")
    loaded = settings.parse(tomllib.loads(text), tmp_path)
    tenant = loaded.directory.tenants["example-group"]
    assert [(it.number, it.currency, it.party.name) for it in tenant.accounts.values()] == [
        (NUMBER, "CNY", "示例制造有限公司"),
        ("900010102000000010", "USD", '示例"贸易"有限公司'),
    ]
    assert tenant.policy.release_people == 1, "a client begins with a person's release"
    assert "told-only-here" not in text
    assert "the-key-too" not in text


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        assert not {name for name, _ in attrs} & {"src", "href", "onclick", "style"}

    def handle_data(self, data):
        self.text.append(data)


HOSTILE = "<script>alert(1)</script>|x|`y`[z](http://example.invalid)"


def test_hostile_texts_are_shown_and_not_obeyed():
    made = report(missing(what=HOSTILE), text=CLIENT.replace("Example Group", f"'{HOSTILE}'"))
    page = _Page()
    page.feed(html(made))
    assert "script" not in page.tags
    assert HOSTILE in "".join(page.text)
    told = markdown(made)
    assert "<script>" not in told
    assert "[z](" not in told
    row = next(line for line in told.splitlines() if line.startswith("| ✗"))
    assert row.replace("\\|", "").count("|") == 5


def test_the_report_says_ready_or_what_is_missing():
    fine, bad = report(ok(Area.ERP, "e", "好", "fine")), report(missing(), missing("y"))
    for form in (html, markdown, lambda it: "\n".join(text_lines(it))):
        assert "READY" in form(fine)
        assert "NOT READY" not in form(fine)
        assert "NOT READY: 2 missing" in form(bad)
        assert "尚缺 2 项" in form(bad)
    assert bad.document()["ready"] is False


def test_no_form_of_the_report_shows_a_whole_account_number():
    made = report(ok(Area.ERP, "e", "好", "fine"))
    assert NUMBER in made.piece
    for told in (html(made), markdown(made), json.dumps(made.document()), *text_lines(made)):
        assert NUMBER not in told
    assert "****0011" in html(made)


def test_control_characters_do_not_reach_the_terminal():
    assert "\x1b" not in "".join(text_lines(report(missing(what="\x1b[2J"))))
