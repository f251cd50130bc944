"""Every released payment carries its seal, whichever way it was released."""

from __future__ import annotations

from gateway.intake.bulk import CHUNK
from gateway.store import tables
from gateway.store.prepared import Prepared
from tests.controls_ground import StandingRules, content
from tests.integration.intake.ground import Node, among, draft

LINES = CHUNK + 3


def _sealed(node: Node, version: int) -> int:
    rows = node.rows(tables.instruction)
    assert {row.control_version for row in rows} == {version}
    return sum(
        node.seals.holds(row.seal, row.tenant, row.id, row.digest, version, ()) for row in rows
    )


def test_lines_released_where_they_wait_and_lines_released_from_the_database(database):
    async def story(one: Node, two: Node) -> None:
        await one.bulk.accept(one.call("SMALL"), [draft(number) for number in range(5)])
        assert _sealed(one, 0) == 5
        await one.bulk.accept(one.call("LARGE"), [draft(10 + number) for number in range(LINES)])
        one.tasks.spawn("releasing", one.releasing.run())
        await one.until(lambda: one.states()["QUEUED"] == 5 + LINES)
        assert _sealed(one, 0) == 5 + LINES

    among(database, story)


def test_the_version_of_the_rules_is_under_the_seal(database):
    rules = StandingRules(
        content(matrix=[{"id": "all", "bands": [{"steps": []}]}], machines=[
            {"name": "*", "roles": ["erp"]}
        ])
    )  # fmt: skip

    async def story(one: Node, two: Node) -> None:
        await one.post()
        await two.post(erp_reference="B", amount="2.00")
        assert _sealed(one, 1) == 2

    among(database, story, rules=rules)


def test_a_line_is_changed_once_when_it_is_released_and_sealed(database, monkeypatch):
    changed: list[int] = []
    run = Prepared.run

    def noting(self, connection, rows):
        if self.statement.is_update and self.statement.table is tables.instruction:
            changed.append(len(rows))
        return run(self, connection, rows)

    monkeypatch.setattr(Prepared, "run", noting)

    async def story(one: Node, two: Node) -> None:
        await one.bulk.accept(one.call("LARGE"), [draft(number) for number in range(LINES)])
        one.tasks.spawn("releasing", one.releasing.run())
        await one.until(lambda: one.states()["QUEUED"] == LINES)
        assert _sealed(one, 0) == LINES
        assert changed == [1, 1], "one statement for each chunk"

    among(database, story)
