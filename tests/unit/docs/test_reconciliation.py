"""The page on reconciliation says what the code decides."""

from __future__ import annotations

from pathlib import Path

from gateway.reconciliation.reasons import RULES
from gateway.reconciliation.rules import PASSES, STANDARD

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "reconciliation.md").read_text("utf-8")


def test_every_rule_and_value_is_explained():
    for rule in RULES:
        if rule not in ("not-booked", "no-match"):
            assert f"`{rule}`" in PAGE, rule
    assert " ".join(PASSES) in PAGE
    for name in STANDARD.__struct_fields__:
        if name not in ("version", "name", "rivals_shown"):
            assert f"`{name}`" in PAGE, name
    for value in (STANDARD.threshold, STANDARD.date_window_days, STANDARD.key_window_days):
        assert str(value) in PAGE


def test_the_measured_precision_is_whole():
    rows = [it for it in PAGE.splitlines() if it.startswith("| `") and it.endswith(" % |")]
    assert rows
    assert all(row.endswith("| 0 | 100.00 % |") for row in rows)
