"""Names, rows and JSON messages that treasury systems share with us."""

from __future__ import annotations

import importlib
import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.erp.byte import DIALECT as BYTE
from adapters.erp.nstar import DIALECT as NSTAR
from gateway.domain.errors import Corrupt, Refused
from gateway.domain.instruction import State
from gateway.formats.shared_names import FIELDS, KEYS, OPTIONS, REQUIRED
from gateway.formats.shared_orders import text_of
from gateway.ports.erp_draft import Draft, FaultyDraft
from gateway.ports.erp_tables import QuestionAnswer
from gateway.ports.erp_told import CreditTold, EntryTold, StatementTold, StatusTold, ToldKind
from tests.shared_tables_ground import NOW

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "tests" / "data" / "erp"
BOTH = pytest.mark.parametrize("dialect", [BYTE, NSTAR], ids=["byte", "nstar"])


def names(dialect):
    return importlib.import_module(f"adapters.erp.{dialect.name}.codes").NAMES


def told(**changes) -> StatusTold:
    fields = {
        "instruction": "ins_1",
        "version": 3,
        "state": "SETTLED",
        "erp": "bfs",
        "erp_reference": "A1/2",
        "at": NOW,
        "amount": "7.00",
        "currency": "CNY",
    }
    return StatusTold(**{**fields, **changes})


def result(dialect, **changes):
    (row,) = dialect.tables({}).results[ToldKind.STATUS].rows(told(**changes))
    return row


# ── names ─────────────────────────────────────────────────────────────────────────────────────


@BOTH
def test_every_proposed_name_is_in_the_tables_that_are_shipped(dialect):
    """The DDL and the mapping say the same, table by table, column by column."""
    for kind in ("postgresql", "sqlite"):
        ddl = (ROOT / "schemas/erp" / dialect.name / f"{kind}.sql").read_text("utf-8")
        found = {
            name: set(re.findall(r"^  ([a-z_0-9]+) ", body, re.MULTILINE))
            for name, body in re.findall(r"CREATE TABLE (\w+) \((.*?)\n\);", ddl, re.DOTALL)
        }
        own = names(dialect)
        assert set(found) == set(own.tables.values())
        for table, columns in own.columns.items():
            wanted = {name for name in columns.values() if name}
            assert wanted <= found[own.tables[table]], (kind, table)


@BOTH
def test_every_name_is_an_option(dialect):
    own = names(dialect)
    assert dialect.options == OPTIONS
    options = {
        **{f"{table}_table": f"t_{table}" for table in own.tables},
        **{
            f"{table}_{field}": f"c_{field}" for table, fields in FIELDS.items() for field in fields
        },
    }
    tables = dialect.tables(options)
    assert tables.orders.name == "t_order"
    assert tables.orders.key == ("c_system", "c_order", "c_line")
    assert tables.orders.status == "c_status"
    for found in (tables.orders, *tables.results.values(), tables.questions.asked):
        assert all(it.startswith("c_") for it in found.key)
    (row,) = tables.results[ToldKind.STATUS].rows(told())
    assert all(it.startswith("c_") for it in row)
    draft = tables.draft({"c_order": "A1", "c_line": "1", "c_amount": Decimal("1.00")})
    assert (draft.erp_reference, draft.amount) == ("A1/1", "1")
    assert draft.at["amount"] == "t_order.c_amount"


def test_a_column_that_is_not_there_is_neither_read_nor_written():
    tables = BYTE.tables({"order_memo": "", "result_bank_serial": "", "order_taken_at": ""})
    draft = tables.draft({"src_order_no": "A1", "remark": "x"})
    assert draft.memo == ""
    assert "memo" not in draft.at
    (row,) = tables.results[ToldKind.STATUS].rows(told())
    assert "bank_serial" not in row
    assert tables.orders.taken_at == ""


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"order_table": ""}, "order_table"),
        ({"order_table": "x; DROP TABLE y"}, "order_table"),
        ({"order_amount": ""}, "order_amount"),
        ({"order_amount": "a-b"}, "order_amount"),
        ({"order_memo": "purpose"}, "order_memo"),
        ({"query_table": ""}, "answer_table"),
        ({"state_unconfirmed": "FAILED"}, "state_unconfirmed"),
        ({"state_sending": "SUCCESS"}, "state_sending"),
        ({"state_held": "REFUSED"}, "state_held"),
        ({"state_settled": "FAILED"}, "state_settled"),
        ({"state_settled": ""}, "state_settled"),
        ({"value_taken": "0"}, "value_taken"),
        ({"value_ready": ""}, "value_taken"),
        ({"value_debit": "C"}, "value_debit"),
        ({"order_line": ""}, "result_line"),
    ],
)
def test_names_that_could_mislead_are_refused_by_their_option(options, path):
    with pytest.raises(Refused) as caught:
        BYTE.tables(options)
    assert path in {it.path for it in caught.value.faults}
    assert {it.path for it in caught.value.faults} <= OPTIONS


