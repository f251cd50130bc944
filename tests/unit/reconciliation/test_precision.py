"""Generated books with planted traps: no automatic match is ever wrong, and few are missed."""

from __future__ import annotations

import pytest

from gateway.reconciliation import candidates
from gateway.reconciliation.engine import reconcile
from tests.reconciliation_ground import Books, Score, columns
from tests.reconciliation_scenes import generated


def scored(books: Books) -> Score:
    score = Score()
    score.add(books, reconcile(columns(books)))
    return score


@pytest.mark.parametrize("seed", [3, 77, 20_261])
def test_nothing_wrong_and_hardly_anything_missed(seed):
    score = scored(generated(seed, 300))
    assert score.mistakes == []
    assert score.recall_permille >= 970, score.missed
    assert len(score.right) >= 10


def test_crowded_books_stay_right(monkeypatch):
    """Where only equal names are compared because there are too many, nothing becomes wrong."""
    monkeypatch.setattr(candidates, "_ALL_PAIRS", 0)
    score = scored(generated(5, 300))
    assert score.mistakes == []
    assert score.recall_permille >= 800
