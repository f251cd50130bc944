"""What is read of Yonyou's messages, field by field, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.erp.yonyou import DIALECTS
from gateway.domain.errors import WireError
from gateway.ports.erp import Draft, FileEnd, FileHead

DATA = Path(__file__).resolve().parents[2] / "data" / "erp" / "yonyou"
NC, U8, BIP = DIALECTS["nc"], DIALECTS["u8"], DIALECTS["yonbip"]
NC_FILE = (DATA / "own-nc-rows.xml").read_bytes()
U8_FILE = (DATA / "own-u8-payments.xml").read_bytes()
BIP_FILE = (DATA / "own-yonbip-settlebench.json").read_bytes()


def parts(dialect, data):
    head, *drafts, end = dialect.read([data])
    assert isinstance(head, FileHead)
    assert isinstance(end, FileEnd)
    return head, drafts, end


def drafts(dialect, data) -> list[Draft]:
    return parts(dialect, data)[1]


# ── NC ────────────────────────────────────────────────────────────────────────────────────────


def test_a_bill_with_rows_is_a_payment_per_row():
    head, (first, second, third), end = parts(NC, NC_FILE)
    assert head.message_id == "NC65/FK202609150001.xml/D5202609150001"
    assert end.count == 3
    assert not end.faults
    assert first == Draft(
        erp_reference="YR202609150001",
        debtor_account="900010101000000011",
        debtor_name="示例制造有限公司",
        creditor_name="样本钢铁（上海）有限公司",
        creditor_account="6200000000001234567",
        creditor_agent_name="中国样本银行上海分行",
        creditor_agent_cnaps="102290000001",
        creditor_city="上海",
        amount="35000.00",
        currency="CNY",
        purpose="九月货款",
        execution_date="2026-09-16",
        reconciliation_code="RC20260915000001",
        at=first.at,
        line=10,
        source=first.source,
    )
    assert (second.purpose, second.amount) == ("运费", "1200.50"), "a row's own text counts first"
    assert third.end_to_end_id == third.erp_reference == "YR202609150003"
    assert third.memo == "合同 2026-08-11"


def test_places_name_the_senders_own_elements():
    first, second, third = drafts(NC, NC_FILE)
    assert first.at["amount"] == "/ufinterface/bill[1]/billbody/entry[1]/trsamt"
    assert first.at["debtor_account"] == "/ufinterface/bill[1]/billhead/dbtacc"
    assert second.at["erp_reference"] == "/ufinterface/bill[1]/billbody/entry[2]/yurref"
    assert third.at["amount"] == "/ufinterface/bill[2]/billhead/trsamt"


def test_replies_can_echo_what_the_sender_said():
    first = drafts(NC, NC_FILE)[0]
    assert first.source["bill"] == "D5202609150001"
    assert first.source["row"] == "1"
    assert first.source["filename"] == "FK202609150001.xml"
    assert first.source["organisation"] == "10101"


def test_rows_without_numbers_of_their_own_get_their_place():
    data = NC_FILE
    for number in (b"YR202609150001", b"YR202609150002"):
        data = data.replace(b"<yurref>" + number + b"</yurref>", b"")
    references = [it.erp_reference for it in drafts(NC, data)]
    assert references == ["D5202609150001/1", "D5202609150001/2", "YR202609150003"]


@pytest.mark.parametrize("charset", ["GBK", "GB2312", "GB18030"])
def test_older_systems_write_gbk(charset):
    text = NC_FILE.decode().replace('encoding="UTF-8"', f'encoding="{charset}"')
    assert drafts(NC, text.encode("gbk")) == drafts(NC, NC_FILE)


def test_a_message_may_call_its_records_otherwise():
    data = NC_FILE.replace(b'roottag="bill"', b'roottag="payment"')
    data = data.replace(b"<bill ", b"<payment ").replace(b"</bill>", b"</payment>")
    assert [it.amount for it in drafts(NC, data)] == ["35000.00", "1200.50", "88.08"]
    assert drafts(NC, data)[2].at["amount"] == "/ufinterface/payment[2]/billhead/trsamt"


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        (b'replace="N"', b'replace="Y"', "/ufinterface/@replace"),
        (b'proc="add"', b'proc="delete"', "/ufinterface/@proc"),
        (b'proc="add"', b'proc="update"', "/ufinterface/@proc"),
    ],
)
def test_a_message_may_only_add(old, new, path):
    _, _, end = parts(NC, NC_FILE.replace(old, new))
    (fault,) = end.faults
    assert fault.path == path
    assert fault.zh
    assert fault.en


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (NC_FILE[:700], "malformed"),
        (NC_FILE.replace("示".encode(), b"\xff"), "encoding"),
        (NC_FILE.replace(b"<ufinterface", b"<!DOCTYPE x []><ufinterface", 1), "doctype"),
        (NC_FILE.replace(b'roottag="bill"', b'roottag="sendresult"'), "unsupported"),
        (NC_FILE.replace(b'roottag="bill"', b'roottag="voucher"'), "missing"),
        (NC_FILE.replace(b'roottag="bill"', b'roottag="a b"'), "name"),
        (b"<other/>", "root"),
        (NC_FILE.replace(b"<trsamt>88.08", b"<trsamt>1</trsamt><trsamt>88.08"), "surplus"),
        (NC_FILE.replace(b"<trsamt>88.08", b"<trsamt><b/>88.08"), "content"),
    ],
)
def test_a_broken_message_is_refused_with_its_reason(data, reason):
    with pytest.raises(WireError) as error:
        drafts(NC, data)
    assert error.value.reason == reason


def test_questions_name_payments_by_their_number():
    data = NC_FILE.replace(b'proc="add"', b'proc="query"')
    assert NC.asks(data)
    assert not NC.sniff(data)
    asked = NC.questions(data)
    assert [(it.kind, it.erp_reference) for it in asked] == [
        ("status", "D5202609150001"),
        ("status", "YR202609150003"),
    ]
    assert not NC.asks(NC_FILE)


def test_a_long_message_is_read_in_pieces():
    start, end = NC_FILE.index(b'  <bill id="D5202609150002'), NC_FILE.index(b"</ufinterface>")
    record = NC_FILE[start:end]
    pieces = [NC_FILE[:end], *[record] * 10_001, NC_FILE[end:]]
    _, found, last = parts(NC, b"".join(pieces))
    assert last.count == 10_004
    assert found[-1].at["amount"] == "/ufinterface/bill[10003]/billhead/trsamt"


# ── U8 ────────────────────────────────────────────────────────────────────────────────────────


def test_u8_payments_stand_in_headers():
    head, (first, second), _ = parts(U8, U8_FILE)
    assert head.message_id == "u8/FK20260915U8/FK20260915U8001"
    assert (first.erp_reference, first.amount) == ("FK20260915U8001", "512.34")
    assert first.at["amount"] == "/ufinterface/gwpayment[1]/header/trsamt"
    assert second.creditor_agent_name == "兴业银行福州分行"


def test_u8_and_nc_are_told_apart():
    assert (NC.sniff(NC_FILE), U8.sniff(NC_FILE)) == (True, False)
    assert (NC.sniff(U8_FILE), U8.sniff(U8_FILE)) == (False, True)


def test_an_answer_of_u8_is_no_payment():
    data = b'<ufinterface roottag="voucheraddreturn" proc="add"><item succeed="0"/></ufinterface>'
    with pytest.raises(WireError) as error:
        drafts(U8, data)
    assert error.value.reason == "unsupported"


# ── YonBIP ────────────────────────────────────────────────────────────────────────────────────


def test_details_of_a_settlement_document_are_payments():
    head, (first, second), end = parts(BIP, BIP_FILE)
    assert head.message_id.startswith("00ST2260915000017@")
    assert end.warnings[0].startswith("未取 1 条明细")
    assert first.erp_reference == "00ST2260915000017_1"
    assert (first.amount, first.currency) == ("3734.56", "CNY")
    assert first.execution_date == "2026-09-16"
    assert first.creditor_agent_cnaps == "102290000001"
    assert first.reconciliation_code == "CC20260915000001"
    assert first.source["detail_id"] == "1991746854802259975", "longer than a float is exact"
    assert first.source["business_detail_id"] == "1991746721658273801"
    assert first.at["amount"] == "/data/settleBench_b/0/originalcurrencyamt"
    assert second.amount == "1200.5"


def test_a_payroll_without_its_lines_is_left_out():
    data = BIP_FILE.replace(b'"receipttypeb": 2,', b'"receipttypeb": 2, "singlebatch": 1,', 1)
    _, (only,), end = parts(BIP, data)
    assert only.erp_reference == "00ST2260915000017_2"
    assert end.warnings[0].startswith("未取 2 条明细")


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        (b"3734.56000000", "3734.56"),
        (b"3734.00", "3734"),
        (b"3734", "3734"),
        (b"100", "100"),
        (b'"3734.500"', "3734.500"),
        (b"3734.567", "3734.567"),
        (b"1.0E7", "1.0E7"),
        (b"1234567890123456789.01", "1234567890123456789.01"),
    ],
)
def test_numbers_are_the_text_that_stood_there(written, amount):
    first = drafts(BIP, BIP_FILE.replace(b"3734.56", written))[0]
    assert first.amount == amount


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (BIP_FILE[:900], "malformed"),
        (BIP_FILE.replace("货".encode(), b"\xff"), "encoding"),
        (BIP_FILE.replace(b"3734.56", b"NaN"), "number"),
        (BIP_FILE.replace(b"3734.56", b'3734.56, "originalcurrencyamt": 9'), "twice"),
        (BIP_FILE.replace(b"3734.56", b"[3734.56]"), "not_text"),
        (BIP_FILE.replace(b"3734.56", b"[" * 90 + b"]" * 90), "depth"),
        (BIP_FILE.replace(b"3734.56", b"[" * 5000 + b"]" * 5000), "depth"),
        (b'{"settleBench_b": [], "code": "1"}', "missing"),
        (b'{"settleBench_b": {}, "code": "1"}', "not_array"),
        (b'{"data": []}', "missing"),
        (b"[]", "missing"),
        (b"7", "not_object"),
    ],
)
def test_json_of_another_form_is_refused_with_its_reason(data, reason):
    with pytest.raises(WireError) as error:
        drafts(BIP, data)
    assert error.value.reason == reason


def test_the_10001st_detail_refuses_the_message_as_a_whole():
    import json

    document = json.loads(BIP_FILE)
    row = document["data"]["settleBench_b"][0]
    document["data"]["settleBench_b"] = [{**row, "settleDetailId": str(at)} for at in range(10_001)]
    _, found, end = parts(BIP, json.dumps(document).encode())
    assert len(found) == 10_000
    (fault,) = end.faults
    assert fault.code == "batch_too_long"
    assert fault.line == 10_001
    assert fault.path == "/data/settleBench_b/10000/settleDetailId"
