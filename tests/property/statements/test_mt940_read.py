"""MT940 read back as it was written, in any pieces; and no byte that breaks the reader."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain.bank_file import EntryRead, Gravity, StatementEnd, StatementStart
from gateway.domain.errors import WireError
from gateway.domain.statement import Continuity
from gateway.formats import mt940 as written
from gateway.formats.read import mt940
from gateway.ports.erp_told import EntryTold, StatementTold
from gateway.ports.statement_formats import Part, Reading
from tests.unit.formats.samples import FACTS

DAY = date(2026, 9, 14)
# A slash begins a code word; everything else may stand in a value.
WORDS = st.text(st.sampled_from("ABCxyz019 :-?,.+货款有限公司ｶﾅ"), min_size=1, max_size=90).map(
    lambda it: " ".join(it.split())
)
CODES = st.from_regex(r"[A-Z0-9]{1,16}", fullmatch=True)


@st.composite
def lines(draw) -> EntryTold:
    cents = draw(st.integers(1, 10**11)) * draw(st.sampled_from([1, -1]))
    booked = DAY - timedelta(days=draw(st.integers(0, 40)))
    return EntryTold(
        key=str(cents),
        amount=f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}",
        currency="CNY",
        booking_date=booked,
        value_date=booked + timedelta(days=draw(st.integers(-150, 150))),
        reference=draw(CODES),
        counterparty_name=draw(WORDS),
        counterparty_account=draw(st.from_regex(r"[0-9]{0,30}", fullmatch=True)),
        remittance=draw(WORDS),
        end_to_end_id=draw(st.one_of(st.just(""), CODES)),
        reversal=draw(st.booleans()),
    )


@st.composite
def statements(draw) -> StatementTold:
    account = draw(st.from_regex(r"[0-9]{8,30}", fullmatch=True))
    # Nobody pays himself: what names the statement's own account is not the other side's.
    others = lines().filter(
        lambda it: not it.counterparty_account or not account.endswith(it.counterparty_account)
    )
    found = draw(st.lists(others, max_size=4))
    opening = draw(st.integers(-(10**9), 10**9))
    closing = opening + sum(int(it.amount.replace(".", "")) for it in found)
    return StatementTold(
        statement_id="S",
        account=account,
        account_name="A",
        currency="CNY",
        start=DAY - timedelta(days=60),
        end=DAY,
        created=FACTS.created,
        opening=_money(opening),
        closing=_money(closing),
        sequence=draw(st.integers(1, 99_999)),
        entries=tuple(found),
    )


def _money(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


def read(body: bytes, cuts: list[int] | None = None) -> list[Part]:
    places = sorted({0, len(body), *(it % (len(body) + 1) for it in cuts or ())})
    pieces = [body[a:b] for a, b in itertools.pairwise(places)]
    return list(mt940.read(pieces or [body], Reading()))


def cut(told: str) -> str:
    """Spaces that a line break may swallow do not count."""
    return "".join(told.split())


@given(st.lists(statements(), min_size=1, max_size=3), st.sampled_from(["utf-8", "gbk"]))
def test_what_our_writer_wrote_is_read_back(told: list[StatementTold], encoding: str):
    body = b"".join(written.writer(encoding)(tuple(told), FACTS))
    parts = read(body)
    starts = [it for it in parts if isinstance(it, StatementStart)]
    ends = [it for it in parts if isinstance(it, StatementEnd)]
    entries = [it for it in parts if isinstance(it, EntryRead)]
    assert [it.account for it in starts] == [it.account for it in told]
    assert [it.sequence for it in starts] == [str(it.sequence) for it in told]
    assert {it.continuity for it in ends} == {Continuity.OK}
    assert [it.opening.amount.text(2) for it in ends if it.opening] == [it.opening for it in told]
    for found, line in zip(entries, [it for some in told for it in some.entries], strict=True):
        assert found.amount.text(2) == line.amount
        assert (found.booking_date, found.value_date) == (line.booking_date, line.value_date)
        assert (found.reference, found.reversal) == (line.reference, line.reversal)
        assert found.end_to_end_id == line.end_to_end_id
        assert cut(found.counterparty_name) == cut(line.counterparty_name)
        assert found.counterparty_account == line.counterparty_account
        assert cut(found.remittance) == cut(line.remittance)


GERMAN = """:20:S1
:25:76491305/8820416
:28C:1/1
:60F:C260105EUR100,00
:61:2601050105CR10,00NTRFREF1//BK1
/OCMT/USD12,40/
:86:166?00ZUGANG?20EREF+E-1?21SVWZ+Lagerplatz?30KUSTDEFF?31DE77?32Windhof
:62F:C260105EUR110,00
"""
DUTCH = """{1:F01KUSTNL2AXXXX0000000000}{2:O940KUSTNL2AXXXXN}{3:}{4:
:20:0
:25:NL40KUST0806612257
:28C:1/1
:60F:C260105EUR10,00
:61:2601050105D10,00NOVBNL62KUST0335570918
b kuiper
:86:NL62KUST0335570918 b kuiper

Klompen

:62F:C260105EUR0,00
-}{5:}
"""
INTERIM = """:20:I
:25:PL1
:28C:1/1
:34F:PLN0
:13D:2601051642+0100
:61:2601050105CN0,03NTRFNONREF//KP
640-X
:86:775 X; Z RACH.: 83207750290000418836600712; OD: W L; TYT.: R;
:90D:0PLN0,00
:90C:1PLN0,03
-
"""
CHINESE = """:20:S
:25:117
:28C:9
:60F:C260105CNY0,00
:61:260105C1,00NTRFX
:86:/EREF/E/NAME/上海有限公司/REMI/货款
:61:260105D1,00S051
:NS:01Rent
15Payer
:62F:C260105CNY0,00
"""
FILES = [it.encode() for it in (GERMAN, DUTCH, INTERIM, CHINESE)]
FILES += [CHINESE.encode("gb18030"), GERMAN.encode("utf-16")]


@given(st.lists(st.sampled_from(FILES[:5]), min_size=1, max_size=3), st.lists(st.integers(0)))
def test_the_pieces_in_which_bytes_come_change_nothing(files: list[bytes], cuts: list[int]):
    body = b"".join(files).replace(b"\n", b"\r\n")
    assert read(body, cuts) == read(body)


def test_one_byte_at_a_time_changes_nothing():
    for body in FILES:
        assert list(mt940.read((bytes([it]) for it in body), Reading())) == read(body)


@st.composite
def damaged(draw) -> bytes:
    body = bytearray(b"".join(draw(st.lists(st.sampled_from(FILES), min_size=1, max_size=2))))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, max(len(body) - 1, 0)))
        kind = draw(st.sampled_from(["cut", "flip", "drop", "insert", "splice"]))
        if kind == "cut":
            del body[at:]
        elif kind == "flip" and body:
            body[at] ^= draw(st.integers(1, 255))
        elif kind == "drop":
            del body[at : at + draw(st.integers(1, 40))]
        elif kind == "insert":
            body[at:at] = draw(
                st.sampled_from([b"\n", b"\n-\n", b":61:", b"\n:20:", b"}", b"{4:", b"?", b"\xff"])
            )
        else:
            other = draw(st.sampled_from(FILES))
            body[at:at] = other[draw(st.integers(0, len(other))) :]
    return bytes(body)


@given(damaged())
@example(b":")
@example(b":61:")
@example(b"\n:86:")
@example(b":20:\n:20:")
@example(b"{4:\n:86:-}")
@example(b":61:260105C1,\n:20:")
@example(b"\xff\xfe:\x00")
def test_no_damage_breaks_the_reader(body: bytes):
    try:
        parts = read(body)
    except WireError:
        return
    kinds = [type(it) for it in parts]
    assert kinds.count(StatementStart) == kinds.count(StatementEnd) > 0
    assert kinds[0] is StatementStart
    assert kinds[-1] is StatementEnd
    for end in (it for it in parts if isinstance(it, StatementEnd)):
        assert all(it.text() for it in end.findings)


@given(st.integers(0, 10_000))
def test_a_file_that_is_cut_is_never_proven(at: int):
    closing = GERMAN.index(":62F:")
    body = GERMAN[: at % (closing + len(":62F:C260105EUR11"))].encode()
    try:
        ends = [it for it in read(body) if isinstance(it, StatementEnd)]
    except WireError:
        return
    assert all(it.continuity is not Continuity.OK for it in ends)
    assert all(it.findings for it in ends)
    assert all(it.gravity in set(Gravity) for end in ends for it in end.findings)
