"""A treasury system that meets the gateway in tables only: two vendors' names, one behaviour.

Rule kept here: it believes nothing. What the gateway writes is held against the orders that it
wrote itself, and whatever a strict treasury system would stumble over is a complaint: a result
without its order, an unknown word, a failure after a success, an amount that is another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Final

import msgspec
from sqlalchemy import (
    Connection,
    Engine,
    column,
    create_engine,
    insert,
    inspect,
    make_url,
    select,
    table,
)
from sqlalchemy import update as update_rows
from sqlalchemy.pool import NullPool
from sqlalchemy.types import NullType

from gateway.domain.errors import NotFound, Refused
from gateway.transport.http_messages import Request, Response
from gateway.wire.schemas import schema_path

Json = dict[str, object]
_READY: Final = "0"
_CANCELLED: Final = "2"
_STATUSES: Final = frozenset({"0", "1", "2", "3"})
_FINAL: Final = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One vendor's names of what is looked at here, and its words."""

    orders: str
    results: str
    entries: str
    balances: str
    receipts: str
    queries: str
    answers: str
    system: str
    order: str
    line: str
    amount: str
    state: str
    """The order's status column."""
    word: str
    """The result's status column."""
    gateway: str
    final: str
    query: str
    answer: str
    acknowledged: str
    accepted: str
    """The first word of an order that was taken."""
    refused: str
    paid: frozenset[str]
    failed: frozenset[str]
    open: frozenset[str]

    @property
    def words(self) -> frozenset[str]:
        """Every word that it knows."""
        return self.paid | self.failed | self.open


BYTE: Final = Vendor(
    orders="gw_pay_order",
    results="gw_pay_result",
    entries="gw_bank_txn",
    balances="gw_balance",
    receipts="gw_receipt",
    queries="gw_query",
    answers="gw_query_result",
    system="src_system",
    order="src_order_no",
    line="src_line_no",
    amount="amount",
    state="src_status",
    word="status",
    gateway="gw_ref",
    final="is_final",
    query="query_no",
    answer="status",
    acknowledged="ack_at",
    accepted="ACCEPTED",
    refused="REFUSED",
    paid=frozenset({"SUCCESS", "PAID_OFFLINE", "REFUNDED"}),
    failed=frozenset({"FAILED", "CANCELLED", "EXPIRED", "REFUSED"}),
    open=frozenset(
        {"ACCEPTED", "HELD", "APPROVED", "SCHEDULED", "QUEUED", "SENDING", "BANK_TAKEN"}
        | {"BANK_AUDIT", "PROCESSING", "UNKNOWN"}
    ),
)
NSTAR: Final = Vendor(
    orders="bp_pay_order",
    results="bp_pay_result",
    entries="bp_acc_detail",
    balances="bp_acc_balance",
    receipts="bp_receipt",
    queries="bp_query",
    answers="bp_query_result",
    system="sys_code",
    order="bill_no",
    line="bill_line",
    amount="amt",
    state="bill_state",
    word="pay_state",
    gateway="gw_ref",
    final="final_flag",
    query="query_no",
    answer="pay_state",
    acknowledged="ack_time",
    accepted="10",
    refused="49",
    paid=frozenset({"30", "31", "39"}),
    failed=frozenset({"40", "41", "42", "49"}),
    open=frozenset({"10", "11", "12", "13", "14", "20", "21", "22", "23", "29"}),
)
VENDORS: Final[Mapping[str, Vendor]] = {"byte": BYTE, "nstar": NSTAR}


