"""Every ERP dialect found under adapters/erp keeps the same promises."""

from __future__ import annotations

import importlib
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.domain.errors import WireError
from gateway.domain.instruction import State
from gateway.ports.erp import Draft, ErpDialect, FileEnd, FileHead, LineStatus, StatusReport

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data" / "erp"
NAMES = sorted(
    path.parent.name
    for path in (ROOT / "adapters" / "erp").glob("*/__init__.py")
    if path.parent.name[0] not in "_."
)
NOW = datetime(2026, 9, 15, 2, 0, tzinfo=UTC)


def package(name):
    return importlib.import_module(f"adapters.erp.{name}")


def dialect(name) -> ErpDialect:
    return package(name).DIALECT


READERS = [name for name in NAMES if dialect(name).read]
REPORTERS = [name for name in NAMES if dialect(name).report]
# A dialect whose replies carry status codes of its own keeps them in codes.TABLES.
CODED = [name for name in REPORTERS if (ROOT / "adapters/erp" / name / "codes.py").is_file()]


def payment_files(name) -> list[Path]:
    """The dialect's own sample files that it reads as payments."""
    readable = []
    for path in sorted((DATA / name).glob("*")):
        try:
            list(dialect(name).read([path.read_bytes()]))
        except WireError:
            continue
        readable.append(path)
    return readable


FILES = [(name, path) for name in READERS for path in payment_files(name)]
each_file = pytest.mark.parametrize(
    ("name", "path"), FILES, ids=[f"{name}-{path.name}" for name, path in FILES]
)


def status(*states, original="") -> StatusReport:
    lines = [
        LineStatus(
            state=state,
            source={
                "message_id": "M-1",
                "payment_info_id": "P-1",
                "instruction_id": f"I-{number}",
                "end_to_end_id": f"E-{number}",
            },
            amount="1234.50",
            currency="CNY",
        )
        for number, state in enumerate(states)
    ]
    return StatusReport(
        report_id="R-1",
        created=NOW,
        original_format=original,
        original_message_id="M-1",
        line_count=len(lines),
        lines=lambda: iter(lines),
    )


def written(name, *states) -> bytes:
    return b"".join(dialect(name).report(status(*states)))


def test_dialects_are_found():
    assert "iso20022" in NAMES
    assert {name for name, _ in FILES} == set(READERS)


@pytest.mark.parametrize("name", NAMES)
def test_a_dialect_is_called_what_its_folder_is_called(name):
    found = dialect(name)
    assert found.name == name
    assert found.title_zh
    assert found.title_en
    assert found.read or found.report


@each_file
def test_the_same_input_gives_the_same_result(name, path):
    data = path.read_bytes()
    first = list(dialect(name).read([data]))
    assert list(dialect(name).read([data])) == first
    assert list(dialect(name).read(data[at : at + 11] for at in range(0, len(data), 11))) == first


@each_file
def test_a_file_is_a_head_its_drafts_and_an_end(name, path):
    head, *drafts, end = dialect(name).read([path.read_bytes()])
    assert isinstance(head, FileHead)
    assert head.format
    assert head.message_id
    assert isinstance(end, FileEnd)
    assert end.count == len(drafts) > 0
    assert all(isinstance(draft, Draft) for draft in drafts)


@each_file
def test_the_text_of_money_is_the_senders_own(name, path):
    data = path.read_bytes().decode()
    for draft in dialect(name).read([path.read_bytes()]):
        if isinstance(draft, Draft) and draft.amount:
            assert re.search(rf"(?<![0-9.]){re.escape(draft.amount)}(?![0-9.])", data)


@each_file
def test_a_fault_could_name_the_senders_own_field(name, path):
    drafts = [part for part in dialect(name).read([path.read_bytes()]) if isinstance(part, Draft)]
    for draft in drafts:
        for field in ("erp_reference", "amount", "creditor_name", "creditor_account"):
            assert draft.at.get(field), field


@each_file
def test_a_file_that_breaks_off_is_refused(name, path):
    data = path.read_bytes()
    for end in (len(data) // 3, len(data) // 2, len(data.rstrip()) - 1):
        with pytest.raises(WireError):
            list(dialect(name).read([data[:end]]))


@each_file
def test_its_own_files_are_recognised(name, path):
    sniff = dialect(name).sniff
    if sniff is not None:
        assert sniff(path.read_bytes()[:4096])
        assert not sniff(b"\x00\x01 nothing that anybody sends")


@pytest.mark.parametrize("name", REPORTERS)
@pytest.mark.parametrize("state", State)
def test_every_state_can_be_reported_and_always_alike(name, state):
    assert written(name, state.value)
    assert written(name, state.value) == written(name, state.value)


@pytest.mark.parametrize("name", REPORTERS)
def test_an_unknown_outcome_never_reads_like_a_rejection(name):
    unknown, rejected = written(name, "UNCONFIRMED"), written(name, "REJECTED")
    assert unknown != rejected
    assert written(name, "SETTLED") not in {unknown, rejected}


@pytest.mark.parametrize("name", REPORTERS)
def test_amounts_are_reported_to_the_digit(name):
    assert b"1234.50" in written(name, "SETTLED")


@pytest.mark.parametrize("name", CODED)
def test_code_tables(name):
    codes = importlib.import_module(f"adapters.erp.{name}.codes")
    assert codes.TABLES
    for table in codes.TABLES.values():
        assert set(table) == set(State)
        assert table[State.UNCONFIRMED].status not in codes.REJECTED_STATUSES
        assert table[State.UNCONFIRMED].status != table[State.SETTLED].status
        assert table[State.REJECTED].status in codes.REJECTED_STATUSES
        assert table[State.RETURNED].status not in codes.REJECTED_STATUSES
        assert table[State.PAID_ELSEWHERE].status not in codes.REJECTED_STATUSES
        for standing in table.values():
            if standing.status in codes.PENDING_STATUSES:
                assert standing.reason in {"HELD", "SCHEDULED", "UNCONFIRMED"}
