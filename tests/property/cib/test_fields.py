"""What is found to fit at a glance is what the thorough look finds no fault with."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from adapters.bank.cib import fields

TEXTS = st.text(max_size=24) | st.text("甲乙a1 |<&\t\u200b㛃", max_size=24)


@given(text=TEXTS, limit=st.integers(0, 40), required=st.booleans(), pipe=st.booleans())
@example(text=" ", limit=9, required=False, pipe=False)
@example(text="\u3000", limit=9, required=True, pipe=False)
@example(text="甲乙", limit=3, required=True, pipe=False)
@example(text="甲乙", limit=4, required=True, pipe=False)
@example(text="\ud800", limit=9, required=False, pipe=False)
def test_both_looks_agree(text, limit, required, pipe):
    forbidden = "|" if pipe else ""
    found = fields._text_problems("f", text, limit, required=required, forbidden=forbidden)
    assert fields._fits(text, limit, required, forbidden) is (list(found) == [])
