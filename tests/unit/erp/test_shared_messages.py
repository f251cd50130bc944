"""The rows of shared tables as JSON messages: orders and queries in, results out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.erp.byte import DIALECT as BYTE
from adapters.erp.file import DIALECT as FILE
from adapters.erp.nstar import DIALECT as NSTAR
from gateway.domain.errors import Fault, WireError
from gateway.ports.erp import FileFacts, LineStatus, RefusedFile, StatusReport
from gateway.ports.erp_draft import Draft, FileEnd
from gateway.ports.erp_questions import Question
from gateway.ports.erp_told import BalanceTold, ToldKind
from tests.shared_tables_ground import NOW

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "tests" / "data" / "erp"
BOTH = pytest.mark.parametrize("dialect", [BYTE, NSTAR], ids=["byte", "nstar"])
BYTE_FAULT = Fault(path="/orders/1/amount", code="amount_format", zh="金额", en="amount", line=3)


def orders(dialect) -> dict:
    return json.loads((DATA / dialect.name / "own-orders.json").read_text("utf-8"))


def sent(dialect, message):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    head, *drafts, end = dialect.read([body])
    assert isinstance(end, FileEnd)
    return head, drafts, end


@BOTH
def test_a_message_reads_as_the_rows_do(dialect):
    message = orders(dialect)
    head, drafts, end = sent(dialect, message)
    assert (head.message_id, end.count, end.faults) == ("BFS-20260915-01", 2, ())
    make = dialect.tables({}).draft
    for found, order in zip(drafts, message["orders"], strict=True):
        from_row = make(order)
        for field in Draft.__struct_fields__:
            if field != "at":
                assert getattr(found, field) == getattr(from_row, field), field
    amount = {"byte": "amount", "nstar": "amt"}[dialect.name]
    assert drafts[1].at["amount"] == f"/orders/1/{amount}"


def test_a_number_is_taken_as_it_was_written():
    message = orders(BYTE)
    text = json.dumps(message).replace('"1234567.89"', "1234567.890000000000000001")
    assert sent(BYTE, text.encode())[1][0].amount == "1234567.890000000000000001"


def test_faults_of_one_order_are_its_own():
    message = orders(BYTE)
    message["orders"][0] |= {"urgnt": "1", "payee_name": ["x"]}
    message["orders"][1] = "nothing"
    _, (first, second), _ = sent(BYTE, message)
    assert [(it.code, it.path) for it in first.faults] == [
        ("not_text", "/orders/0/payee_name"),
        ("unknown_field", "/orders/0/urgnt"),
    ]
    assert first.creditor_name == ""
    assert second.unreadable


def test_a_member_that_stands_twice_is_a_fault():
    text = json.dumps(orders(BYTE)).replace('"amount": "0.01"', '"amount": "1", "amount": "0.01"')
    draft = sent(BYTE, text.encode())[1][1]
    assert [it.code for it in draft.faults] == ["duplicate_field"]
    assert draft.amount == ""


def test_totals_are_compared():
    message = orders(BYTE) | {"count": "3", "control_sum": "1.00"}
    assert {it.code for it in sent(BYTE, message)[2].faults} == {
        "number_of_transactions",
        "control_sum",
    }
    message["orders"][0]["amount"] = "x"
    assert {it.code for it in sent(BYTE, message)[2].faults} == {"number_of_transactions"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "json"),
        (b'{"format":"byte.orders.v1","orders":[', "json"),
        (b'{"format":"byte.orders.v1","orders":[NaN]}', "json"),
        (b'{"format":"byte.orders.v1","orders":{}}', "json_list"),
        (b'{"format":"byte.orders.v1"}', "json_list"),
        (b'{"format":"byte.orders.v2","orders":[]}', "unsupported"),
        (b'{"format":"byte.orders.v1","count":["1"],"orders":[]}', "json_member"),
        (b"[]", "json_object"),
        ('{"format":"byte.orders.v1","message_no":"样"}'.encode("gbk"), "encoding"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_reason(body, reason):
    with pytest.raises(WireError) as caught:
        list(BYTE.read([body]))
    assert caught.value.reason == reason


@BOTH
def test_a_message_is_known_by_its_format(dialect):
    orders_of = (DATA / dialect.name / "own-orders.json").read_bytes()
    queries = (DATA / dialect.name / "own-queries.json").read_bytes()
    other = NSTAR if dialect is BYTE else BYTE
    assert dialect.sniff(orders_of)
    assert dialect.asks(queries)
    assert not dialect.sniff(queries)
    assert not other.sniff(orders_of)
    balance, status = dialect.questions(queries)
    assert (balance.kind, balance.account) == ("balance", "900010100100000011")
    assert (status.kind, status.erp_reference) == ("status", "FK-2026-0001/1")
    assert isinstance(balance, Question)


def test_a_report_tells_each_line_and_what_was_refused():
    fault = BYTE_FAULT
    known = LineStatus(
        state="UNCONFIRMED", source={"order": "A1", "line": "1"}, amount="1", currency="CNY"
    )
    unknown = LineStatus(
        state="REFUSED", source={"order": "A2"}, amount="", currency="", faults=(fault,)
    )
    report = StatusReport(
        report_id="r",
        created=NOW,
        original_format="byte.orders.v1",
        original_message_id="M",
        line_count=2,
        lines=lambda: iter([known, unknown]),
    )
    said = json.loads(b"".join(BYTE.report(report)))
    assert [it["status"] for it in said["results"]] == ["UNKNOWN", "REFUSED"]
    assert (said["accepted"], said["refused"]) == ("1", "1")
    assert said["results"][1]["errors"][0]["path"] == "/orders/1/amount"


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("amount_format", "REFUSED"),
        ("reused_reference", "ACCEPTED"),
        ("already_accepted", "ACCEPTED"),
        ("repeated_reference", "ACCEPTED"),
    ],
)
def test_a_line_whose_number_is_a_payment_already_is_not_told_as_refused(code, word):
    fault = Fault(path="/erp_reference", code=code, zh="此前已受理", en="accepted before")
    line = LineStatus(
        state="REFUSED",
        source={"order": "A1", "line": "1", "reference": "A1"},
        amount="",
        currency="",
        faults=(fault,),
    )
    report = StatusReport(
        report_id="r",
        created=NOW,
        original_format="x",
        original_message_id="M",
        line_count=1,
        lines=lambda: iter([line]),
    )
    (row,) = json.loads(b"".join(BYTE.report(report)))["results"]
    assert row["status"] == word
    assert row["errors"][0]["code"] == code
    sheet = b"".join(FILE.report(report)).decode("utf-8-sig")
    assert ("REFUSED" in sheet) == (word == "REFUSED")
    assert code in sheet


def test_a_refusal_says_what_becomes_of_the_rest():
    refused = RefusedFile(report_id="r", created=NOW, faults=(BYTE_FAULT,), message_id="M")
    said = json.loads(b"".join(BYTE.refuse(refused)))
    assert said["accepted"] == "0"
    assert "其余" in said["explanation_zh"]
    assert said["errors"][0]["line"] == 3


@BOTH
def test_what_is_told_are_the_rows_of_the_tables_as_texts(dialect):
    balance = BalanceTold(
        account="9000",
        account_name="甲",
        currency="CNY",
        ledger="999999999999999.99",
        asked_at=NOW,
        day=NOW.date(),
    )
    facts = FileFacts(id="m-1", created=NOW)
    writer = dialect.files[ToldKind.BALANCE]
    said = json.loads(b"".join(writer.write((balance,), facts)))
    assert (said["format"], said["message_no"]) == (f"{dialect.name}.balance.v1", "m-1")
    (row,) = said["rows"]
    assert "999999999999999.99" in row.values()
    assert "2026-09-15" in row.values()
    assert "2026-09-15 10:00:00" in row.values()
    assert all(isinstance(cell, str) for cell in row.values())
    assert set(dialect.files) == set(ToldKind) - {ToldKind.OPEN_ITEMS}
