"""What the tests of the MT940 reader share: a small statement and what is read of it."""

from __future__ import annotations

from gateway.domain.bank_file import EntryRead, StatementEnd, StatementStart
from gateway.formats.read import mt940
from gateway.ports.statement_formats import Part, Reading

HEAD = ":20:S1\n:25:DE00123\n:28C:7/2\n:60F:C260105EUR100,00\n"
TAIL = ":62F:C260105EUR110,00\n-\n"
LINE = ":61:2601050105C10,00NTRFREF1//BK1\n"


def parts(text: str | bytes, **reading: object) -> list[Part]:
    body = text.encode() if isinstance(text, str) else text
    return list(mt940.read([body], Reading(**reading)))


def entries(text: str | bytes, **reading: object) -> list[EntryRead]:
    return [it for it in parts(text, **reading) if isinstance(it, EntryRead)]


def entry(line: str, **reading: object) -> EntryRead:
    (found,) = entries(f"{HEAD}{line}\n{TAIL}", **reading)
    return found


def about(information: str, line: str = LINE) -> EntryRead:
    return entry(f"{line}:86:{information}")


def ends(text: str | bytes, **reading: object) -> list[StatementEnd]:
    return [it for it in parts(text, **reading) if isinstance(it, StatementEnd)]


def starts(text: str | bytes, **reading: object) -> list[StatementStart]:
    return [it for it in parts(text, **reading) if isinstance(it, StatementStart)]


def codes(text: str | bytes, **reading: object) -> list[str]:
    return [it.code for end in ends(text, **reading) for it in end.findings]
