"""Known attacks on XML readers: refused before a value is read."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gateway.domain.errors import WireError
from gateway.wire.xml import Node, Profile, parse, stream
from tests.shared_folder import SHARED

OWN = Path(__file__).resolve().parents[2] / "data" / "attacks"
CLASSES = frozenset({"xxe", "bomb", "encoding", "structure"})
NOT_THE_PARSERS = ("FIELD_", "XML_SCHEMA")
# A blank line before a bank's declaration is a known habit of front-ends.
TOLERATED_IN_REPLIES = frozenset({"structure/012-leading-space.xml"})


def rows(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


OWN_ROWS = rows(OWN / "index.tsv")
SHARED_ROWS = (
    [row for row in rows(SHARED / "attacks" / "index.tsv") if row["class"] in CLASSES]
    if SHARED
    else []
)


def refusal(data: bytes, profile: Profile) -> str:
    try:
        parse(data, profile)
    except WireError as error:
        return error.reason
    return ""


@pytest.mark.parametrize("row", OWN_ROWS, ids=lambda row: row["file"])
def test_own_copies_are_refused_for_the_right_reason(row):
    data = (OWN / row["file"]).read_bytes()
    assert refusal(data, Profile.MESSAGE) == row["reason"]
    assert refusal(data, Profile.REPLY) == row["reason"]


@pytest.mark.parametrize(
    "row",
    [row for row in OWN_ROWS if row["reason"] not in ("", "pi")],
    ids=lambda row: row["file"],
)
def test_a_streamed_file_is_refused_as_well(row):
    data = (OWN / row["file"]).read_bytes()
    for size in (len(data), 7):
        pieces = [data[start : start + size] for start in range(0, len(data), size)]
        with pytest.raises(WireError):
            list(stream(pieces, frozenset({"XFERINFO"})))


def test_an_entity_never_vanishes_silently():
    external = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>1&x;2</a>'
    for profile in Profile:
        assert refusal(external, profile) == "doctype"


@pytest.mark.skipif(SHARED is None, reason="no further attacks beside the project")
@pytest.mark.parametrize(
    "row",
    [row for row in SHARED_ROWS if "erp-xml-in" in row["surface"]],
    ids=lambda row: row["file"],
)
def test_erp_message(row):
    data = (SHARED / "attacks" / row["file"]).read_bytes()
    if row["expected_verdict"].startswith("accept"):
        assert isinstance(parse(data, Profile.MESSAGE), Node)
    elif not any(kind in row["expected_verdict"] for kind in NOT_THE_PARSERS):
        assert refusal(data, Profile.MESSAGE)


@pytest.mark.skipif(SHARED is None, reason="no further attacks beside the project")
@pytest.mark.parametrize(
    "row",
    [row for row in SHARED_ROWS if "bank-resp" in row["surface"]],
    ids=lambda row: row["file"],
)
def test_bank_reply(row):
    data = (SHARED / "attacks" / row["file"]).read_bytes()
    if "reject 400" in row["expected_verdict"] and row["file"] not in TOLERATED_IN_REPLIES:
        assert refusal(data, Profile.REPLY)
