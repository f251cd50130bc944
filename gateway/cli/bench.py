"""``gateway bench NAME``: the product against a reference, both measured in the same run.

Rule kept here: a bench that is named has its exact set-up written beside it, in both languages;
the ratio says more than the absolute figures, which change with the machine.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TextIO

from gateway.cli import (
    bench_audit,
    bench_controls,
    bench_files,
    bench_import,
    bench_intake,
    bench_mt940,
    bench_pain,
    bench_payments,
    bench_queries,
    bench_reconcile,
    bench_start,
    bench_statement,
    bench_texts,
    bench_told,
)
from gateway.cli.measured import Measured, Options, Say
from gateway.domain.errors import Refused

__all__ = ["BENCHES", "Bench", "Options", "run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One bench: what it measures, how exactly, and against what."""

    name: str
    unit: str
    zh: str
    en: str
    measure: Callable[[Options, Say], Measured]
    profile: Callable[[Options, TextIO], None] | None = None
    controls: bool = False
    """Whether it can be run once more under a control document."""


BENCHES: Final[Mapping[str, Bench]] = {
    bench.name: bench
    for bench in (
        Bench(
            name="payments-batch",
            unit="payments/s",
            zh=bench_texts.BATCH_ZH,
            en=bench_texts.BATCH_EN,
            measure=bench_payments.batch,
            profile=bench_payments.profile_batch,
            controls=True,
        ),
        Bench(
            name="payments-single",
            unit="payments/s",
            zh=bench_texts.SINGLE_ZH,
            en=bench_texts.SINGLE_EN,
            measure=bench_payments.single,
            profile=bench_payments.profile_single,
        ),
        Bench(
            name="audit",
            unit="records/s",
            zh=bench_texts.AUDIT_ZH,
            en=bench_texts.AUDIT_EN,
            measure=bench_audit.measure,
        ),
        Bench(
            name="pain001-intake",
            unit="payments/s",
            zh=bench_texts.INTAKE_ZH,
            en=bench_texts.INTAKE_EN,
            measure=bench_intake.measure,
        ),
        Bench(
            name="pain001-read",
            unit="instructions/s",
            zh=bench_pain.READ_ZH,
            en=bench_pain.READ_EN,
            measure=bench_pain.measure,
        ),
        Bench(
            name="statement-read",
            unit="entries/s",
            zh=bench_statement.READ_ZH,
            en=bench_statement.READ_EN,
            measure=bench_statement.measure,
        ),
        Bench(
            name="statement-import",
            unit="entries/s",
            zh=bench_import.IMPORT_ZH,
            en=bench_import.IMPORT_EN,
            measure=bench_import.measure,
        ),
        Bench(
            name="mt940-read",
            unit="lines/s",
            zh=bench_mt940.READ_ZH,
            en=bench_mt940.READ_EN,
            measure=bench_mt940.measure,
        ),
        Bench(
            name="reconcile",
            unit="entries/s",
            zh=bench_reconcile.RECONCILE_ZH,
            en=bench_reconcile.RECONCILE_EN,
            measure=bench_reconcile.measure,
        ),
        Bench(
            name="camt053-write",
            unit="entries/s",
            zh=bench_files.STATEMENT_ZH,
            en=bench_files.STATEMENT_EN,
            measure=bench_files.statement,
        ),
        Bench(
            name="pain002-write",
            unit="lines/s",
            zh=bench_files.STATUS_ZH,
            en=bench_files.STATUS_EN,
            measure=bench_files.status,
        ),
        Bench(
            name="pain001-write",
            unit="payments/s",
            zh=bench_files.PAYMENTS_ZH,
            en=bench_files.PAYMENTS_EN,
            measure=bench_files.payments,
        ),
        Bench(
            name="queries",
            unit="ms",
            zh=bench_queries.QUERIES_ZH,
            en=bench_queries.QUERIES_EN,
            measure=bench_queries.measure,
        ),
        Bench(
            name="told-lag",
            unit="ms",
            zh=bench_told.TOLD_ZH,
            en=bench_told.TOLD_EN,
            measure=bench_told.measure,
        ),
        Bench(
            name="worker-start",
            unit="ms",
            zh=bench_texts.START_ZH,
            en=bench_texts.START_EN,
            measure=bench_start.measure,
        ),
        Bench(
            name="controls",
            unit="µs/payment",
            zh=bench_texts.CONTROLS_ZH,
            en=bench_texts.CONTROLS_EN,
            measure=bench_controls.measure,
        ),
    )
}


def run(name: str, *, as_json: bool, list_only: bool, out: TextIO, scale: Options) -> int:
    """Run one bench, or list all of them, and print the result; returns the exit code.

    Raises Refused for a name that is none, for a missing reference, and for a profile of a
    bench that has none.
    """
    if list_only:
        out.write(_listing(as_json=as_json))
        return 0
    bench = BENCHES.get(name)
    if bench is None:
        names = ", ".join(BENCHES)
        raise Refused(
            f"no bench {name!r}; there are: {names}", f"没有测量项 {name!r}；可用：{names}"
        )
    if scale.profile is not None:
        if bench.profile is None:
            raise Refused(f"{name} has no profile", f"{name} 不支持剖析")
        bench.profile(scale, out)
        return 0
    if scale.controls and not bench.controls:
        raise Refused(f"{name} takes no --controls", f"{name} 不支持 --controls")
    measured = bench.measure(scale, _quiet if as_json else _say)
    found = document(bench, measured)
    out.write(json.dumps(found, ensure_ascii=False) + "\n" if as_json else _told(found))
    return 0


def document(bench: Bench, measured: Measured) -> dict[str, object]:
    """The result as JSON; what goes beyond the fixed names comes after them."""
    ratio = measured.product / measured.reference if measured.reference else None
    return {
        "name": bench.name,
        "product": round(measured.product, 1),
        "reference": round(measured.reference, 1),
        "ratio": None if ratio is None else round(ratio, 3),
        "unit": bench.unit,
        "peak_rss_mib": round(measured.peak_rss_mib, 1),
        **{name: round(value, 1) for name, value in measured.extra.items()},
    }


def _listing(*, as_json: bool) -> str:
    if as_json:
        return "".join(
            json.dumps(
                {"name": it.name, "unit": it.unit, "zh": it.zh, "en": it.en}, ensure_ascii=False
            )
            + "\n"
            for it in BENCHES.values()
        )
    return "\n".join(f"{it.name} ({it.unit})\n  {it.zh}\n  {it.en}\n" for it in BENCHES.values())


def _told(found: Mapping[str, object]) -> str:
    fixed = {"name", "product", "reference", "ratio", "unit", "peak_rss_mib"}
    more = "".join(f"\n  {name}: {value}" for name, value in found.items() if name not in fixed)
    return (
        f"{found['name']}\n"
        f"  本产品 / product: {found['product']} {found['unit']}\n"
        f"  参照 / reference: {found['reference']} {found['unit']}\n"
        f"  比值 / ratio: {found['ratio']}\n"
        f"  内存峰值 / peak memory: {found['peak_rss_mib']} MiB{more}\n"
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _quiet(_: str) -> None:
    """For machines only the result is printed."""
