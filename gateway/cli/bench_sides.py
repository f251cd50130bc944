"""The two sides of a payment bench: the product and the bare path, each with an empty bank.

Rule kept here: what is measured runs in processes of its own, on an empty database of the kind
asked for, and leaves nothing behind.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from gateway.cli import bench_document, bench_settings
from gateway.cli.api_client import ApiClient
from gateway.cli.load import LoadOrder
from gateway.cli.measured import (
    Options,
    Running,
    cpu_s,
    peak_rss_mib,
    repository,
    run_once,
    running,
)
from gateway.cli.own_postgres import OwnPostgres
from gateway.domain.errors import Corrupt
from gateway.runtime import SharedClock, SystemClock

PRODUCT: Final = "product"
REFERENCE: Final = "reference"
_SETTLED: Final = {
    PRODUCT: "SELECT count(*) FROM instruction WHERE state = 'SETTLED'",
    REFERENCE: "SELECT count(*) FROM payment WHERE outcome = 'SETTLED'",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side under load. ``own`` are its processes, ``database`` a file or an address."""

    name: str
    address: str
    own: tuple[int, ...]
    bank: int
    server: int | None
    """The database server's process, where there is one."""
    database: str

    def peak_rss_mib(self) -> float:
        """Most memory all of its own processes had."""
        return sum(map(peak_rss_mib, self.own))

    def spent(self) -> dict[str, float]:
        """CPU seconds so far: of the side itself, of the bank, of the database server."""
        found = {self.name: sum(map(cpu_s, self.own)), "bank": cpu_s(self.bank)}
        return found if self.server is None else {**found, "server": cpu_s(self.server)}


def order(  # noqa: PLR0913 - keyword-only, what differs between calls
    side: Side,
    *,
    calls: int,
    connections: int,
    lines: int = 0,
    first: int = 0,
    rate_per_s: float = 0.0,
    items: int = 0,
) -> LoadOrder:
    """What the load generator is to do to a side."""
    address = urlsplit(side.address)
    return LoadOrder(
        host=address.hostname or "127.0.0.1",
        port=address.port or 80,
        key=bench_settings.KEY,
        secret=bench_settings.SECRET,
        debtor=bench_settings.DEBTOR,
        calls=calls,
        lines=lines,
        first=first,
        connections=connections,
        rate_per_s=rate_per_s,
        items=items,
        database=side.database,
        settled_sql=_SETTLED[side.name],
        settled_target=first + calls,
    )


@contextmanager
def side(name: str, options: Options, *, batching: bool) -> Iterator[Side]:
    """A fresh bank and database and, before them, the product or the bare path."""
    root = repository()
    with ExitStack() as until:
        folder = Path(until.enter_context(tempfile.TemporaryDirectory(prefix="gateway-bench-")))
        # The bank's calendar starts today, as the gateway's does.
        SharedClock.create(folder / "clock.json", SystemClock().now())
        server = until.enter_context(OwnPostgres()) if options.postgresql else None
        bank = until.enter_context(running(_sandbox(folder), folder))
        if name == REFERENCE:
            kept = server.url if server else str(folder / "bare.db")
            started = [
                until.enter_context(running(_bare(kept, bank.address, options), folder, root=root))
            ]
        else:
            kept = server.url if server else str(folder / "gateway.db")
            settings = folder / "gateway.toml"
            written = bench_settings.text(
                bank=bank.address,
                slots=options.slots,
                database=server.url if server else "gateway.db",
                batching=batching,
            )
            more = bench_document.settings_text() if options.controls else ""
            settings.write_text(written + more, encoding="utf-8")
            started = _product(until, settings, options)
            if options.controls:
                _put_in_force(started[0].address)
        yield Side(
            name=name,
            address=started[0].address,
            own=tuple(it.pid for it in started),
            bank=bank.pid,
            server=server.pid if server else None,
            database=kept,
        )


def _product(until: ExitStack, settings: Path, options: Options) -> list[Running]:
    """The gateway: one process on SQLite, the API and one worker on PostgreSQL."""
    named = ("--config", str(settings), "--json")
    if options.postgresql:
        run_once(["gateway.cli.main", "migrate", *named], b"")
    roles = ("serve", "worker") if options.postgresql else ("serve",)
    return [
        until.enter_context(running(["gateway.cli.main", role, *named], settings.parent))
        for role in roles
    ]


def _put_in_force(address: str) -> None:
    """Have the bench's document proposed and voted on, as people do it. Raises Corrupt."""
    first, *others = [
        ApiClient(address, name, bench_settings.SECRET.encode()) for name in bench_settings.PEOPLE
    ]
    wish = {"content": bench_document.content(SystemClock().now().date())}
    answer = first.post("/v1/controls/proposals", wish)
    for one in others:
        if answer.status == HTTPStatus.OK and answer.json()["state"] != "in_force":
            made: dict[str, Any] = answer.json()
            answer = one.post(made["links"]["vote"], {"digest": made["digest"]})
    for one in (first, *others):
        one.close()
    if answer.status != HTTPStatus.OK or answer.json()["state"] != "in_force":
        raise Corrupt(f"the bench's document is not in force: {answer.body[:500]!r}")


def _sandbox(folder: Path) -> Sequence[str]:
    return (
        "gateway.cli.main", "sandbox", "--data", str(folder / "bank"), "--port", "0",
        "--clock", str(folder / "clock.json"), "--no-limits", "--json",
    )  # fmt: skip


def _bare(database: str, bank: str, options: Options) -> Sequence[str]:
    return (
        "tests.bench.bare", "--database", database, "--bank", f"{bank}/cib",
        "--slots", str(options.slots),
    )  # fmt: skip
