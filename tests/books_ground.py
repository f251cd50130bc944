"""Books written row by row: sound by themselves, and easily made wrong in one way each."""

from __future__ import annotations

from datetime import date

from sqlalchemy import insert

from gateway.audit.books import Question, Report, check
from gateway.domain.evidence import target_of
from gateway.domain.ids import InstructionId, TenantId
from gateway.domain.instruction import Instruction, State
from gateway.domain.money import CNY, Money
from gateway.domain.outcome import Verdict
from gateway.domain.party import Account, Party
from gateway.lifecycle.rows import NewInstruction, row_of
from gateway.ports.bank_books import Execution
from gateway.store import tables
from tests.records import replace

PATH = (
    ("", "RECEIVED", "erp"),
    ("RECEIVED", "APPROVED", "policy"),
    ("APPROVED", "QUEUED", "policy"),
    ("QUEUED", "SENDING", "dispatch"),
)
SETTLED = (*PATH, ("SENDING", "SETTLED", "bank_answer"))
REJECTED = (*PATH, ("SENDING", "REJECTED", "bank_answer"))
DOUBT = (*PATH, ("SENDING", "UNCONFIRMED", "doubt"))
AMOUNT, DEBTOR, PAYEE = 12_345, "900010101000000011", "900010801000000014"
_SAYS = {target_of(it).value: it.value for it in Verdict if it is not Verdict.NOT_FOUND}


class Bank:
    """What the bank executed, and what it says of its own books."""

    def __init__(self, *done: Execution, complaints: tuple[str, ...] = ()) -> None:
        self._done = done
        self._complaints = complaints

    def executions(self, customer: str):
        return self._done if customer == "C1" else ()

    def complaints(self):
        return self._complaints


def done(serial: str = "S1", amount: int = AMOUNT, payee: str = PAYEE, **more) -> Execution:
    return Execution(serial=serial, amount_minor=amount, creditor_account=payee, **more)


