"""``gateway verify-books``: whether every invariant of the books holds, in production too.

Exit code 0: all hold; 1: something does not; 2: it could not be checked.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import OperationalError

from gateway import settings
from gateway.audit.books import AccountSum, Promise, Question, Report, check
from gateway.audit.breach import Harm
from gateway.cli.database_option import as_named
from gateway.cli.deployed import checkpoint_key, require_database
from gateway.cli.verify_books_bank import Bank, open_bank
from gateway.domain.errors import Refused
from gateway.domain.money import Money, currency
from gateway.observe.exposition import exposition
from gateway.observe.gauges import Gauge
from gateway.runtime import SharedClock, SystemClock
from gateway.settings import Settings
from gateway.store.engine import open_engine
from gateway.store.instants import to_us
from gateway.store.migrate import refuse_behind
from gateway.store.tenancy import refuse_walled

_SHOWN: Mapping[str, tuple[str, str]] = {
    "instructions": ("指令", "instructions"),
    "messages": ("报文", "messages"),
    "wires": ("存档", "archived messages"),
    "steps": ("状态变化", "steps"),
    "executions": ("银行执行", "executions at the bank"),
}


def command(options: argparse.Namespace) -> int:
    """Check the books that the settings name, and the bank's where they can be had."""
    bank = open_bank(options.sandbox) if options.sandbox else None
    started = SystemClock()
    began = started.monotonic()
    try:
        report = books_of(
            as_named(settings.load(options.config), options),
            bank,
            at_rest=options.at_rest,
            trail=not options.no_trail,
        )
    finally:
        if bank is not None:
            bank.close()
    seconds = started.monotonic() - began
    if options.metrics:
        write_metrics(options.metrics, report, started.now(), seconds)
    if options.json:
        print(json.dumps(document(report, seconds), ensure_ascii=False))
    else:
        _show(report)
    return 0 if report.sound else 1


def books_of(
    loaded: Settings,
    bank: Bank | None = None,
    *,
    promises: tuple[Promise, ...] = (),
    at_rest: bool = False,
    trail: bool = True,
) -> Report:
    """Check the database that settings name. Raises Refused when it cannot be read."""
    require_database(loaded)
    clock = SharedClock(loaded.clock) if loaded.clock else SystemClock()
    # Without a key all but the signatures is verified.
    key = checkpoint_key(loaded) if trail else None
    engine = open_engine(loaded.database)
    try:
        refuse_behind(engine, loaded.database.label)
        with engine.connect() as db:
            refuse_walled(db)
            question = Question(
                bank=bank,
                promises=promises,
                at_rest=at_rest,
                now_us=to_us(clock.now()),
                trail=trail,
                key=key,
            )
            return check(db, question)
    except OperationalError as error:
        name = loaded.database.label
        raise Refused(
            f"the database {name} cannot be read; does it run, and is its schema of this version?",
            f"无法读取数据库 {name}：请确认其已启动且结构版本一致",
        ) from error
    finally:
        engine.dispose()


def document(report: Report, seconds: float) -> dict[str, object]:
    """A report as JSON. Account numbers are told by their last four digits only."""
    return {
        "ok": report.sound,
        **{harm.value: report.harms[harm] for harm in Harm},
        "looked": report.looked,
        "accounts": [_sum(it) for it in report.accounts],
        "counts": dict(sorted(report.counts.items())),
        "breaches": [
            {
                "rule": it.rule,
                "kind": it.kind,
                "harm": it.harm.value,
                "subject": it.subject,
                "zh": it.text("zh"),
                "en": it.text("en"),
            }
            for it in report.breaches
        ],
        "seconds": round(seconds, 1),
    }


def _sum(it: AccountSum) -> dict[str, str]:
    kind = currency(it.currency)
    return {
        "account": f"…{it.account[-4:]}",
        "currency": it.currency,
        "paid": Money(it.paid_minor, kind).text(),
        "executed": Money(it.executed_minor, kind).text(),
        "open": Money(it.open_minor, kind).text(),
    }


def write_metrics(path: Path, report: Report, at: datetime, seconds: float) -> None:
    """Write the figures for the node exporter's textfile collector: whole or not at all."""
    gauges = [
        Gauge(
            name="gateway_books_sound",
            text="1: every invariant of the books held at the last check; 0: not.",
            values={"": int(report.sound)},
        ),
        Gauge(
            name="gateway_books_harm",
            text="Breaches found by the last check, by the harm they stand for.",
            values={harm.value: report.harms[harm] for harm in Harm},
            label="harm",
        ),
        Gauge(
            name="gateway_books_breaches",
            text="Breaches found by the last check, by invariant.",
            values=dict(sorted(report.counts.items())),
            label="rule",
        ),
        Gauge(
            name="gateway_books_looked",
            text="How much the last check looked at.",
            values=dict(sorted(report.looked.items())),
            label="what",
        ),
        Gauge(
            name="gateway_books_checked_timestamp_seconds",
            text="When the last check ended.",
            values={"": at.timestamp()},
        ),
        Gauge(
            name="gateway_books_check_seconds",
            text="How long the last check took.",
            values={"": seconds},
        ),
    ]
    beside = path.with_name(f".{path.name}.part")
    beside.write_bytes(exposition(None, gauges))
    beside.replace(path)


def _show(report: Report) -> None:
    for name, count in report.looked.items():
        zh, en = _SHOWN[name]
        print(f"{zh} / {en}: {count}")
    for it in report.accounts:
        told = _sum(it)
        print(
            f"{told['account']} {told['currency']}  已付 / paid {told['paid']}  "
            f"银行执行 / executed {told['executed']}  未决 / open {told['open']}"
        )
    for breach in report.breaches:
        print(f"✗ {breach.text('zh')} / {breach.text('en')}", file=sys.stderr)
    if report.sound:
        print("✓ 账实相符，全部不变式成立 / the books are sound: every invariant holds")
    else:
        total = sum(report.counts.values())
        print(f"✗ 共 {total} 处不符 / {total} breaches", file=sys.stderr)
