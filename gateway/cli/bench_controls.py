"""The bench ``controls``: what it costs to ask the rules about a payment, in bulk.

Rule kept here: the product is asked as the release asks it, on a database, a thousand payments
in one transaction; both sides see the same payments and must say the same of each.

Run as ``python -m gateway.cli.bench_controls product|reference PAYMENTS FOLDER`` by the bench.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from statistics import median
from typing import Final

from gateway import settings as settings_of
from gateway.cli import bench_document, bench_settings
from gateway.cli.bench_naive import Naive
from gateway.cli.measured import Measured, Options, Say, peak_rss_mib, run_once
from gateway.controls import by_rules
from gateway.controls.by_rules import Screening
from gateway.controls.ground import Grounds
from gateway.controls.rules.checks import check
from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.document import ControlDocument
from gateway.controls.rules.reading import read
from gateway.domain.errors import Corrupt
from gateway.domain.ids import InstructionId
from gateway.domain.instruction import State
from gateway.domain.outcome import Grade
from gateway.lifecycle import reservations
from gateway.lifecycle.release import Candidate
from gateway.lifecycle.rows import Standing
from gateway.ports.tenancy import Directory, Tenant
from gateway.runtime import SystemClock
from gateway.sandbox.payees import own_account, payee_name
from gateway.store.engine import sqlite_engine
from gateway.store.migrate import migrate
from gateway.store.uow import Uow

PAYMENTS: Final = 100_000
CHUNK: Final = 1_000
RUN: Final = 250
"""Payments of one account that come one after the other."""
_ROUNDS: Final = 3
_MODULE: Final = "gateway.cli.bench_controls"
_US: Final = 1_000_000


def measure(options: Options, say: Say) -> Measured:
    """Microseconds per payment to be told whether it passes; ``reserve_us``: to take what it uses.

    Raises Corrupt when the sides differ in what they let pass.
    """
    payments = options.scaled(PAYMENTS)
    found: dict[str, list[dict[str, float]]] = {"reference": [], "product": []}
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as made:
        for turn in range(_ROUNDS):
            for side, reports in found.items():
                folder = Path(made) / f"{side}-{turn}"
                folder.mkdir()
                order = [_MODULE, side, str(payments), str(folder)]
                reports.append(json.loads(run_once(order, b"")))
                say(f"{turn + 1}/{_ROUNDS} {side}: {reports[-1]['us']:.2f} µs")
    if len({report["passed"] for reports in found.values() for report in reports}) != 1:
        raise Corrupt("the two sides let different payments pass")

    def middle(side: str, name: str) -> float:
        return median(report[name] for report in found[side])

    return Measured(
        product=middle("product", "us"),
        reference=middle("reference", "us"),
        peak_rss_mib=max(report["peak_rss_mib"] for report in found["product"]),
        extra={
            "reserve_us": middle("product", "reserve_us"),
            "compile_ms": middle("product", "compile_ms"),
            "load_average": os.getloadavg()[0],
        },
    )


def ground(folder: Path) -> tuple[Directory, Tenant]:
    """The settings of the bench, and its tenant."""
    path = folder / "gateway.toml"
    written = bench_settings.text(bank="http://127.0.0.1:9", slots=1)
    path.write_text(written + bench_document.settings_text(), encoding="utf-8")
    directory = settings_of.load(path).directory
    (tenant,) = directory.tenants.values()
    return directory, tenant


def document(directory: Directory, tenant: Tenant, today: date) -> ControlDocument:
    """The bench's document, found to hold together."""
    made = read(bench_document.content(today))
    check(made, Grounds(directory.keys.values()).of(tenant), today)
    return made


def candidates(tenant: Tenant, payments: int, today: date) -> Iterator[Candidate]:
    """Payments of one ERP for all companies, accounts and items; a few are too large to pass."""
    accounts = sorted(tenant.accounts.values(), key=lambda it: it.number)
    for index in range(payments):
        payer, payee = accounts[index // RUN % len(accounts)], own_account(index)
        name = InstructionId(f"ins_{index:026d}")
        yield Candidate(
            standing=Standing(
                tenant.id,
                name,
                State.RECEIVED,
                0,
                Grade.NONE,
                "",
                f"machine:{bench_settings.KEY}",
                name,
                "bat_1",
            ),
            erp_reference=name,
            connection=payer.connection,
            creditor_account=payee,
            amount_minor=100 if index % 100 else 5_000_001,
            pay_day=today,
            execution_date=None,
            erp=bench_settings.KEY,
            company=payer.company,
            debtor_account=payer.number,
            currency="CNY",
            business="payment",
            own_bank=True,
            budget_item=bench_document.item(index),
            creditor_name=payee_name(payee),
        )


# ── one side, in its process ──────────────────────────────────────────────────────────────


def product(payments: int, folder: Path) -> dict[str, float]:
    """Ask as the release does: what was used is read from the database, and kept there."""
    clock = SystemClock()
    today = clock.now().date()
    directory, tenant = ground(folder)
    made = document(directory, tenant, today)
    begun = clock.monotonic()
    rules = Rules(made)
    compiled = clock.monotonic() - begun
    lines = list(candidates(tenant, payments, today))
    engine = sqlite_engine(str(folder / "gateway.db"))
    migrate(engine)
    asked, kept, passed = 0.0, 0.0, 0
    with engine.connect() as connection:
        for start in range(0, payments, CHUNK):
            chunk = lines[start : start + CHUNK]
            with connection.begin():
                uow = Uow(connection)
                begun = clock.monotonic()
                judged, used = by_rules.screen(uow, tenant, chunk, rules, today)
                seen = Screening({}, judged, used, doubles={}, found={}, version=1)
                sorted_ = by_rules.sort(chunk, seen)
                found = clock.monotonic()
                reservations.reserve(uow, tenant.id, sorted_.taking, used)
                uow.flush()
                asked += found - begun
                kept += clock.monotonic() - found
                passed += len(sorted_.free)
    engine.dispose()
    return {
        "us": _US * asked / payments,
        "reserve_us": _US * kept / payments,
        "compile_ms": 1000 * compiled,
        "passed": passed,
    }


def reference(payments: int, folder: Path) -> dict[str, float]:
    """Ask the document itself, payment by payment."""
    clock = SystemClock()
    today = clock.now().date()
    directory, tenant = ground(folder)
    naive = Naive(document(directory, tenant, today))
    lines = list(candidates(tenant, payments, today))
    begun = clock.monotonic()
    facts = (by_rules.facts_of(tenant, it, known=False) for it in lines)
    passed = sum(naive.passes(it, today) for it in facts)
    return {"us": _US * (clock.monotonic() - begun) / payments, "passed": passed}


def main(side: str, payments: int, folder: Path) -> None:
    """Measure one side and print it."""
    found = {"product": product, "reference": reference}[side](payments, folder)
    print(json.dumps(found | {"peak_rss_mib": peak_rss_mib()}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
