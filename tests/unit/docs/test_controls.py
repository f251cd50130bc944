"""docs/controls.md: its example is a document that holds together, and it names every word."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from datetime import date
from pathlib import Path

import pytest

from gateway.cli import controls_options
from gateway.controls.rules.checks import faults
from gateway.controls.rules.document import (
    Business,
    Ground,
    HoldRule,
    LimitOf,
    PayeeKind,
    Right,
    Span,
)
from gateway.controls.rules.reading import content, read
from gateway.controls.version_file import parse_file
from gateway.controls.version_rows import VersionState

PAGE = (Path(__file__).resolve().parents[3] / "docs/controls.md").read_text("utf-8")
TODAY = date(2026, 9, 15)
GROUND = Ground(
    companies=frozenset({"c1", "c2"}),
    accounts={"622200001111": ("c1", "CNY"), "622200003333": ("c2", "CNY")},
    erps=frozenset({"sap"}),
    machines=frozenset({"sap"}),
)


def example():
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    return parse_file("controls.toml", text.encode())


def test_the_example_holds_together():
    assert faults(read(example()), GROUND, TODAY) == ()


def test_the_example_shows_every_section():
    assert set(example()) == set(content(read(example())))


@pytest.mark.parametrize(
    "words", [Business, Right, PayeeKind, HoldRule, LimitOf, Span, VersionState]
)
def test_every_word_is_named(words):
    assert [it.value for it in words if not re.search(rf"\b{re.escape(it.value)}\b", PAGE)] == []


def test_every_command_that_is_shown_can_be_given():
    parser = ArgumentParser()
    controls_options.add(parser)
    shown = re.findall(r"^gateway controls (.*?)(?: +#.*)?$", PAGE, re.MULTILINE)
    assert len(shown) >= 8
    for line in shown:
        assert parser.parse_args(line.replace("…", "").split()).action