class Books:
    """Rows by hand, in the database of ``engine``."""

    def __init__(self, engine) -> None:
        self.engine = engine
        self._last = 0

    def insert(self, table, **values: object) -> None:
        with self.engine.connect() as db:
            db.execute(insert(table).values(**values))
            db.commit()

    def run(self, statement) -> None:
        """Somebody writes past the gateway."""
        with self.engine.connect() as db:
            db.execute(statement)
            db.commit()

    def sql(self, statement: str) -> None:
        """The same in SQL."""
        with self.engine.connect() as db:
            db.exec_driver_sql(statement)
            db.commit()

    def forget_unique(self, table) -> None:
        """Take the unique rules away, as a careless migration might (SQLite)."""
        columns = ", ".join(f'"{column.name}"' for column in table.c)
        with self.engine.connect() as db:
            db.exec_driver_sql(f"DROP TABLE {table.name}")
            db.exec_driver_sql(f"CREATE TABLE {table.name} ({columns})")
            db.commit()

    def instruction(self, name: str = "i1", path=SETTLED, state: str = "", **columns) -> None:
        """An instruction that came along ``path``, with its evidence."""
        it = Instruction(
            tenant=TenantId("t"),
            id=InstructionId(name),
            erp="sap",
            erp_reference=name,
            company="c",
            debtor=Party(name="D", account=Account(number=DEBTOR)),
            creditor=Party(name="N", account=Account(number=PAYEE)),
            amount=Money(AMOUNT, CNY),
            purpose="p",
            own_bank=True,
            local=True,
        )
        new = NewInstruction(
            instruction=replace(it, erp_reference=columns.get("erp_reference", name)),
            digest="d",
            maker="machine:sap",
            connection="k",
            pay_day=date(2026, 9, 15),
            source="",
        )
        row = row_of(replace(new, digest=new.instruction.digest()), 0)
        standing = {"state": state or path[-1][1], "version": len(path) - 1}
        self.insert(tables.instruction, **{**row, **standing, **columns})
        for seq, step in enumerate(path):
            self._step(name, seq, *step)

    def _step(self, name: str, seq: int, before: str, after: str, cause: str) -> None:
        evidence = ""
        if cause in {"bank_answer", "enquiry", "statement", "receipt"}:
            evidence = self.evidence(_SAYS[after], 0, message="")
        self.insert(
            tables.history,
            tenant="t",
            instruction=name,
            seq=seq,
            before=before,
            after=after,
            cause=cause,
            actor="a",
            at_us=seq,
            evidence=evidence,
        )

    def message(self, serial: str = "S1", *lines: str, fate: str = "closed", **columns) -> None:
        """A message that was sent, with its archived bytes."""
        name = columns.pop("name", f"m{serial}")
        values = {
            "operation": "pay",
            "sends": 1,
            "enquiries": 0,
            "resend_refused": False,
            "holder": "l",
            "created_us": 0,
        }
        self.insert(
            tables.message,
            **values | columns,
            tenant="t",
            id=name,
            connection="k",
            bank="cib",
            customer="C1",
            serial=serial,
            fate=fate,
        )
        for number, instruction in enumerate(lines or ("i1",), start=1):
            self.insert(
                tables.message_line,
                tenant="t",
                message=name,
                line=number,
                instruction=instruction,
                open=False,
            )
        self.sent("pay", 10, message=name)

    def sent(self, purpose: str, at_us: int, message: str = "mS1", direction: str = "out") -> str:
        self._last += 1
        wire = f"w{self._last:05d}"
        self.insert(
            tables.wire,
            tenant="t",
            id=wire,
            message=message,
            connection="k",
            direction=direction,
            purpose=purpose,
            serial="S1",
            at_us=at_us,
            content=b"",
            digest="d",
        )
        return wire

    def evidence(self, verdict: str, at_us: int, message: str = "mS1", wire: str = "") -> str:
        self._last += 1
        name = f"e{self._last:05d}"
        self.insert(
            tables.evidence,
            tenant="t",
            id=name,
            message=message,
            wire=wire,
            grade=2,
            cause="enquiry",
            verdict=verdict,
            at_us=at_us,
        )
        return name

    def case(self, instruction: str = "i1", closed_us: int | None = None) -> None:
        self.insert(
            tables.case,
            tenant="t",
            id="c",
            instruction=instruction,
            kind="overdue",
            opened_us=1,
            closed_us=closed_us,
        )

    def work(self, kind: str, subject: str) -> None:
        self.insert(tables.work, tenant="t", kind=kind, subject=subject, lane="k", due_us=0)

    def vote(self, actor: str, action: str = "approve", *, of: str = "", name: str = "i1") -> None:
        digest = of or self._digest(name)
        self._last += 1
        self.insert(
            tables.vote,
            tenant="t",
            instruction=name,
            seq=self._last,
            action=action,
            actor=actor,
            content_hash=digest,
            at_us=0,
        )

    def _digest(self, name: str) -> str:
        with self.engine.connect() as db:
            row = db.execute(
                tables.instruction.select().where(tables.instruction.c.id == name)
            ).one()
        return str(row.digest)

    def report(self, *executions: Execution, **question) -> Report:
        """A check with the bank's books."""
        bank = question.pop("bank", None) or Bank(*executions)
        with self.engine.connect() as db:
            return check(db, Question(bank=bank, **question))

    def broken(self, *executions: Execution, **question) -> list[str]:
        """What it finds, in words."""
        return self.report(*executions, **question).texts()

    def alone(self, **question) -> list[str]:
        """What a check without the bank's books finds."""
        with self.engine.connect() as db:
            return check(db, Question(**question)).texts()


__all__ = [
    "AMOUNT",
    "DOUBT",
    "PATH",
    "PAYEE",
    "REJECTED",
    "SETTLED",
    "Bank",
    "Books",
    "State",
    "done",
]
