"""Conversions lose nothing that they do not tell."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from adapters.erp.iso20022 import read as read_pain
from adapters.erp.iso20022.compose import VERSIONS, Style
from gateway.cli.canonical_csv import COLUMNS, guarded, unguarded
from gateway.cli.convert import Notes, Order, converted
from gateway.intake.json_body import parse_batch
from gateway.ports.erp import Draft
from tests.property.iso20022.test_round_trip import FILES, composed

NOW = datetime(2026, 9, 15, 10, tzinfo=timezone(timedelta(hours=8)))
ANY = st.text(st.characters(codec="utf-8"), max_size=12)
TRICKY = st.text("'=+-@\t\r＝＋－＠,\"\n 1.甲", max_size=6)
LINES = st.lists(
    st.dictionaries(st.sampled_from(COLUMNS), ANY | TRICKY, max_size=6), min_size=1, max_size=5
)


def turned(content, to, **more):
    notes = Notes()
    order = Order(path="in", to=to, **more)
    return b"".join(converted(order, io.BytesIO(content), notes, NOW)), notes


def told(draft, *, but=()):
    return {name: getattr(draft, name) for name in COLUMNS if name not in but}


def drafts(content):
    return [part for part in read_pain([content]) if isinstance(part, Draft)]


@given(st.sampled_from(COLUMNS), ANY | TRICKY)
def test_a_cell_is_made_safe_and_made_whole_again(column, text):
    cell = guarded(column, text)
    assert unguarded(cell) == text
    if not (column == "amount" and cell == text):
        assert not cell.startswith(tuple("=+-@\t\r＝＋－＠"))


@given(LINES, st.booleans())
def test_any_texts_survive_json_to_csv_to_json(lines, bom):
    body = json.dumps({"batch_reference": "B-1", "instructions": lines}).encode()
    table, _ = turned(body, "csv", bom=bom)
    again, _ = turned(table, "json", reference="B-1")
    meant = [told(draft) for draft in parse_batch(body)[1]]
    assert [told(draft) for draft in parse_batch(again)[1]] == meant
    assert turned(again, "csv", bom=bom)[0] == table


@given(st.sampled_from(VERSIONS), st.sampled_from(VERSIONS), st.sampled_from(Style), FILES)
def test_a_pain_file_survives_every_format(version, target, style, lines):
    first = composed(version, style, lines)
    meant = drafts(first)
    table, _ = turned(first, "csv")
    body, _ = turned(table, "json", reference="M-1")
    assert [told(draft) for draft in parse_batch(body)[1]] == [told(draft) for draft in meant]
    last, notes = turned(body, target)
    assert not notes.lost
    # The reference is made anew of MsgId, PmtInfId and EndToEndId.
    but = ("erp_reference",)
    assert [told(draft, but=but) for draft in drafts(last)] == [
        told(draft, but=but) for draft in meant
    ]
