"""Channels: the built-in terms, the choice at known instants, and what an import may change."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.controls.reference.calendars import state_council
from gateway.controls.reference.channels import (
    ChannelRoutes,
    built_in_channels,
    laid_over,
    read_channels,
)
from gateway.domain.calendar import WorkCalendar
from gateway.domain.channel import ChannelCode, RouteFacts, Why, terms_on
from gateway.domain.errors import Refused
from gateway.domain.instruction import Urgency
from gateway.domain.money import Money, currency

BEIJING = ZoneInfo("Asia/Shanghai")
ROUTES = ChannelRoutes(state_council())
SMALL, LARGE = 5_000_000, 5_000_001  # fen
TERMS = {
    "code": "ibps",
    "valid_from": "2026-10-01",
    "source": "通知",
    "amount_max": "1000000.00",
    "openings": [{"on": "every", "opens": "00:00", "closes": "24:00"}],
}


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def route(when, minor, *, routes=ROUTES, unit="CNY", own_bank=False, **facts):
    amount = Money(minor, currency(unit))
    return routes.choose(RouteFacts(amount=amount, own_bank=own_bank, at=at(when), **facts))


def file(*terms):
    return json.dumps({"format": "channel-terms/1", "terms": terms}).encode()


def why(choice):
    return {it.code: it.why for it in choice.reasons}


def test_every_built_in_term_names_its_source_and_asks_for_confirmation():
    terms = built_in_channels()
    assert {it.code for it in terms} == set(ChannelCode)
    for it in terms:
        assert "confirm on site" in it.source
        assert "确认" in it.source
        assert it.confirm_on_site


@pytest.mark.parametrize("code", [ChannelCode.BEPS, ChannelCode.IBPS])
def test_the_bound_of_50_000_is_dated(code):
    terms = built_in_channels()
    held = terms_on(code, date(2026, 9, 15), terms)
    assert held is not None
    assert held.amount_max == SMALL
    assert terms_on(code, date(2009, 1, 1), terms) is None


@pytest.mark.parametrize(
    ("when", "leaves", "business_day"),
    [
        ("2026-09-15T10:00", "2026-09-15T10:00", "2026-09-15"),
        ("2026-09-15T16:59", "2026-09-15T16:59", "2026-09-15"),
        ("2026-09-15T17:00", "2026-09-15T20:30", "2026-09-16"),  # the cut-off
        ("2026-09-15T21:00", "2026-09-15T21:00", "2026-09-16"),  # the evening before
        ("2026-09-18T18:00", "2026-09-19T20:30", "2026-09-20"),  # Sunday is a make-up day
        ("2026-09-30T18:00", "2026-10-07T20:30", "2026-10-08"),  # over the National Day
        ("2018-03-01T22:00", "2018-03-01T23:30", "2018-03-02"),
        ("2018-01-18T20:00", "2018-01-19T08:30", "2018-01-19"),
        ("2018-05-01T21:00", "2018-05-01T21:00", "2018-05-02"),
    ],
)
def test_large_payments_leave_by_hvps_in_its_hours(when, leaves, business_day):
    choice = route(when, LARGE)
    assert choice.code is ChannelCode.HVPS
    assert choice.departure is not None
    assert choice.departure.leaves_at == at(leaves)
    assert choice.departure.business_day == date.fromisoformat(business_day)
    assert choice.now is (when == leaves)
    assert not choice.provisional
    assert why(choice)[ChannelCode.BEPS] is Why.AMOUNT


def test_small_payments_leave_at_any_hour_by_rank():
    normal = route("2026-10-03T03:00", SMALL)
    urgent = route("2026-10-03T03:00", SMALL, urgency=Urgency.URGENT)
    assert (normal.code, urgent.code) == (ChannelCode.BEPS, ChannelCode.IBPS)
    assert normal.now
    assert urgent.now
    assert why(normal) == {
        ChannelCode.OWN_BANK: Why.OTHER_BANK,
        ChannelCode.IBPS: Why.RANK,
        ChannelCode.HVPS: Why.LATER,
    }
    later = next(it for it in normal.reasons if it.why is Why.LATER)
    assert "2026-10-07 20:30" in later.zh
    assert "2026-10-07 20:30" in later.en


def test_inside_the_bank_no_clearing_system_is_used():
    choice = route("2026-10-03T03:00", 10**12, own_bank=True)
    assert choice.code is ChannelCode.OWN_BANK
    assert set(why(choice).values()) == {Why.SAME_BANK}


def test_only_allowed_channels_are_chosen():
    choice = route("2026-10-03T03:00", SMALL, allowed=frozenset({ChannelCode.HVPS}))
    assert choice.code is ChannelCode.HVPS
    assert not choice.now
    assert why(choice)[ChannelCode.IBPS] is Why.NOT_ALLOWED


def test_no_channel_at_all_is_told_with_every_reason():
    choice = route("2026-09-15T10:00", 100, unit="USD")
    assert choice.departure is None
    assert choice.code is None
    assert not choice.now
    assert len(choice.reasons) == len(ChannelCode)
    assert why(choice)[ChannelCode.HVPS] is Why.CURRENCY
    assert all(it.zh and it.en for it in choice.reasons)


def test_terms_that_have_ended_are_told():
    ended = read_channels(file({**TERMS, "valid_from": "2020-01-01", "valid_to": "2020-12-31"}))
    choice = route("2026-09-15T10:00", 100, routes=_Only(ended))
    assert why(choice)[ChannelCode.IBPS] is Why.NO_TERMS


def test_a_departure_on_an_unpublished_day_is_provisional():
    later = f"{max(state_council().years) + 2}-05-02T10:00"
    assert route(later, LARGE).provisional
    assert not route(later, SMALL).provisional, "it is open on every day"


@pytest.mark.parametrize(
    ("when", "leaves", "provisional"),
    [
        ("2028-12-30T10:00", "2028-12-31T20:30", True),  # that Saturday may be made a working day
        ("2026-12-31T18:00", "2026-12-31T20:30", False),  # whatever that Thursday is, it is over
    ],
)
def test_a_departure_is_provisional_when_an_earlier_one_might_be(when, leaves, provisional):
    days = WorkCalendar(id="later", years=frozenset({2027, 2029}))
    choice = route(when, LARGE, routes=ChannelRoutes(days))
    assert choice.departure is not None
    assert choice.departure.leaves_at == at(leaves)
    assert choice.provisional is provisional


def test_leaving_first_comes_before_rank():
    both = frozenset({ChannelCode.HVPS, ChannelCode.BEPS})
    urgent = {"urgency": Urgency.URGENT, "allowed": both}
    assert route("2026-09-15T10:00", SMALL, **urgent).code is ChannelCode.HVPS
    assert route("2026-10-03T10:00", SMALL, **urgent).code is ChannelCode.BEPS


def test_a_cut_off_is_asked_for_at_a_close_and_not_at_a_midnight_that_is_none():
    endless = {**TERMS, "cut_off_min": 15}
    closing = {**endless, "openings": [{"on": "every", "opens": "08:00", "closes": "23:55"}]}
    found = [
        route("2026-10-03T23:45", LARGE, routes=ChannelRoutes(state_council(), [read_channels(it)]))
        for it in (file(endless), file(closing))
    ]
    assert [it.code for it in found] == [ChannelCode.IBPS] * 2
    assert [it.now for it in found] == [True, False]


def test_an_import_wins_over_terms_that_began_later():
    terms = read_channels(file({**TERMS, "valid_from": "2001-01-01"}))
    assert route("2026-10-03T10:00", LARGE, routes=ChannelRoutes(state_council(), [terms])).now


def test_an_import_wins_from_its_day_on_and_not_before():
    routes = ChannelRoutes(state_council(), [read_channels(file(TERMS))])
    before, after = (
        route(it, LARGE, routes=routes) for it in ("2026-09-30T18:00", "2026-10-01T00:00")
    )
    assert after.code is ChannelCode.IBPS
    assert after.now
    assert before.code is ChannelCode.IBPS, "midnight comes before the HVPS opens again"
    assert before.departure is not None
    assert before.departure.leaves_at == at("2026-10-01T00:00")


def test_a_short_exception_stands_over_what_holds_in_general():
    general = {**TERMS, "valid_from": "2020-01-01"}
    festival = {**TERMS, "valid_from": "2026-02-15", "valid_to": "2026-02-23", "amount_max": None}
    terms = laid_over(built_in_channels(), read_channels(file(general, festival)))
    bounds = [
        terms_on(ChannelCode.IBPS, date(2026, 2, day), terms).amount_max for day in (14, 15, 23, 24)
    ]
    assert bounds == [100_000_000, None, None, 100_000_000]


def test_an_instant_of_another_zone_is_not_taken_for_beijing_time():
    facts = RouteFacts(
        amount=Money(1, currency("CNY")), own_bank=False, at=datetime(2026, 9, 15, tzinfo=UTC)
    )
    with pytest.raises(ValueError, match="Asia/Shanghai"):
        ROUTES.choose(facts)


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"amount_max": "5万"}, "amount", "terms[0].amount_max"),
        ({"amount_max": "-1.00"}, "amount", "terms[0].amount_max"),
        ({"currency": "RMB"}, "amount", "terms[0].amount_max"),
        ({"valid_to": "2026-09-30"}, "backwards", "terms[0].valid_to"),
        ({"source": ""}, "required", "terms[0].source"),
        ({"source": "a\u200bb"}, "forbidden_character", "terms[0].source"),
        ({"cut_off_min": 1440}, "opening", "terms[0].cut_off_min"),
        ({"cut_off_min": -1}, "opening", "terms[0].cut_off_min"),
        (
            {"openings": [{"on": "every", "opens": "8h", "closes": "17:15"}]},
            "time",
            "terms[0].openings[0].opens",
        ),
        (
            {"openings": [{"on": "every", "opens": "08:30", "closes": "17:15:30"}]},
            "time",
            "terms[0].openings[0].closes",
        ),
        (
            {"openings": [{"on": "every", "opens": "17:15", "closes": "08:30"}]},
            "opening",
            "terms[0].openings[0]",
        ),
        ({"surplus": 1}, "json", ""),
        ({"code": "swift"}, "json", ""),
    ],
)
def test_terms_with_a_fault_are_refused_at_their_element(change, code, path):
    with pytest.raises(Refused) as caught:
        read_channels(file({**TERMS, **change}))
    assert [(it.code, it.path) for it in caught.value.faults] == [(code, path)]


def test_terms_that_begin_on_the_same_day_contradict_each_other():
    with pytest.raises(Refused) as caught:
        read_channels(file(TERMS, {**TERMS, "amount_max": "2.00"}))
    assert [it.code for it in caught.value.faults] == ["contradiction"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", file(), b'{"format":"channel-terms/2"}'])
def test_other_files_are_refused(body):
    with pytest.raises(Refused):
        read_channels(body)


class _Only:
    """These terms and no built-in ones."""

    def __init__(self, terms):
        self._terms = terms

    def choose(self, facts):
        from gateway.domain.channel import choose

        return choose(facts, self._terms, state_council())
