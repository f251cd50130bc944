"""Version 2: JSON Lines of any length; a head, one payment per line, an end with its totals.

Rule kept here: a file that was cut, or lost a line, cannot be taken for a shorter one: lines are
numbered from 1 and count and totals stand at both ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from adapters.erp.canonical.strict import Repeated, decoded, fault, objects, parts, texts
from gateway.domain.errors import Fault, WireError
from gateway.ports.erp_draft import Draft, FaultyDraft, FileEnd, FileHead, FilePart
from gateway.ports.erp_questions import Question

FORMAT: Final = "canonical.v2"
LINE_MAX: Final = 1 << 16
"""Bytes of one line."""
_FAULTS_MAX: Final = 1000
_QUESTIONS_MAX: Final = 1000
_WHOLE: Final = re.compile(rb"\s*\{\s*\"version\"\s*:\s*\"2\"\s*,", re.ASCII)
_AMOUNT: Final = re.compile(r"(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,5})?", re.ASCII)
_TOTAL: Final = re.compile(r"(?:0|[1-9][0-9]{0,19})(?:\.[0-9]{1,5})?", re.ASCII)

PLACES: Final[Mapping[str, str]] = {
    "erp_reference": "/reference",
    "company": "/debtor/company",
    "debtor_account": "/debtor/account",
    "debtor_name": "/debtor/name",
    "creditor_name": "/creditor/name",
    "creditor_account": "/creditor/account",
    "creditor_agent_name": "/creditor/bank/name",
    "creditor_agent_cnaps": "/creditor/bank/cnaps",
    "creditor_agent_bic": "/creditor/bank/bic",
    "creditor_city": "/creditor/bank/city",
    "amount": "/amount/value",
    "currency": "/amount/currency",
    "purpose": "/purpose",
    "memo": "/memo",
    "business_type": "/type",
    "payroll_purpose": "/payroll_purpose",
    "urgency": "/urgency",
    "execution_date": "/execution_date",
    "end_to_end_id": "/end_to_end_id",
    "reconciliation_code": "/reconciliation_code",
    "budget_item": "/budget_item",
}
"""Our field names to places in a line."""


def _tree() -> dict[str, frozenset[str]]:
    """Known members by the path of their object."""
    found: dict[str, set[str]] = {"": {"line"}}
    for place in PLACES.values():
        steps = place.split("/")[1:]
        for depth in range(len(steps)):
            above = "".join(f"/{it}" for it in steps[:depth])
            found.setdefault(above, set()).add(steps[depth])
    return {path: frozenset(names) for path, names in found.items()}


_TREE: Final = _tree()
_MERGED: Final = "merged"
_FIELD_AT: Final = {place: name for name, place in PLACES.items()}
_HEAD: Final = frozenset({"id", "created", "lines", "total"})
_QUESTION: Final = frozenset({"kind", "id", "account", "start", "end", "erp_reference"})
# Typed loosely because texts are passed by name; PLACES keeps the names right.
_draft: Final[Callable[..., Draft]] = Draft
_faulty: Final[Callable[..., Draft]] = FaultyDraft
_question: Final[Callable[..., Question]] = Question


def sniff(head: bytes) -> bool:
    """Whether the first line is the head of a file of payments."""
    return _begins(head, b'"payments"')


def asks(head: bytes) -> bool:
    """Whether the first line is the head of a file of questions."""
    return _begins(head, b'"questions"')


def _begins(head: bytes, member: bytes) -> bool:
    first = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0]
    return _WHOLE.match(first) is not None and member in first


# ── reading ───────────────────────────────────────────────────────────────────────────────────


def read(chunks: Iterable[bytes]) -> Iterator[FilePart]:
    """Read a file of payments: a head, its drafts, an end. Raises WireError with the line."""
    lines = _lines(chunks)
    reader = _Reader()
    yield reader.head(*next(lines, (1, b"")))
    for number, line in lines:
        part = reader.line(number, line)
        yield part
        if isinstance(part, FileEnd):
            for after, rest in lines:
                if rest.strip():
                    raise WireError("surplus", "", line=after)
            return
    raise WireError("missing", "/end")


def questions(data: bytes) -> tuple[Question, ...]:
    """Read a file of questions. Raises WireError with the line."""
    found: list[Question] = []
    lines = _lines([data])
    first, head = next(lines, (1, b""))
    objects(objects(decoded(head, line=first), "", line=first).get("questions"), "/questions")
    for number, line in lines:
        said = objects(decoded(line, line=number), "", line=number)
        if "end" in said:
            return tuple(found)
        members, faults = texts(said, _QUESTION, "", number)
        if faults or len(found) == _QUESTIONS_MAX:
            path = faults[0].path if faults else ""
            raise WireError("json_member" if faults else "size", path, line=number)
        places = {name: f"/{name}" for name in sorted(_QUESTION)}
        members.setdefault("kind", "")
        found.append(_question(**members, at=places, source={"line": str(number)}))
    raise WireError("missing", "/end")


def _lines(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers, from 1; the last may lack its line feed."""
    rest, number = b"", 0
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            number += 1
            yield number, _line(line, number)
        if len(rest) > LINE_MAX:
            raise WireError("size", "", line=number + 1)
    if rest.strip():
        yield number + 1, _line(rest, number + 1)


