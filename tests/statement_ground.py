"""Importing statements in tests: a format of four words, a bank's true ledger, a store by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path

from gateway.domain.bank_file import (
    BalanceRead,
    BalanceUse,
    EntryRead,
    StatementEnd,
    StatementStart,
)
from gateway.domain.errors import WireError
from gateway.domain.exact import Exact
from gateway.domain.party import Account, Agent, Party
from gateway.domain.statement import EntryStatus
from gateway.formats.proof import Proof
from gateway.ports.statement_formats import Part, Reading, StatementFormat
from gateway.ports.tenancy import OwnAccount, Tenant
from gateway.statements.import_rows import Import
from gateway.statements.importing import Importing, StatementFile
from gateway.store import tables
from tests.store_ground import Bench, GroupTasks

ACCOUNT = "117010100100000001"
OTHER = "117010100100000002"
_STATUS = {"": EntryStatus.BOOKED, "p": EntryStatus.PENDING}


def tenant() -> Tenant:
    """One with two accounts."""
    return Tenant(
        id="acme",
        name="ACME",
        companies={"hq": "总部"},
        accounts={
            number: OwnAccount(
                party=Party(
                    name="甲", account=Account(number=number, agent=Agent(name="兴业银行"))
                ),
                company="hq",
                connection="cib",
            )
            for number in (ACCOUNT, OTHER)
        },
        connections={},
    )


def statement(
    account: str,
    days: tuple[str, str],
    balances: tuple[int | None, int | None],
    entries: Iterable[tuple[str, int, str]],
) -> str:
    """A statement in the format of the tests: amounts in fen, ``-`` for a missing balance."""
    told = ["-" if it is None else str(it) for it in balances]
    lines = [f"S {account} {days[0]} {days[1]} {told[0]} {told[1]}"]
    lines += [f"E {day} {fen} {words}" for day, fen, words in entries]
    return "\n".join([*lines, "."]) + "\n"


def _read(chunks: Iterable[bytes], reading: Reading) -> Iterator[Part]:
    proof, head = Proof(), [""]
    open_ = False
    for number, line in enumerate(b"".join(chunks).decode().splitlines(), 1):
        words = line.split(" ")
        match words[0]:
            case "S":
                head, proof, open_ = words, Proof(), True
                yield StatementStart(
                    format=reading.options.get("format", "camt.053.001.08"),
                    account=words[1],
                    currency="CNY",
                    statement_id=f"{words[1]}-{words[2]}",
                    start=date.fromisoformat(words[2]),
                    end=date.fromisoformat(words[3]),
                    line=number,
                )
            case "E":
                entry = EntryRead(
                    amount=Exact(int(words[2]), 2),
                    currency="CNY",
                    booking_date=date.fromisoformat(words[1]),
                    reference=words[3],
                    status=_STATUS[words[4] if len(words) > 4 else ""],
                    line=number,
                )
                proof.add(entry)
                yield entry
            case ".":
                open_ = False
                yield _end(head, proof, number)
            case _:
                raise WireError("malformed", line=number)
    if open_:
        raise WireError("malformed", line=number)


def _end(head: Sequence[str], proof: Proof, line: int) -> StatementEnd:
    opening, closing = (
        None
        if told == "-"
        else BalanceRead(
            use=use, code=use.value, amount=Exact(int(told), 2), currency="CNY", day=None
        )
        for use, told in ((BalanceUse.OPENING, head[4]), (BalanceUse.CLOSING, head[5]))
    )
    verdict = proof.judged(opening, closing)
    found = proof.finding(verdict, line=line)
    return StatementEnd(
        opening=opening,
        closing=closing,
        continuity=verdict,
        entries=proof.count,
        findings=(found,) if found else (),
    )


TINY = StatementFormat(name="camt", sniff=lambda head: head.startswith(b"S "), read=_read)
TINY_TWO = StatementFormat(name="mt940", sniff=lambda head: head.startswith(b"S "), read=_read)


class _InlineReader:
    async def read(self, work):
        return work()

    def close(self, last=None):
        if last is not None:
            last()


class _Tasks(GroupTasks):
    def reader(self, name: str) -> _InlineReader:
        return _InlineReader()


class Imports:
    """Imports files into a store that is run by hand."""

    def __init__(self, at: Bench, folder: Path) -> None:
        self.at = at
        self._folder = folder
        self._made = 0
        at.runtime.tasks.__class__ = _Tasks
        self.importing = Importing(at.store, at.runtime)

    def take(self, text: str, *, format_: StatementFormat = TINY, **options: str) -> Import:
        self._made += 1
        path = self._folder / f"{self._made}.txt"
        path.write_text(text)
        file = StatementFile(
            tenant=tenant(),
            path=path,
            name=path.name,
            digest=sha256(text.encode()).hexdigest(),
            format=format_,
            reading=Reading(options={k: v for k, v in options.items() if k == "format"}),
            actor="person:wang",
            despite=options.get("despite", ""),
        )
        return asyncio.run(self.importing.take_file(file))

    def lines(self, account: str = ACCOUNT) -> list[tuple[str, int, str, str]]:
        """What is kept: day, fen, reference, status; sorted."""
        line = tables.statement_line
        return sorted(
            (row.day, row.amount_minor, row.reference, row.status)
            for row in self.at.rows(line, line.c.key)
            if row.account == account
        )

    def days(self, account: str = ACCOUNT) -> dict[str, tuple[str, int, int | None, int | None]]:
        """By day: state, how many lines, opening, closing."""
        day = tables.statement_day
        return {
            row.day: (row.state, row.entries, row.opening_minor, row.closing_minor)
            for row in self.at.rows(day, day.c.day)
            if row.account == account
        }
