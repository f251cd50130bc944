"""ERP systems to be told, in memory: a vendor whose API doubles what comes twice, a box, tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from gateway.delivery.couriers import Outlet
from gateway.delivery.endpoints import ErpEndpoint
from gateway.delivery.erp_files import FileCourier, TableCourier
from gateway.delivery.erp_rows import ErpShelf
from gateway.delivery.erp_telling import ApiCourier
from gateway.domain.ids import TenantId
from gateway.domain.instruction import State
from gateway.domain.party import Account, Party
from gateway.ports.erp import ErpDialect, ErpTransport, FileWriter
from gateway.ports.erp_api import (
    Call,
    CallReply,
    Conversation,
    ErpApi,
    Login,
    Taken,
    Telling,
    Token,
    Verdict,
)
from gateway.ports.erp_systems import ErpSystem
from gateway.ports.erp_tables import ErpTables, ResultTable
from gateway.ports.erp_told import ToldKind, encoded
from gateway.ports.tenancy import OwnAccount, Tenant
from gateway.transport.erp_session import ErpSession

TENANT = "t1"
OURS, THEIRS = "622000000000000001", "BE70953368654125"


def system(**changes: object) -> ErpSystem:
    """An ERP system that wants to hear of everything."""
    return ErpSystem(
        **{
            "tenant": TenantId(TENANT),
            "id": "sap",
            "dialect": "test",
            "transport": ErpTransport.API,
            "address": "https://erp.example/",
            "states": frozenset(State),
            "aliases": {THEIRS: OURS},
            **changes,
        }
    )


def tenant(*systems: ErpSystem) -> Tenant:
    """A tenant with one account and these systems."""
    own = OwnAccount(
        party=Party(name="本公司", account=Account(number=OURS)), company="c1", connection="cib"
    )
    return Tenant(
        id=TenantId(TENANT),
        name="集团",
        companies={},
        accounts={OURS: own},
        connections={},
        erps={it.id: it for it in systems},
    )


def endpoint(
    it: ErpSystem | None = None, *, per_source: bool = False, **changes: object
) -> ErpEndpoint:
    """The system as somebody who is told, of merged payments ``per_source`` where said so."""
    it = it or system(**changes)
    return ErpEndpoint(
        system=it, owner=tenant(it), kinds=frozenset(ToldKind), per_source=per_source
    )


# ── a vendor's API ────────────────────────────────────────────────────────────────────────


@dataclass
class Vendor:
    """A server that writes whatever is posted, twice if it comes twice."""

    posts: list[dict] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    mood: Callable[[Call], CallReply | Exception | None] = lambda _: None
    """What is answered instead; an exception is raised after the call has arrived."""
    lost: Callable[[Call], Exception | None] = lambda _: None
    """The call arrives and is done, and its answer is lost."""
    token: str = ""
    logins: int = 0
    closed: bool = False

    async def call(self, call: Call) -> CallReply:
        """One request."""
        self.calls.append((call.method, call.endpoint))
        instead = self.mood(call)
        if isinstance(instead, Exception):
            raise instead
        if instead is not None:
            return instead
        reply = self.answer(call)
        lost = self.lost(call)
        if lost is not None:
            raise lost
        return reply

    def answer(self, call: Call) -> CallReply:
        """What it does and says."""
        if call.path == "/token":
            self.logins += 1
            self.token = f"tok{self.logins}"
            return _reply({"token": self.token})
        if self.token and ("token", self.token) not in call.headers:
            return _reply({"login": True}, 401)
        if call.method == "GET":
            known = [[it["ref"], it["version"]] for it in self.posts]
            return _reply({"known": known})
        self.posts += json.loads(call.body)
        return _reply({"ok": True})

    async def aclose(self) -> None:
        """Close connections."""
        self.closed = True

    def states(self, reference: str) -> list[str]:
        """What was written of one payment, in order."""
        return [it["state"] for it in self.posts if it["ref"] == reference]


def _reply(document: object, status: int = 200) -> CallReply:
    return CallReply(status=status, body=json.dumps(document).encode())


def say(it: Conversation) -> Call | tuple[Taken, ...]:
    """Read before writing where something may have arrived; then write what is missing."""
    if it.replies and it.replies[-1].status == 401:
        return tuple(Taken(place=n, verdict=Verdict.LOGIN) for n in range(len(it.told)))
    known: list[list[object]] = []
    if it.again:
        if not it.replies:
            return Call(method="GET", path="/status", endpoint="status")
        known = json.loads(it.replies[0].body)["known"]
    written = [
        n for n, told in enumerate(it.told) if [told.erp_reference, told.version] not in known
    ]
    if len(it.replies) == int(it.again) and written:
        body = [
            {"ref": one.erp_reference, "version": one.version, "state": one.state}
            for one in (it.told[n] for n in written)
        ]
        return Call(
            method="POST", path="/status", endpoint="feedback", body=json.dumps(body).encode()
        )
    if written:
        document = json.loads(it.replies[-1].body)
        if "verdicts" in document:
            return tuple(
                Taken(place=n, verdict=Verdict(word), code="E7", text="账号 6222000012345678 不符")
                for n, word in enumerate(document["verdicts"])
            )
        assert document["ok"]
    return tuple(
        Taken(place=n, verdict=Verdict.TAKEN if n in written else Verdict.ALREADY)
        for n in range(len(it.told))
    )


def api(most: int = 1, *, login: bool = False) -> ErpApi:
    """The vendor's API as an adapter describes it."""
    return ErpApi(
        tell={ToldKind.STATUS: Telling(say=say, most=most)},
        login=Login(
            encode=lambda _access, _moment: Call(method="POST", path="/token", endpoint="token"),
            decode=lambda reply, moment: Token(
                expires_at=moment.now + timedelta(hours=2),
                headers=(("token", json.loads(reply.body)["token"]),),
            ),
        )
        if login
        else None,
    )


