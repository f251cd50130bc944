"""OFX and QFX as banks write them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from gateway.domain.bank_file import BalanceUse, Gravity
from gateway.domain.errors import WireError
from gateway.domain.statement import Continuity, EntryStatus
from gateway.formats.read.ofx import FORMAT
from gateway.formats.read.ofx_values import amount, day, instant
from gateway.ports.statement_formats import Reading
from tests.unit.formats.read.ground import one, statements

SGML = (
    "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:{}\nCHARSET:{}\n"
    "COMPRESSION:NONE\nOLDFILEUID:NONE\nNEWFILEUID:NONE\n\n"
)
XML = '<?xml version="1.0" encoding="UTF-8"?>\n<?OFX OFXHEADER="200" VERSION="211"?>\n'
SIGNON = (
    "<SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20260102"
    "<LANGUAGE>ENG<FI><ORG>BANK</FI></SONRS></SIGNONMSGSRSV1>"
)
BALANCES = (
    "<LEDGERBAL><BALAMT>90.00<DTASOF>20260131</LEDGERBAL>"
    "<AVAILBAL><BALAMT>80,50<DTASOF>20260131</AVAILBAL>"
)


def transaction(inside="", *, amount="-10.00", kind="DEBIT", posted="20260105", key="F1"):
    return (
        f"<STMTTRN><TRNTYPE>{kind}<DTPOSTED>{posted}<TRNAMT>{amount}<FITID>{key}{inside}</STMTTRN>"
    )


def body(
    *transactions, balances=BALANCES, account="<BANKID>1<ACCTID>77<ACCTTYPE>CHECKING", answer=""
):
    listed = "".join(transactions)
    return (
        f"<OFX>{SIGNON}<BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS>"
        f"<STMTRS><CURDEF>EUR<BANKACCTFROM>{account}</BANKACCTFROM>"
        f"<BANKTRANLIST><DTSTART>20260101<DTEND>20260131235959{listed}</BANKTRANLIST>"
        f"{balances}</STMTRS></STMTTRNRS>{answer}</BANKMSGSRSV1></OFX>\n"
    )


def file(*transactions, encoding="USASCII", charset="1252", **other):
    return SGML.format(encoding, charset) + body(*transactions, **other)


def closed(content):
    """The same as XML: every value has its end."""
    import re

    root = content[content.index("<OFX>") :]
    return XML + re.sub(r"<([A-Z0-9.]+)>([^<\n]+)(?!</\1>)", r"<\1>\2</\1>", root)


def test_an_account():
    inside = "<CHECKNUM>42<NAME>Shop &amp; Sons<MEMO>Rent <SIC>5411"
    found = one(FORMAT, file(transaction(inside), transaction(amount="+20.5", kind="CREDIT")))
    first, second = found.entries
    assert found.amounts == ["-10.00", "20.50"]
    assert (first.booking_date, first.currency, first.code) == (date(2026, 1, 5), "EUR", "DEBIT")
    assert (first.reference, first.bank_key, first.entry_reference) == ("F1", "F1", "42")
    assert (first.counterparty_name, first.remittance) == ("Shop & Sons", "Rent")
    assert (first.own_code, second.entry_reference) == ("5411", "")
    assert (found.start.format, found.start.account, found.start.currency) == ("OFX", "77", "EUR")
    assert (found.start.start, found.start.end) == (date(2026, 1, 1), date(2026, 1, 31))
    assert found.start.account_bank == "1"
    assert found.end.opening is None
    assert found.end.closing.amount.text(2) == "90.00"
    assert [it.use for it in found.end.balances] == [BalanceUse.CLOSING, BalanceUse.AVAILABLE]
    assert found.end.balances[1].amount.text(2) == "80.50"
    assert (found.end.continuity, found.codes) == (Continuity.UNKNOWN, [])


def test_xml_says_the_same():
    inside = "<NAME>a<MEMO>b"
    plain, xml = file(transaction(inside)), closed(file(transaction(inside)))
    assert one(FORMAT, xml).entries == [
        type(it)(**{k: getattr(it, k) for k in it.__struct_fields__} | {"line": 3})
        for it in one(FORMAT, plain).entries
    ]
    assert one(FORMAT, xml).end.closing == one(FORMAT, plain).end.closing


def test_empty_and_missing_values():
    inside = "<NAME><MEMO></MEMO><CHECKNUM>"
    content = file(
        transaction(inside, posted="", key=""), balances="<LEDGERBAL><BALAMT> </LEDGERBAL>"
    )
    found = one(FORMAT, content)
    [entry] = found.entries
    assert (entry.booking_date, entry.counterparty_name, entry.remittance) == (None, "", "")
    assert found.codes == ["date", "key", "balance"]
    assert found.end.closing is None
    assert found.end.findings[0].path == "/STMTTRN/DTPOSTED"


def test_an_amount_that_is_none_needs_a_person():
    found = one(FORMAT, file(transaction(amount="$120", posted="20260231")))
    assert (found.amounts, found.entries[0].status) == (["0.00"], EntryStatus.INFO)
    assert [(it.code, it.gravity) for it in found.end.findings] == [
        ("amount", Gravity.CONTRADICTION),
        ("date", Gravity.WARNING),
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-00000000000730.0000", "-730"),
        ("+207.6194", "207.6194"),
        ("12,34", "12.34"),
        ("1,234.56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("1 234 567,8", "1234567.8"),
        ("100-", "-100"),
        (".5", "0.5"),
        ("-.05", "-0.05"),
        ("\u22125.00", "-5"),
        ("12345,678", "12345.678"),
        *[
            (it, None)
            for it in ("", "1e3", "NaN", "1_0", "１２", "1,234", "--5", "$5", "5.5.5", "-")
        ],
        ("9" * 29, None),
    ],
)
def test_amounts(text, value):
    found = amount(text)
    assert (found.text() if found is not None else None) == value


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("20260105", date(2026, 1, 5)),
        ("20260105120000", date(2026, 1, 5)),
        ("20260105120000.000[-5:EST]", date(2026, 1, 5)),
        ("20260203173042.000[-:EST]", date(2026, 2, 3)),
        ("20260307081527:309", date(2026, 3, 7)),
        ("20260105000000[+5.5:IST]", date(2026, 1, 5)),
        ("2026-01-05", date(2026, 1, 5)),
        *[(it, None) for it in ("", "20260231", "202619000000", "tomorrow", "00000000")],
    ],
)
def test_days(text, on):
    assert day(text) == on


def test_instants_need_hour_and_zone():
    assert instant("20260105120000.000[-5:EST]") == datetime(2026, 1, 5, 17, tzinfo=UTC)
    assert instant("20260105000000[5.5:IST]") == datetime(2026, 1, 4, 18, 30, tzinfo=UTC)
    assert instant("20260105120000[0:GMT]") == datetime(2026, 1, 5, 12, tzinfo=UTC)
    for text in ("20260105", "20260105120000", "20260105120000[-:EST]", "20260105250000[0:GMT]"):
        assert instant(text) is None
    assert instant("20260105120000[99:XXX]") is None


def test_several_accounts_and_cards():
    card = (
        "<CREDITCARDMSGSRSV1><CCSTMTTRNRS><CCSTMTRS><CURDEF>usd<CCACCTFROM><ACCTID>4111</CCACCTFROM>"
        f"<BANKTRANLIST>{transaction()}</BANKTRANLIST></CCSTMTRS></CCSTMTTRNRS></CREDITCARDMSGSRSV1>"
    )
    first, second = statements(FORMAT, file(transaction()).replace("</OFX>", f"{card}</OFX>"))
    assert [it.start.account for it in (first, second)] == ["77", "4111"]
    assert second.start.currency == "USD"
    assert second.entries[0].currency == "USD"


def test_tags_that_are_never_closed():
    content = file(transaction(), transaction()).replace("</STMTTRN>", "").replace("</STATUS>", "")
    content = content.replace("</LEDGERBAL>", "").replace("</AVAILBAL>", "")
    found = one(FORMAT, content)
    assert found.amounts == ["-10.00", "-10.00"]
    assert len(found.end.balances) == 2


def test_texts_with_markup_in_them():
    inside = "<NAME><![CDATA[A < B & <C>]]><MEMO>x < y &lt; &#228;&#x20AC; AT&T &copy"
    [entry] = one(FORMAT, file(transaction(inside))).entries
    assert entry.counterparty_name == "A < B & <C>"
    assert entry.remittance == "x < y < ä€ AT&T &copy"


def test_comments_are_left_out():
    commented = file(transaction("<NAME>a")).replace("<NAME>", "<!-- <NAME>no --><NAME>")
    assert one(FORMAT, commented).entries[0].counterparty_name == "a"


def test_currencies():
    own = "<CURRENCY><CURRATE>1.1<CURSYM>USD</CURRENCY>"
    before = "<ORIGCURRENCY><CURRATE>1.1<CURSYM>GBP</ORIGCURRENCY>"
    first, second = one(FORMAT, file(transaction(own), transaction(before))).entries
    assert (first.currency, first.transactions) == ("USD", ())
    assert second.currency == "EUR"
    assert second.transactions[0].original_currency == "GBP"


def test_payees_and_other_accounts():
    inside = "<PAYEE><NAME>Payee<ADDR1>x</PAYEE><BANKACCTTO><BANKID>9<ACCTID>88</BANKACCTTO>"
    [entry] = one(FORMAT, file(transaction(inside))).entries
    assert (entry.counterparty_name, entry.counterparty_account) == ("Payee", "88")
    assert entry.counterparty_bank == "9"


def test_pending_and_corrections():
    pending = "<STMTTRNP><TRNTYPE>DEBIT<DTTRAN>20260107<TRNAMT>-1</STMTTRNP>"
    found = one(FORMAT, file(transaction("<CORRECTFITID>F0<CORRECTACTION>DELETE"), pending))
    assert found.codes == ["correction"]
    assert found.entries[1].status is EntryStatus.PENDING
    assert found.entries[1].booking_date == date(2026, 1, 7)


def test_investments():
    content = (
        file(transaction()).replace("STMTRS>", "INVSTMTRS>").replace("BANKTRANLIST", "INVTRANLIST")
    )
    content = content.replace("<STMTTRN>", "<INVBANKTRAN><STMTTRN>").replace(
        "</INVTRANLIST>",
        "<BUYMF><INVBUY><INVTRAN><FITID>9</INVTRAN></INVBUY></BUYMF></INVTRANLIST>",
    )
    found = one(FORMAT, content)
    assert (found.amounts, found.codes) == (["-10.00"], ["investment"])
    assert "1 BUYMF" in found.end.findings[0].en


def test_errors_of_the_bank():
    fail = file().replace(
        "<CODE>0<SEVERITY>INFO</STATUS><DTSERVER>", "<CODE>15500<SEVERITY>ERROR</STATUS><DTSERVER>"
    )
    first, second = statements(FORMAT, fail)
    assert first.entries == []
    assert [(it.code, it.gravity) for it in first.end.findings] == [
        ("bank_error", Gravity.CONTRADICTION)
    ]
    assert "15500" in first.end.findings[0].en
    assert second.start.account == "77"
    [empty] = statements(FORMAT, SGML.format("", "") + f"<OFX>{SIGNON}</OFX>")
    assert empty.codes == ["no_statement"]


def test_quicken():
    content = file(transaction()).replace("<FI>", "<INTU.BID>7214<FI>")
    assert one(FORMAT, content).start.format == "QFX"


@pytest.mark.parametrize(
    ("encoding", "charset", "codec", "text"),
    [
        ("USASCII", "1252", "cp1252", "Müller für Zürich"),
        ("UTF-8", "NONE", "utf-8", "货款"),
        ("USASCII", "1252", "utf-8", "Müller"),
        ("USASCII", "936", "gb18030", "货"),
        ("USASCII", "1252", "gb18030", "货款支付给某某公司"),
        ("UNICODE", "NONE", "utf-16", "货款"),
        ("NONE", "NONE", "utf-8-sig", "Ω"),
    ],
)
@pytest.mark.parametrize("size", [0, 1])
def test_encodings(encoding, charset, codec, text, size):
    content = file(transaction(f"<NAME>{text}"), encoding=encoding, charset=charset).encode(codec)
    assert FORMAT.sniff(content)
    found = one(FORMAT, content, size=size)
    assert (found.entries[0].counterparty_name, found.codes) == (text, [])


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\r\r\n", ""])
def test_line_ends(ends):
    assert one(FORMAT, file(transaction()).replace("\n", ends)).amounts == ["-10.00"]


@pytest.mark.parametrize("head", ["<!DOCTYPE OFX [<!ENTITY a 'b'>]>", "<!ENTITY a 'b'>"])
def test_document_types_are_refused(head):
    with pytest.raises(WireError) as caught:
        statements(FORMAT, closed(file(transaction())).replace("<OFX>", head + "<OFX>"))
    assert caught.value.reason == "doctype"


@pytest.mark.parametrize("share", range(1, 10))
def test_what_breaks_off_is_refused(share):
    content = file(transaction())
    start = content.index("<SIGNON")
    with pytest.raises(WireError) as caught:
        statements(FORMAT, content[: start + (len(content) - start - 8) * share // 9])
    assert caught.value.reason == "truncated"


def test_bounds():
    for content, reason in (
        (file(transaction("<MEMO>" + "x" * (1 << 19))), "size"),
        (file(transaction("".join(f"<A{it}>1" for it in range(300)))), "nodes"),
        ("", "nothing"),
        ("OFXHEADER:100\n", "unrecognised"),
    ):
        with pytest.raises(WireError) as caught:
            statements(FORMAT, content, size=1 << 16)
        assert caught.value.reason == reason


def test_what_the_caller_knows():
    content = file(transaction(), account="").replace("<CURDEF>EUR", "<CURDEF>")
    found = one(FORMAT, content, Reading(account="A", currency="CNY"))
    assert (found.start.account, found.start.currency, found.codes) == ("A", "CNY", [])
    assert one(FORMAT, content).codes == ["account", "currency"]


@pytest.mark.parametrize("around", ["LOANSTMTRS", "X"])
def test_transactions_in_no_statement_are_listed_and_told(around):
    listed = transaction() + transaction(amount="5.00", kind="CREDIT")
    stray = f"<{around}><BANKTRANLIST>{listed}</BANKTRANLIST></{around}>"
    found = one(FORMAT, f"<OFX>{SIGNON}{stray}</OFX>")
    assert found.amounts == ["-10.00", "5.00"]
    assert found.codes == ["stray", "account", "currency"]
    first, second = statements(FORMAT, body(transaction()).replace("<BANKMSGSRSV1>", stray, 1))
    assert (first.amounts, second.amounts) == (["-10.00", "5.00"], ["-10.00"])
    assert second.start.account == "77"


def test_what_follows_the_end_of_the_file_is_a_statement_that_ends():
    """A booking after the root: told as stray, and never left open."""
    content = "OFXHEADER:100\n\n<OFX></OFX>\n<STMTTRN><TRNAMT>1.00<DTPOSTED>20260105</STMTTRN>"
    found = statements(FORMAT, content)
    assert all(it.end is not None for it in found)
    assert "1.00" in [amount for it in found for amount in it.amounts]
