"""余额调节表 as PDF: the sheet, all of it, and nothing else."""

from datetime import UTC, date, datetime

from gateway.documents.balance_sheet import Signed, balance_sheet_pdf, marks
from gateway.domain.balance_sheet import OpenLine, SheetFacts, Side, balance_sheet
from gateway.domain.money import CNY, Money
from tests.pdf_ground import blank_marks, squeezed, texts, whole

LINES = (
    (Side.BANK, "bank-1", 500_000, "=HYPERLINK(1)", "福州甲公司", "货款"),
    (Side.BANK, "bank-2", -12_345, "FEE", "", "手续费"),
    (Side.BOOK, "book-1", 200_000, "", "厦门乙公司", "支票在途"),
    (Side.BOOK, "book-2", -300_000, "", "丙公司", "+1+cmd|' /C calc'!A0"),
)
SUMS = ("5,000.00", "123.45", "2,000.00", "3,000.00")


def kept(lines=LINES, bank=10_000_000, book=9_412_345, **signed):
    facts = SheetFacts(
        account="117010100100000001",
        company="福州示例贸易有限公司",
        unit=CNY,
        first_day=date(2026, 9, 1),
        day=date(2026, 9, 30),
        bank_balance=None if bank is None else Money(bank, CNY),
        book_balance=None if book is None else Money(book, CNY),
        lines=tuple(
            OpenLine(
                side=side,
                ref=ref,
                day=date(2026, 9, 29),
                amount=Money(minor, CNY),
                reference=reference,
                counterparty_name=name,
                remittance=text,
            )
            for side, ref, minor, reference, name, text in lines
        ),
    )
    told = {"digest": "d1" * 32, "prepared_by": "person:li", "reviewed_by": "person:wang"}
    return balance_sheet(facts), Signed(**told | signed)


def read_back(**changes):
    return whole(balance_sheet_pdf(*kept(**changes)))


def test_the_paper_holds_the_whole_sheet():
    sheet, signed = kept()
    made = balance_sheet_pdf(sheet, signed)
    read = whole(made)
    for value in (
        *("银行存款余额调节表", "Bank reconciliation statement", "相符", signed.digest),
        *("117010100100000001", "福州示例贸易有限公司", "2026-09-01", "2026-09-30", "100,000.00"),
        *("银行已收，企业未收", "银行已付，企业未付", "企业已收，银行未收", "企业已付，银行未付"),
        *SUMS,
        *(it for line in LINES for it in (line[1], line[3], line[4], line[5])),
        *("编制 Prepared by：person:li", "复核 Reviewed by：person:wang", "99,000.00"),
    ):
        assert squeezed(value) in read, value
    assert not blank_marks(made)
    assert made == balance_sheet_pdf(*kept())


def test_what_is_not_known_is_said_and_a_difference_stands():
    read = read_back(book=None)
    assert "未知unknown" in read
    assert "余额不全" in read
    read = read_back(book=9_412_344)
    assert "不相符" in read
    assert "0.01" in read


def test_who_has_not_signed_is_not_named():
    read = read_back(reviewed_by="")
    assert "未复核notreviewed" in read
    assert "person:wang" not in read


def test_hundreds_of_items_go_over_pages_and_none_is_lost():
    many = [(Side.BANK, f"b{number:05}", 100, "", "名称", "摘要") for number in range(300)]
    made = balance_sheet_pdf(*kept(lines=many))
    read = whole(made)
    assert all(f"b{number:05}" in read for number in range(300))
    assert len(texts(made)) > 5


def test_times_are_beijings_and_a_draft_says_so():
    at = datetime(2026, 9, 30, 16, 5, tzinfo=UTC)
    read = read_back(prepared_at=at, comment="月末调节")
    assert "2026-10-0100:05:00+08:00" in read
    assert "月末调节" in read
    assert "draft,notprepared" in read_back(prepared_by="")


def test_marks_stand_beside_what_is_special():
    line = OpenLine(
        side=Side.BOOK,
        ref="r",
        day=date(2026, 9, 1),
        amount=Money(-5, CNY),
        backward=True,
        late=True,
        carried=True,
        written_off=True,
    )
    assert marks(line) == "红字 reversal、补记 late、结转 carried、核销 written off"
