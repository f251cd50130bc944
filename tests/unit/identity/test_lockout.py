"""Lock-out: waiting grows, nobody learns who exists, and no success clears an address."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.identity.lockout import (
    OF_ADDRESS,
    OF_PERSON,
    Failures,
    attempt,
    counter_of_address,
    counter_of_person,
    open_from,
    taken_back,
)
from gateway.identity.not_proven import NotProven
from tests.identity_ground import KEY, NOW

SECOND = timedelta(seconds=1)


def failures(count: int, at=NOW) -> Failures:
    return Failures(count=count, last_at=at)


def test_the_first_failures_cost_no_waiting():
    person = address = None
    for _ in range(OF_PERSON.free + 1):
        person, address = attempt(person=person, address=address, now=NOW)
    assert person == failures(OF_PERSON.free + 1)
    with pytest.raises(NotProven) as refused:
        attempt(person=person, address=address, now=NOW)
    assert refused.value.flaw == "locked_person"


@pytest.mark.parametrize(
    ("count", "seconds"), [(4, 0), (5, 30), (6, 60), (7, 120), (11, 1920), (12, 3600), (99, 3600)]
)
def test_waiting_doubles_up_to_an_hour(count, seconds):
    opens = open_from(failures(count), OF_PERSON)
    assert opens == (NOW + timedelta(seconds=seconds) if seconds else None)


def test_waiting_ends_at_the_second_and_the_next_failure_costs_twice():
    locked = failures(5)
    with pytest.raises(NotProven):
        attempt(person=locked, address=None, now=NOW + 30 * SECOND - SECOND)
    person, _ = attempt(person=locked, address=None, now=NOW + 30 * SECOND)
    assert open_from(person, OF_PERSON) == NOW + 90 * SECOND


def test_after_a_hundred_failures_only_a_person_unlocks():
    locked = failures(100)
    with pytest.raises(NotProven):
        attempt(person=locked, address=None, now=NOW + timedelta(days=3650))


def test_after_a_quiet_day_the_count_starts_anew():
    person, _ = attempt(person=failures(20), address=None, now=NOW + OF_PERSON.forgotten)
    assert person.count == 1
    person, _ = attempt(person=failures(20), address=None, now=NOW + OF_PERSON.forgotten - SECOND)
    assert person.count == 21


def test_an_address_that_tries_many_names_is_locked_whatever_the_name():
    address = None
    for _ in range(OF_ADDRESS.free + 1):
        _, address = attempt(person=None, address=address, now=NOW)
    with pytest.raises(NotProven) as refused:
        attempt(person=None, address=address, now=NOW)
    assert refused.value.flaw == "locked_address"


def test_an_attempt_is_counted_before_anything_is_known_and_taken_back_for_the_address_alone():
    _, address = attempt(person=None, address=failures(7), now=NOW)
    assert address == failures(8)
    assert taken_back(address) == failures(7)
    assert taken_back(failures(0)).count == 0


def test_what_is_refused_is_not_counted_so_a_lock_does_end():
    locked = failures(5)
    for second in range(29):
        with pytest.raises(NotProven):
            attempt(person=locked, address=None, now=NOW + second * SECOND)
    attempt(person=locked, address=None, now=NOW + 30 * SECOND)


def test_a_clock_that_went_back_does_not_shorten_a_lock():
    person, _ = attempt(person=failures(4), address=None, now=NOW - timedelta(hours=5))
    assert open_from(person, OF_PERSON) == NOW + 30 * SECOND


def test_the_answer_does_not_tell_a_lock_from_a_wrong_password():
    with pytest.raises(NotProven) as locked:
        attempt(person=failures(9), address=None, now=NOW)
    wrong = NotProven("password_wrong")
    assert (locked.value.en, locked.value.zh) == (wrong.en, wrong.zh)
    assert "locked" not in str(locked.value)


def test_names_count_as_people_spell_them_and_are_not_kept_in_clear():
    counter = counter_of_person("acme", "Wang", key=KEY)
    assert counter == counter_of_person("acme", " wang ", key=KEY)
    assert counter == counter_of_person("acme", "ｗａｎｇ", key=KEY)
    assert counter != counter_of_person("globex", "wang", key=KEY)
    assert b"wang" not in counter


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("unix:", "", True),
    ],
)
def test_addresses_count_as_one_person_can_have_them(one, other, same):
    assert (counter_of_address(one, key=KEY) == counter_of_address(other, key=KEY)) is same
