"""Every ERP dialect answers by the same promises: an unknown outcome is never called failed."""

from __future__ import annotations

import importlib
import json
import re
from io import BytesIO
from zipfile import ZipFile

import pytest

from gateway.domain.errors import WireError
from gateway.domain.instruction import State
from gateway.ports.erp import Draft
from gateway.wire.limits import Profile
from gateway.wire.xml import parse
from tests.conformance.erps import (
    ADAPTERS,
    DIALECTS,
    FAULT,
    FOLDERS,
    package,
    refusal,
    report_of,
    some,
    standing,
)

reporters = some(lambda dialect: dialect.report is not None)
refusing = some(lambda dialect: dialect.refuse is not None)
coded = some(lambda dialect: bool(dialect.codes))
UNDECIDED = (
    State.RECEIVED,
    State.HELD,
    State.APPROVED,
    State.SCHEDULED,
    State.QUEUED,
    State.SENDING,
    State.ACKNOWLEDGED,
    State.BANK_APPROVAL,
    State.PROCESSING,
    State.UNCONFIRMED,
)
"""Money may yet move: none of these may be told as a failure."""
PAID = (State.SETTLED, State.PAID_ELSEWHERE)


def written(name, *states) -> bytes:
    lines = [standing(number, state) for number, state in enumerate(states)]
    return b"".join(DIALECTS[name].report(report_of(*lines)))


def in_own_form(data, content_type) -> None:
    """It can be read as what it says it is."""
    if data.startswith(b"PK"):
        assert ZipFile(BytesIO(data)).testzip() is None
    elif "xml" in content_type:
        parse(data, Profile.MESSAGE)
    elif "json" in content_type:
        for line in filter(None, data.splitlines()):
            try:
                json.loads(line)
            except ValueError:
                json.loads(data)
                break
    else:
        assert text(data).isprintable() or "\n" in text(data)


def text(data) -> str:
    if data.startswith(b"PK"):  # a workbook: the texts of its parts
        packed = ZipFile(BytesIO(data))
        return "".join(packed.read(name).decode() for name in packed.namelist())
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AssertionError("no text")


# ── status reports ────────────────────────────────────────────────────────────────────────────


@reporters
@pytest.mark.parametrize("state", State)
def test_every_state_can_be_reported_and_always_alike(name, state):
    assert written(name, state.value)
    assert written(name, state.value) == written(name, state.value)


@reporters
def test_a_report_is_of_the_promised_form(name):
    in_own_form(written(name, *(state.value for state in State)), DIALECTS[name].content_type)


@reporters
def test_an_unknown_outcome_never_reads_like_a_rejection(name):
    rejected, settled = written(name, "REJECTED"), written(name, "SETTLED")
    assert rejected != settled
    for state in UNDECIDED:
        assert written(name, state.value) not in {rejected, settled}, state
        assert not tells_an_end(written(name, state.value), rejected, settled), state


def words_of(data) -> set[str]:
    """The words of a message, its codes among them; numbers say too little to be told apart."""
    if data.startswith(b"PK"):
        return set()  # compressed: its own tests open it
    plain = re.sub(r"</?[\w:.-]+", " ", data.decode("utf-8", "replace"))  # names of elements
    return set(re.findall(r"[A-Za-z_][A-Za-z_0-9]*|[\u4e00-\u9fff]+", plain))


def tells_an_end(said, rejected, settled) -> set[str]:
    """Words of a message that stand only where a payment failed, or only where it succeeded."""
    failed, done = words_of(rejected), words_of(settled)
    return words_of(said) & (failed ^ done) - PLAIN


PLAIN = frozenset({"final", "true", "false"})
"""Words that say nothing of an outcome by themselves."""


@reporters
def test_amounts_are_reported_to_the_digit_where_they_are(name):
    report = written(name, "SETTLED")
    line = standing(0, "SETTLED", amount="9876543210987.65")
    other = b"".join(DIALECTS[name].report(report_of(line)))
    assert report == other or "9876543210987.65" in text(other)


@reporters
def test_a_line_that_was_refused_says_why(name):
    line = standing(0, "REFUSED", faults=(FAULT,), amount="", currency="", instruction="")
    report = b"".join(DIALECTS[name].report(report_of(standing(1, "RECEIVED"), line)))
    assert FAULT.code.encode() in report or FAULT.zh in text(report)


# ── refusals ──────────────────────────────────────────────────────────────────────────────────


