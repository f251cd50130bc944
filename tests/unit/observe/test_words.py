"""What comes out of the second wall, whatever goes in."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

from gateway.chance import TimeIds
from gateway.domain.errors import Corrupt
from gateway.observe.lines import Told, renderer
from gateway.observe.options import Form
from gateway.observe.words import cleaned, safe_text, what_failed
from gateway.ports.events import ALL, SENT, Facts

NUMBER = re.compile(r"[0-9](?:[ -]?[0-9]){8}")
NAMES = sorted(Facts.__annotations__)
CARD = "622909115001234567"


@given(st.text(max_size=400))
def test_words_hold_no_control_character_and_no_long_number(words):
    made = safe_text(words)
    made.encode()  # every character can be written
    assert not NUMBER.search(made)
    assert all(char.isprintable() or char.isspace() for char in made if ord(char) < 0xA0)
    assert not set(made) & set("\r\n\x85\u2028\u2029\u202e\x1b")
    assert len(made) <= 200


@given(st.sampled_from(NAMES), st.text(min_size=1, max_size=300), st.sampled_from(Form))
def test_a_line_is_one_line_whatever_a_fact_holds(name, value, form):
    line = renderer(form)(Told(0, SENT, {"role": "api"}, {name: value})).decode()
    assert line.endswith("\n")
    assert len(line[:-1].splitlines()) == 1
    assert len(line.encode()) < 4096
    if form is Form.JSON:
        assert json.loads(line)["event"] == "sent"


@pytest.mark.parametrize("name", [name for name in NAMES if name != "serial"])
def test_no_fact_carries_an_account_number(name):
    assert CARD not in str(cleaned({name: CARD})[name])
    assert CARD not in str(cleaned({name: f"x-{CARD}"})[name])


@pytest.mark.parametrize("kind", ["ins", "msg", "bat", "lan", "stp", "evi"])
def test_our_own_ids_stay_whole_even_where_chance_made_many_digits(kind):
    made = TimeIds().new(kind)
    assert cleaned({"instruction": made}) == {"instruction": made}
    digits = f"{kind}_01234567890123456789012345"
    assert cleaned({"instruction": digits}) == {"instruction": digits}
    assert cleaned({"trace": "0" * 31 + "1"}) == {"trace": "0" * 31 + "1"}
    assert cleaned({"serial": "GW202609151234567890123456"})["serial"].endswith("3456")


@pytest.mark.parametrize("value", ["张三有限公司", "two words", "a\nb", "<b>", "'; DROP", "x" * 81])
def test_what_is_no_code_is_not_shown_as_one(value):
    assert cleaned({"code": value, "tenant": value}) == {"code": "?", "tenant": "?"}


def test_empty_facts_are_left_out_and_numbers_stay_numbers():
    assert cleaned(
        {"lines": 0, "final": False, "code": "", "seconds": 0.12345678, "why": None}
    ) == {
        "lines": 0,
        "final": False,
        "seconds": 0.123457,
    }


def test_a_drivers_exception_is_told_without_the_values_of_its_statement():
    engine = create_engine("sqlite://")
    with engine.begin() as db:
        db.execute(text("CREATE TABLE payee (account TEXT UNIQUE)"))
        db.execute(text("INSERT INTO payee VALUES (:a)"), {"a": CARD})
        with pytest.raises(IntegrityError) as caught:
            db.execute(text("INSERT INTO payee VALUES (:a)"), {"a": CARD})
    engine.dispose()
    assert CARD in str(caught.value)
    told = what_failed(caught.value)
    assert CARD not in "".join(told)
    assert told[0] == "IntegrityError"
    assert "default.py:" in told[1]
    assert "/site-packages/" not in told[1]


def test_our_own_errors_keep_their_words():
    assert what_failed(Corrupt("the books differ", "账不平"))[2] == "corrupt: the books differ"


def test_every_event_has_words_in_both_languages_and_a_name_of_its_own():
    for name, event in ALL.items():
        assert name == event.name
        assert re.fullmatch(r"[a-z][a-z_]+", name)
        assert re.search(r"[\u4e00-\u9fff]", event.zh)
        assert event.en.isascii()
    assert len({event.zh for event in ALL.values()}) == len(ALL)