def test_a_schema_may_stand_before_the_table():
    assert BYTE.tables({"order_table": "treasury.pay_order"}).orders.name == "treasury.pay_order"


def test_the_tables_of_the_rules_name_the_same_fields():
    assert set(REQUIRED) == set(KEYS) == set(FIELDS)
    for table, fields in FIELDS.items():
        assert REQUIRED[table] <= set(fields)
        assert set(KEYS[table]) <= set(fields)
        assert len(set(fields)) == len(fields)


# ── cells ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        ("309290000107  ", "309290000107"),
        (Decimal("1200.500"), "1200.5"),
        (Decimal("1200.000"), "1200"),
        (Decimal(100), "100"),
        (Decimal("1E+3"), "1000"),
        (Decimal("999999999999999.99"), "999999999999999.99"),
        (Decimal("-0.010"), "-0.01"),
        (7, "7"),
        (date(2026, 9, 15), "2026-09-15"),
        (datetime(2026, 9, 15, 10, 30), "2026-09-15"),  # noqa: DTZ001 - as a driver gives it
        (b"\x01", "01"),
    ],
)
def test_cells_become_exact_texts(cell, text):
    assert text_of(cell) == text


def row(**changes):
    return {
        "src_system": "bfs",
        "src_order_no": "A1",
        "src_line_no": "2",
        "payer_acct": "9000",
        "amount": Decimal("7.00"),
        "urgent": "0",
        "pay_type": "0",
        **changes,
    }


def draft(**changes) -> Draft:
    return BYTE.tables({}).draft(row(**changes))


@pytest.mark.parametrize(("cell", "urgency"), [("1", "urgent"), ("0", ""), (None, ""), ("9", "9")])
def test_what_is_no_known_code_goes_to_validation_as_it_is(cell, urgency):
    assert draft(urgent=cell).urgency == urgency


@pytest.mark.parametrize(
    ("cell", "business"), [("0", "payment"), ("1", "payroll"), ("2", "internal"), ("8", "8")]
)
def test_kinds_of_payments(cell, business):
    assert draft(pay_type=cell).business_type == business


def test_a_key_is_not_tidied_up():
    """A blank at its end would find another row, or none, when the result is written."""
    assert draft(src_order_no="A1 ").erp_reference == "A1 /2"


def test_a_line_number_with_a_slash_cannot_make_two_orders_one():
    found = draft(src_line_no="1/2")
    assert isinstance(found, FaultyDraft)
    assert found.erp_reference == ""
    assert found.faults[0].path == "gw_pay_order.src_line_no"


# ── results ───────────────────────────────────────────────────────────────────────────────────


def test_a_result_finds_its_order_by_what_the_order_said():
    found = result(BYTE, source={"system": "s", "order": "A/1", "line": "9"})
    assert (found["src_system"], found["src_order_no"], found["src_line_no"]) == ("s", "A/1", "9")
    found = result(BYTE, erp_reference="A/1/9")
    assert (found["src_system"], found["src_order_no"], found["src_line_no"]) == ("bfs", "A/1", "9")
    found = result(BYTE, erp_reference="PLAIN")
    assert (found["src_order_no"], found["src_line_no"]) == ("PLAIN", "1")


@BOTH
@pytest.mark.parametrize("state", State)
def test_every_state_has_its_word_and_no_open_one_reads_failed(dialect, state):
    own = names(dialect)
    column = own.columns["result"]["status"]
    word = result(dialect, state=state.value)[column]
    assert word == own.words[state]
    assert len(word) <= 12
    if state is State.UNCONFIRMED:
        unpaid = (State.REJECTED, State.CANCELLED, State.EXPIRED, "REFUSED")
        assert word not in {own.words[it] for it in unpaid}


