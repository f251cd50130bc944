"""The directory of bank offices: its layouts, its faults, and asking it."""

from __future__ import annotations

import io
import tracemalloc
from datetime import date

import pytest

from gateway.controls.reference.office_book import LazyOffices, OfficeBook
from gateway.controls.reference.offices import office_of, office_row, read_offices
from gateway.domain.bank_office import BankOffice, NameGrade, OfficeStatus, check_digit
from gateway.domain.errors import Fault, Refused

LINES = (
    "309391000011|兴业银行股份有限公司|309391000011|福州|有效|20240101",
    "309305010013|兴业银行股份有限公司苏州分行|309391000011|苏州|有效|",
    "105305010014|中国建设银行股份有限公司苏州分行|105100000017|苏州市|停用|2023-06-30",
)
HEADER = "行号|行名|清算行行号|城市|状态|生效日期"


def number(eleven):
    return eleven + check_digit(eleven)


def fixed(line):
    """The line with the right check digit, so that a case need not know it."""
    first, rest = line.split("|", 1)
    return f"{number(first[:11])}|{rest}"


BODY = "\n".join((HEADER, *map(fixed, LINES)))
OFFICES = tuple(read_offices(io.BytesIO(BODY.encode())))


def read(text, **options):
    return list(read_offices(io.BytesIO(text.encode()), **options))


def test_a_line_becomes_an_office():
    assert OFFICES[2] == BankOffice(
        number=number("10530501001"),
        name="中国建设银行股份有限公司苏州分行",
        clearing_number="105100000017",
        city="苏州市",
        status=OfficeStatus.CLOSED,
        valid_from=date(2023, 6, 30),
    )


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
@pytest.mark.parametrize("delimiter", ["|", "\t", ","])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
def test_the_usual_layouts_read_alike(codec, delimiter, end):
    text = BODY.replace("|", delimiter).replace("\n", end)
    assert tuple(read_offices(io.BytesIO(text.encode(codec)))) == OFFICES


@pytest.mark.parametrize(
    "header",
    [
        "Bank Number|Bank Name|Clearing Bank|City|Status|Effective Date",
        "支付系统行号|参与者全称|所属直接参与者行号|城市名称|状态|生效日期",
        "ＣＮＡＰＳ|网点名称|直接参与者行号|所在城市|status|valid_from",
    ],
)
def test_headers_of_both_languages_are_known(header):
    assert tuple(read(BODY.replace(HEADER, header))) == OFFICES


def test_columns_may_come_in_any_order_and_unknown_ones_are_passed_over():
    text = f'序号,行名,电话,行号\n1,"兴业银行,福州",0591,{OFFICES[0].number}\n'
    (office,) = read(text)
    assert (office.name, office.number) == ("兴业银行,福州", OFFICES[0].number)


@pytest.mark.parametrize(
    ("line", "code", "path"),
    [
        ("30939100001|x||||", "digits", "行号"),
        ("３09391000011|x||||", "digits", "行号"),
        ("309391000012|x||||", "check_digit", "行号"),
        ("|x||||", "required", "行号"),
        ("309391000011|||||", "required", "行名"),
        ("309391000011|x|309||| ", "digits", "清算行行号"),
        ("309391000011|x|||maybe|", "word", "状态"),
        ("309391000011|x||||2024-13-01", "date", "生效日期"),
        ("309391000011|x\u200by||||", "forbidden_character", "行名"),
        (f"309391000011|{'行' * 121}||||", "too_long", "行名"),
        ("309391000011|x|||", "cells", ""),
        ("309391000011|x||||||y", "cells", ""),
    ],
)
def test_a_faulty_line_is_told_and_left_out(line, code, path):
    found = read(f"{BODY}\n\n{line}\n{fixed('308584000010|招商银行||||')}\n")
    (fault,) = (it for it in found if isinstance(it, Fault))
    assert (fault.code, fault.path, fault.line) == (code, path, 6)
    assert fault.zh
    assert fault.en
    assert found[-1].name == "招商银行", "reading goes on"


@pytest.mark.parametrize(("codec", "other"), [("utf-8", "gbk"), ("gbk", "utf-8")])
def test_a_line_of_another_encoding_is_told(codec, other):
    body = BODY.encode(codec) + b"\n" + fixed("308584000010|招商银行||||").encode(other) + b"\n"
    found = list(read_offices(io.BytesIO(body)))
    assert found[:3] == list(OFFICES)
    assert [(it.code, it.line) for it in found[3:]] == [("encoding", 5)]


def test_the_mark_at_the_front_is_no_part_of_a_column():
    text = f"行号|行名\n1|x\n{OFFICES[0].number}|y\n"
    (fault, _) = read_offices(io.BytesIO(text.encode("utf-8-sig")))
    assert fault.path == "行号"


def test_a_character_may_lie_across_the_first_64_kib():
    lines = "".join(f"{number(f'{at:011d}')}|{'Société' * 9}\n" for at in range(1_000))
    bodies = (f"number|name{' ' * pad}\n{lines}".encode() for pad in range(64))
    body = next(it for it in bodies if it[1 << 16] & 0xC0 == 0x80)
    found = list(read_offices(io.BytesIO(body)))
    assert len(found) == 1_000
    assert {it.name for it in found} == {"Société" * 9}


def test_quotes_that_do_not_close_are_told():
    (fault, office) = read(f'行号,行名\n{OFFICES[0].number},"x\n{OFFICES[1].number},y\n')
    assert (fault.code, fault.line) == ("quotes", 2)
    assert office.name == "y"


