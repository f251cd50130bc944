"""Folding is settled after once, and a list finds its own names in any dress."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.name_list import Grade, ListedName, NameIndex, Subject
from gateway.domain.names import core, folded

DAY = date(2026, 9, 15)
NAMES = st.text("福州闽江贸易银行有限责任公司股份 （）()ＡＢab・,.&", min_size=1, max_size=16)
LETTERS = st.text("福州闽江贸易大海远洋ab", min_size=4, max_size=10)


@given(st.text(max_size=30))
def test_folding_settles(name):
    twice = folded(folded(name))
    assert folded(twice) == twice
    assert not set(twice) & set(" _-.,·（）()")


@given(NAMES)
def test_every_listed_name_is_found_exactly(name):
    (hit,) = NameIndex([ListedName(list_id="l", entry_id="1", names=(name,))]).check(
        Subject(name=name), DAY
    )
    assert hit.grade is Grade.EXACT


@given(LETTERS)
def test_width_case_blanks_and_form_do_not_hide_a_name(name):
    index = NameIndex([ListedName(list_id="l", entry_id="1", names=(name + "有限公司",))])
    dressed = "　".join(name).upper().translate({ord("A"): "Ａ", ord("B"): "Ｂ"})
    (hit,) = index.check(Subject(name=f"{dressed}（有限责任公司）"), DAY)
    assert hit.grade is Grade.NORMALISED


@given(st.lists(LETTERS, min_size=1, max_size=5), LETTERS)
def test_similar_is_told_exactly_where_a_listed_name_is_contained(listed, asked):
    """Told anew, slowly: over names that are not all Latin."""
    entries = [
        ListedName(list_id="l", entry_id=str(at), names=(name,)) for at, name in enumerate(listed)
    ]
    hits = {it.entry_id: it.grade for it in NameIndex(entries).check(Subject(name=asked), DAY)}
    for at, name in enumerate(listed):
        if name == asked:
            wanted = Grade.EXACT
        elif core(name) == core(asked):
            wanted = Grade.NORMALISED
        elif not core(name).isascii() and core(name) in core(asked):
            wanted = Grade.SIMILAR
        else:
            wanted = None
        assert hits.get(str(at)) is wanted
