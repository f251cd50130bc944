"""A chosen channel is open and carries the amount, whatever the terms and the calendar."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from gateway.controls.reference.calendars import state_council
from gateway.controls.reference.channels import built_in_channels
from gateway.domain.channel import (
    ChannelCode,
    ChannelTerms,
    Opening,
    OpenOn,
    RouteFacts,
    choose,
)
from gateway.domain.instruction import Urgency
from gateway.domain.money import Money, currency

BEIJING = ZoneInfo("Asia/Shanghai")
CHINA = state_council()
SINCE = st.dates(date(2026, 1, 1), date(2026, 12, 31))
INSTANTS = st.datetimes(
    datetime(2026, 1, 1),  # noqa: DTZ001 - the zone is given below
    datetime(2027, 6, 30),  # noqa: DTZ001
    timezones=st.just(BEIJING),
)
OPENINGS = st.builds(
    lambda on, opens, lasts: Opening(on=on, opens_min=opens, closes_min=min(opens + lasts, 1440)),
    st.sampled_from(OpenOn),
    st.integers(-1440, 1380),
    st.integers(60, 1500),
)
TERMS = st.builds(
    ChannelTerms,
    code=st.sampled_from(ChannelCode),
    valid_from=SINCE,
    valid_to=st.none() | st.just(date(2027, 12, 31)),
    openings=st.lists(OPENINGS, max_size=3).map(tuple),
    source=st.just("test"),
    amount_max=st.none() | st.integers(0, 10_000),
    cut_off_min=st.integers(0, 59),
    rank=st.integers(0, 3),
    rank_urgent=st.integers(0, 3),
    edition=st.integers(0, 2),
)
FACTS = st.builds(
    RouteFacts,
    amount=st.builds(Money, st.integers(1, 12_000), st.just(currency("CNY"))),
    own_bank=st.booleans(),
    at=INSTANTS,
    urgency=st.sampled_from(Urgency),
    allowed=st.frozensets(st.sampled_from(ChannelCode)),
)


def open_at(terms, instant):
    """Told anew, from the terms alone: whether one of their openings takes a payment then."""
    for day in (instant.date(), instant.date() + timedelta(days=1)):
        minute = (instant.replace(tzinfo=None) - datetime.combine(day, datetime.min.time())) // (
            timedelta(minutes=1)
        )
        for it in terms.openings:
            spoken = it.on is OpenOn.EVERY or (it.on is OpenOn.WORKING) is CHINA.is_working_day(day)
            last = it.closes_min - (terms.cut_off_min if it.closes_min < 1440 else 0)
            if terms.in_force(day) and spoken and it.opens_min <= minute < last:
                return True
    return False


@given(FACTS, st.lists(TERMS, max_size=8))
def test_the_chosen_channel_is_open_and_carries_the_amount(facts, terms):
    choice = choose(facts, terms, CHINA)
    told = {it.code for it in choice.reasons}
    assert len(told) == len(choice.reasons)
    assert told | ({choice.code} if choice.code else set()) == set(ChannelCode)
    if choice.departure is None:
        return
    leaves, held = choice.departure.leaves_at, choice.departure.terms
    assert leaves >= facts.at
    assert choice.now is (leaves == facts.at)
    assert leaves < choice.departure.last_at
    assert held.in_force(choice.departure.business_day)
    assert open_at(held, leaves)
    assert held.amount_max is None or facts.amount.minor <= held.amount_max
    assert choice.code in facts.allowed
    assert facts.own_bank is (choice.code is ChannelCode.OWN_BANK)


@given(FACTS)
def test_with_the_built_in_terms_every_payment_finds_its_way(facts):
    choice = choose(facts, built_in_channels(), CHINA)
    wanted = {ChannelCode.OWN_BANK} if facts.own_bank else set(ChannelCode) - {ChannelCode.OWN_BANK}
    assert (choice.departure is not None) is bool(wanted & facts.allowed)
