"""Public files in ../shared/corpus, held against what another reader's authors expect of them.

Their expectations are YAML of Python objects: read as plain data, nothing is ever constructed.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from gateway.domain.bank_file import EntryRead, StatementEnd, StatementStart
from gateway.domain.statement import Continuity
from gateway.formats.read import mt940
from gateway.ports.statement_formats import Reading

CORPUS = Path(__file__).parents[5] / "shared" / "corpus"
EXPECTED = CORPUS / "expected_upstream" / "wolph_mt940"
FILES = sorted(CORPUS.glob("mt94[02]/*"))
OTHERWISE = {
    # Text where field 86 is due stands behind the tag of an account: no other account begins.
    ("mt940_tests_betterplace_sepa_snippet_broken.yml", "account"),
    # RC counts as money that comes in; the balances prove that it goes out.
    ("mt940_tests_betterplace_sepa_mt9401.yml", "sign"),
    # A reference that begins behind its separator takes the information in with it.
    ("mt940_tests_betterplace_sepa_mt9401.yml", "reference"),
    ("mt940_tests_betterplace_sepa_snippet.yml", "reference"),
    # An account of 36 characters is cut after 35.
    ("mt940_tests_self-provided_multiline.yml", "account"),
    # A balance without its currency has lost its first digits.
    ("mt940_tests_self-provided_raphaelm.yml", "closing"),
}
"""What upstream expects and this reader refuses to believe."""

pytestmark = pytest.mark.skipif(not FILES, reason="../shared/corpus is not here")


class Plain(yaml.SafeLoader):
    """Objects as mappings, applied functions as the list of their arguments."""


def _plain(loader: Plain, suffix: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


Plain.add_multi_constructor("tag:yaml.org,2002:python/", _plain)


@dataclass
class Read:
    starts: list[StatementStart]
    entries: list[EntryRead]
    ends: list[StatementEnd]


def read(path: Path) -> Read:
    parts = list(mt940.read([path.read_bytes()], Reading(name=path.name)))
    return Read(
        [it for it in parts if isinstance(it, StatementStart)],
        [it for it in parts if isinstance(it, EntryRead)],
        [it for it in parts if isinstance(it, StatementEnd)],
    )


def expectations() -> dict[str, Path]:
    with (CORPUS / "PROVENANCE.tsv").open(encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened, delimiter="\t"))
    found = {}
    for row in rows:
        name = Path(row["path"]).with_suffix("").as_posix().replace("/", "_") + ".yml"
        if row["file"].startswith("mt94") and (EXPECTED / name).exists():
            found[name] = CORPUS / row["file"]
    return found


def as_day(found: object) -> date | None:
    if not found:
        return None
    raw = found[0]
    return date(raw[0] * 256 + raw[1], raw[2], raw[3])


@pytest.mark.parametrize("path", FILES, ids=lambda it: it.name)
def test_every_file_is_recognised_and_each_of_its_lines_is_an_entry(path: Path):
    body = path.read_bytes()
    assert mt940.sniff(body[: 1 << 16])
    found = read(path)
    assert len(found.entries) == body.replace(b"\r", b"\n").count(b"\n:61:")
    assert len(found.starts) == len(found.ends) > 0
    assert sum(it.entries for it in found.ends) == len(found.entries)
    assert {it.code for end in found.ends for it in end.findings}.isdisjoint({"entry", "balance"})


def expected(name: str) -> dict[str, object]:
    text = (EXPECTED / name).read_text(encoding="utf-8")
    # Each line names the whole again, and the patterns of tags say nothing of the file.
    text = re.sub(r"^ +transactions: \*id[0-9]+$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^tags:\n(?:[ ].*\n)+", "", text, flags=re.MULTILINE)
    return yaml.load(text, Plain)  # noqa: S506 - a safe loader


def exact(text: str) -> str:
    value = Decimal(text)
    return f"{value:.{max(2, -int(value.as_tuple().exponent))}f}"


@pytest.mark.parametrize("name", sorted(expectations()) if FILES else [])
def test_values_are_those_that_upstream_expects(name: str):
    told = expected(name)
    found = read(expectations()[name])
    amounts = [it.amount.text(2) for it in found.entries]
    theirs = [exact(it["data"]["amount"]["amount"][0]) for it in told["transactions"]]
    if (name, "sign") in OTHERWISE:
        assert {it.continuity for it in found.ends} == {Continuity.OK}
        amounts, theirs = ([it.lstrip("-") for it in some] for some in (amounts, theirs))
    assert amounts == theirs
    for entry, other in zip(found.entries, told["transactions"], strict=True):
        line = other["data"]
        assert entry.code == (line["id"] or "").strip()
        if entry.value_date is not None:
            assert entry.value_date == as_day(line["date"])
        if line.get("entry_date"):
            assert entry.booking_date == as_day(line["entry_date"])
        if line.get("currency"):
            assert entry.currency == line["currency"]
        if (name, "reference") not in OTHERWISE:
            reference = (line.get("customer_reference") or "").strip()
            assert entry.entry_reference == ("" if reference in {"NONREF", "NONE"} else reference)
            assert entry.reference in {(line.get("bank_reference") or "").strip(), ""}


@pytest.mark.parametrize("name", sorted(expectations()) if FILES else [])
def test_the_last_statement_is_what_upstream_expects(name: str):
    told = expected(name)["data"]
    found = read(expectations()[name])
    if (name, "account") not in OTHERWISE:
        assert found.starts[-1].account == told.get("account_identification", "").strip()
    for field, end in (("final_closing_balance", "closing"), ("final_opening_balance", "opening")):
        balances = [getattr(it, end) for it in found.ends]
        of_kind = [it for it in balances if it is not None and it.code.endswith("F")]
        if told.get(field) and (name, end) not in OTHERWISE:
            assert of_kind[-1].amount.text(2) == exact(told[field]["amount"]["amount"][0])
            assert of_kind[-1].day == as_day(told[field]["date"])
            assert of_kind[-1].currency == told[field]["amount"]["currency"]
