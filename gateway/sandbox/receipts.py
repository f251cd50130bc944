"""Orders of receipt files: one per account and day, made while one waits, kept for some days.

Rule kept here: the state of an order follows from its age alone, and its files from the ledger,
which never changes a closed day; what goes wrong with a file is asked for beforehand.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from gateway.ports.bank import BankAnswer, BankRequest, Reason, SignOn
from gateway.ports.bank_receipts import (
    ReceiptFile,
    ReceiptFilesRequest,
    ReceiptOrderRequest,
    StoredReceiptTask,
    TaskState,
)
from gateway.sandbox import receipt_paper, rules
from gateway.sandbox.ledger import Ledger, LineQuery, instant, seconds
from gateway.sandbox.options import Options

PDF, ZIP = "application/pdf", "application/zip"
_FILE_ID: Final = re.compile(r"([0-9]{1,9})-([0-9]{1,9})-[0-9a-f]{12}", re.ASCII)
_ALL: Final = 1_000_000
_TASK: Final = "SELECT id, customer, serial, account, day, at, fails, lacks FROM receipt_task"


class Flaw(StrEnum):
    """What may be wrong with receipts. The strings are the admin API's words."""

    TASK_FAILS = "task_fails"
    """The next order ends as failed."""
    MISSING = "missing"
    """The next order's files lack the receipt of its first line."""
    CORRUPT = "corrupt"
    """The next file that is fetched has lost bytes on its way."""
    BOMB = "bomb"
    """A zip in the next file's place that unpacks to far more than receipts are."""
    TRAVERSAL = "traversal"
    """The next zip names its first member with a path that leaves the folder."""
    NO_PDF = "no_pdf"
    """The next file is a page of HTML under its name."""


_OF_ORDERS: Final = frozenset({Flaw.TASK_FAILS, Flaw.MISSING})


class _Task(msgspec.Struct, frozen=True, gc=False):
    """One row of ``receipt_task``; ``at`` is seconds since 1970."""

    id: int
    customer: str
    serial: str
    account: str
    day: str
    at: int
    fails: int
    lacks: int


