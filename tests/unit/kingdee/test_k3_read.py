"""Bills that 星空 posts: every form of the envelope, and every way they can be broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.erp.kingdee import DIALECTS, exact
from gateway.domain.errors import Refused, WireError
from gateway.ports.erp import Draft, FileEnd, FileHead
from gateway.ports.erp_draft import FaultyDraft
from tests.kingdee_ground import ENTRY

DATA = Path(__file__).resolve().parents[2] / "data" / "erp" / "kingdee"
POSTED = (DATA / "k3cloud-batchsave.json").read_bytes()
K3 = DIALECTS["k3cloud"]


def parts(body, dialect=K3):
    return list(dialect.read([body]))


def drafts(body, dialect=K3):
    return [it for it in parts(body, dialect) if isinstance(it, Draft)]


def posted(*entries, **head):
    bill = {"FBillNo": "FKD1", "FCURRENCYID": {"FNumber": "PRE001"}, **head}
    model = {**bill, "FPAYBILLENTRY": list(entries)}
    return {"formid": "AP_PAYBILL", "data": {"Model": model}}


def line(number=1, **changes):
    return {"FEntryID": number, **ENTRY, **changes}


def written(document):
    return json.dumps(document, ensure_ascii=False).encode()


def test_a_batch_of_bills():
    head, first, second, third, end = parts(POSTED)
    assert head == FileHead(format="k3cloud.AP_PAYBILL", message_id="K3-20260915-0001")
    assert isinstance(end, FileEnd)
    assert end.count == 3
    assert [it.erp_reference for it in (first, second, third)] == [
        "FKD00000123/100045",
        "FKD00000123/100046",
        "FKD00000124/100047",
    ]
    assert [it.amount for it in (first, second, third)] == ["3734.56", "1200.50", "88.08"]
    assert first.currency == "CNY"
    assert first.creditor_name == "样本钢铁（上海）有限公司"
    assert first.creditor_agent_cnaps == "102290000001"
    assert first.purpose == "货款"
    assert second.at["amount"] == "/data/Model/0/FPAYBILLENTRY/1/FREALPAYAMOUNTFOR_D"
    assert third.source["bill_id"] == "100002"
    assert [it.line for it in (first, second, third)] == [1, 2, 3]


def test_every_form_of_the_envelope_says_the_same():
    document = posted(line())
    inner = document["data"]
    forms = [
        document,
        {"FormId": "AP_PAYBILL", "Model": inner["Model"]},
        {"formid": "AP_PAYBILL", "data": json.dumps(inner)},
        {"parameters": ["AP_PAYBILL", json.dumps(inner)]},
        {"parameters": ["AP_PAYBILL", "Save", inner]},
        {"formid": "AP_PAYBILL", "data": {"Model": [inner["Model"]]}},
    ]
    found = [drafts(written(it))[0] for it in forms]
    assert {(it.erp_reference, it.amount, it.creditor_account) for it in found} == {
        ("FKD1/1", "3734.56", "6222000012345678")
    }


def test_a_message_without_a_name_is_named_by_its_bytes():
    first, second = (parts(written(posted(line(FCOMMENT=it))))[0] for it in ("a", "b"))
    assert first.message_id.startswith("sha256:")
    assert first.message_id != second.message_id
    assert first == parts(written(posted(line(FCOMMENT="a"))))[0]


@pytest.mark.parametrize(
    ("written_as", "read_as"),
    [
        ("3734.5600000000", "3734.56"),
        ("100.0000000000", "100"),
        ("100.00", "100.00"),
        ("0.1000000000000000055", "0.1000000000000000055"),
        ("9007199254740993.01", "9007199254740993.01"),
        ("1234567890123456789", "1234567890123456789"),
        ("1e3", "1e3"),
    ],
)
def test_an_amount_is_its_digits(written_as, read_as):
    body = written(posted(line(FREALPAYAMOUNTFOR="@"))).replace(b'"@"', written_as.encode())
    assert drafts(body)[0].amount == read_as
    assert drafts(written(posted(line(FREALPAYAMOUNTFOR=written_as))))[0].amount == read_as


def test_the_amount_to_pay_counts_before_the_amount_of_the_bill():
    both = line(FPAYTOTALAMOUNTFOR="10.00", FREALPAYAMOUNTFOR="9.00")
    assert drafts(written(posted(both)))[0].amount == "9.00"
    only = line(FPAYTOTALAMOUNTFOR="10.00")
    del only["FREALPAYAMOUNTFOR"]
    assert drafts(written(posted(only)))[0].amount == "10.00"


def test_an_unknown_currency_is_left_for_validation_with_its_place():
    (draft,) = drafts(written(posted(line(), FCURRENCYID={"FNumber": "PRE007"})))
    assert draft.currency == "PRE007"
    assert draft.at["currency"].endswith("/FCURRENCYID")
    shaped = K3.with_options({"currencies": "PRE007=USD", "companies": "100=示例公司"})
    (draft,) = drafts(
        written(posted(line(), FCURRENCYID={"FNumber": "PRE007"}, FPAYORGID={"FNumber": "100"})),
        shaped,
    )
    assert (draft.currency, draft.company) == ("USD", "示例公司")


def test_a_later_attempt_is_another_payment():
    shaped = K3.with_options({"attempt_field": "F_GW_Attempt"})
    found = [
        drafts(written(posted(line(F_GW_Attempt=it))), shaped)[0].erp_reference
        for it in (0, 1, 2, "3")
    ]
    assert found == ["FKD1/1", "FKD1/1", "FKD1/1/2", "FKD1/1/3"]


def test_a_bill_without_number_or_entry_has_no_reference():
    (draft,) = drafts(written(posted(line(None))))
    assert draft.erp_reference == ""
    assert draft.at["erp_reference"].endswith("/FEntryID")
    (draft,) = drafts(written(posted(line(), FBillNo=None)))
    assert draft.erp_reference == ""
    assert draft.at["erp_reference"].endswith("/FBillNo")


def test_several_payees_in_one_entry_refuse_that_entry():
    many = line(2, FPAYBILLMORERECENTRY=[{"FCNAPS_M": "1"}])
    _, first, second, third, end = parts(written(posted(line(1), many, line(3))))
    assert isinstance(second, FaultyDraft)
    (fault,) = second.faults
    assert (fault.code, fault.line) == ("many_payees", 2)
    assert fault.path == "/data/Model/FPAYBILLENTRY/1/FPAYBILLMORERECENTRY"
    assert type(first) is type(third) is Draft
    assert not end.faults


def test_the_10001st_entry_refuses_the_message_and_is_named():
    *_, end = parts(written(posted(*(line(number) for number in range(1, 10_002)))))
    (fault,) = end.faults
    assert (fault.code, fault.line) == ("batch_too_long", 10_001)
    *_, end = parts(written(posted(*(line(number) for number in range(1, 10_001)))))
    assert not end.faults


@pytest.mark.parametrize(
    ("body", "reason", "line_number"),
    [
        (b"", "nothing", None),
        (b"{", "json", 1),
        (POSTED[:-40], "json", None),
        (POSTED.decode().encode("gbk"), "encoding", None),
        (POSTED.decode().encode("utf-16"), "encoding", None),
        (b'{"formid": "AP_PAYBILL",\n "data": NaN}', "json", None),
        (b'{"formid": "AP_PAYBILL", "formid": "AP_PAYBILL"}', "surplus", None),
        (b"[]", "value", None),
        (b'{"formid": "AP_PAYBILL", "data": {}}', "missing", None),
        (b'{"formid": "AP_PAYBILL", "data": {"Model": []}}', "empty", None),
        (b'{"formid": "CN_PAYAPPLY", "data": {"Model": {}}}', "unsupported", None),
        (b'{"formid": "AP_PAYBILL", "opNumber": "Delete", "data": {}}', "unsupported", None),
        (b'{"formid": "AP_PAYBILL", "data": {"Model": {"FPAYBILLENTRY": [1]}}}', "value", None),
        (b'{"formid": "AP_PAYBILL", "data": {"Model": {"FPAYBILLENTRY": []}}}', "empty", None),
        (b"[" * 100_000, "depth", None),
    ],
)
def test_a_broken_message_is_refused_with_its_place(body, reason, line_number):
    with pytest.raises(WireError) as caught:
        parts(body)
    assert caught.value.reason == reason
    assert line_number is None or caught.value.line == line_number


def test_a_member_that_comes_twice_is_never_chosen_from():
    body = written(posted(line())).replace(
        b'"FREALPAYAMOUNTFOR": "3734.56"',
        b'"FREALPAYAMOUNTFOR": "3734.56", "FREALPAYAMOUNTFOR": "1.00"',
    )
    with pytest.raises(WireError) as caught:
        parts(body)
    assert (caught.value.reason, caught.value.path) == ("surplus", "/FREALPAYAMOUNTFOR")


def test_where_bills_stand_is_asked_by_line_or_by_reference():
    asked = {
        "formid": "AP_PAYBILL",
        "opNumber": "Synchronism",
        "data": {"Lines": [{"FBillNo": "FKD1", "FEntryID": 7}], "Numbers": ["FKD2/8"]},
    }
    assert K3.asks(written(asked))
    found = K3.questions(written(asked))
    assert [it.erp_reference for it in found] == ["FKD1/7", "FKD2/8"]
    assert found[1].at == {"erp_reference": "/data/Numbers/0"}
    assert not K3.asks(POSTED)
    for wrong in ({}, {"Lines": [{"FBillNo": "FKD1"}]}, {"Numbers": "FKD1"}):
        with pytest.raises(WireError):
            K3.questions(written({**asked, "data": wrong}))


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({}, {"acct_id", "user", "app_id"}),
        ({"acct_id": "a", "user": "u", "app_id": "217312"}, {"app_id"}),
        ({"acct_id": "a", "user": "u", "app_id": "x", "auth": "basic"}, {"auth"}),
        (
            {
                "acct_id": "a",
                "user": "u",
                "app_id": "x",
                "auth": "session",
                "page": "10001",
                "amount_field": "F; DROP",
                "currencies": "PRE007",
                "base_path": "k3cloud",
                "lcid": "zh",
            },
            {"page", "amount_field", "currencies", "base_path", "lcid"},
        ),
    ],
)
def test_wrong_options_are_told_all_at_once(options, wrong):
    with pytest.raises(Refused) as caught:
        K3.api(options)
    assert {it.path for it in caught.value.faults} == wrong


def test_a_message_that_is_too_large_is_not_gathered(monkeypatch):
    monkeypatch.setattr(exact, "SIZE_MAX", 1000)
    given = []

    def chunks():
        for at in range(100):
            given.append(at)
            yield b"x" * 400

    with pytest.raises(WireError) as caught:
        list(K3.read(chunks()))
    assert caught.value.reason == "size"
    assert given == [0, 1, 2]
