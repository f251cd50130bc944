"""Precision and recall of automatic matching, measured and written into docs/reconciliation.md.

Run as ``python -m tests.reconciliation_table``; takes a few minutes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from gateway.reconciliation.engine import reconcile
from tests.reconciliation_ground import Score, columns
from tests.reconciliation_scenes import generated

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reconciliation.md"
START, END = "<!-- measured -->", "<!-- /measured -->"
SMALL = (range(1, 201), 150)
LARGE = (range(900_001, 900_004), 60_000)


def measured() -> tuple[Score, Counter[str], int, int]:
    """The score over all seeds, undecidable truths by scene, and how many entries and items."""
    score, open_ = Score(), Counter[str]()
    entries = items = 0
    for seeds, scenes in (SMALL, LARGE):
        for seed in seeds:
            books = generated(seed, scenes)
            score.add(books, reconcile(columns(books)))
            open_.update(it.scene for it in books.truth if not it.told)
            entries, items = entries + len(books.entries), items + len(books.items)
    return score, open_, entries, items


def table(score: Score, open_: Counter[str], entries: int, items: int) -> Iterator[str]:
    yield START
    yield ""
    yield (
        f"{entries:,} entries, {items:,} items; seeds 1–200 (150 scenes each) and "
        f"900001–900003 (60,000 scenes each, nobody tuned to them)."
    )
    yield ""
    yield "| rule 规则 | automatic 自动 | wrong 错 | precision 精确率 |"
    yield "|---|---:|---:|---:|"
    for rule in sorted(score.right | score.wrong):
        right, wrong = score.right[rule], score.wrong[rule]
        yield f"| `{rule}` | {right + wrong:,} | {wrong:,} | {percent(right, wrong)} |"
    right, wrong = score.right.total(), score.wrong.total()
    yield f"| **all 合计** | {right + wrong:,} | {wrong:,} | **{percent(right, wrong)}** |"
    yield ""
    yield "| scene 情形 | fields decide 字段可定 | found 找到 | recall 召回率 |"
    yield "|---|---:|---:|---:|"
    for scene in sorted(score.found | score.missed):
        found, missed = score.found[scene], score.missed[scene]
        yield f"| {scene} | {found + missed:,} | {found:,} | {percent(found, missed)} |"
    found, missed = score.found.total(), score.missed.total()
    yield f"| **all 合计** | {found + missed:,} | {found:,} | **{percent(found, missed)}** |"
    yield ""
    told = ", ".join(f"{scene} {count:,}" for scene, count in sorted(open_.items()))
    yield f"Not decidable by the fields 字段不能决定: {told}."
    yield ""
    yield END


def percent(hits: int, misses: int) -> str:
    """Two decimals, cut off, so that 100 % means all."""
    parts = 10_000 * hits // max(hits + misses, 1)
    return f"{parts // 100}.{parts % 100:02d} %"


def main() -> None:
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(START)
    after = rest.partition(END)[2]
    PAGE.write_text(before + "\n".join(table(*measured())) + after, "utf-8")


if __name__ == "__main__":
    main()
