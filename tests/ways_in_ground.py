"""An ERP with a language of a few words, and the desk that takes it in: ground of the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from gateway.delivery.standing import status_report
from gateway.domain.errors import GatewayError, WireError
from gateway.intake.arrivals import Arrival, arrivals
from gateway.intake.asking import Asking
from gateway.intake.picking import Desk, Picking
from gateway.intake.taking import Sender
from gateway.lifecycle.telling import Say
from gateway.ports.erp import (
    ErpDialect,
    ErpTransport,
    FileEnd,
    FileHead,
    FilePart,
    FileWriter,
    RefusedFile,
    StatusReport,
)
from gateway.ports.erp_answers import Answered
from gateway.ports.erp_questions import Question
from gateway.ports.erp_systems import ErpSystem
from gateway.ports.erp_told import BalanceTold, ToldKind
from gateway.store import tables
from gateway.transport.box_names import Habits
from gateway.transport.file_box import Box
from gateway.transport.folders import FolderPlace
from tests.integration.intake.ground import Node, nodes
from tests.records import replace
from tests.unit.intake.sample import DRAFT, TENANT


def read(pieces: Iterable[bytes]) -> Iterator[FilePart]:
    """``HEAD id``, then ``reference|amount|debtor account`` (the last two may be left out)."""
    lines = b"".join(pieces).decode().splitlines()
    if not lines or not lines[0].startswith("HEAD"):
        raise WireError("root", "/HEAD", line=1)
    yield FileHead(format="words", message_id=lines[0][5:])
    for number, line in enumerate(lines[1:], start=2):
        if line == "BAD":
            raise WireError("malformed", "/line", line=number)
        if line == "BOOM":
            raise KeyError(line)
        reference, amount, debtor, *_ = (*line.split("|"), "", "")
        yield replace(
            DRAFT,
            erp_reference=reference,
            amount=amount or "1.00",
            debtor_account=debtor or DRAFT.debtor_account,
            source={"doc": reference},
            line=number,
            at={"amount": f"line {number}"},
        )
    yield FileEnd(count=len(lines) - 1)


def report(status: StatusReport) -> Iterator[bytes]:
    for line in status.lines():
        faults = ",".join(it.code for it in line.faults)
        yield f"{line.source.get('doc')} {line.state} {faults}\n".encode()


def refuse(refused: RefusedFile) -> Iterator[bytes]:
    for it in refused.faults:
        yield f"NO {it.code} {it.path} {it.line}\n".encode()


def broken(_: object) -> Iterator[bytes]:
    """A writer that stumbles."""
    yield b"half "
    raise ZeroDivisionError


def questions(content: bytes) -> tuple[Question, ...]:
    lines = content.decode().splitlines()[1:]
    if "BAD" in lines:
        raise WireError("missing", "/ASK")
    return tuple(Question(kind="balance", id=it, account=it) for it in lines)


WORDS = ErpDialect(
    name="words",
    title_zh="词",
    title_en="words",
    read=read,
    report=report,
    refuse=refuse,
    content_type="text/csv",
    asks=lambda head: head.startswith(b"ASK"),
    questions=questions,
    files={
        ToldKind.BALANCE: FileWriter(
            suffix="csv",
            write=lambda told, _: iter(f"{it.account} {it.ledger}\n".encode() for it in told),
        )
    },
)


def system(**changes: Any) -> ErpSystem:
    words = {
        "tenant": TENANT.id,
        "id": "sap",
        "dialect": "words",
        "transport": ErpTransport.FOLDER,
        "poll_s": 1,
    }
    return ErpSystem(**(words | changes))


class Outbox:
    """Remembers what an ERP is to be told, once per subject and version."""

    def __init__(self) -> None:
        self.said: dict[tuple[str, int], Say] = {}
        self.takes = True

    def tell(self, uow: object, tenant: str, system: str, says: Iterable[Say]) -> int:
        del uow
        assert (tenant, system) == (TENANT.id, "sap")
        fresh = [it for it in says if (it.subject, it.version) not in self.said and self.takes]
        self.said |= {(it.subject, it.version): it for it in fresh}
        return len(fresh)

    def withdraw(self, uow: object, tenant: str, system: str, subjects: Iterable[str]) -> int:
        del uow
        assert (tenant, system) == (TENANT.id, "sap")
        gone = [key for key in self.said if key[0] in set(subjects)]
        for key in gone:
            del self.said[key]
        return len(gone)

    @property
    def told(self) -> list:
        return [it.told for it in self.said.values()]


class Answers:
    """Answers every balance, or fails as told."""

    def __init__(self) -> None:
        self.errors: dict[str, GatewayError] = {}
        self.asked: list[str] = []
        self.gate = None

    async def answer(self, asker: Any, question: Question) -> Answered:
        assert asker.erp == "sap"
        self.asked.append(question.account)
        if self.gate is not None:
            await self.gate.wait()
        if question.account in self.errors:
            raise self.errors[question.account]
        return Answered(question=question, told=(balance(question.account),), asked_at=None)


def balance(account: str) -> BalanceTold:
    return BalanceTold(
        account=account,
        account_name="",
        currency="CNY",
        ledger="1.00",
        asked_at=None,
        day=None,
    )


class Ground:
    """One process with an ERP's folders."""

    def __init__(self, node: Node, tmp_path: Path, number: int = 0, **changes: Any) -> None:
        self.node = node
        self.root = tmp_path / "erp"
        (self.root / "in").mkdir(parents=True, exist_ok=True)
        self.outbox, self.answers = Outbox(), Answers()
        self.stopping = False
        self.system = system(**changes.pop("system", {}))
        node.tenant = replace(node.tenant, erps={self.system.id: self.system})
        dialect = replace(WORDS, **changes)
        self.sender = Sender(system=self.system, tenant=node.tenant, dialect=dialect)
        self.desk = Desk(
            store=node.store,
            runtime=node.runtime,
            intake=node.intake,
            bulk=node.bulk,
            status_of=status_report,
            asking=Asking(node.store, node.runtime, self.answers, self.outbox),
        )
        self.place = FolderPlace(self.root)
        scratch = tmp_path / f"scratch{number}"
        self.box = Box(self.place, scratch, Habits(settle_s=0), size_max=1 << 20)
        self.picking = Picking(self.sender, self.box, self.desk, lambda: self.stopping)

    def drop(self, name: str, *lines: str, head: str = "") -> None:
        text = "\n".join((head or f"HEAD {name}", *lines))
        (self.root / "in" / name).write_text(text, "utf-8")

    def files(self) -> dict[str, str]:
        """By name, what stands in them; one that is moved while it is looked at is left out."""
        found: dict[str, str] = {}
        for it in sorted(it for it in self.root.rglob("*") if it.is_file()):
            with suppress(FileNotFoundError):
                found[str(it.relative_to(self.root))] = it.read_text("utf-8")
        return found

    def replies(self) -> list[str]:
        return [text for name, text in self.files().items() if name.startswith("out/")]

    def listed(self, **wanted: str) -> list[Arrival]:
        return list(self.node.store.read_now(lambda db: arrivals(db, TENANT.id, **wanted)))

    def references(self) -> list[str]:
        return sorted(row.erp_reference for row in self.node.rows(tables.instruction))


@asynccontextmanager
async def grounds(
    database: Any, tmp_path: Path, count: int = 1, **changes: Any
) -> AsyncIterator[list[Ground]]:
    async with nodes(database, count) as made:
        yield [Ground(node, tmp_path, number, **changes) for number, node in enumerate(made)]
