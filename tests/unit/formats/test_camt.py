"""camt.052, camt.053 and camt.054: valid, exact, nothing cut."""

from __future__ import annotations

import pytest

from gateway.domain.errors import Corrupt, Refused, WireError
from gateway.formats import camt052, camt053, camt054
from gateway.formats.messages import lines
from tests.unit.formats.samples import (
    FACTS,
    ODD,
    balance,
    credit,
    entry,
    receipt,
    statement,
    texts,
    valid,
)

STATEMENTS = pytest.mark.parametrize("version", camt053.VERSIONS)


def written(version, *told):
    return b"".join(camt053.writer(version)(told, FACTS))


@STATEMENTS
def test_every_entry_is_valid_alone_and_together(version):
    for one in ODD:
        valid(written(version, statement(one)), version)
    valid(written(version, statement(*ODD), statement(), statement(entry(2))), version)


@STATEMENTS
def test_amounts_stand_to_the_digit_with_their_direction(version):
    root = valid(written(version, statement(entry(1), entry(2))), version)
    first, second = root.iter("{*}Ntry")
    assert first.findtext("{*}Amt") == "1.56"
    assert first.find("{*}Amt").get("Ccy") == "CNY"
    assert first.findtext("{*}CdtDbtInd") == "DBIT"
    assert second.findtext("{*}CdtDbtInd") == "CRDT"
    largest = valid(written(version, statement(entry(1, amount="-999999999999999.99"))), version)
    assert "999999999999999.99" in texts(largest, "Amt")


@STATEMENTS
def test_the_summary_adds_up_exactly(version):
    amounts = ("-0.10", "-0.20", "0.30", "999999999999.99")
    root = valid(written(version, statement(*(entry(amount=it) for it in amounts))), version)
    [summary] = root.iter("{*}TxsSummry")
    assert summary.findtext("{*}TtlNtries/{*}NbOfNtries") == "4"
    assert summary.findtext("{*}TtlNtries/{*}Sum") == "1000000000000.59"
    assert summary.findtext("{*}TtlCdtNtries/{*}Sum") == "1000000000000.29"
    assert summary.findtext("{*}TtlDbtNtries/{*}Sum") == "0.30"
    net = texts(summary, "TtlNetNtryAmt") or texts(summary, "Amt")
    assert net == ["999999999999.99"]


@STATEMENTS
def test_nothing_of_a_remittance_is_cut(version):
    remittance = "".join(chr(0x4E00 + number) for number in range(600))
    root = valid(written(version, statement(entry(remittance=remittance))), version)
    assert "".join(texts(root, "Ustrd")) == remittance


@STATEMENTS
def test_a_name_too_long_for_its_place_goes_into_the_text(version):
    name = "有限公司" * 50
    root = valid(written(version, statement(entry(counterparty_name=name))), version)
    assert "".join(texts(root, "Ustrd")) == "货款 INV-2026-001" + name
    assert name not in texts(root, "Nm")


@STATEMENTS
def test_an_identification_is_written_whole_or_not_at_all(version):
    long = "B" * 36
    root = valid(written(version, statement(entry(reference=long, end_to_end_id=long))), version)
    assert "NOTPROVIDED" in texts(root, "EndToEndId")
    assert not texts(root, "AcctSvcrRef")
    assert long in texts(root, "AddtlNtryInf")[0]
    assert not any(found.startswith("B" * 30) for found in texts(root, "NtryRef"))


@STATEMENTS
def test_references_come_back_as_the_erp_gave_them(version):
    root = valid(written(version, statement(entry(1), entry(2, erp_reference="FK-2"))), version)
    first, second = root.iter("{*}Refs")
    assert [(it.tag.rpartition("}")[2], it.text) for it in first if it.text] == [
        ("MsgId", "M-1"),
        ("AcctSvcrRef", "BK00000001"),
        ("PmtInfId", "P-1"),
        ("EndToEndId", "E-1"),
    ]
    assert first.findtext("{*}Prtry/{*}Tp") == "RECON"
    assert first.findtext("{*}Prtry/{*}Ref") == "R1"
    assert second.findtext("{*}InstrId") == "FK-2"