class Treasury:
    """One treasury system on its database. ``answer`` serves the admin view over HTTP.

    POST /admin/orders, /admin/correct, /admin/cancel, /admin/queries; GET /admin/books.
    """

    def __init__(self, name: str, url: str, now: Callable[[], datetime]) -> None:
        self._vendor = VENDORS[name]
        self._name = name
        self._now = now
        self._engine = _engine(url)

    def lay(self) -> None:
        """Make its tables, where they are not there yet."""
        kind = "sqlite" if self._engine.dialect.name == "sqlite" else "postgresql"
        ddl = schema_path("erp", self._name, f"{kind}.sql").read_text("utf-8")
        with self._engine.begin() as db:
            if not inspect(db).has_table(self._vendor.orders):
                lines = [it for it in ddl.splitlines() if not it.startswith("--")]
                for statement in filter(str.strip, "\n".join(lines).split(";")):
                    db.exec_driver_sql(statement)

    # ── what a user of it does ────────────────────────────────────────────────────────────

    def submit(self, orders: Sequence[Mapping[str, str]]) -> None:
        """Write orders, by the columns' own names; they are ready at once.

        Raises Refused for a number that is there already.
        """
        vendor = self._vendor
        with self._engine.begin() as db:
            for order in orders:
                if self._rows(db, vendor.orders, **self._key(order)):
                    raise Refused("this order is there already", "该单据已存在")
                self._insert(db, vendor.orders, {vendor.state: _READY, **order})

    def correct(self, order: Mapping[str, str]) -> None:
        """Change an order that was refused and have it taken again. Raises Refused for others."""
        vendor, key = self._vendor, self._key(order)
        with self._engine.begin() as db:
            found = self._rows(db, vendor.results, **key)
            if not found or _newest(found)[vendor.word] != vendor.refused:
                raise Refused("only a refused order may be changed", "只有被拒的单据可以修改")
            self._update(db, vendor.orders, key, {**order, vendor.state: _READY})

    def cancel(self, order: Mapping[str, str]) -> None:
        """Take back an order that nobody has taken yet. Raises Refused for others."""
        vendor, key = self._vendor, self._key(order)
        with self._engine.begin() as db:
            (found,) = self._rows(db, vendor.orders, **key) or ({},)
            if _text(found.get(vendor.state)) != _READY:
                raise Refused("the gateway has it already", "网关已取走该单据")
            self._update(db, vendor.orders, key, {vendor.state: _CANCELLED})

    def ask(self, query: Mapping[str, str]) -> None:
        """Write a question."""
        with self._engine.begin() as db:
            self._insert(db, self._vendor.queries, {self._vendor.state: _READY, **query})

    def acknowledge(self) -> int:
        """Read every result that is new and mark it as read; returns how many there were."""
        vendor, at = self._vendor, self._now().replace(tzinfo=None, microsecond=0)
        with self._engine.begin() as db:
            target = table(vendor.results, column(vendor.acknowledged, NullType()))
            new = target.c[vendor.acknowledged].is_(None)
            done = db.execute(
                update_rows(target).where(new).values({vendor.acknowledged: at.isoformat(" ")})
            )
        return done.rowcount

    # ── what it was told ──────────────────────────────────────────────────────────────────

    def books(self) -> Json:
        """Every order with what it was told, everything else that was written, complaints."""
        vendor = self._vendor
        with self._engine.begin() as db:
            orders = self._rows(db, vendor.orders)
            results = self._rows(db, vendor.results)
            told = {
                name: self._rows(db, name)
                for name in (vendor.entries, vendor.balances, vendor.receipts)
            }
            answers = self._rows(db, vendor.answers)
            asked = self._rows(db, vendor.queries)
        by_order = {self._number(it): [it] for it in orders}
        for result in results:
            by_order.setdefault(self._number(result), []).append(result)
        return {
            "orders": {
                key: {
                    "state": _text(rows[0].get(vendor.state)),
                    "amount": _text(rows[0].get(vendor.amount)),
                    "told": [_text(it[vendor.word]) for it in _in_order(rows[1:])],
                    "final": bool(rows[1:]) and _newest(rows[1:])[vendor.final] == _FINAL,
                }
                for key, rows in by_order.items()
            },
            "entries": len(told[vendor.entries]),
            "balances": len(told[vendor.balances]),
            "receipts": len(told[vendor.receipts]),
            "queries": {
                _text(it[vendor.query]): next(
                    (
                        _text(said[vendor.answer])
                        for said in answers
                        if said[vendor.query] == it[vendor.query]
                    ),
                    "",
                )
                for it in asked
            },
            "complaints": [
                complaint
                for key, rows in by_order.items()
                for complaint in self._complaints(key, rows)
            ],
        }

    def _complaints(self, key: str, rows: Sequence[Json]) -> list[str]:
        """What a strict treasury system would stumble over."""
        vendor, (order, *results) = self._vendor, rows
        if vendor.state not in order:
            return [f"{key}: a result without its order"]
        found = []
        if _text(order[vendor.state]) not in _STATUSES:
            found.append(f"{key}: the order's status is none")
        words = [_text(it[vendor.word]) for it in _in_order(results)]
        if unknown := set(words) - vendor.words:
            found.append(f"{key}: unknown words {sorted(unknown)}")
        taken = {it[vendor.gateway] for it in results if it[vendor.word] != vendor.refused}
        if len(taken) > 1:
            found.append(f"{key}: became {len(taken)} payments")
        if any(_money(it.get(vendor.amount)) not in {None, _money(order[vendor.amount])}
               for it in results if it[vendor.word] != vendor.refused):  # fmt: skip
            found.append(f"{key}: another amount")
        done = [number for number, word in enumerate(words) if word in vendor.paid]
        if done and any(word in vendor.failed for word in words[done[0] :]):
            found.append(f"{key}: failed after it was paid")
        if any(it[vendor.final] == _FINAL and it[vendor.word] in vendor.open for it in results):
            found.append(f"{key}: final and open at once")
        return found

    # ── admin over HTTP ───────────────────────────────────────────────────────────────────

    async def answer(self, request: Request) -> Response:
        """Answer one request of a demonstration or a test."""
        try:
            if (request.method, request.path) == ("GET", "/admin/books"):
                return _json(self.books())
            self._do(request)
        except Refused as error:
            return _json({"error": error.en, "error_zh": error.zh}, 409)
        except msgspec.DecodeError:
            return _json({"error": "not the JSON that is wanted"}, 400)
        return _json({"done": True})

    def _do(self, request: Request) -> None:
        """Raises NotFound for what it cannot do."""
        if request.method != "POST":
            raise NotFound
        match request.path:
            case "/admin/orders":
                self.submit(msgspec.json.decode(request.body, type=list[dict[str, str]]))
            case "/admin/correct":
                self.correct(msgspec.json.decode(request.body, type=dict[str, str]))
            case "/admin/cancel":
                self.cancel(msgspec.json.decode(request.body, type=dict[str, str]))
            case "/admin/queries":
                self.ask(msgspec.json.decode(request.body, type=dict[str, str]))
            case _:
                raise NotFound

    def close(self) -> None:
        """Close connections."""
        self._engine.dispose()

    # ── rows ──────────────────────────────────────────────────────────────────────────────

    def _key(self, order: Mapping[str, str]) -> dict[str, str]:
        vendor = self._vendor
        return {name: order.get(name, "1") for name in (vendor.system, vendor.order, vendor.line)}

    def _number(self, row: Json) -> str:
        return f"{_text(row[self._vendor.order])}/{_text(row[self._vendor.line])}"

    def _rows(self, db: Connection, name: str, **key: str) -> list[Json]:
        columns = [it["name"] for it in inspect(db).get_columns(name)]
        source = table(name, *(column(it, NullType()) for it in columns))
        mine = [source.c[it] == value for it, value in key.items()]
        return [dict(row._mapping) for row in db.execute(select(source).where(*mine))]  # noqa: SLF001

    def _insert(self, db: Connection, name: str, row: Mapping[str, str]) -> None:
        target = table(name, *(column(it, NullType()) for it in row))
        db.execute(insert(target), [dict(row)])

    def _update(
        self, db: Connection, name: str, key: Mapping[str, str], row: Mapping[str, str]
    ) -> None:
        target = table(name, *(column(it, NullType()) for it in {**key, **row}))
        mine = [target.c[it] == value for it, value in key.items()]
        db.execute(update_rows(target).where(*mine).values(dict(row)))


def _engine(url: str) -> Engine:
    address = make_url(url)
    if address.get_backend_name() == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    return create_engine(address, poolclass=NullPool)


def _in_order(results: Sequence[Json]) -> list[Json]:
    return sorted(results, key=lambda it: int(str(it["seq"])))


def _newest(results: Sequence[Json]) -> Json:
    return _in_order(results)[-1]


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).rstrip(" ")


def _money(cell: object) -> Decimal | None:
    try:
        return None if cell is None else Decimal(str(cell))
    except InvalidOperation:  # an order's own nonsense, which is refused anyway
        return None


def _json(document: Json, status: int = 200) -> Response:
    body = msgspec.json.encode(document)
    return Response(status=status, body=body, content_type="application/json")