def refused(name, **changes) -> bytes:
    return b"".join(DIALECTS[name].refuse(refusal(**changes)))


@refusing
def test_a_refusal_says_line_place_and_cause_in_two_languages(name):
    said = text(refused(name))
    for wanted in (FAULT.path, "10001", FAULT.zh, FAULT.en):
        assert wanted in said, wanted


@refusing
def test_a_refusal_is_of_the_promised_form_and_always_alike(name):
    assert refused(name) == refused(name)
    in_own_form(refused(name), DIALECTS[name].content_type)


@refusing
def test_a_file_that_could_not_be_read_is_answered_too(name):
    said = refused(name, message_id="", format="", file_name="")
    in_own_form(said, DIALECTS[name].content_type)
    assert FAULT.zh in text(said)


@refusing
def test_texts_of_a_sender_cannot_break_a_refusal(name):
    said = refused(name, message_id="M<&>\"'1\r\n,=x", file_name='a<&">,b\n=cmd|x.xml')
    in_own_form(said, DIALECTS[name].content_type)


@refusing
def test_an_answer_is_never_read_as_payments(name):
    """The reply lies in a folder where it may be picked up by mistake."""
    if DIALECTS[name].read is None:
        pytest.skip("it reads nothing")
    for data in (refused(name), refused(name, message_id="")):
        found: list[object] = []
        with pytest.raises(WireError):
            found.extend(DIALECTS[name].read([data]))
        assert not any(isinstance(part, Draft) for part in found)


# ── codes ─────────────────────────────────────────────────────────────────────────────────────


def is_code(said) -> bool:
    """Whether it is a code; a sentence is the reason why nothing is told there."""
    return bool(re.fullmatch(r"[^\s:：]{1,40}", said))


@coded
def test_every_state_has_a_code_at_every_endpoint_or_a_reason(name):
    for endpoint, codes in DIALECTS[name].codes.items():
        assert endpoint
        missing = {str(state) for state in State} - {str(state) for state in codes}
        assert not missing, (endpoint, missing)
        assert all(codes.values()), endpoint


@coded
def test_no_endpoint_calls_an_open_outcome_failed_or_done(name):
    for endpoint, table in DIALECTS[name].codes.items():
        codes = {str(state): said for state, said in table.items()}
        failed, done = codes["REJECTED"], codes["SETTLED"]
        if is_code(failed) and is_code(done):
            assert failed != done, endpoint
        for state in UNDECIDED:
            if is_code(codes[state]) and is_code(failed):
                assert codes[state] != failed, (endpoint, state)
            if is_code(codes[state]) and is_code(done):
                assert codes[state] != done, (endpoint, state)


@coded
def test_no_endpoint_calls_paid_money_failed(name):
    for endpoint, table in DIALECTS[name].codes.items():
        codes = {str(state): said for state, said in table.items()}
        for state in PAID:
            if is_code(codes["REJECTED"]):
                assert codes[state] != codes["REJECTED"], (endpoint, state)


@some(lambda dialect: True)
def test_who_tells_states_has_codes_for_them(name):
    dialect = DIALECTS[name]
    tells = dialect.report is not None or dialect.api is not None or dialect.tables is not None
    assert bool(dialect.codes) >= tells


# A folder with standings of ISO 20022 keeps them in codes.TABLES.
TABLED = [
    folder
    for folder in FOLDERS
    if (ADAPTERS / folder / "codes.py").is_file()
    and hasattr(importlib.import_module(f"adapters.erp.{folder}.codes"), "PENDING_STATUSES")
]


@pytest.mark.parametrize("folder", TABLED)
def test_pending_always_says_what_it_waits_for(folder):
    codes = importlib.import_module(f"{package(folder).__name__}.codes")
    assert codes.TABLES
    for table in codes.TABLES.values():
        assert set(table) == set(State)
        assert table[State.UNCONFIRMED].status not in codes.REJECTED_STATUSES
        assert table[State.UNCONFIRMED].status != table[State.SETTLED].status
        assert table[State.REJECTED].status in codes.REJECTED_STATUSES
        assert table[State.RETURNED].status not in codes.REJECTED_STATUSES
        assert table[State.PAID_ELSEWHERE].status not in codes.REJECTED_STATUSES
        for found in table.values():
            if found.status in codes.PENDING_STATUSES:
                assert found.reason in {"HELD", "SCHEDULED", "UNCONFIRMED"}