def test_parts_that_disagree_with_the_number_are_told():
    text = "行号|行名|行别代码|地区代码\n309391000011|x|309|3910\n309391000011|y|308|\n"
    found = read(text + "309391000011|z||3911\n")
    assert [getattr(it, "path", "") for it in found] == ["", "行别代码", "地区代码"]


def test_check_digits_may_be_taken_as_they_are():
    (office,) = read("行号|行名\n309391000012|x\n", check_digits=False)
    assert office.number == "309391000012"


def test_a_repeated_line_is_passed_over_and_a_contradiction_refuses_the_file():
    assert read(f"{BODY}\n{fixed(LINES[1])}\n") == list(OFFICES)
    with pytest.raises(Refused) as caught:
        read(f"{BODY}\n{fixed(LINES[1]).replace('苏州', '无锡')}\n")
    (fault,) = caught.value.faults
    assert (fault.code, fault.line) == ("contradiction", 5)
    assert "3" in fault.zh


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty"),
        (b"\n\n \n", "empty"),
        (HEADER.encode(), "empty"),
        ("行号|电话\n".encode(), "no_header"),
        (b"309391000011|x\n", "no_header"),
        ("行号|行名|银行名称\n".encode(), "header_twice"),
        ("行号|行名\n".encode("utf-16"), "wide_encoding"),
        ("行号|行名\n".encode("utf-16-le"), "encoding"),
        ("行号|行名\n".encode() + b"x" * 70_000, "line_too_long"),
        ("行号|行名\n".encode() + b"x" * 70_000 + b"\n", "line_too_long"),
    ],
)
def test_other_files_are_refused_whole(body, code):
    with pytest.raises(Refused) as caught:
        list(read_offices(io.BytesIO(body)))
    assert caught.value.faults[0].code == code


def test_a_header_says_what_is_missing():
    with pytest.raises(Refused) as caught:
        read("电话|地址\n1|2\n")
    assert "行号" in caught.value.faults[0].zh
    assert "行名" in caught.value.faults[0].zh


def test_a_row_of_a_table_is_the_same_office():
    for office in OFFICES:
        assert office_of(office_row(office)) == office
    assert office_row(OFFICES[1])["core"] == "兴业银行苏州分行"


# ── the book ────────────────────────────────────────────────────────────────────────────────

BOOK = OfficeBook(OFFICES)


def test_the_book_gives_back_what_it_was_given():
    assert len(BOOK) == len(OFFICES)
    for office in OFFICES:
        assert BOOK.by_number(office.number) == office
        assert office in BOOK.by_exact_name(office.name)


@pytest.mark.parametrize(
    "text", ["", "x", "30939100001", "9" * 12, "0309391000011", "３09391000011"]
)
def test_what_is_no_number_of_the_book_is_not_found(text):
    assert BOOK.by_number(text) is None


def test_a_number_that_begins_with_a_naught_is_found_by_all_its_digits():
    office = BankOffice(number=number("01110000001"), name="国库")
    book = OfficeBook([office])
    assert book.by_number(office.number) == office
    assert book.by_number(office.number.lstrip("0")) is None


def test_names_are_found_best_first():
    found = BOOK.by_name("苏州分行", limit=5)
    assert [(it.office.number[:3], it.grade) for it in found] == [
        ("309", NameGrade.CONTAINS),
        ("105", NameGrade.CONTAINS),  # closed
    ]
    assert BOOK.by_name("兴业银行", limit=5)[0].grade is NameGrade.FOLDED
    assert BOOK.by_name("兴业银行", limit=1, city="苏州")[0].grade is NameGrade.BEGINS
    assert BOOK.by_name("", limit=5) == ()
    assert BOOK.by_name("行\n中", limit=5) == BOOK.by_name("行中", limit=5) == ()
    assert BOOK.by_exact_name("兴业银行苏州") == ()


def test_offices_of_a_bank_in_a_city():
    assert [it.number[:3] for it in BOOK.of_bank("105", city="苏州", limit=9)] == ["105"]
    assert [it.city for it in BOOK.of_bank("309", city="", limit=1)] == ["苏州"]
    assert BOOK.of_bank("999", city="", limit=9) == ()


def test_an_empty_book_finds_nothing():
    book = OfficeBook([])
    assert book.by_number(OFFICES[0].number) is None
    assert book.by_name("兴业", limit=1) == ()
    assert book.by_exact_name("兴业") == ()


def test_the_book_is_loaded_when_asked_and_again_after_an_import():
    loaded = []
    edition = ["1"]

    def load():
        loaded.append(edition[0])
        return BOOK

    lazy = LazyOffices(load, lambda: edition[0])
    assert loaded == []
    assert lazy.book() is lazy.book()
    edition[0] = "2"
    lazy.book()
    assert loaded == ["1", "2"]


def many(count):
    """As many lines as the national directory has, made up on the way."""
    yield f"{HEADER}\n".encode("gbk")
    for at in range(count):
        eleven = f"{102 + at % 300:03d}{1000 + at % 2500:04d}{at // 300:04d}"
        line = f"{number(eleven)}|某某农村商业银行股份有限公司第{at}支行||城市{at % 340}|有效|\n"
        yield line.encode("gbk")


class Stream:
    """A file that is never whole in memory."""

    def __init__(self, pieces):
        self._pieces = pieces

    def read(self, size, /):
        return next(self._pieces, b"")


def test_reading_is_streamed():
    found = read_offices(Stream(many(20_000)))
    next(found)
    tracemalloc.start()
    for _ in range(2_000):
        next(found)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20
    assert kept < 1 << 19


def test_a_book_of_many_offices_is_small():
    offices = read_offices(Stream(many(16_000)))
    tracemalloc.start()
    book = OfficeBook(offices)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(book) == 16_000
    assert kept < 6 << 20, "of 160,000 offices: 60 MiB"
