"""Shared tables for tests: a database with the proposed tables, on SQLite or PostgreSQL."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

ROOT = Path(__file__).resolve().parents[1]
CHINA = timezone(timedelta(hours=8))
NOW = datetime(2026, 9, 15, 10, 0, tzinfo=CHINA)


@contextmanager
def shared_database(request, kind, folder, vendor="byte"):
    """The address of a fresh database that holds one vendor's proposed tables."""
    ddl = (ROOT / "schemas" / "erp" / vendor / f"{kind}.sql").read_text("utf-8")
    if kind == "sqlite":
        path = folder / "shared.db"
        with sqlite3.connect(path) as db:
            db.executescript(ddl)
        db.close()
        yield f"sqlite:///{path}"
        return
    with request.getfixturevalue("databases").fresh("") as database:
        run(database.url, ddl)
        yield database.url


def run(url, *statements, **values):
    """Run statements as the treasury system does; the rows of the last one."""
    address = make_url(url)
    if address.get_backend_name() == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    engine = create_engine(address)
    rows = []
    with engine.begin() as db:
        for statement in statements:
            done = db.execute(text(statement), values)
            rows = [dict(row._mapping) for row in done] if done.returns_rows else []
    engine.dispose()
    return rows


def order(url, number, **changes):
    """Put one order into byte's table."""
    cells = {
        "src_system": "bfs",
        "src_order_no": number,
        "src_line_no": "1",
        "payer_acct": "900010100100000011",
        "payee_acct": "900010100100000022",
        "payee_name": "样本钢铁（上海）有限公司",
        "payee_bank_name": "兴业银行上海分行",
        "payee_cnaps": "309290000107",
        "payee_city": "上海",
        "amount": "1200.50",
        "purpose": "货款",
        "src_status": "0",
        **changes,
    }
    if url.startswith("postgresql"):
        cells["amount"] = Decimal(cells["amount"])
    columns = ", ".join(cells)
    marks = ", ".join(f":{name}" for name in cells)
    run(url, f"INSERT INTO gw_pay_order ({columns}) VALUES ({marks})", **cells)  # noqa: S608
