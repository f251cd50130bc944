"""Golden messages: bytes that leave are exact, replies mean what they meant."""

from __future__ import annotations

import json

import pytest

from tests.golden.kinds import GOLDEN, cases, produced

CASES = list(cases())


@pytest.mark.parametrize(
    ("folder", "case"), CASES, ids=[f"{folder.name}-{case.name}" for folder, case in CASES]
)
def test_a_case_is_as_it_was(folder, case):
    files = produced(folder, case)
    assert files
    for path, content in files.items():
        stored = path.read_bytes()
        if path.suffix == ".json":
            assert json.loads(content) == json.loads(stored), path.name
        assert content == stored, f"{path.name}: if this is meant, run make golden and review"


def test_every_golden_file_belongs_to_a_case():
    made = {path for folder, case in CASES for path in produced(folder, case)}
    replies = {folder / f"{case.name}.reply.xml" for folder, case in CASES}
    folders = {module.parent for module in GOLDEN.glob("*/cases.py")}
    kept = {path for folder in folders for path in folder.glob("*.*") if path.suffix != ".py"}
    assert folders
    assert kept <= made | replies
