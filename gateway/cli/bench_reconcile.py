"""The bench ``reconcile``: the whole engine against one plain hash join on exact keys.

Rule kept here: both sides get the same columns, in a process of their own each; laying them out
is not timed, but counts in the memory.

Run as ``python -m gateway.cli.bench_reconcile product|reference ENTRIES`` by the bench itself.
"""

from __future__ import annotations

import json
import sys
from statistics import median
from typing import TYPE_CHECKING, Final

from gateway.cli.measured import Measured, Options, Say, peak_rss_mib, run_once
from gateway.domain.errors import Corrupt
from gateway.runtime import SystemClock

if TYPE_CHECKING:
    from polars import DataFrame

ENTRIES: Final = 1_000_000
_ROUNDS: Final = 3
_MODULE: Final = "gateway.cli.bench_reconcile"
_ACCOUNTS: Final = 50
_DAYS: Final = 30
_SPREAD: Final = 2_654_435_761
"""A multiplier that scatters numbers: drawn amounts without drawing."""

RECONCILE_ZH: Final = (
    "对账引擎：1,000,000 条银行明细对约 1,000,000 条账面明细（50 个账户，30 天），列进列出，"
    "一个进程：95% 参考号一致，3% 仅金额、日期、户名，1% 一笔对两笔，1% 无对应（各有一条相似的账面"
    "明细：户名一字之差或差一分）。列的准备不计时、计内存。参照：同样的列，只做一次参考号与金额的哈希"
    "连接，不校验唯一性、不打分、不给理由。两侧轮流三轮，取中位数；数值为每秒明细条数，seconds 为"
    "产品用时，auto_percent 为自动匹配的明细占比。--entries N 改变条数。"
)
RECONCILE_EN: Final = (
    "The reconciliation engine: 1,000,000 statement entries against about 1,000,000 ledger items "
    "(50 accounts, 30 days), columns in, columns out, one process: 95 % with the same reference, "
    "3 % amount, day and name only, 1 % one entry for two items, 1 % without a counterpart (each "
    "with a look-alike item: one character of the name, or one fen, apart). Laying out the columns "
    "is not timed, but counts in the memory. Reference: the same columns, one hash join on "
    "reference and amount: no uniqueness, no points, no reasons. Three rounds in turn, the middle "
    "one counts; entries per second, seconds is the product's time, auto_percent the share of "
    "entries that are matched automatically. --entries N sets their number."
)


def measure(options: Options, say: Say) -> Measured:
    """Run both sides in turn, in entries per second."""
    entries = options.entries or options.scaled(ENTRIES)
    told: dict[str, list[dict[str, float]]] = {"reference": [], "product": []}
    for turn in range(_ROUNDS):
        for side, found in told.items():
            found.append(json.loads(run_once([_MODULE, side, str(entries)], b"")))
            say(f"{turn + 1}/{_ROUNDS} {side}: {found[-1]['seconds']:.2f} s")
    product, reference = told["product"], told["reference"]
    seconds = median(it["seconds"] for it in product)
    return Measured(
        product=entries / seconds,
        reference=entries / median(it["seconds"] for it in reference),
        peak_rss_mib=max(it["peak_rss_mib"] for it in product),
        extra={
            "entries": entries,
            "seconds": seconds,
            "auto_percent": 100 * product[0]["auto"] / entries,
        },
    )


# ── one side, in its process ──────────────────────────────────────────────────────────────


def main(side: str, entries: int) -> None:
    """Measure one side and print it."""
    import polars as pl  # noqa: PLC0415 - costs a start

    from gateway.cli.reconcile_columns import drawn  # noqa: PLC0415 - same
    from gateway.reconciliation.engine import reconcile  # noqa: PLC0415 - same

    columns = drawn(entries, accounts=_ACCOUNTS, days=_DAYS, spread=_SPREAD)
    clock = SystemClock()
    begun = clock.monotonic()
    if side == "product":
        frame = reconcile(columns).frame
        seconds = clock.monotonic() - begun
        auto = frame.filter(pl.col("level") == 0)["entries"].list.len().sum()
        _whole(frame, columns.entries.height, columns.items.height)
    else:
        keys = ["account", "currency", "units"]
        left = columns.entries.filter(pl.col("end_to_end_id") != "").with_row_index("e")
        auto = (
            left.join(
                columns.items.with_row_index("i"),
                left_on=[*keys, "end_to_end_id"],
                right_on=[*keys, "erp_reference"],
            )
            .select("e", "i")
            .height
        )
        seconds = clock.monotonic() - begun
    told = {"seconds": seconds, "auto": int(auto), "peak_rss_mib": peak_rss_mib()}
    print(json.dumps(told))


def _whole(frame: DataFrame, entries: int, items: int) -> None:
    """Raise Corrupt unless every entry and every item is decided exactly once."""
    settled = frame.filter(frame["level"] != 1)
    for name, count in (("entries", entries), ("items", items)):
        positions = settled[name].explode(empty_as_null=False)
        if positions.len() != count or positions.n_unique() != count:
            raise Corrupt(f"the engine did not decide about all {name} once")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
