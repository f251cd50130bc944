"""Where hostile files lie: our own few, and the larger collection where that is there."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.shared_folder import SHARED

OWN = Path(__file__).resolve().parents[1] / "data" / "attacks"
FURTHER = SHARED / "attacks" if SHARED and (SHARED / "attacks" / "index.tsv").is_file() else None

needs_further = pytest.mark.skipif(FURTHER is None, reason="no further attacks beside the project")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One file of the larger collection."""

    file: str
    kind: str
    surfaces: frozenset[str]
    expected: str

    @property
    def content(self) -> bytes:
        assert FURTHER is not None
        return (FURTHER / self.file).read_bytes()


def attacks(surface: str, *, suffix: str = "") -> list[Attack]:
    """The attacks on one surface; empty where the collection is not there."""
    if FURTHER is None:
        return []
    with (FURTHER / "index.tsv").open(encoding="utf-8", newline="") as lines:
        return [
            Attack(
                file=row["file"],
                kind=row["class"],
                surfaces=frozenset(row["surface"].split(",")),
                expected=row["expected_verdict"],
            )
            for row in csv.DictReader(lines, delimiter="\t")
            if surface in row["surface"].split(",") and row["file"].endswith(suffix)
            if row["class"] not in {"signature", "scenario"}
        ]


def own_files() -> list[Path]:
    """Our own hostile files; the control among them is not."""
    return sorted(path for path in OWN.glob("*.xml") if not path.name.startswith("control-"))


def by_file(attack: Attack | Path) -> str:
    """A test's name."""
    return attack.file if isinstance(attack, Attack) else attack.name
