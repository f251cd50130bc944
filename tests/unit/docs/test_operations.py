"""docs/operations.md names every event and every metric, as they are."""

from __future__ import annotations

import re
from pathlib import Path

from gateway.observe.gauges import own_gauges, shared_gauges
from gateway.observe.instruments import COUNTERS, HISTOGRAMS
from gateway.ports.events import ALL
from tests.unit.observe.sample import FIGURES, HERE

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/operations.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| `")
]


def rows(columns: int) -> dict[str, list[str]]:
    return {row[0].strip("`"): row[1:] for row in ROWS if len(row) == columns}


def test_every_event_is_there_with_its_level_and_words():
    told = {name: row for name, row in rows(3).items() if re.fullmatch(r"[a-z_]+", name)}
    assert told == {
        event.name: [event.level.name.lower(), f"{event.zh} · {event.en}"] for event in ALL.values()
    }


def test_every_metric_is_there_with_its_labels():
    known = {f"{it.name}_total": ("counter", it.labels) for it in COUNTERS}
    known |= {it.name: ("histogram", it.labels) for it in HISTOGRAMS}
    for gauge in (*own_gauges(HERE), *shared_gauges(FIGURES, 0)):
        known[gauge.name] = ("gauge", tuple([gauge.label] * bool(gauge.label)))
    told = {
        name: (row[0].split(",")[0], tuple(re.findall(r"[a-z]+", row[1])))
        for name, row in rows(4).items()
    }
    assert told == known


def test_every_file_that_it_points_to_is_there():
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
