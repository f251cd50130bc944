"""Alerts and the dashboard ask only for metrics that exist, in expressions that can be read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import promql_parser
import pytest
import yaml

from gateway.observe.exposition import exposition
from gateway.observe.gauges import own_gauges, shared_gauges
from gateway.observe.instruments import COUNTERS, HISTOGRAMS
from gateway.ports.events import ALL
from tests.unit.observe.sample import FIGURES, HERE

ROOT = Path(__file__).resolve().parents[3]
RULES = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text("utf-8"))
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((ROOT / "deploy/grafana/gateway.json").read_text("utf-8"))
OF_OTHERS = {"up", "process_resident_memory_bytes"}
OF_VERIFY_BOOKS = {"gateway_books_sound", "gateway_books_checked_timestamp_seconds"}


def known() -> dict[str, set[str]]:
    """Every series that can be asked for, with its labels."""
    found = {name: {"job", "instance"} for name in OF_OTHERS | OF_VERIFY_BOOKS}
    for counter in COUNTERS:
        found[f"{counter.name}_total"] = set(counter.labels)
    for spread in HISTOGRAMS:
        found |= {f"{spread.name}_{end}": set(spread.labels) for end in ("count", "sum")}
        found[f"{spread.name}_bucket"] = {*spread.labels, "le"}
    for gauge in (*own_gauges(HERE), *shared_gauges(FIGURES, HERE.now_us)):
        found[gauge.name] = {gauge.label} - {""}
    return found


def expressions() -> list[tuple[str, str]]:
    alerts = [(rule["alert"], rule["expr"]) for rule in ALERTS]
    panels = [
        (panel["title"], target["expr"])
        for panel in DASHBOARD["panels"]
        for target in panel["targets"]
    ]
    return alerts + panels


def selectors(expression: object) -> list[promql_parser.VectorSelector]:
    """Every vector selector below an expression."""
    if isinstance(expression, promql_parser.VectorSelector):
        return [expression]
    below: list[object] = []
    for name in ("expr", "lhs", "rhs", "param", "vector_selector"):
        child = getattr(expression, name, None)
        if child is not None:
            below.append(child)
    below.extend(getattr(expression, "args", None) or [])
    return [found for child in below for found in selectors(child)]


@pytest.mark.parametrize(("title", "text"), expressions())
def test_an_expression_asks_for_what_there_is(title, text):
    series = known()
    found = selectors(promql_parser.parse(text))
    assert found or "time()" in text
    for selector in found:
        assert selector.name in series, selector.name
        named = {matcher.name for matcher in selector.matchers.matchers}
        assert named - {"job", "instance"} <= series[selector.name], text


def test_values_of_labels_that_are_asked_for_are_ones_that_occur():
    for _, text in expressions():
        for label, value in re.findall(r'(event|kind|state)="([^"]+)"', text):
            if label == "event":
                assert value in ALL, text
            elif label == "kind":
                assert value in {"send", "enquire", "release", "refunds"}, text
            else:
                assert value in FIGURES.open_by_state, text


def test_every_alert_says_in_both_languages_what_it_is_and_what_to_do():
    names = [rule["alert"] for rule in ALERTS]
    assert len(set(names)) == len(names)
    for rule in ALERTS:
        assert rule["labels"]["severity"] in {"page", "ticket", "note"}
        words = rule["annotations"]
        for text in (
            words["summary"],
            words["description"].replace("{{ $labels.instance }}", "一 at "),
        ):
            assert re.search(r"[\u4e00-\u9fff]", text), text
            assert re.search(r"[a-z]{2}", text), text


def test_the_dashboard_has_a_place_for_every_panel():
    seen = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & seen
        assert place["x"] + place["w"] <= 24
        seen |= cells


def test_everything_counted_is_shown_to_prometheus():
    text = exposition(None, own_gauges(HERE)).decode()
    assert "# TYPE gateway_up gauge" in text
