"""The bench's columns are what its text says, and both sides run on them."""

from __future__ import annotations

import json

import pytest

from gateway.cli import bench_reconcile


@pytest.mark.parametrize(("side", "auto"), [("product", 1980), ("reference", 1900)])
def test_a_side_measures_itself(side, auto, capsys):
    bench_reconcile.main(side, 2000)
    told = json.loads(capsys.readouterr().out)
    assert told["auto"] == auto
    assert told["seconds"] > 0
