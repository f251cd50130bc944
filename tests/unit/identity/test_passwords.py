"""Passwords: the policy, the hash, the same work for nobody, and rows that were tampered with."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.kdf import argon2

from gateway.identity.passwords import (
    COST_MAX,
    STANDING_COST,
    Checked,
    Cost,
    check_password,
    hash_password,
    password_faults,
)
from tests.identity_ground import KEY, drawn

CHEAP = Cost(memory_kib=32, passes=1, lanes=1)
WANG = "acme/wang"
RIGHT = "correct horse battery staple"


def stored(password: str = RIGHT, person: str = WANG, cost: Cost = CHEAP) -> str:
    return hash_password(password, person=person, key=KEY, salt=drawn(16), cost=cost)


def check(password: str, text: str | None, person: str = WANG, key: bytes = KEY) -> Checked:
    return check_password(password, text, person=person, key=key, cost=CHEAP)


def test_the_right_password_is_right_and_any_other_is_not():
    text = stored()
    assert text.startswith("$argon2id$v=19$m=32,t=1,p=1$")
    assert check(RIGHT, text) == Checked(right=True)
    assert not check(RIGHT + " ", text).right
    assert not check("", text).right


def test_a_password_may_be_typed_in_any_unicode_form():
    text = stored("Müller的密码是１２３４５")
    assert check("Mu\u0308ller的密码是12345", text).right


def test_a_hash_of_less_cost_is_right_and_outdated():
    text = stored(cost=Cost(memory_kib=16, passes=1, lanes=1))
    assert check(RIGHT, text) == Checked(right=True, outdated=True)


def test_a_hash_copied_to_another_person_opens_nothing():
    assert not check(RIGHT, stored(person="acme/mallory"), person=WANG).right


def test_a_hash_made_without_our_key_opens_nothing():
    assert not check(RIGHT, stored(), key=bytes(32)).right


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain text",
        "$argon2i$v=19$m=32,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=32,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAA\n",
        f"$argon2id$v=19$m={COST_MAX.memory_kib + 1},t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA${'A' * 22}",
        f"$argon2id$v=19$m=32,t={COST_MAX.passes + 1},p=1$c2FsdHNhbHRzYWx0c2FsdA${'A' * 22}",
    ],
)
def test_a_hash_of_another_form_or_too_costly_is_never_computed(text, monkeypatch):
    computed = Counting(monkeypatch)
    assert not check(RIGHT, text).right
    assert computed.costs == [CHEAP]
    assert not computed.verified


class Counting:
    """Stands before the library and notes what it was asked to compute."""

    def __init__(self, monkeypatch) -> None:
        self.costs: list[Cost] = []
        self.verified: list[str] = []
        real, noted = argon2.Argon2id, self

        class Noting:
            def __init__(self, *, salt, length, iterations, lanes, memory_cost) -> None:
                noted.costs.append(Cost(memory_kib=memory_cost, passes=iterations, lanes=lanes))
                self.real = real(
                    salt=salt,
                    length=length,
                    iterations=iterations,
                    lanes=lanes,
                    memory_cost=memory_cost,
                )

            def derive_phc_encoded(self, material):
                return self.real.derive_phc_encoded(material)

            @staticmethod
            def verify_phc_encoded(material, text):
                noted.verified.append(text)
                real.verify_phc_encoded(material, text)

        monkeypatch.setattr(argon2, "Argon2id", Noting)


def test_a_person_who_does_not_exist_costs_as_much_work_as_one_who_does(monkeypatch):
    text = stored()
    computed = Counting(monkeypatch)
    assert not check(RIGHT, None).right
    assert computed.costs == [CHEAP]
    assert not check("wrong password", text).right
    assert computed.verified == [text]  # one computation each, at the cost written in the hash


def test_an_endless_password_costs_no_more_than_any_other(monkeypatch):
    text = stored()
    computed = Counting(monkeypatch)
    assert not check("ﷺ" * 1_000_000, text).right
    assert (computed.costs, computed.verified) == ([CHEAP], [])


def test_the_standing_cost_is_the_second_choice_of_rfc_9106():
    assert Cost(memory_kib=64 * 1024, passes=3, lanes=4) == STANDING_COST


def test_a_salt_has_sixteen_bytes():
    with pytest.raises(ValueError, match="16"):
        hash_password(RIGHT, person=WANG, key=KEY, salt=b"short", cost=CHEAP)


@pytest.mark.parametrize(
    ("password", "codes"),
    [
        ("twelve chars", []),
        ("eleven char", ["too_short"]),
        ("x" * 11 + "\u0308", ["too_short"]),  # one letter with its mark, not two
        ("密码要足够长才能使用哦", ["too_short"]),
        ("密码要足够长才能使用的哦", []),
        ("a b" * 42 + "ab", []),
        ("ab" * 64 + "c", ["too_long"]),
        ("pass\tword with tab", ["forbidden_character"]),
        ("aaaaaaaaaaaaaaaa", ["too_plain"]),
        ("Wang.Xiaoming@Example.com", ["too_plain"]),
        ("no digits no capitals", []),
    ],
)
def test_the_policy_asks_for_length_and_nothing_about_kinds(password, codes):
    faults = password_faults(password, unlike=["wang.xiaoming@example.com"])
    assert [one.code for one in faults] == codes
    assert all(password not in one.zh + one.en for one in faults)
