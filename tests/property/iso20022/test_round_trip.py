"""What was composed is what is read, in every version and style."""

from __future__ import annotations

from datetime import date, datetime

from hypothesis import given
from hypothesis import strategies as st

from adapters.erp.iso20022 import describe, read, report
from adapters.erp.iso20022.compose import VERSIONS, Debtor, Line, Style, compose
from adapters.erp.iso20022.totals import plain, scaled
from gateway.domain.instruction import State
from gateway.domain.money import Money, currency
from gateway.ports.erp import LineStatus, StatusReport
from tests.unit.iso20022.samples import NOW

# What may stand in a text field; the reader strips white space at both ends.
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")),
    min_size=1,
    max_size=40,
).filter(lambda text: text == text.strip(" \t\r\n") and "\ufeff" not in text)
IDS = st.text("ABCDEFxyz0123456789-/.", min_size=1, max_size=35)
AMOUNTS = st.builds(
    Money,
    st.integers(1, 10**14),
    st.sampled_from([currency(code) for code in ("CNY", "JPY", "KWD", "EUR")]),
)
ACCOUNTS = st.one_of(
    st.from_regex(r"[0-9]{8,30}", fullmatch=True), st.just("DE07702999990000314159")
)
LINES = st.builds(
    Line,
    end_to_end_id=st.one_of(st.just(""), IDS),
    instruction_id=IDS,
    amount=AMOUNTS,
    creditor_name=TEXTS,
    creditor_account=ACCOUNTS,
    creditor_agent_name=st.one_of(st.just(""), TEXTS),
    creditor_agent_cnaps=st.one_of(st.just(""), st.from_regex(r"[0-9]{12}", fullmatch=True)),
    creditor_agent_bic=st.sampled_from(["", "FJIBCNBA", "ICBKCNBJXXX"]),
    creditor_city=st.one_of(st.just(""), TEXTS),
    purpose=st.one_of(st.just(""), TEXTS),
    execution_date=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    urgent=st.booleans(),
    category_purpose=st.sampled_from(["", "SALA", "BONU", "SUPP"]),
)
FILES = st.lists(LINES, min_size=1, max_size=6)
DEBTOR = Debtor(name="示例制造", account="117010100100000001")


def composed(version, style, lines):
    return compose(version, "M-1", datetime(2026, 9, 15, 10), DEBTOR, lines, style=style)  # noqa: DTZ001


def meant(line):
    payroll = line.category_purpose in {"SALA", "BONU"}
    return (
        line.amount.text(),
        line.amount.currency.code,
        line.creditor_name,
        line.creditor_account,
        line.creditor_agent_name,
        line.creditor_agent_cnaps,
        line.creditor_agent_bic,
        line.creditor_city,
        line.purpose,
        line.execution_date.isoformat(),
        "urgent" if line.urgent else "normal",
        "payroll" if payroll else "payment",
        line.end_to_end_id,
    )


def understood(draft):
    return (
        draft.amount,
        draft.currency,
        draft.creditor_name,
        draft.creditor_account,
        draft.creditor_agent_name,
        draft.creditor_agent_cnaps,
        draft.creditor_agent_bic,
        draft.creditor_city,
        draft.purpose,
        draft.execution_date,
        draft.urgency,
        draft.business_type,
        draft.end_to_end_id,
    )


@given(st.sampled_from(VERSIONS), st.sampled_from(Style), FILES, st.integers(1, 4096))
def test_read_gives_what_was_meant(version, style, lines, size):
    data = composed(version, style, lines)
    head, *drafts, end = read(data[at : at + size] for at in range(0, len(data), size))
    assert head.format == version
    assert [understood(draft) for draft in drafts] == [meant(line) for line in lines]
    assert (end.count, end.faults, end.warnings) == (len(lines), (), ())
    for draft, line in zip(drafts, lines, strict=True):
        assert Money.parse(draft.amount, currency(draft.currency)) == line.amount
        own = line.end_to_end_id or line.instruction_id
        assert draft.erp_reference == f"M-1/{draft.source['payment_info_id']}/{own}"


@given(FILES)
def test_described_lines_are_the_same_lines(lines):
    data = composed("pain.001.001.09", Style.SAP_CN, lines)
    made = [line for batch in describe([data]) for line in batch["instructions"]]
    assert [line["amount"] for line in made] == [line.amount.text() for line in lines]
    assert [line["creditor_account"] for line in made] == [line.creditor_account for line in lines]


@given(st.lists(st.tuples(st.sampled_from(State), st.sampled_from("ABC"), AMOUNTS), max_size=30))
def test_a_report_names_every_line_once_and_exactly(standings):
    lines = [
        LineStatus(
            state=state.value,
            source={"payment_info_id": block, "end_to_end_id": f"E-{number}"},
            amount=amount.text(),
            currency=amount.currency.code,
        )
        for number, (state, block, amount) in enumerate(standings)
    ]
    status = StatusReport(
        report_id="R-1",
        created=NOW,
        original_format="pain.001.001.09",
        original_message_id="M-1",
        line_count=len(lines),
        lines=lambda: lines,
    )
    [found] = describe([b"".join(report(status))])
    assert [
        (line["original_end_to_end_id"], line["amount"], line["currency"])
        for line in found["transactions"]
    ] == [(line.source["end_to_end_id"], line.amount, line.currency) for line in lines]
    for line, (state, _, _) in zip(found["transactions"], standings, strict=True):
        assert (line["status"] in {"RJCT", "CANC"}) == (
            state in {State.REJECTED, State.CANCELLED, State.EXPIRED}
        )


@given(st.integers(0, 10**15), st.integers(0, 5))
def test_scaled_text_is_exact(minor, digits):
    text = str(minor).rjust(digits + 1, "0")
    text = f"{text[: len(text) - digits]}.{text[len(text) - digits :]}" if digits else text
    value = scaled(text)
    assert value == minor * 10 ** (17 - digits)
    assert scaled(plain(value)) == value