class ReceiptDesk:
    """Takes orders, tells of them, hands files out. Runs where the ledger runs."""

    def __init__(self, ledger: Ledger, options: Options) -> None:
        self._ledger = ledger
        self._options = options
        self._flaws: list[Flaw] = []

    def spoil(self, flaws: Sequence[Flaw]) -> None:
        """Have these things go wrong, each once."""
        self._flaws.extend(flaws)

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        """What is still to go wrong."""
        return tuple(self._flaws)

    def answer(
        self, request: BankRequest, body: ReceiptOrderRequest | ReceiptFilesRequest, at: datetime
    ) -> BankAnswer:
        """The answer to an order, or to a question about one."""
        if isinstance(body, ReceiptOrderRequest):
            return self.take(request.signon, request.serial, body, at)
        return self.tell(request.signon.customer, body, at)

    def take(self, who: SignOn, serial: str, body: ReceiptOrderRequest, at: datetime) -> BankAnswer:
        """An order. Refused for today, a foreign account, and a day that was ordered before."""
        account = self._ledger.account(body.account)
        if account is None or account.kind != "customer":
            return BankAnswer(at=at, message=Reason.ACCOUNT_UNKNOWN)
        if not self._ledger.permitted(who.customer, who.operator, body.account, rules.QUERY):
            return BankAnswer(at=at, message=Reason.NOT_PERMITTED)
        if body.day >= at.date():
            return BankAnswer(at=at, message=Reason.DATE_INVALID)
        before = self._tasks("account = ? AND day = ?", body.account, body.day.isoformat())
        if any(self._state(it, at) is not TaskState.FAILED for it in before):
            return BankAnswer(at=at, message=Reason.RECEIPTS_ORDERED)
        if self._tasks("customer = ? AND serial = ?", who.customer, serial):
            return BankAnswer(at=at, message=Reason.RECEIPTS_ORDERED)
        self._ledger.db.execute(
            "INSERT INTO receipt_task (customer, serial, account, day, at, fails, lacks)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(who.customer, serial, body.account, body.day.isoformat(), seconds(at)),
                *(int(self._spoilt(Flaw.TASK_FAILS)), int(self._spoilt(Flaw.MISSING))),
            ),
        )
        return self.tell(who.customer, ReceiptFilesRequest(original=serial, page=1), at)

    def tell(self, customer: str, body: ReceiptFilesRequest, at: datetime) -> BankAnswer:
        """One page of an order's files."""
        found = self._tasks("customer = ? AND serial = ?", customer, body.original)
        if not found:
            return BankAnswer(at=at, message=Reason.NO_SUCH_ORDER)
        task, size = found[0], self._options.page_size
        state = self._state(task, at)
        files = self._files(task) if state is TaskState.DONE else []
        start = (body.page - 1) * size
        page = [
            ReceiptFile(place=place, id=_file_id(task, place), name=name)
            for place, (name, _) in enumerate(files, 1)
        ][start : start + size]
        told = StoredReceiptTask(
            original=task.serial,
            account=task.account,
            state=state,
            created_on=instant(task.at).date(),
            bank_reference=f"{990_000_000_000 + task.id:012d}",
            count=len(files),
            expires_on=self._expires(task) if state is TaskState.DONE else None,
            files=tuple(page),
            more=start + size < len(files),
        )
        return BankAnswer(at=at, receipts=told)

    def file(self, file_id: str, at: datetime) -> tuple[str, bytes] | None:
        """Content type and bytes of a file; None where there is none (any more)."""
        told = _FILE_ID.fullmatch(file_id)
        found = self._tasks("id = ?", int(told[1])) if told else []
        if not told or not found or _file_id(found[0], int(told[2])) != file_id:
            return None
        task, place = found[0], int(told[2])
        if self._state(task, at) is not TaskState.DONE or at.date() > self._expires(task):
            return None
        files = self._files(task)
        if not 1 <= place <= len(files):
            return None
        return self._delivered(*files[place - 1])

    def listed(self, at: datetime) -> list[dict[str, object]]:
        """Every order, for the sandbox's operator."""
        return [
            {
                "serial": it.serial,
                "account": it.account,
                "day": it.day,
                "state": self._state(it, at).value,
                "files": len(self._files(it)),
            }
            for it in self._tasks("id > 0")
        ]

    # ── inside ───────────────────────────────────────────────────────────────────────────

    def _delivered(self, name: str, papers: list[tuple[str, bytes]]) -> tuple[str, bytes]:
        zipped = not name.endswith(receipt_paper.SUFFIX)
        if self._spoilt(Flaw.NO_PDF):
            return (ZIP if zipped else PDF), "<html>系统维护</html>".encode()
        if self._spoilt(Flaw.BOMB):
            return ZIP, receipt_paper.bomb()
        if zipped and self._spoilt(Flaw.TRAVERSAL):
            papers = [(f"../../{papers[0][0]}", papers[0][1]), *papers[1:]]
        content = receipt_paper.packed(papers) if zipped else papers[0][1]
        if self._spoilt(Flaw.CORRUPT):
            content = receipt_paper.broken(content) if zipped else content[5:]
        return (ZIP if zipped else PDF), content

    def _spoilt(self, flaw: Flaw) -> bool:
        """Whether the next thing to go wrong (of its kind) is this one; it is used up then."""
        kind = flaw in _OF_ORDERS
        waiting = next((it for it in self._flaws if (it in _OF_ORDERS) == kind), None)
        if waiting is not flaw:
            return False
        self._flaws.remove(flaw)
        return True

    def _state(self, task: _Task, at: datetime) -> TaskState:
        age = timedelta(seconds=seconds(at) - task.at)
        if age >= self._options.receipts_after:
            return TaskState.FAILED if task.fails else TaskState.DONE
        return TaskState.RUNNING if 2 * age >= self._options.receipts_after else TaskState.NEW

    def _expires(self, task: _Task) -> date:
        return instant(task.at).date() + timedelta(days=self._options.receipts_kept_days)

    def _files(self, task: _Task) -> list[tuple[str, list[tuple[str, bytes]]]]:
        """Name and papers of each file."""
        holder = self._ledger.account(task.account)
        day = date.fromisoformat(task.day)
        query = LineQuery(account=task.account, start=day, end=day, size=_ALL)
        entries, _ = self._ledger.lines(query)
        papers = [
            (
                f"{it.bank_key}{receipt_paper.SUFFIX}",
                receipt_paper.paper(task.account, holder.name if holder else "", it),
            )
            for it in (entries[1:] if task.lacks else entries)
        ]
        if len(papers) < self._options.receipts_zipped:
            return [(name, [(name, content)]) for name, content in papers]
        size, made = self._options.receipts_in_zip, f"{instant(task.at):%Y%m%d}"
        return [
            (
                f"{task.id:08d}_{task.account}_{made}_{start // size + 1}.zip",
                papers[start : start + size],
            )
            for start in range(0, len(papers), size)
        ]

    def _tasks(self, where: str, *values: str | int) -> list[_Task]:
        rows: list[tuple[int, str, str, str, str, int, int, int]]
        db: sqlite3.Connection = self._ledger.db
        rows = db.execute(f"{_TASK} WHERE {where} ORDER BY id", values).fetchall()
        return [_Task(*row) for row in rows]


def _file_id(task: _Task, place: int) -> str:
    """Not to be guessed by who knows another one."""
    told = f"{task.customer}\x1f{task.serial}\x1f{task.at}\x1f{place}".encode()
    return f"{task.id}-{place}-{hashlib.sha256(told).hexdigest()[:12]}"
