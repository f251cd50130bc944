"""What our writers write is read back; bytes may come in any pieces; what is broken is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.domain.bank_file import EntryRead, StatementEnd, StatementStart
from gateway.domain.errors import WireError
from gateway.domain.statement import Continuity
from gateway.formats import camt052, camt053, camt054
from gateway.formats.read.camt import FORMAT
from gateway.ports.erp_told import BalanceTold, CreditTold, EntryTold, StatementTold
from gateway.ports.statement_formats import Part, Reading
from tests.unit.formats.samples import ACCOUNT, FACTS, NOW, OWNER

CHINA = timezone(timedelta(hours=8))
DAY = date(2026, 9, 14)
TEXT = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=40
).map(lambda it: " ".join(it.split()))
NAMES = TEXT.filter(lambda it: it.isprintable())
IDS = st.text("ABCDEFGHJKLM0123456789-/.", max_size=35).filter(lambda it: it != "NONE")
CENTS = st.integers(-(10**14), 10**14)


def text_of(cents: int) -> str:
    return f"{'-' * (cents < 0)}{abs(cents) // 100}.{abs(cents) % 100:02}"


ENTRIES = st.builds(
    EntryTold,
    key=IDS.filter(bool),
    amount=CENTS.map(text_of),
    currency=st.just("CNY"),
    booking_date=st.just(DAY),
    value_date=st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    booked_at=st.none() | st.just(datetime(2026, 9, 14, 9, 30, 5, tzinfo=CHINA)),
    status=st.sampled_from(["booked", "booked", "pending", "info"]),
    reference=IDS,
    counterparty_name=NAMES,
    counterparty_account=IDS.map(lambda it: it[:30].strip()),
    counterparty_bank=NAMES,
    remittance=TEXT,
    reversal=st.booleans(),
    end_to_end_id=IDS,
    erp_reference=IDS,
    reconciliation_code=IDS,
    receipt_number=st.sampled_from(["", "77"]),
)


def parts(chunks: list[bytes]) -> list[Part]:
    return list(FORMAT.read(chunks, Reading()))


def same(read: EntryRead, told: EntryTold) -> None:
    """Everything of an entry that the format has a place for."""
    assert read.amount.text(2) == told.amount.replace("-0.00", "0.00")
    assert read.currency == told.currency
    assert (read.booking_date, read.value_date) == (told.booking_date, told.value_date)
    assert read.status == told.status
    assert read.reversal == told.reversal
    assert read.reference == told.reference
    assert read.entry_reference == told.key
    assert read.end_to_end_id == told.end_to_end_id
    assert read.counterparty_name == told.counterparty_name.strip()
    assert read.counterparty_account == told.counterparty_account
    assert read.counterparty_bank == told.counterparty_bank.strip()
    assert read.remittance == told.remittance
    assert read.booked_at == told.booked_at
    (part,) = read.transactions
    assert part.amount == read.amount
    if told.reconciliation_code:
        assert ("RECON", told.reconciliation_code) in read.more


def statement(entries: tuple[EntryTold, ...], opening: str) -> StatementTold:
    return StatementTold(
        statement_id="S-1",
        account=ACCOUNT,
        account_name=OWNER,
        currency="CNY",
        start=DAY,
        end=DAY,
        created=NOW,
        entries=entries,
        opening=opening,
        sequence=7,
    )


@settings(max_examples=40)
@given(st.lists(ENTRIES, max_size=6).map(tuple), CENTS, st.sampled_from(camt053.VERSIONS))
def test_a_statement_is_read_back(entries: tuple[EntryTold, ...], opening: int, version: str):
    told = statement(entries, text_of(opening).replace("-0.00", "0.00"))
    start, *found, end = parts(list(camt053.writer(version)((told,), FACTS)))
    assert isinstance(start, StatementStart)
    assert isinstance(end, StatementEnd)
    assert (start.format, start.account, start.account_name) == (version, ACCOUNT, OWNER)
    assert (start.statement_id, start.sequence) == ("S-1", "7")
    assert (start.start, start.end, start.created) == (DAY, DAY, NOW)
    assert end.continuity is Continuity.OK
    assert end.findings == ()
    assert end.opening is not None
    assert end.opening.amount.text(2) == told.opening
    assert len(found) == len(entries)
    for read, one in zip(found, entries, strict=True):
        assert isinstance(read, EntryRead)
        same(read, one)


@settings(max_examples=30)
@given(ENTRIES, st.sampled_from(camt054.VERSIONS))
def test_a_notice_is_read_back(entry: EntryTold, version: str):
    told = CreditTold(account=ACCOUNT, account_name=OWNER, currency="CNY", entry=entry, seen_at=NOW)
    start, read, end = parts(list(camt054.writer(version)((told,), FACTS)))
    assert isinstance(start, StatementStart)
    assert isinstance(read, EntryRead)
    assert isinstance(end, StatementEnd)
    assert (start.format, start.account) == (version, ACCOUNT)
    same(read, entry)
    assert end.continuity is Continuity.UNKNOWN


@settings(max_examples=30)
@given(CENTS, CENTS, st.sampled_from(camt052.VERSIONS))
def test_balances_are_read_back(ledger: int, available: int, version: str):
    told = BalanceTold(
        account=ACCOUNT,
        account_name=OWNER,
        currency="CNY",
        ledger=text_of(ledger),
        available=text_of(available),
        asked_at=NOW,
        day=DAY,
    )
    _, end = parts(list(camt052.writer(version)((told,), FACTS)))
    assert isinstance(end, StatementEnd)
    assert [it.code for it in end.balances] == ["ITBD", "ITAV"]
    assert [it.amount.text(2).replace("-0.00", "0.00") for it in end.balances] == [
        it.replace("-0.00", "0.00") for it in (told.ledger, told.available)
    ]
    assert end.closing == end.balances[0]


# ── bytes ─────────────────────────────────────────────────────────────────────────────────


def sample(breaks: str) -> bytes:
    """Entries alike and not, in two documents with references, remarks and Chinese."""
    entries = tuple(
        EntryTold(
            key=f"K{number}",
            amount=f"{number}.00" if number % 3 else f"-{number}.50",
            currency="CNY",
            booking_date=DAY,
            counterparty_name="上海 & 贸易" if number % 2 else "A < B",
            remittance="货款 " * number,
        )
        for number in range(1, 9)
    )
    whole = b"".join(camt053.writer()((statement(entries, "1.00"),), FACTS)).decode()
    whole = whole.replace("<Stmt>", "<!-- </Ntry> --><Stmt>").replace("</Ntry>", f"</Ntry>{breaks}")
    return (whole + breaks + whole).encode()


SAMPLES = {breaks: sample(breaks) for breaks in ("", "\n", "\r\n", "\r")}
WHOLE = {breaks: parts([data]) for breaks, data in SAMPLES.items()}


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(it % len(data) for it in places), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


@settings(max_examples=40)
@given(st.sampled_from(sorted(SAMPLES)), st.lists(st.integers(0, 1 << 20), max_size=40))
def test_pieces_do_not_matter(breaks: str, places: list[int]):
    assert parts(cut(SAMPLES[breaks], places)) == WHOLE[breaks]


@pytest.mark.parametrize("breaks", sorted(SAMPLES))
def test_single_bytes_do_not_matter(breaks: str):
    data = SAMPLES[breaks]
    assert parts([data[at : at + 1] for at in range(len(data))]) == WHOLE[breaks]


def told_until_refused(chunks: list[bytes]) -> Iterator[Part]:
    """What is read before a WireError; anything else that is raised is a fault."""
    try:
        yield from FORMAT.read(chunks, Reading())
    except WireError as error:
        assert error.reason  # noqa: PT017 - that it is one is the test


@settings(max_examples=40)
@given(st.integers(1, 1 << 20))
def test_a_file_that_breaks_off_is_refused(place: int):
    data = SAMPLES["\n"]
    half = data.index(b"</Document>") + len(b"</Document>")
    end = place % (len(data) - 2)
    if half <= end <= data.index(b"<Document", half) - 1:
        return  # what is left is a whole document
    with pytest.raises(WireError):
        parts([data[:end]])


MUTATIONS = st.lists(
    st.tuples(
        st.integers(0, 1 << 20),
        st.integers(0, 12),
        st.sampled_from(
            [
                *(b"", b"<", b">", b"&", b"\x00", b"\xff", b"x", b"-", b"9" * 40, b"\n", b"\r"),
                *(
                    b"<Ntry>",
                    b"</Ntry>",
                    b"<Stmt>",
                    b"</Stmt>",
                    b"<Amt>",
                    b"</Document>",
                    b"<?xml ",
                ),
                *(b"<!--", b"-->", b"<![CDATA[", b"]]>", b"&lt;", b"<TxDtls/>", b"<Chrgs/>"),
                *(
                    b"\xef\xbb\xbf",
                    b"\xfe\xff",
                    "示".encode("gbk"),
                    b"<Sts/>",
                    b"<Bal/>",
                    b"<Acct/>",
                ),
            ]
        ),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=120)
@given(st.sampled_from(sorted(SAMPLES)), MUTATIONS)
@example("", [(0, 0, b"\xff\xfe")])
def test_broken_bytes_give_findings_or_a_refusal(
    breaks: str, mutations: list[tuple[int, int, bytes]]
):
    data = SAMPLES[breaks]
    for place, length, put in mutations:
        at = place % (len(data) + 1)
        data = data[:at] + put + data[at + length :]
    found = list(told_until_refused([data]))
    opened = [it for it in found if isinstance(it, StatementStart)]
    closed = [it for it in found if isinstance(it, StatementEnd)]
    assert 0 <= len(opened) - len(closed) <= 1
    # Whatever is told of an entry stands in the bytes: nothing is told twice.
    entries = sum(isinstance(it, EntryRead) for it in found)
    assert sum(it.entries for it in closed) <= entries
