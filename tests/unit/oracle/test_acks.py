"""Acknowledgements L0, L1 and L2: never a rejection of what is not known to be one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.erp.oracle import DIALECT, acks, describe
from adapters.erp.oracle.codes import ACKNOWLEDGEMENTS, LEVELS
from gateway.domain.errors import Refused
from gateway.domain.instruction import State
from gateway.ports.erp_told import ToldKind
from tests.unit.formats.samples import FACTS, statement
from tests.unit.iso20022.samples import assert_valid, status_line, status_of
from tests.unit.iso20022.test_told import told

LINES = (
    status_line("SETTLED", 1),
    status_line("REJECTED", 2, reason_code="AC04"),
    status_line("UNCONFIRMED", 3),
    status_line("REFUSED", 4),
)


def read(document):
    assert_valid(document, "pain001", "pain002/schemas/pain.002.001.03.xsd")
    [found] = describe([document])
    return found


def acknowledged(level, *lines):
    return b"".join(acks.BY_LEVEL[level](status_of(*lines)))


def test_level_0_says_that_the_file_was_read():
    found = read(acknowledged("L0", *LINES))
    assert found["group_status"] == "ACTC"
    assert found["transactions"] == []


def test_level_1_says_how_every_payment_stands():
    found = read(acknowledged("L1", *LINES))
    assert [it["status"] for it in found["transactions"]] == ["ACSC", "RJCT", "PDNG", "RJCT"]


def test_level_2_names_rejections_only():
    found = read(acknowledged("L2", *LINES))
    assert [it["original_end_to_end_id"] for it in found["transactions"]] == ["E-2", "E-4"]
    assert found["group_status"] is None
    assert acknowledged("L2", *LINES[::2]) == b""


@pytest.mark.parametrize("state", State)
def test_no_level_rejects_what_may_be_paid(state):
    known = state in {State.REJECTED, State.CANCELLED, State.EXPIRED}
    assert (acknowledged("L2", status_line(state.value)) != b"") == known
    assert (ACKNOWLEDGEMENTS["pain.002 L1"][state.value] == "RJCT") == known


@pytest.mark.parametrize("level", LEVELS[1:])
def test_what_is_told_later_has_the_level_of_the_settings(level):
    shaped = DIALECT.with_options({"later": level})
    write = shaped.files[ToldKind.STATUS].write
    settled = b"".join(write((told(),), FACTS))
    assert (settled == b"") == (level == "L2")
    assert read(b"".join(write((told(1, "REJECTED"),), FACTS)))


def test_a_file_is_answered_at_the_level_of_the_settings():
    shaped = DIALECT.with_options({"answer": "L0"})
    assert read(b"".join(shaped.report(status_of(*LINES))))["transactions"] == []
    assert read(b"".join(DIALECT.report(status_of(*LINES))))["transactions"] != []
    later = replace(status_of(*LINES), original_format="pain.001.001.09")
    assert read(b"".join(DIALECT.report(later)))


def test_statements_as_oracle_reads_them():
    shaped = DIALECT.with_options({"statement": "bai2", "receiver": "ORACLE"})
    writer = shaped.files[ToldKind.STATEMENT]
    assert writer.suffix == "bai"
    assert b"".join(writer.write((statement(),), FACTS)).startswith(b"01,GATEWAY,ORACLE,")


@pytest.mark.parametrize(
    ("options", "paths"),
    [
        ({"answer": "L2"}, ["answer"]),
        ({"later": "L0"}, ["later"]),
        ({"answer": "x", "later": "y"}, ["answer", "later"]),
        ({"statement": "x"}, ["statement"]),
    ],
)
def test_wrong_options_are_told(options, paths):
    with pytest.raises(Refused) as refused:
        DIALECT.with_options(options)
    assert [fault.path for fault in refused.value.faults] == paths
