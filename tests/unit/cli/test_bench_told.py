"""The bench told-lag: what it reads from the metrics, and when its bank books."""

from __future__ import annotations

import pytest

from gateway.cli.bench_told import CREDITS, TOLD_EN, TOLD_ZH, booked_at, bookings, bound_of
from gateway.domain.errors import Corrupt

PAGE = """\
# TYPE gateway_told_seconds histogram
gateway_told_seconds_bucket{kind="status",le="0.1"} 900
gateway_told_seconds_bucket{kind="credit",le="0.1"} 90
gateway_told_seconds_bucket{kind="credit",le="0.5"} 96
gateway_told_seconds_bucket{kind="credit",le="+Inf"} 100
"""


def test_the_bound_is_that_of_the_bucket_that_holds_the_95th_percentile():
    assert bound_of(PAGE) == 0.5
    assert bound_of(PAGE.replace("} 96", "} 94")) == float("inf")
    with pytest.raises(Corrupt):
        bound_of(PAGE.replace('kind="credit"', 'kind="balance"'))


def test_an_entry_says_when_it_was_booked():
    assert booked_at("booked 1234567") == 1234567
    with pytest.raises(Corrupt):
        booked_at("货款")


def test_bookings_go_on_and_are_the_same_each_time():
    instants = list(bookings(0.0, 50))
    assert instants == sorted(instants) == list(bookings(0.0, 50))
    assert len(set(instants)) == 50


def test_the_set_up_names_the_size_that_is_run():
    for text in (TOLD_ZH, TOLD_EN):
        assert str(CREDITS) in text
