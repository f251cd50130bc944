"""Statement files on an SFTP server: picked up, imported, answered, put away."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing

from gateway.ports.erp import ErpTransport
from gateway.ports.statement_boxes import StatementBox
from gateway.ports.webhooks import Reach
from gateway.runtime import LoopTasks, RealRuntime
from gateway.sandbox.erps.sftp_server import User, open_server
from gateway.simulation.schema import lay_tables
from gateway.statements.importing import Importing
from gateway.statements.picking import FileDesk, StatementFiles
from gateway.store import tables
from gateway.store.engine import sqlite_engine
from gateway.store.store import Store
from gateway.transport.egress_rules import read_network
from gateway.transport.http_client import HttpNet
from gateway.transport.opening import open_box
from tests.statement_ground import ACCOUNT, TINY, statement, tenant
from tests.store_ground import StillClock

D1 = "2026-09-10"
GOOD = statement(ACCOUNT, (D1, D1), (0, 10), [(D1, 10, "a")])


def _box(server) -> StatementBox:
    return StatementBox(
        tenant="acme",
        id="bank",
        transport=ErpTransport.SFTP,
        address=server.address("bank"),
        options={"host_key": server.host_key, "settle_s": "0"},
        secrets={"password": "correct horse"},
    )


def test_files_on_a_server_are_imported_or_refused_and_answered(tmp_path):
    async def story() -> None:
        server = await open_server(tmp_path / "server", {"bank": User(password="correct horse")})
        home = server.home("bank")
        (home / "in").mkdir()
        (home / "in" / "好.sta").write_text(GOOD)
        (home / "in" / "wrong.sta").write_text(GOOD.replace(" 0 10", " 0 11"))
        (home / "in" / "half.sta.filepart").write_text(GOOD)
        reach = Reach(networks=(read_network("127.0.0.0/8"),), ports=(server.port,))
        tasks = LoopTasks(lambda *_: None)
        runtime = RealRuntime(clock=StillClock(), tasks=tasks, net=HttpNet())
        engine = sqlite_engine(str(tmp_path / "store.db"))
        lay_tables(engine)
        store = Store(engine, runtime)
        store.open()
        files = open_box(_box(server), tmp_path / "scratch", reach)
        desk = FileDesk(
            runtime=runtime, importing=Importing(store, runtime), formats=lambda: (TINY,)
        )
        try:
            with closing(store):
                await StatementFiles(_box(server), tenant(), files, desk, lambda: False).look()
                rows = store.read_now(lambda db: db.execute(tables.statement_line.select()).all())
                await tasks.stop()
        finally:
            await files.aclose()
            await server.aclose()
        assert [row.reference for row in rows] == ["a"]
        found = server.files("bank")
        replies = {
            it["file"]: it["state"]
            for name, content in found.items()
            if name.startswith("out/")
            for it in [json.loads(content)]
        }
        assert replies == {"好.sta": "imported", "wrong.sta": "quarantined"}
        assert {name for name in found if not name.startswith("out/")} == {
            "processed/好.sta",
            "refused/wrong.sta",
            "in/half.sta.filepart",
        }

    asyncio.run(story())