def test_a_payment_that_may_have_left_never_reads_as_not_sent():
    flags = names(NSTAR).flags
    for state in (State.SENDING, State.UNCONFIRMED, State.PROCESSING, State.ACKNOWLEDGED):
        assert flags[state] == "1"
        assert result(NSTAR, state=state.value)["send_flag"] == "1"
    assert {flags[it] for it in (State.CANCELLED, State.EXPIRED, "REFUSED")} == {"2"}


def test_the_newest_result_has_the_greatest_number():
    seqs = [
        result(BYTE, state="REFUSED", version=0)["seq"],
        result(BYTE, state="RECEIVED", version=0)["seq"],
        result(BYTE, state="SETTLED", version=5)["seq"],
        result(BYTE, state="RETURNED", version=6)["seq"],
    ]
    assert seqs == sorted(set(seqs))


def test_a_refusal_is_final_and_news():
    found = result(BYTE, state="REFUSED", instruction="", amount="")
    assert (found["is_final"], found["gw_ref"], found["ack_at"]) == ("1", "-", None)
    assert "ack_at" not in result(BYTE)
    assert found["amount"] is None


def test_a_return_is_marked_and_stays_its_own_word():
    found = result(BYTE, state="RETURNED", final=True)
    assert (found["is_refund"], found["status"]) == ("1", "REFUNDED")


def test_an_unknown_state_stops():
    with pytest.raises(Corrupt):
        result(BYTE, state="ELSEWHERE")


@pytest.mark.parametrize("amount", ["1e3", "NaN", "1,0", "１", "1_0"])
def test_an_amount_that_is_none_stops(amount):
    with pytest.raises(Corrupt):
        result(BYTE, amount=amount)


def test_a_bank_text_is_cut_and_cleaned_but_no_identification_is():
    found = result(BYTE, text="行\n" * 400, bank_reference="B" * 80)
    assert len(found["bank_msg"]) == 400
    assert "\n" not in found["bank_msg"]
    assert found["bank_serial"] == "B" * 80


def test_an_entry_told_as_money_come_in_is_the_statements_entry():
    entry = EntryTold(key="k1", amount="5.00", currency="CNY", booking_date=NOW.date())
    credit = CreditTold(account="9000", account_name="甲", currency="CNY", entry=entry, seen_at=NOW)
    statement = StatementTold(
        statement_id="s",
        account="9000",
        account_name="甲",
        currency="CNY",
        start=NOW.date(),
        end=NOW.date(),
        created=NOW,
        entries=(entry, EntryTold(key="k2", amount="-7.00", currency="CNY")),
    )
    results = BYTE.tables({}).results
    (notice,) = results[ToldKind.CREDIT].rows(credit)
    first, second = results[ToldKind.STATEMENT].rows(statement)
    assert notice["uniq_no"] == first["uniq_no"] == "9000:k1"
    assert (second["dc"], second["amount"]) == ("D", Decimal("7.00"))
    assert second["txn_date"] == NOW.date()
    assert results[ToldKind.STATEMENT].replace
    assert not results[ToldKind.CREDIT].replace


# ── questions ─────────────────────────────────────────────────────────────────────────────────


def test_question_rows_and_their_answers():
    questions = BYTE.tables({}).questions
    asked = questions.question(
        {"src_system": "bfs", "query_no": "Q1", "kind": "STATUS", "src_order_no": "A1",
         "start_date": date(2026, 9, 14)}
    )  # fmt: skip
    assert (asked.kind, asked.id, asked.erp_reference) == ("status", "Q1", "A1/1")
    assert asked.start == "2026-09-14"
    assert asked.at["account"] == "gw_query.acct"

    def status(**said):
        return questions.row(QuestionAnswer(question=asked, at=NOW, **said))["status"]

    assert status() == "OK"
    assert status(code="not_found") == "REFUSED"
    assert status(code="not_sent", again=True) == "AGAIN"
    assert BYTE.tables({"query_table": "", "answer_table": ""}).questions is None
