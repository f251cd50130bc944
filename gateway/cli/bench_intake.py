"""The bench ``pain001-intake``: one large file taken in, and the memory that needs.

Rule kept here: the file is posted by this process, so that none of it counts as the gateway's
memory; the gateway goes on sending to the bank meanwhile, as it would.

Run as ``python -m gateway.cli.bench_intake FILE DATABASE RECORD`` by the bench itself, and by
``statement-import``: the reference.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from lxml import etree

from gateway.cli import bench_settings, pain_file
from gateway.cli.api_client import ApiClient
from gateway.cli.bench_sides import PRODUCT, side
from gateway.cli.load import ACCEPTED
from gateway.cli.measured import Measured, Options, Say, peak_rss_mib, run_once
from gateway.domain.errors import Corrupt
from gateway.ports.erp import Draft
from gateway.runtime import SystemClock
from gateway.sandbox.payees import own_account, payee_name

LINES: Final = 100_000
_ANSWER_S: Final = 600
PAYMENT: Final = "CdtTrfTxInf"
_FIELDS: Final = {
    PAYMENT: ("EndToEndId", "InstdAmt", "Nm", "Id", "Ustrd"),
    "Ntry": ("NtryRef", "Amt", "Nm", "Id", "Ustrd"),
}
"""By the element of one record, the texts that are kept of it."""


def measure(options: Options, say: Say) -> Measured:
    """Instructions per second from the first byte of the file to the answer."""
    lines = options.scaled(LINES)
    clock = SystemClock()
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder:
        file = Path(folder) / "pain001.xml"
        say(f"写入 {lines} 笔的 pain.001 / writing a pain.001 of {lines} payments")
        file.write_bytes(b"".join(_file(lines, clock)))
        file_mib = file.stat().st_size / 2**20
        order = ["gateway.cli.bench_intake", str(file), str(Path(folder) / "bare.db"), PAYMENT]
        reference = lines / json.loads(run_once(order, b""))["seconds"]
        say(f"reference: {reference:.0f} instructions/s")
        with side(PRODUCT, options, batching=True) as it:
            idle = it.peak_rss_mib()
            client = ApiClient(
                it.address, bench_settings.KEY, bench_settings.SECRET.encode(), _ANSWER_S
            )
            begun = clock.monotonic()
            answer = client.call("POST", "/v1/files?erp=iso20022", file.read_bytes())
            product = lines / (clock.monotonic() - begun)
            client.close()
            if answer.status not in ACCEPTED:
                raise Corrupt(f"the file was answered {answer.status}: {answer.body[:500]!r}")
            peak = it.peak_rss_mib()
            say(f"product: {product:.0f} instructions/s, {peak:.0f} MiB")
    extra = {"idle_mib": idle, "file_mib": file_mib, "load_average": os.getloadavg()[0]}
    return Measured(product=product, reference=reference, peak_rss_mib=peak, extra=extra)


def _file(lines: int, clock: SystemClock) -> Iterator[bytes]:
    order = pain_file.Order(
        version="pain.001.001.09", message_id="BENCH-INTAKE", created=clock.now()
    )
    return pain_file.write(order, map(_draft, range(lines)), lambda *_: None, lambda *_: None)


def _draft(index: int) -> Draft:
    """One own-bank payment of 1.00 to generated payee ``index``."""
    account = own_account(index)
    return Draft(
        line=index + 1,
        erp_reference=f"BENCH-{index:08d}",
        end_to_end_id=f"BENCH-{index:08d}",
        debtor_account=bench_settings.DEBTOR,
        creditor_name=payee_name(account),
        creditor_account=account,
        creditor_agent_name="兴业银行",
        creditor_city="福州",
        amount="1.00",
        currency="CNY",
        purpose="货款",
    )


# ── the reference, in its process ─────────────────────────────────────────────────────────


def reference(file: Path, database: Path, record: str = PAYMENT) -> int:
    """The texts of every record in one durable transaction, nothing checked; returns how many."""
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE payment (id INTEGER PRIMARY KEY, a, b, c, d, e)")
        db.execute("BEGIN IMMEDIATE")
        db.executemany(
            "INSERT INTO payment (a, b, c, d, e) VALUES (?, ?, ?, ?, ?)", _texts(file, record)
        )
        db.execute("COMMIT")
        return int(db.execute("SELECT count(*) FROM payment").fetchone()[0])


def _texts(file: Path, record: str) -> Iterator[list[str]]:
    for _, element in etree.iterparse(str(file), tag=f"{{*}}{record}"):
        found = {it.tag.rpartition("}")[2]: it.text or "" for it in element.iter("{*}*")}
        yield [found.get(name, "") for name in _FIELDS[record]]
        element.clear()


def main(file: Path, database: Path, record: str) -> None:
    """Measure the reference and print it."""
    clock = SystemClock()
    begun = clock.monotonic()
    lines = reference(file, database, record)
    seconds = clock.monotonic() - begun
    print(json.dumps({"lines": lines, "seconds": seconds, "peak_rss_mib": peak_rss_mib()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
