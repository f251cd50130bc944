"""The page about the API names every operation and every error that there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.domain.errors import Corrupt, WireError
from gateway.web import problems
from gateway.web.contract import OPERATIONS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "api.md").read_text("utf-8")


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda it: it.name)
def test_every_operation_is_named(operation):
    assert f"{operation.method} {operation.path}" in PAGE


@pytest.mark.parametrize("kind", [*problems._ROWS], ids=lambda kind: kind.__name__)
def test_every_error_is_named(kind):
    status = int(problems._ROWS[kind].status)
    code = "internal_error" if kind is Corrupt else kind.code
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| {status} ")]
    assert f"`{code}`" in row


def test_an_unreadable_bank_reply_is_named():
    found = problems.problem(WireError("x"), trace_id="t", bank_reply=True)
    assert f"| {found.status} | `bank_refused`, `bank_reply_unreadable`" in PAGE
