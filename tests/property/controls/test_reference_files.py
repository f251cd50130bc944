"""Files of any content are read or refused, never more; a book finds what a slow search finds."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.controls.reference.calendars import read_calendar
from gateway.controls.reference.channels import read_channels
from gateway.controls.reference.name_lists import read_names
from gateway.controls.reference.office_book import OfficeBook
from gateway.controls.reference.offices import read_offices
from gateway.domain.bank_office import (
    BankOffice,
    OfficeStatus,
    check_digit,
    in_city,
    number_agrees,
    ranked,
    same_office_name,
)
from gateway.domain.errors import Refused

READERS = {
    "calendar": lambda body: read_calendar(io.BytesIO(body)),
    "channels": read_channels,
    "names": lambda body: list(read_names(io.BytesIO(body))),
    "offices": lambda body: list(read_offices(io.BytesIO(body))),
}
HEADERS = (
    "行号|行名|城市|状态|生效日期",
    "行号,行名,清算行行号,行别代码",
    "日期\t类型\t名称\t发布日期",
    "day,kind,calendar",
    "list,entry,names,valid_to",
    '{"days":[{"day":"2027-01-01","kind":"holiday"}],"years":[2027]}',
    '{"format":"channel-terms/1","terms":[{"code":"ibps","valid_from":"2026-10-01",',
    '{"list":"a","entry":"1","names":["x"]}',
)
WORDS = st.sampled_from(
    [
        "309391000011",
        "兴业银行",
        "2026-10-01",
        "holiday",
        "year",
        "有效",
        "x",
        '"',
        "un",
        "1",
        "",
        ";",
    ]
)
LINES = st.tuples(st.sampled_from("|,\t"), st.lists(WORDS, max_size=6)).map(
    lambda it: it[0].join(it[1])
)
TEXTS = st.tuples(st.sampled_from(HEADERS), st.lists(LINES, max_size=6)).map(
    lambda it: "\n".join((it[0], *it[1]))
)
BODIES = st.one_of(
    st.binary(max_size=200),
    st.tuples(TEXTS, st.sampled_from(["utf-8", "gbk", "utf-16"])).map(
        lambda it: it[0].encode(it[1])
    ),
    st.tuples(TEXTS, st.binary(max_size=20)).map(lambda it: it[0].encode() + it[1]),
)


@pytest.mark.parametrize("reader", READERS)
@given(body=BODIES)
def test_any_bytes_are_read_or_refused(reader, body):
    faults = told(READERS[reader], body)
    assert all(one.zh and one.en for one in faults)


def told(read, body):
    """What a refusal says; of a file that was read, nothing."""
    try:
        read(body)
    except Refused as error:
        return error.faults or [None]
    return []


# ── bank offices ────────────────────────────────────────────────────────────────────────────

ELEVEN = st.integers(0, 10**11 - 1).map(lambda it: f"{it:011d}")
NAMES = st.lists(
    st.sampled_from(["兴业", "银行", "股份有限公司", "福州", "分行", "A", "（", " "]),
    min_size=1,
    max_size=5,
).map("".join)
CITIES = st.sampled_from(["", "福州", "福州市", "苏州"])
OFFICES = st.lists(
    st.builds(
        BankOffice,
        number=ELEVEN.map(lambda it: it + check_digit(it)),
        name=NAMES,
        city=CITIES,
        status=st.sampled_from(OfficeStatus),
        valid_from=st.none() | st.dates(),
    ),
    unique_by=lambda it: it.number,
    max_size=12,
)


@given(ELEVEN, st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_seen(eleven, place, off):
    number = eleven + check_digit(eleven)
    wrong = str((int(number[place]) + off) % 10)
    assert number_agrees(number)
    assert not number_agrees(number[:place] + wrong + number[place + 1 :])


@given(OFFICES, NAMES, CITIES)
def test_the_book_finds_what_a_slow_search_finds(offices, asked, city):
    book = OfficeBook(offices)
    for office in offices:
        assert book.by_number(office.number) == office
        bank = office.number[:3]
        same_bank = {it.number for it in offices if it.number[:3] == bank and in_city(it, city)}
        assert {it.number for it in book.of_bank(bank, city=city, limit=99)} == same_bank
    slow = ranked(asked, offices, limit=5, city=city) if asked.strip("（ ") else ()
    assert book.by_name(asked, limit=5, city=city) == slow
    named = {it.number for it in offices if same_office_name(asked, it)}
    assert {it.number for it in book.by_exact_name(asked)} == named


@given(OFFICES.filter(bool))
def test_a_file_gives_the_offices_it_was_written_from(offices):
    offices = [it for it in offices if it.name == it.name.strip()]
    lines = ["行号\t行名\t城市\t状态\t生效日期"]
    for it in offices:
        since = it.valid_from.isoformat() if it.valid_from else ""
        lines.append(f"{it.number}\t{it.name}\t{it.city}\t{it.status}\t{since}")
    try:
        found = list(read_offices(io.BytesIO("\n".join(lines).encode("gbk"))))
    except Refused:
        assert not offices
    else:
        assert found == offices