@STATEMENTS
def test_money_that_came_back_says_so(version):
    root = valid(written(version, statement(entry(2, returned=True, reversal=True))), version)
    assert texts(root, "SubFmlyCd") == ["RRTN"]
    assert texts(root, "RvslInd") == ["true"]
    assert root.find(".//{*}RtrInf") is not None
    assert valid(written(version, statement(entry(2))), version).find(".//{*}RtrInf") is None


def balances(root):
    return {
        found.findtext(".//{*}Cd"): (found.findtext("{*}CdtDbtInd"), found.findtext("{*}Amt"))
        for found in root.iter("{*}Bal")
    }


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"closing": ""}, {"OPBD": ("CRDT", "10.00"), "CLBD": ("DBIT", "5.00")}),
        (
            {"opening": "", "closing": "-5.00"},
            {"OPBD": ("CRDT", "10.00"), "CLBD": ("DBIT", "5.00")},
        ),
    ],
)
def test_an_unknown_balance_follows_from_the_other(known, expected):
    told = statement(
        entry(amount="-15.00"),
        entry(2, amount="7.00", status="pending"),
        **({"opening": "10.00", "available": ""} | known),
    )
    assert balances(valid(written(camt053.VERSION, told), camt053.VERSION)) == expected


def test_a_statement_without_any_balance_is_refused():
    with pytest.raises(Refused) as refused:
        written(camt053.VERSION, statement(entry(), opening="", closing=""))
    assert refused.value.zh
    assert refused.value.en


@pytest.mark.parametrize(
    "amount",
    ["", "NaN", "1e3", "1_0", " 1", "１２", "+1", "--1", "01.00", "1.", "1.123456", "9" * 18],
)
def test_what_is_no_amount_is_never_written(amount):
    with pytest.raises(Corrupt):
        written(camt053.VERSION, statement(entry(amount=amount)))


def test_an_unknown_status_is_never_written():
    with pytest.raises(Corrupt):
        written(camt053.VERSION, statement(entry(status="perhaps")))


def test_a_currency_that_xml_cannot_hold_is_an_error():
    with pytest.raises(WireError):
        written(camt053.VERSION, statement(entry(currency="\x00")))


def test_it_is_written_in_pieces():
    told = (statement(*(entry(number) for number in range(1, 1001))),)
    pieces = list(camt053.writer()(told, FACTS))
    assert len(pieces) > 5
    assert max(map(len, pieces)) < 100_000
    assert len(list(valid(b"".join(pieces), camt053.VERSION).iter("{*}Ntry"))) == 1000


@pytest.mark.parametrize("version", camt054.VERSIONS)
def test_money_that_came_in(version):
    told = (credit(2), credit(4), credit(6, account="2"))
    root = valid(b"".join(camt054.writer(version)(told, FACTS)), version)
    assert [len(list(it.iter("{*}Ntry"))) for it in root.iter("{*}Ntfctn")] == [2, 1]
    assert set(texts(root, "SubFmlyCd")) == {"DMCT"}
    for one in ODD:
        valid(b"".join(camt054.writer(version)((credit(entry=one),), FACTS)), version)


@pytest.mark.parametrize("version", camt052.VERSIONS)
def test_balances(version):
    told = balance(available="-1.00", frozen="5.00", previous_day="7.10")
    root = valid(b"".join(camt052.writer(version)((told, balance()), FACTS)), version)
    first, second = root.iter("{*}Rpt")
    assert balances(first) == {
        "PRCD": ("CRDT", "7.10"),
        "ITBD": ("CRDT", "98765.44"),
        "ITAV": ("DBIT", "1.00"),
        None: ("CRDT", "5.00"),
    }
    assert texts(first, "Prtry") == ["FROZEN"]
    assert list(balances(second)) == ["ITBD"]


@pytest.mark.parametrize("format_", [camt052, camt053, camt054])
def test_other_versions_and_records_are_no_business_of_a_format(format_):
    for version in ("camt.053.001.99", "pain.002.001.03", ""):
        with pytest.raises(KeyError):
            format_.writer(version)
    for told in ((), (receipt(),), (statement(), balance())):
        with pytest.raises(Corrupt):
            list(format_.writer()(told, FACTS))


def test_lines_are_pieces_that_fit():
    assert lines("", 5) == []
    assert lines("abc", 5) == ["abc"]
    assert lines(" a  b\n\x00c ", 5) == ["a b c"]
    assert lines("abcdefgh", 5) == ["abcde", "fgh"]
