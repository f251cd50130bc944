"""Requests: fields checked before, form checked by schema, read strictly by the bank's side."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from adapters.bank.cib import DIALECT, dialect
from gateway.domain.errors import WireError
from gateway.domain.ids import Serial
from gateway.domain.instruction import Urgency
from gateway.domain.money import CNY, Money, currency
from gateway.domain.party import Account
from gateway.ports.bank import CoreRequest, StatementRequest, StatusQuestion
from gateway.wire.schemas import validate, xsd
from gateway.wire.xml import Profile, parse
from tests.golden.cib.cases import CASES, OTHER, OWN, P1, SIGN_ON
from tests.records import replace
from tests.shared_folder import SHARED


def faults(order):
    return {(problem.name, problem.code) for problem in DIALECT.pay.check(order)}


def creditor(order, **changes):
    account = replace(order.creditor.account, **changes)
    return replace(order, creditor=replace(order.creditor, account=account))


def agent(order, **changes):
    return creditor(order, agent=replace(order.creditor.account.agent, **changes))


@pytest.mark.parametrize(
    ("order", "fault"),
    [
        (replace(OWN, purpose=""), ("purpose", "required")),
        (replace(OWN, purpose="  "), ("purpose", "required")),
        (replace(OWN, purpose=" 运费"), ("purpose", "blank")),
        (replace(OWN, purpose="运" * 31), ("purpose", "too_long")),
        (replace(OWN, purpose="a" * 61), ("purpose", "too_long")),
        (replace(OWN, purpose="运费\n"), ("purpose", "characters")),
        (replace(OWN, purpose="A&B"), ("purpose", "characters")),
        (replace(OWN, purpose="㛃"), ("purpose", "unencodable")),
        (replace(OWN, memo="备" * 31), ("memo", "too_long")),
        (replace(OWN, memo=" "), ("memo", "blank")),
        (
            replace(OWN, creditor=replace(OWN.creditor, name="样" * 26)),
            ("creditor_name", "too_long"),
        ),
        (replace(OWN, debtor=replace(OWN.debtor, name="样" * 26)), ("debtor_name", "too_long")),
        (creditor(OWN, number=""), ("creditor_account", "required")),
        (creditor(OWN, number="1234 5678"), ("creditor_account", "format")),
        (creditor(OWN, number="１２３"), ("creditor_account", "format")),
        (creditor(OWN, number="1" * 33), ("creditor_account", "too_long")),
        (
            replace(OWN, debtor=replace(OWN.debtor, account=Account(number="1" * 19))),
            ("debtor_account", "too_long"),
        ),
        (replace(OWN, amount=Money(0, CNY)), ("amount", "range")),
        (replace(OWN, amount=Money(-1, CNY)), ("amount", "range")),
        (replace(OWN, amount=Money(10**17, CNY)), ("amount", "range")),
        (replace(OWN, amount=Money(100, currency("USD"))), ("currency", "currency")),
        (agent(OTHER, name=""), ("creditor_agent_name", "required")),
        (agent(OTHER, name="兴业银行福州分行"), ("creditor_agent_name", "own_bank_name")),
        (agent(OTHER, name="行" * 26), ("creditor_agent_name", "too_long")),
        (agent(OTHER, city="", cnaps=""), ("creditor_city", "required")),
        (agent(OTHER, city="市" * 16), ("creditor_city", "too_long")),
        (
            replace(agent(OTHER, cnaps=""), urgency=Urgency.URGENT),
            ("creditor_agent_cnaps", "required"),
        ),
        (
            replace(OTHER, amount=Money(50_000_01, CNY), urgency=Urgency.URGENT),
            ("amount", "over_limit"),
        ),
    ],
)
def test_a_field_that_the_bank_would_refuse_is_named(order, fault):
    assert faults(order) == {fault}


@pytest.mark.parametrize(
    "order",
    [
        OWN,
        OTHER,
        replace(OWN, amount=Money(1, CNY)),
        replace(OWN, amount=Money(10**17 - 1, CNY)),
        replace(OWN, purpose="运" * 30),
        replace(OWN, urgency=Urgency.URGENT, amount=Money(50_000_01, CNY)),
        replace(OTHER, amount=Money(50_000_00, CNY), urgency=Urgency.URGENT),
        agent(OTHER, city=""),
        replace(agent(OTHER, city="", cnaps=""), local=True),
        agent(OWN, name="兴业银行福州分行"),
        creditor(OWN, number="0591-ABC-123"),
    ],
)
def test_what_fits_is_sent_in_the_banks_form(order):
    assert faults(order) == set()
    request = DIALECT.bank_side.decode(DIALECT.pay.encode(order, SIGN_ON, P1).body())
    assert (request.malformed, request.body.order.amount) == ("", order.amount)


def test_faults_are_all_found_at_once():
    order = replace(agent(OTHER, name=""), purpose="", amount=Money(0, CNY))
    assert faults(order) == {
        ("purpose", "required"),
        ("amount", "range"),
        ("creditor_agent_name", "required"),
    }


@pytest.mark.parametrize("case", [case for case in CASES if case.encode], ids=lambda c: c.name)
def test_every_request_is_of_the_schemas_form(case):
    root = parse(case.encode().body(), Profile.REPLY)
    validate(root, xsd("bank", "cib", "4.0.4", "request.xsd"))


@pytest.mark.parametrize(
    "order",
    [
        replace(OWN, amount=Money(0, CNY)),
        replace(OWN, purpose=""),
        creditor(OWN, number="12 34"),
        creditor(OWN, number="1" * 33),
    ],
)
def test_a_payment_of_another_form_does_not_leave(order):
    with pytest.raises(WireError, match="schema"):
        DIALECT.pay.encode(order, SIGN_ON, P1)


@pytest.mark.parametrize("serial", ["", "1" * 31, "2026 0001", "流水1"])
def test_a_serial_of_another_form_does_not_leave(serial):
    with pytest.raises(WireError, match="schema"):
        DIALECT.pay.encode(OWN, SIGN_ON, Serial(serial))


def test_interbank_means_own_bank():
    assert b'INTERBANK="Y"' in DIALECT.pay.encode(OWN, SIGN_ON, P1).body()
    assert b'INTERBANK="N"' in DIALECT.pay.encode(OTHER, SIGN_ON, P1).body()


def test_super_is_for_other_banks_only():
    assert (
        b"SUPER" in DIALECT.pay.encode(replace(OTHER, urgency=Urgency.URGENT), SIGN_ON, P1).body()
    )
    assert (
        b"SUPER" not in DIALECT.pay.encode(replace(OWN, urgency=Urgency.URGENT), SIGN_ON, P1).body()
    )


def test_a_password_is_escaped_and_kept_apart():
    secret = replace(SIGN_ON, password='<&>"1')
    message = DIALECT.pay.encode(OWN, secret, P1)
    assert [part.secret for part in message.segments] == [False, True, False]
    assert message.segments[1].content == b'&lt;&amp;&gt;"1'
    assert DIALECT.bank_side.decode(message.body()).signon.password == '<&>"1'


def test_a_password_form_can_be_plugged_in():
    def reversed_form(password):
        return "{DES}" + password[::-1]

    spoken = dialect(password=reversed_form)
    body = spoken.pay.encode(OWN, SIGN_ON, P1).body()
    assert spoken.bank_side.decode(body).signon.password == "{DES}1-ssaP-omeD"


def test_a_password_that_gbk_lacks_is_refused_without_repeating_it():
    with pytest.raises(WireError) as refused:
        DIALECT.pay.encode(OWN, replace(SIGN_ON, password="Pw😀"), P1)
    assert "Pw" not in str(refused.value)
    assert refused.value.__cause__ is None


def sent(text, *, operation=None):
    body = (operation or DIALECT.pay.encode(OWN, SIGN_ON, P1)).body().decode("gbk")
    old, new = text
    assert old in body
    return DIALECT.bank_side.decode(body.replace(old, new, 1).encode("gbk"))


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (("<MEMO>", "<DTDUE/><MEMO>"), "/XFERINFO/DTDUE"),
        (("<MEMO>", "<DTDUE>20260302</DTDUE><MEMO>"), "/XFERINFO/DTDUE"),
        (("<PURPOSE>", "<XPURPOSE>1</XPURPOSE><PURPOSE>"), "/XFERINFO/PURPOSE"),
        (("<TRNAMT>1200.50</TRNAMT>", ""), "/XFERINFO/TRNAMT"),
        (("1200.50", "1e3"), "/XFERINFO/TRNAMT"),
        ((' INTERBANK="Y"', ""), "/XFERINFO/ACCTTO"),
        (('INTERBANK="Y"', 'INTERBANK="1"'), "/XFERINFO/ACCTTO"),
        (("<USERID>erpmaker</USERID>", ""), "/SONRQ/USERID"),
        (("2026-03-02 09:15:00", "yesterday"), "/SONRQ/DTCLIENT"),
        (("<TRNUID>20260302P0001</TRNUID>", ""), "/XFERTRNRQ/TRNUID"),
    ],
)
def test_the_bank_names_what_breaks_its_form(change, path):
    assert sent(change).malformed.endswith(path)


@pytest.mark.parametrize(
    "change",
    [
        ("<LANGUAGE>CHS", "<LANGUAGE>ZH_CN"),
        ("<LANGUAGE>CHS</LANGUAGE>", ""),
        ("2026-03-02 09:15:00", "2026-03-02_09:15:00_7731"),
        ("<TRNAMT>1200.50", "<TRNAMT>1200.5"),
        ("<CURSYM>RMB</CURSYM>", "<CHEQUENUM></CHEQUENUM><CURSYM></CURSYM>"),
        ("<GENUSERKEY>N</GENUSERKEY>", "<GENUSERKEY>Y</GENUSERKEY>"),
        ('encoding="GBK"?>', "encoding=\"GB2312\"?><?FOX FOXHEADER='100'?>"),
    ],
)
def test_the_bank_takes_what_its_clients_really_send(change):
    request = sent(change)
    assert (request.malformed, request.body.order) == ("", OWN)


def test_the_bank_reads_both_keys_of_a_core_enquiry():
    operation = DIALECT.core_result.encode(
        StatusQuestion(original=P1, order=OWN),
        SIGN_ON,
        Serial("Q1"),
    )
    by_serial = DIALECT.bank_side.decode(operation.body())
    assert by_serial.body == CoreRequest(original=P1)
    key = f"<CLIENTREF>{P1}</CLIENTREF>"
    by_number = sent((key, "<SRVRID>990000000001</SRVRID>"), operation=operation)
    assert by_number.body == CoreRequest(bank_reference="990000000001")
    assert by_number.malformed == ""
    both = sent((key, f"<SRVRID>990000000001</SRVRID>{key}"), operation=operation)
    assert both.malformed.endswith("/INQSTATECOND")


def test_the_bank_reads_a_question_for_balances_only():
    body = (
        "<FOX><SIGNONMSGSRQV1><SONRQ><DTCLIENT>2026-03-02 09:15:00</DTCLIENT><CID>9900000001</CID>"
        "<USERID>a</USERID><USERPASS>b</USERPASS><GENUSERKEY>N</GENUSERKEY></SONRQ>"
        "</SIGNONMSGSRQV1><SECURITIES_MSGSRQV1><SCUSTSTMTTRNRQ><TRNUID>1</TRNUID><SCUSTSTMTRQ>"
        "<ACCTFROM><ACCTID>900010100100000011</ACCTID></ACCTFROM><SELTYPE>3</SELTYPE>"
        "</SCUSTSTMTRQ></SCUSTSTMTTRNRQ></SECURITIES_MSGSRQV1></FOX>"
    )
    request = DIALECT.bank_side.decode(body.encode())
    assert request.body == StatementRequest(
        account="900010100100000011", start=None, end=None, page=1
    )
    assert request.malformed == ""


@pytest.mark.parametrize("page", ["0", "-1", "", "x", "9" * 5000])
def test_the_bank_refuses_a_page_that_is_none(page):
    operation = next(case for case in CASES if case.name == "statement.v1").encode()
    request = sent(("<PAGE>1</PAGE>", f"<PAGE>{page}</PAGE>"), operation=operation)
    assert request.malformed.endswith("/PAGE")


def test_times_are_the_banks_local_time():
    late = replace(SIGN_ON, at=SIGN_ON.at + timedelta(hours=14))
    body = DIALECT.pay.encode(OWN, late, P1).body()
    assert b"<DTCLIENT>2026-03-02 23:15:00</DTCLIENT>" in body
    at = DIALECT.bank_side.decode(body).signon.at
    assert (at.replace(tzinfo=None), at.utcoffset()) == (
        datetime(2026, 3, 2, 23, 15),  # noqa: DTZ001 - the local time itself
        timedelta(hours=8),
    )


@pytest.mark.skipif(SHARED is None, reason="no samples beside the project")
@pytest.mark.parametrize(
    "name",
    [
        "01_signon_rq",
        "02_balance_rq",
        "03_transfer_other_rq",
        "03_transfer_own_rq",
        "04_inquiry_rq",
        "09_statement_rq",
        "09_statement_refund_rq",
        "09_statement_v2_rq",
    ],
)
def test_sample_requests_are_in_order_and_of_the_schemas_form(name):
    body = (SHARED / "specs" / "samples-bank" / f"fox_{name}.gbk.xml").read_bytes()
    assert DIALECT.bank_side.decode(body).malformed == ""
    validate(parse(body, Profile.REPLY), xsd("bank", "cib", "4.0.4", "request.xsd"))