def api_outlets(vendor: Vendor, spoken: ErpApi | None = None, **changes: object):
    """Outlets that tell a vendor, for each life of a process anew."""

    def outlets(runtime):
        it = endpoint(**changes)
        spoken_now = spoken or api()
        session = ErpSession(vendor, spoken_now, it.system.access, runtime, runtime.clock.now)
        courier = ApiCourier(session, spoken_now)
        return [Outlet(shelf=ErpShelf(endpoint=it, most=500), courier=courier, width=4)]

    return outlets


# ── files and tables ──────────────────────────────────────────────────────────────────────


@dataclass
class Box:
    """Files by name, with every write."""

    files: dict[str, bytes] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    mood: Callable[[str], Exception | None] = lambda _: None

    async def put(self, name: str, pieces) -> None:
        """Write one file."""
        content = b"".join(pieces)
        self.writes.append(name)
        error = self.mood(name)
        if error is not None:
            raise error
        self.files[name] = content

    async def aclose(self) -> None:
        """Nothing is open."""


@dataclass
class Tables:
    """Rows by table."""

    rows: dict[str, list[dict]] = field(default_factory=dict)
    writes: int = 0

    async def write(self, table: ResultTable, rows) -> None:
        """One transaction; a row whose key is there already is left as it is."""
        self.writes += 1
        there = self.rows.setdefault(table.name, [])
        keys = {tuple(it[name] for name in table.key) for it in there}
        there += [it for it in rows if tuple(it[name] for name in table.key) not in keys]

    async def aclose(self) -> None:
        """Nothing is open."""


def lines(told, facts):
    """A file of one line for each record, behind a head."""
    yield f"{facts.id} {facts.created.isoformat()}\n".encode()
    for it in told:
        yield (encoded(it) + "\n").encode()


FILES = ErpDialect(
    name="test",
    title_zh="试验",
    title_en="test",
    files={kind: FileWriter(suffix="txt", write=lines) for kind in ToldKind},
)
RESULTS = ErpTables(
    results={
        ToldKind.STATUS: ResultTable(
            name="result",
            key=("ref", "version"),
            rows=lambda told: (
                {"ref": told.erp_reference, "version": told.version, "state": told.state},
            ),
        )
    }
)


def file_outlets(box: Box, dialect: ErpDialect = FILES, **changes: object):
    """Outlets that write files."""
    it = endpoint(transport=ErpTransport.FOLDER, **changes)
    return lambda _: [
        Outlet(shelf=ErpShelf(endpoint=it, most=10_000), courier=FileCourier(box, dialect), width=1)
    ]


def table_outlets(box: Tables, **changes: object):
    """Outlets that write rows."""
    it = endpoint(transport=ErpTransport.TABLES, **changes)
    return lambda _: [
        Outlet(shelf=ErpShelf(endpoint=it, most=500), courier=TableCourier(box, RESULTS), width=1)
    ]
