"""Entries of camt files: every way in which banks write them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from gateway.domain.bank_file import Gravity
from gateway.domain.exact import Exact
from gateway.domain.statement import Continuity, EntryStatus
from tests.unit.formats.read.camt_ground import (
    ACCT,
    bal,
    codes,
    details,
    document,
    ends,
    entries,
    ntry,
    only,
    stmt,
)

PARTY = "<Nm>Anna GmbH</Nm>"
OTHER = "<Id><IBAN>FR1520417003855M07294611830</IBAN></Id>"
OWN = "<Id><IBAN>DE43764913050008820416</IBAN></Id>"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("BOOK", EntryStatus.BOOKED),
        ("<Cd>BOOK</Cd>", EntryStatus.BOOKED),
        ("<Cd>PDNG</Cd>", EntryStatus.PENDING),
        ("FUTR", EntryStatus.PENDING),
        ("INFO", EntryStatus.INFO),
        ("<Prtry>book</Prtry>", EntryStatus.BOOKED),
    ],
)
def test_a_status_is_a_text_or_a_code(status: str, expected: EntryStatus):
    entry, end = only(ntry(status=status))
    assert entry.status is expected
    assert codes(end) == []


def test_an_unknown_status_moves_no_balance_and_is_told():
    entry, end = only(ntry(status="<Prtry>LATER</Prtry>"))
    assert entry.status is EntryStatus.INFO
    assert codes(end) == ["status"]
    entry, end = only(ntry(status=""))
    assert entry.status is EntryStatus.BOOKED
    assert codes(end) == ["status_missing"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("000000000000149.87", Exact(14987, 2)),
        ("1.23450", Exact(123450, 5)),
        ("7", Exact(7, 0)),
        (".5", Exact(5, 1)),
        ("3,20", Exact(32, 1)),
        ("+4.00", Exact(4, 0)),
        ("1.0000000000000", Exact(1, 0)),
        (" 12.00 ", Exact(1200, 2)),
    ],
)
def test_amounts_are_read_exactly(written: str, expected: Exact):
    entry, end = only(ntry(amount=written))
    assert entry.amount.text(5) == expected.text(5)
    assert codes(end) == []


@pytest.mark.parametrize(
    "written", ["", "1e3", "NaN", "1_0", "１２", "1.2.3", "1,234.50", "9" * 31]
)
def test_an_amount_that_is_none_is_a_contradiction_and_the_entry_stays(written: str):
    entry, end = only(bal("OPBD", "0"), bal("CLBD", "0"), ntry(amount=written))
    assert entry.amount == Exact(0)
    assert entry.booking_date == date(2026, 3, 2)
    (finding,) = end.findings
    assert (finding.code, finding.gravity) == ("amount", Gravity.CONTRADICTION)
    assert finding.path == "/Document/BkToCstmrStmt/Stmt[1]/Ntry[1]/Amt"
    assert finding.line == 2
    assert end.continuity is Continuity.UNKNOWN
    assert end.entries == 1


def test_a_million_wrong_amounts_fill_no_memory():
    (end,) = ends(document(stmt(ACCT, *[ntry(amount="x")] * 400)))
    assert end.entries == 400
    assert len(end.findings) < 300
    assert end.findings[-1].code == "more"


def test_a_direction_that_is_missing_is_that_of_the_details_or_nobodys():
    entry, end = only(ntry(details("<CdtDbtInd>DBIT</CdtDbtInd>"), way=""))
    assert entry.amount == Exact(-1000, 2)
    assert codes(end) == ["direction_of_details"]
    entry, end = only(ntry(way="UP"))
    assert entry.amount == Exact(0)
    assert [it.gravity for it in end.findings] == [Gravity.CONTRADICTION]
    assert only(ntry(way="dbit"))[0].amount == Exact(-1000, 2)


def test_a_minus_sign_turns_the_direction_round():
    entry, end = only(ntry(amount="-10.00", way="DBIT"))
    assert entry.amount == Exact(1000, 2)
    assert codes(end) == ["negative_amount"]
    assert only(ntry(amount="-10.00"))[0].amount == Exact(-1000, 2)


def test_a_reversal_keeps_the_direction_in_which_it_was_booked():
    entry, _ = only(ntry("<RvslInd>true</RvslInd>", way="DBIT"))
    assert entry.reversal
    assert entry.amount == Exact(-1000, 2)


def test_days_and_instants_are_read_as_written():
    raw = ntry("<AcctSvcrRef>B-1</AcctSvcrRef>", before="<NtryRef>7</NtryRef>")
    raw = raw.replace("<Dt>2026-03-02</Dt>", "<DtTm>2026-03-02T23:30:00.123456789+01:00</DtTm>")
    raw = raw.replace("<Dt>2026-03-03</Dt>", "<Dt>2026-03-03+01:00</Dt>")
    entry, end = only(raw)
    assert entry.booking_date == date(2026, 3, 2)
    assert entry.booked_at == datetime(2026, 3, 2, 22, 30, 0, 123456, tzinfo=UTC)
    assert entry.value_date == date(2026, 3, 3)
    assert (entry.reference, entry.entry_reference) == ("B-1", "7")
    assert codes(end) == []
    # Without a zone it is no instant.
    assert only(raw.replace("+01:00</DtTm>", "</DtTm>"))[0].booked_at is None


def test_a_date_that_is_none_is_left_empty_and_told():
    entry, end = only(ntry().replace("2026-03-02", "2026-02-30").replace("2026-03-03", "soon"))
    assert (entry.booking_date, entry.value_date) == (None, None)
    assert [it.path.rpartition("/")[2] for it in end.findings] == ["BookgDt", "ValDt"]


def test_an_entry_of_nothing_but_an_amount_is_read():
    entry, end = only("<Ntry><Amt Ccy='EUR'>5</Amt><CdtDbtInd>DBIT</CdtDbtInd></Ntry>")
    assert entry.amount == Exact(-5)
    assert entry.transactions == ()
    assert codes(end) == ["status_missing"]


def test_an_amount_without_currency_has_that_of_the_account():
    entry, end = only(ntry().replace(" Ccy='EUR'", ""))
    assert entry.currency == "EUR"
    assert codes(end) == ["currency"]


@pytest.mark.parametrize(
    ("way", "name", "account", "bank"),
    [
        ("CRDT", "Payer", "FR1520417003855M07294611830", "KUSTFRPP"),
        ("DBIT", "Payee", "4711", "LANDDEFF"),
    ],
)
@pytest.mark.parametrize("later", [True, False])
def test_the_other_side_is_told_by_the_direction(
    way: str, name: str, account: str, bank: str, *, later: bool
):
    payer, payee = PARTY.replace("Anna GmbH", "Payer"), PARTY.replace("Anna GmbH", "Payee")
    wrap = "<Pty>{}</Pty>" if later else "{}"
    bic = "BICFI" if later else "BIC"
    entry, end = only(
        ntry(
            details(
                f"<RltdPties><Dbtr>{wrap.format(payer)}</Dbtr><DbtrAcct>{OTHER}</DbtrAcct>"
                f"<Cdtr>{wrap.format(payee)}</Cdtr>"
                "<CdtrAcct><Id><Othr><Id>4711</Id></Othr></Id></CdtrAcct></RltdPties>"
                f"<RltdAgts><DbtrAgt><FinInstnId><{bic}>KUSTFRPP</{bic}></FinInstnId></DbtrAgt>"
                f"<CdtrAgt><FinInstnId><{bic}>LANDDEFF</{bic}></FinInstnId></CdtrAgt></RltdAgts>"
            ),
            way=way,
        )
    )
    assert entry.counterparty_name == name
    assert entry.counterparty_account == account
    assert entry.counterparty_bank == bank
    assert codes(end) == []


def test_nobody_is_the_other_side_of_oneself():
    both = (
        f"<RltdPties><Dbtr><Nm>Us</Nm></Dbtr><DbtrAcct>{OWN}</DbtrAcct>"
        f"<Cdtr>{PARTY}</Cdtr><CdtrAcct>{OTHER}</CdtrAcct></RltdPties>"
    )
    # A transfer that came back: credited, and the parties are still those of the transfer.
    entry, _ = only(ntry(details(f"{both}<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>")))
    assert entry.counterparty_name == "Anna GmbH"
    assert entry.return_reason == "AC04"
    own = f"<RltdPties><Cdtr><Nm>Us</Nm></Cdtr><CdtrAcct>{OWN}</CdtrAcct></RltdPties>"
    assert only(ntry(details(own)))[0].counterparty_name == ""


def test_a_party_is_found_where_banks_put_it():
    for written in (
        "<UltmtDbtr><Nm>Anna GmbH</Nm></UltmtDbtr>",
        "<UltmtDbtr><Pty><Nm>Anna GmbH</Nm></Pty></UltmtDbtr>",
        "<Dbtr><Agt><FinInstnId><Nm>Anna GmbH</Nm></FinInstnId></Agt></Dbtr>",
        f"<Cdtr>{PARTY}</Cdtr><CdtrAcct>{OTHER}</CdtrAcct>",
        "<Dbtr><Nm></Nm></Dbtr><UltmtDbtr><Nm>Anna GmbH</Nm></UltmtDbtr>",
    ):
        entry, _ = only(ntry(details(f"<RltdPties>{written}</RltdPties>")))
        assert entry.counterparty_name == "Anna GmbH", written


def test_references_that_are_none_are_none():
    entry, _ = only(
        ntry(
            details(
                "<Refs><EndToEndId>NOTPROVIDED</EndToEndId><InstrId>I-1</InstrId>"
                "<MndtId>MD-1</MndtId><AcctSvcrRef>P-1</AcctSvcrRef>"
                "<UETR>6c1f02d7-3b58-4e9a-9d40-71b2e85a03cf</UETR></Refs>"
            )
        )
    )
    (part,) = entry.transactions
    assert entry.end_to_end_id == part.end_to_end_id == ""
    assert (part.instruction_id, part.mandate_id, part.reference) == ("I-1", "MD-1", "P-1")
    assert part.uetr == "6c1f02d7-3b58-4e9a-9d40-71b2e85a03cf"
    assert entry.reference == "P-1"


def test_remittance_is_joined_and_has_its_fallbacks():
    long = "x" * 140
    strd = "<Strd><CdtrRefInf><Ref>RF47740266193185</Ref></CdtrRefInf></Strd>"
    further = "<AddtlTxInf>further</AddtlTxInf>"
    for inside, expected, structured in (
        ("<RmtInf><Ustrd>a</Ustrd><Ustrd>b</Ustrd></RmtInf>", "a b", ""),
        (f"<RmtInf><Ustrd>{long}</Ustrd><Ustrd>b</Ustrd></RmtInf>", f"{long}b", ""),
        (f"<RmtInf><Ustrd>a</Ustrd>{strd}</RmtInf>", "a", "RF47740266193185"),
        (f"<RmtInf>{strd}</RmtInf>{further}", "RF47740266193185", "RF47740266193185"),
        ("<RmtInf><Strd><AddtlRmtInf>c</AddtlRmtInf></Strd></RmtInf>", "c", ""),
        (further, "further", ""),
        ("<Refs/>", "line", ""),
    ):
        entry, end = only(ntry(details(inside) + "<AddtlNtryInf>line</AddtlNtryInf>"))
        assert entry.remittance == expected
        assert entry.transactions[0].structured == structured
        assert codes(end) == []
    assert only(ntry("<AddtlNtryInf>line</AddtlNtryInf>"))[0].remittance == "line"


def test_codes_stand_side_by_side():
    domain = "<Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn>"
    own = "<Prtry><Cd>NTRF+166+9001</Cd><Issr>DK</Issr></Prtry>"
    entry, _ = only(ntry(f"<BkTxCd>{domain}{own}</BkTxCd>"))
    assert (entry.code, entry.own_code) == ("PMNT/RCDT/ESCT", "NTRF+166+9001")
    entry, _ = only(ntry(details(f"<BkTxCd>{domain}</BkTxCd>")))
    assert entry.code == "PMNT/RCDT/ESCT"


def test_what_comes_twice_is_told_and_unknown_elements_are_passed_over():
    entry, end = only(ntry("<New><Thing>1</Thing></New><AcctSvcrRef>A</AcctSvcrRef>"))
    assert codes(end) == []
    entry, end = only(ntry("<AcctSvcrRef>A</AcctSvcrRef><AcctSvcrRef>B</AcctSvcrRef>"))
    assert entry.reference == "A"
    assert [(it.code, it.path.rpartition("/")[2]) for it in end.findings] == [
        ("surplus", "AcctSvcrRef")
    ]


def test_entries_alike_are_read_like_the_first():
    """The second and third of a shape take the fast way: what they say must be the same."""
    raw = [
        ntry(details(f"<RmtInf><Ustrd> Nr {n} </Ustrd></RmtInf>"), amount=f"{n}.00", way=way)
        for n, way in ((1, "CRDT"), (2, "DBIT"), (3, "CRDT"), (4, "UP"))
    ]
    data = document(stmt(ACCT, *(f"{it}\n" for it in raw)))
    found = entries(data)
    assert [it.amount.text(2) for it in found] == ["1.00", "-2.00", "3.00", "0.00"]
    assert [it.remittance for it in found] == ["Nr 1", "Nr 2", "Nr 3", "Nr 4"]
    assert [it.line for it in found] == [2, 3, 4, 5]
    (end,) = ends(data)
    assert [(it.code, it.line) for it in end.findings] == [("direction", 5)]


def test_what_has_no_field_of_its_own_is_kept_in_the_banks_words():
    entry, _ = only(
        ntry(
            details(
                "<Refs><MsgId>M-1</MsgId><PmtInfId>P-1</PmtInfId><ChqNb>9</ChqNb>"
                "<Prtry><Tp>RECON</Tp><Ref>R-1</Ref></Prtry>"
                "<Prtry><Tp>OTHER</Tp><Ref>R-2</Ref></Prtry></Refs><RmtInf><Ustrd>a</Ustrd><Strd>"
                "<CdtrRefInf><Ref>RF1</Ref></CdtrRefInf><AddtlRmtInf>b</AddtlRmtInf></Strd></RmtInf>"
            )
            + "<AddtlNtryInf>a</AddtlNtryInf>"
        )
    )
    assert entry.more == (
        ("MsgId", "M-1"),
        ("PmtInfId", "P-1"),
        ("ChqNb", "9"),
        ("CdtrRefInf", "RF1"),
        ("AddtlRmtInf", "b"),
        ("RECON", "R-1"),
        ("OTHER", "R-2"),
    )
    batch = "<NtryDtls><Btch><PmtInfId>P-1</PmtInfId><NbOfTxs>2</NbOfTxs></Btch></NtryDtls>"
    assert only(ntry(batch))[0].more == (("Btch/PmtInfId", "P-1"),)