def _line(line: bytes, number: int) -> bytes:
    if len(line) > LINE_MAX:
        raise WireError("size", "", line=number)
    return line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line


class _Reader:
    """Where in the file we are. One per file."""

    def __init__(self) -> None:
        self._id = ""
        self._count = 0
        self._sums: dict[str, Decimal] = {}
        self._unread = False
        """An amount could not be added: that line is refused by itself, and the totals unknown."""
        self._faults: list[Fault] = []
        self._declared: list[tuple[int, str, dict[str, str], dict[str, str]]] = []

    def head(self, number: int, line: bytes) -> FileHead:
        """The first line."""
        whole = objects(decoded(line, line=number), "", line=number)
        if whole.get("version") != "2":
            raise WireError("unsupported", "/version", line=number)
        said = objects(whole.get("payments"), "/payments", line=number)
        found = self._totals(said, "/payments", number)
        self._id = found.get("id", "")
        if not self._id:
            raise WireError("missing", "/payments/id", line=number)
        return FileHead(
            format=FORMAT,
            message_id=self._id,
            created=found.get("created", ""),
            count=found.get("lines", ""),
        )

    def _totals(self, said: Mapping[str, object], path: str, number: int) -> dict[str, str]:
        flat = {name: it for name, it in said.items() if name != "total"}
        found, faults = texts(flat, _HEAD, path, number)
        total = objects(said.get("total"), f"{path}/total", line=number)
        sums, wrong = texts(total, frozenset(total), f"{path}/total", number)
        self._faults += [*faults, *wrong]
        self._declared.append((number, path, found, sums))
        return found

    def line(self, number: int, line: bytes) -> Draft | FileEnd:
        """A payment, or the end."""
        said = objects(decoded(line, line=number), "", line=number)
        if "end" in said:
            self._totals(objects(said["end"], "/end", line=number), "/end", number)
            return self._end()
        self._count += 1
        if said.pop("line", "") != str(self._count):
            self._report(fault("line_number", "/line", number))
        return self._payment(said, number)

    def _payment(self, said: dict[str, object], number: int) -> Draft:
        found: dict[str, str] = {}
        merged, faults = parts(said.pop(_MERGED, None), f"/{_MERGED}", "reference", number)
        if isinstance(said, Repeated) and _MERGED in said.names:
            merged, faults = (), [fault("duplicate_field", f"/{_MERGED}", number)]
        _walk(said, "", number, found, faults)
        amount, unit = found.get("amount", ""), found.get("currency", "")
        if unit and _AMOUNT.fullmatch(amount):
            self._sums[unit] = self._sums.get(unit, Decimal(0)) + Decimal(amount)
        else:
            self._unread = True
        source = {"id": self._id, "line": str(self._count)}
        if faults:
            return _faulty(
                **found,
                merged=merged,
                at=dict(PLACES),
                line=number,
                source=source,
                faults=tuple(faults),
            )
        return _draft(**found, merged=merged, at=dict(PLACES), line=number, source=source)

    def _report(self, one: Fault) -> None:
        if len(self._faults) < _FAULTS_MAX:
            self._faults.append(one)

    def _end(self) -> FileEnd:
        for number, path, found, sums in self._declared:
            if found.get("lines") != str(self._count):
                self._report(fault("count", f"{path}/lines", number))
            for unit in () if self._unread else sorted({*self._sums, *sums}):
                said = sums.get(unit, "")
                known = Decimal(said) if _TOTAL.fullmatch(said) else None
                if known != self._sums.get(unit):
                    self._report(
                        fault(
                            "total", f"{path}/total/{unit[:3] if unit.isalnum() else '?'}", number
                        )
                    )
        return FileEnd(count=self._count, faults=tuple(self._faults))


def _walk(
    said: Mapping[str, object], path: str, line: int, found: dict[str, str], faults: list[Fault]
) -> None:
    """Collect the texts of an object and of those inside it."""
    inside = frozenset(name for name in said if f"{path}/{name}" in _TREE)
    for name in sorted(inside):
        member = said[name]
        if isinstance(member, dict):
            _walk(member, f"{path}/{name}", line, found, faults)
        elif member is not None:
            faults.append(fault("not_object", f"{path}/{name}", line))
    members, wrong = texts(said, _TREE[path], path, line, besides=inside)
    faults += wrong
    for name, text in members.items():
        found[_FIELD_AT[f"{path}/{name}"]] = text
