"""Two rule sets on the same columns: what the second would decide otherwise.

Rule kept here: nothing is decided for anybody; the difference is told entry by entry.
"""

from __future__ import annotations

import msgspec

from gateway.reconciliation.columns import Columns
from gateway.reconciliation.decisions import Decision
from gateway.reconciliation.engine import reconcile
from gateway.reconciliation.reasons import AUTO
from gateway.reconciliation.rules import RuleSet


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Automatic decisions that only one of two rule sets makes, and how many both make."""

    same: int
    only_before: tuple[Decision, ...]
    only_after: tuple[Decision, ...]


def compare(before: RuleSet, after: RuleSet, columns: Columns) -> Difference:
    """Decide with both and tell the automatic decisions that differ in what they match.

    Raises Refused for a rule set that cannot be used.
    """
    old, new = (_automatic(columns, rules) for rules in (before, after))
    return Difference(
        same=len(old.keys() & new.keys()),
        only_before=tuple(it for key, it in old.items() if key not in new),
        only_after=tuple(it for key, it in new.items() if key not in old),
    )


def _automatic(
    columns: Columns, rules: RuleSet
) -> dict[tuple[tuple[int, ...], tuple[int, ...]], Decision]:
    decided = reconcile(columns, rules).records()
    return {(it.entries, it.items): it for it in decided if it.level == AUTO}
