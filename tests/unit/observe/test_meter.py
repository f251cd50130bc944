"""The figures are right, and Prometheus reads them."""

from __future__ import annotations

import threading

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.observe.exposition import exposition
from gateway.observe.gauges import own_gauges, shared_gauges
from gateway.observe.instruments import COUNTERS, HISTOGRAMS
from gateway.observe.meter import _SERIES_MAX, Meter
from gateway.ports.events import ACCEPTED, ALL, CALLED, ENQUIRED, REFUSED, SENT, Facts
from tests.unit.observe.sample import FIGURES, HERE


def samples(meter, gauges=()):
    """(name, labels) → value, as Prometheus reads the text."""
    found = {}
    for family in text_string_to_metric_families(exposition(meter, gauges).decode()):
        for it in family.samples:
            found[it.name, tuple(sorted(it.labels.items()))] = it.value
    return found


def test_events_move_what_counts_them():
    meter = Meter()
    meter.count(SENT, Facts(bank="cib", outcome="answered", seconds=0.03))
    meter.count(SENT, Facts(bank="cib", outcome="answered", seconds=3.0))
    meter.count(SENT, Facts(bank="cib", outcome="not_sent"))
    meter.count(ACCEPTED, Facts(kind="batch", lines=5000))
    meter.count(ENQUIRED, Facts(bank="cib", outcome="no_answer", seconds=99.0))
    found = samples(meter)
    cib = ("bank", "cib")
    assert found["gateway_sends_total", (cib, ("outcome", "answered"))] == 2
    assert found["gateway_sends_total", (cib, ("outcome", "not_sent"))] == 1
    assert found["gateway_accepted_total", (("kind", "batch"),)] == 1
    assert found["gateway_accepted_instructions_total", (("kind", "batch"),)] == 5000

    def bucket(event, bound):
        return found["gateway_exchange_seconds_bucket", (cib, ("event", event), ("le", bound))]

    assert [bucket("sent", bound) for bound in ("0.025", "0.05", "2.5", "5.0", "+Inf")] == [
        0,
        1,
        1,
        2,
        2,
    ]
    assert bucket("enquired", "60.0") == 0
    assert bucket("enquired", "+Inf") == 1
    assert found["gateway_exchange_seconds_sum", (cib, ("event", "sent"))] == pytest.approx(3.03)
    assert found["gateway_exchange_seconds_count", (cib, ("event", "sent"))] == 2


def test_a_value_on_a_bound_belongs_below_it():
    meter = Meter()
    meter.observe("gateway_commit_jobs", 2)
    meter.observe("gateway_commit_jobs", 3)
    found = samples(meter)
    assert found["gateway_commit_jobs_bucket", (("le", "2.0"),)] == 1
    assert found["gateway_commit_jobs_bucket", (("le", "4.0"),)] == 2


def test_counters_without_labels_stand_at_zero_before_anything_happens():
    found = samples(Meter())
    assert found["gateway_failed_total", ()] == 0
    assert found["gateway_checkpoints_total", ()] == 0


def test_threads_do_not_lose_each_others_counts():
    meter = Meter()

    def work():
        for _ in range(2000):
            meter.count(REFUSED, Facts(code="not_found"))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert samples(meter)["gateway_refused_total", (("code", "not_found"),)] == 8000


def test_label_sets_are_bounded_and_clean():
    meter = Meter()
    for number in range(_SERIES_MAX + 50):
        meter.count(CALLED, Facts(operation=f"o{number}", status=200))
    meter.count(REFUSED, Facts(code="622909115001234567"))
    meter.count(REFUSED, Facts(code='x"} 1\nevil 2'))
    found = samples(meter)
    series = [key for key in found if key[0] == "gateway_requests_total"]
    assert len(series) == _SERIES_MAX + 1
    other = (("operation", "other"), ("status", "other"))
    assert found["gateway_requests_total", other] == 50
    codes = {labels[0][1] for name, labels in found if name == "gateway_refused_total"}
    assert codes == {"****4567", "?"}


def test_gauges_tell_states_and_ages():
    found = samples(Meter(), [*own_gauges(HERE), *shared_gauges(FIGURES, HERE.now_us)])
    assert found["gateway_up", (("role", "worker"),)] == 1
    assert found["gateway_build", (("version", "1.2"),)] == 1
    assert found["gateway_store_waiting", ()] == 4
    assert found["gateway_lease_seconds", ()] == 9.5
    assert found["gateway_open_instructions", (("state", "UNCONFIRMED"),)] == 2
    assert found["gateway_open_oldest_seconds", (("state", "UNCONFIRMED"),)] == 60
    assert found["gateway_open_oldest_seconds", (("state", "SENDING"),)] == 0
    assert found["gateway_waiting_work", (("kind", "send"),)] == 7
    assert found["gateway_late_seconds", (("kind", "send"),)] == 1
    assert found["gateway_late_seconds", (("kind", "enquire"),)] == 0
    assert found["gateway_checkpoint_age_seconds", ()] == 30
    assert found["gateway_live_lanes", ()] == 3
    assert found["process_resident_memory_bytes", ()] > 0


def test_no_instrument_has_a_label_that_names_somebody():
    allowed = {
        "bank", "cause", "code", "event", "flaw", "kind", "operation", "outcome", "state",
        "status", "verdict",
    }  # fmt: skip
    for it in (*COUNTERS, *HISTOGRAMS):
        assert set(it.labels) <= allowed
        assert set(it.labels) - {"event"} <= set(Facts.__annotations__)
        assert all(ALL[event.name] is event for event in it.of)


def test_names_are_unique_and_follow_the_customs():
    names = [it.name for it in (*COUNTERS, *HISTOGRAMS)]
    assert len(set(names)) == len(names)
    assert not any(name.endswith("_total") for name in names)
