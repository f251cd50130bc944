"""The bench ``audit``: verifying the trail against the bare arithmetic of the same chain.

Rule kept here: both sides read the same file, each in a process of its own, in turn; the
middle one of the rounds counts.

Run as ``python -m gateway.cli.bench_audit product|reference FILE`` by the bench itself.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Final

from sqlalchemy import func, select

from gateway.audit.verify import verify
from gateway.chance import SystemRandom
from gateway.cli.audit_walks import walks
from gateway.cli.measured import Measured, Options, Say, peak_rss_mib, run_once
from gateway.domain.chain import GENESIS
from gateway.domain.errors import Corrupt
from gateway.runtime import SystemClock
from gateway.store import tables
from gateway.store.engine import Database, open_engine, sqlite_engine
from gateway.store.instants import to_us
from gateway.store.journal import Lane, Record
from gateway.store.migrate import migrate

RECORDS: Final = 1_000_000
_GROUP: Final = 500
_ROUNDS: Final = 3
_MODULE: Final = "gateway.cli.bench_audit"


def measure(options: Options, say: Say) -> Measured:
    """Build a journal, verify it both ways, in records per second."""
    records = options.scaled(RECORDS)
    rates: dict[str, list[float]] = {"reference": [], "product": []}
    peak = 0.0
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder:
        database = Path(folder) / "journal.db"
        say(f"写入 {records} 条审计记录 / writing {records} journal records")
        build(database, records)
        for turn in range(_ROUNDS):
            for side, found in rates.items():
                report = json.loads(run_once([_MODULE, side, str(database)], b""))
                found.append(report["records"] / report["seconds"])
                if side == "product":
                    peak = max(peak, report["peak_rss_mib"])
                say(f"{turn + 1}/{_ROUNDS} {side}: {found[-1]:.0f} records/s")
    return Measured(
        product=median(rates["product"]), reference=median(rates["reference"]), peak_rss_mib=peak
    )


def build(database: Path, records: int) -> None:
    """Write a journal of ``records`` records (the first one opens the lane)."""
    engine = sqlite_engine(str(database))
    migrate(engine)
    clock = SystemClock()
    lane = Lane("lan_bench", SystemRandom().bytes)
    at_us = to_us(clock.now())
    with engine.connect() as connection:
        with connection.begin():
            lane.open(connection, at_us)
        for start in range(1, records, _GROUP):
            with connection.begin():
                group = range(start, min(start + _GROUP, records))
                lane.append(connection, [_record(number, at_us) for number in group])()
    engine.dispose()


def _record(number: int, at_us: int) -> Record:
    """What the relay journals about one answered message."""
    return Record(
        tenant="bench",
        kind="evidence",
        subject=f"msg_{number:026d}",
        at_us=at_us + number,
        content={
            "actor": "relay:main",
            "cause": "bank_answer",
            "lines": [[f"ins_{number:026d}", "SENDING", "move"]],
            "target": "SETTLED",
            "evidence": f"evi_{number:026d}",
            "code": "0",
            "bank_reference": f"{number:020d}",
        },
    )


# ── one side, in its process ──────────────────────────────────────────────────────────────


def product(database: Path) -> int:
    """Verify as the command line does; returns how many records there were."""
    named = Database.file(database)
    engine = open_engine(named)
    with engine.connect() as db:
        total = db.execute(select(func.count()).select_from(tables.journal)).scalar() or 0
        verdict = verify(db, None, walks=walks(named, total))
    engine.dispose()
    if verdict.findings:
        raise Corrupt(f"the bench's own journal does not verify: {verdict.findings[0].text('en')}")
    return verdict.records


def reference(database: Path) -> int:
    """The same hashes with nothing around them; returns how many records there were."""
    sha256, count, previous = hashlib.sha256, 0, GENESIS
    with closing(sqlite3.connect(database)) as db:
        rows = db.execute(
            "SELECT seq, salt, payload, leaf, hash FROM journal WHERE lane = ? ORDER BY seq",
            ("lan_bench",),
        )
        for seq, salt, payload, leaf, stored in rows:
            if sha256(b"\x01" + salt + payload).digest() != leaf:
                raise Corrupt(f"record {seq} does not match its commitment")
            previous = sha256(b"\x02lan_bench\n%d\n" % seq + previous + leaf).digest()
            if previous != stored:
                raise Corrupt(f"record {seq} does not follow the one before it")
            count += 1
    return count


def main(side: str, database: Path) -> None:
    """Measure one side and print it."""
    clock = SystemClock()
    begun = clock.monotonic()
    records = {"product": product, "reference": reference}[side](database)
    seconds = clock.monotonic() - begun
    print(json.dumps({"records": records, "seconds": seconds, "peak_rss_mib": peak_rss_mib()}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
