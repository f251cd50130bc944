"""Statements of camt files: heads, balances, pages, totals."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from gateway.domain.bank_file import BalanceUse, Gravity, StatementStart
from gateway.domain.statement import Continuity
from gateway.ports.statement_formats import Reading
from tests.unit.formats.read.camt_ground import (
    ACCT,
    STATEMENTS,
    bal,
    codes,
    details,
    document,
    ends,
    entries,
    ntry,
    parts,
    starts,
    stmt,
)

OPEN, CLOSE = bal("OPBD", "100.00"), bal("CLBD", "110.00")
PROVEN = stmt(ACCT, OPEN, CLOSE, ntry())


def head(*inside: str, version: str = "camt.053.001.08") -> StatementStart:
    name = STATEMENTS[version[5:8]]
    (start,) = starts(document(stmt(*inside, name=name), version=version))
    return start


# ── heads ─────────────────────────────────────────────────────────────────────────────────


def test_a_head_says_all_it_says():
    data = document(
        "<Stmt><Id>S-7</Id><StmtPgntn><PgNb>1</PgNb><LastPgInd>true</LastPgInd></StmtPgntn>"
        "<ElctrncSeqNb>12</ElctrncSeqNb><LglSeqNb>9</LglSeqNb>"
        "<CreDtTm>2026-03-03T01:00:00+01:00</CreDtTm><FrToDt>"
        "<FrDtTm>2026-03-02T00:00:00+01:00</FrDtTm><ToDtTm>2026-03-02T24:00:00</ToDtTm></FrToDt>"
        "<Acct><Id><Othr><Id>117010100100000001</Id></Othr></Id><Ccy>CNY</Ccy>"
        "<Ownr><Pty><Nm>示例公司</Nm></Pty></Ownr>"
        "<Svcr><FinInstnId><BICFI>FJIBCNBA</BICFI></FinInstnId></Svcr></Acct></Stmt>"
    )
    (start,) = starts(data)
    assert start == StatementStart(
        format="camt.053.001.08",
        account="117010100100000001",
        currency="CNY",
        statement_id="S-7",
        sequence="12",
        page=1,
        last_page=True,
        account_name="示例公司",
        account_bank="FJIBCNBA",
        start=date(2026, 3, 2),
        end=date(2026, 3, 2),
        created=datetime(2026, 3, 3, tzinfo=UTC),
        line=2,
    )
    assert codes(ends(data)[0]) == []


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<Id><IBAN>DE43 7649 1305 0008 8204 16</IBAN></Id>", "DE43764913050008820416"),
        ("<Id><BBAN>4711</BBAN></Id>", "4711"),
        ("<Id><PrtryAcct><Id>4711</Id></PrtryAcct></Id>", "4711"),
    ],
)
def test_an_account_is_found_where_versions_put_it(inside: str, expected: str):
    assert head(f"<Acct>{inside}</Acct>").account == expected


def test_an_account_that_is_not_named_is_told_or_given():
    data = document(stmt(ntry()))
    assert codes(ends(data)[0]) == ["account"]
    given = parts(data, Reading(account="4711"))
    assert isinstance(given[0], StatementStart)
    assert given[0].account == "4711"
    assert given[0].currency == "EUR"


def test_a_wrong_date_of_the_head_is_told():
    data = document(
        stmt("<CreDtTm>x</CreDtTm><FrToDt><FrDtTm>y</FrDtTm></FrToDt>", ACCT, bal("OPBD", "1", "z"))
    )
    (end,) = ends(data)
    assert [it.path.partition("]/")[2] for it in end.findings] == [
        "CreDtTm",
        "FrToDt/FrDtTm",
        "Bal/Dt",
    ]
    assert end.opening is not None
    assert end.opening.day is None


def test_a_copy_is_told():
    (end,) = ends(document(stmt("<CpyDplctInd>DUPL</CpyDplctInd>", ACCT)))
    assert [(it.code, it.gravity) for it in end.findings] == [("copy", Gravity.NOTE)]


# ── balances ──────────────────────────────────────────────────────────────────────────────


def test_opening_and_entries_prove_the_closing():
    (end,) = ends(document(PROVEN))
    assert end.continuity is Continuity.OK
    assert end.opening is not None
    assert end.closing is not None
    assert (end.opening.amount.text(2), end.closing.amount.text(2)) == ("100.00", "110.00")
    (end,) = ends(document(stmt(ACCT, OPEN, bal("CLBD", "111"), ntry())))
    assert end.continuity is Continuity.BROKEN
    assert [(it.code, it.gravity) for it in end.findings] == [("continuity", Gravity.CONTRADICTION)]


def test_what_is_not_booked_proves_nothing():
    pending = ntry(status="<Cd>PDNG</Cd>", amount="99.00")
    assert ends(document(stmt(ACCT, OPEN, CLOSE, pending, ntry())))[0].continuity is Continuity.OK


def test_every_balance_is_kept_with_its_use():
    prtry = bal("X", "7").replace("<Cd>X</Cd>", "<Prtry>FROZEN</Prtry>")
    data = document(
        stmt(ACCT, OPEN, bal("PRCD", "5"), bal("CLBD", "100", way="DBIT"), bal("CLAV", "1"),
             *(bal(it, "1") for it in ("OPAV", "FWAV", "ITAV", "ITBD", "XPCD", "INFO")), prtry)
    )  # fmt: skip
    (end,) = ends(data)
    assert [it.code for it in end.balances] == [
        *("OPBD", "PRCD", "CLBD", "CLAV", "OPAV", "FWAV", "ITAV", "ITBD", "XPCD", "INFO", "FROZEN")
    ]
    assert [it.use for it in end.balances[:4]] == [
        *(BalanceUse.OPENING, BalanceUse.OPENING, BalanceUse.CLOSING, BalanceUse.AVAILABLE)
    ]
    assert {it.use for it in end.balances[4:]} == {BalanceUse.OTHER}
    assert end.opening is not None
    assert end.opening.code == "OPBD"
    assert end.closing is not None
    assert end.closing.amount.text(2) == "-100.00"


def test_the_last_closing_opens_where_nothing_else_does():
    (end,) = ends(document(stmt(ACCT, bal("PRCD", "100"), CLOSE, ntry())))
    assert end.continuity is Continuity.OK


def test_of_several_days_the_first_opens_and_the_last_closes():
    days = [
        bal("CLBD", "105", "2026-03-02"),
        bal("OPBD", "105", "2026-03-03"),
        bal("OPBD", "100", "2026-03-02"),
        bal("CLBD", "110", "2026-03-03"),
    ]
    (end,) = ends(document(stmt(ACCT, *days, ntry())))
    assert end.continuity is Continuity.OK


def test_an_overdrawn_balance_may_have_its_own_minus():
    (end,) = ends(
        document(stmt(ACCT, bal("OPBD", "-5.00", way="DBIT"), bal("CLBD", "5.00"), ntry()))
    )
    assert end.continuity is Continuity.OK


@pytest.mark.parametrize(
    ("old", "new", "tag"),
    [("<Cd>OPBD</Cd>", "", "Tp"), ("100.00", "much", "Amt"), ("CRDT", "", "CdtDbtInd")],
)
def test_a_balance_that_cannot_be_read_is_told_and_not_used(old: str, new: str, tag: str):
    (end,) = ends(document(stmt(ACCT, OPEN.replace(old, new), CLOSE, ntry())))
    assert [(it.code, it.path.rpartition("/")[2]) for it in end.findings] == [("balance", tag)]
    assert end.opening is None
    assert end.continuity is Continuity.UNKNOWN


def test_an_intraday_report_closes_with_what_is_booked_so_far():
    report = "camt.052.001.08"
    booked = bal("ITBD", "110.00")
    (end,) = ends(document(stmt(ACCT, OPEN, booked, ntry(), name="Rpt"), version=report))
    assert end.continuity is Continuity.OK
    assert end.closing is not None
    assert (end.closing.code, end.closing.use) == ("ITBD", BalanceUse.CLOSING)
    # It may list new entries only, so that a difference proves nothing.
    (end,) = ends(document(stmt(ACCT, OPEN, booked, name="Rpt"), version=report))
    assert end.continuity is Continuity.UNKNOWN
    assert [(it.code, it.gravity) for it in end.findings] == [("interim", Gravity.NOTE)]
    two = bal("ITBD", "100.00"), booked
    (end,) = ends(document(stmt(ACCT, *two, ntry(), name="Rpt"), version=report))
    assert end.continuity is Continuity.OK
    # In a statement an interim balance closes nothing.
    assert ends(document(stmt(ACCT, OPEN, booked, ntry())))[0].closing is None


def test_amounts_of_another_currency_prove_nothing():
    other = ntry().replace("'EUR'", "'USD'")
    (end,) = ends(document(stmt(ACCT, OPEN, CLOSE, other)))
    assert end.continuity is Continuity.UNKNOWN
    assert [(it.code, it.gravity) for it in end.findings] == [("currency_differs", Gravity.WARNING)]
    (end,) = ends(document(stmt(ACCT, CLOSE, other)))
    assert [it.code for it in end.findings] == ["currency_differs"]
    (end,) = ends(document(stmt(ACCT, OPEN, CLOSE, ntry())))
    assert not end.findings


def test_a_balance_of_another_currency_stands_in_only_where_there_is_no_other():
    dollars = CLOSE.replace("'EUR'", "'USD'").replace("110.00", "7")
    (end,) = ends(document(stmt(ACCT, OPEN, dollars, ntry())))
    assert end.closing is not None
    assert (end.closing.currency, end.continuity) == ("USD", Continuity.UNKNOWN)
    assert [it.code for it in end.findings] == ["currency_differs"]
    assert end.findings[0].path.endswith("/Bal")
    (end,) = ends(document(stmt(ACCT, OPEN, dollars, CLOSE, ntry())))
    assert end.continuity is Continuity.OK


def test_an_empty_statement_is_a_statement():
    data = document(stmt(ACCT, OPEN, bal("CLBD", "100.00")))
    assert entries(data) == []
    (end,) = ends(data)
    assert (end.continuity, end.entries, end.findings) == (Continuity.OK, 0, ())


# ── pages and totals ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("where", ["StmtPgntn", "MsgPgntn"])
def test_a_page_alone_is_not_blamed(where: str):
    page = f"<{where}><PgNb>2</PgNb><LastPgInd>false</LastPgInd></{where}>"
    inside = page if where == "StmtPgntn" else ""
    total = "<TxsSummry><TtlNtries><NbOfNtries>50</NbOfNtries></TtlNtries></TxsSummry>"
    data = document(
        stmt(inside, ACCT, OPEN, bal("CLBD", "900"), total, ntry()),
        header=page if where == "MsgPgntn" else "",
    )
    (start,) = starts(data)
    assert (start.page, start.last_page) == (2, False)
    (end,) = ends(data)
    assert end.continuity is Continuity.UNKNOWN
    assert [(it.code, it.gravity) for it in end.findings] == [("pages", Gravity.NOTE)]


def summary(**rows: tuple[str, str]) -> str:
    return (
        "<TxsSummry>"
        + "".join(
            f"<{name}><NbOfNtries>{number}</NbOfNtries><Sum>{total}</Sum></{name}>"
            for name, (number, total) in rows.items()
        )
        + "</TxsSummry>"
    )


MIXED = (
    ntry(amount="10.00"),
    ntry(amount="4.00", way="DBIT"),
    ntry(details("<Refs/>", "<Refs/>", "<Refs/>"), amount="1.00"),
    ntry(amount="7.00", status="<Cd>PDNG</Cd>"),
    ntry("<RvslInd>true</RvslInd>", amount="2.00", way="DBIT"),
)


@pytest.mark.parametrize(
    "rows",
    [
        {"TtlNtries": ("5", "24.00")},
        {"TtlNtries": ("4", "17.000")},  # what is booked
        {"TtlNtries": ("7", "12.00")},  # transactions; net
        {"TtlCdtNtries": ("3", "18"), "TtlDbtNtries": ("2", "6")},
        {"TtlCdtNtries": ("2", "11"), "TtlDbtNtries": ("2", "6")},
        {"TtlCdtNtries": ("3", "9"), "TtlDbtNtries": ("1", "4")},  # a reversal taken off
        {"TtlNtries": ("", "")},
    ],
)
def test_totals_fit_in_any_way_of_counting(rows: dict[str, tuple[str, str]]):
    assert codes(ends(document(stmt(ACCT, summary(**rows), *MIXED)))[0]) == []


@pytest.mark.parametrize("row", ["TtlNtries", "TtlCdtNtries", "TtlDbtNtries"])
def test_totals_that_fit_in_no_way_are_a_contradiction(row: str):
    (end,) = ends(document(stmt(ACCT, summary(**{row: ("12", "99.00")}), *MIXED)))
    assert [(it.code, it.gravity, it.path.rpartition("TxsSummry/")[2]) for it in end.findings] == [
        ("totals_count", Gravity.CONTRADICTION, f"{row}/NbOfNtries"),
        ("totals_sum", Gravity.CONTRADICTION, f"{row}/Sum"),
    ]


def test_totals_that_are_none_are_told_and_a_bare_report_is_only_warned_of():
    (end,) = ends(document(stmt(ACCT, summary(TtlNtries=("many", "?")), *MIXED)))
    assert codes(end) == ["totals_unread", "totals_unread"]
    bare = stmt(ACCT, summary(TtlNtries=("5", "24.00")), name="Rpt")
    (end,) = ends(document(bare, version="camt.052.001.08"))
    assert {it.gravity for it in end.findings} == {Gravity.WARNING}
    (end,) = ends(document(stmt(ACCT, summary(TtlNtries=("5", "24.00")))))
    assert {it.gravity for it in end.findings} == {Gravity.CONTRADICTION}
