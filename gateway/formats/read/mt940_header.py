"""What stands before the lines of an MT message: whose account, which statement, which page.

Rule kept here: the first of a field counts; another one that differs is a finding.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.domain.bank_file import BalanceRead, Finding, StatementStart
from gateway.formats.read import mt940_values as values
from gateway.formats.read import mt940_words as words
from gateway.formats.read.mt940_entry import numbered
from gateway.formats.read.mt940_found import finding
from gateway.formats.read.texts import Findings
from gateway.ports.statement_formats import Reading

_NUMBER: Final = re.compile(r"\s*([0-9A-Za-z-]*)(?:\s*/\s*([0-9]{1,5}))?(?:/[0-9]*)?\s*")
_FLOOR: Final = re.compile(r"([A-Z]{3})([DC ]?)([0-9.,]*)")
_SUFFIX: Final = re.compile(r"[0-9][ /]?([A-Z]{3})$")
_BANK: Final = re.compile(r"([A-Z]{6}[A-Z0-9]{2,6}|[0-9]{3,12}|[A-Z]{4,12})/(.+)")
INTERIM: Final = "MT942"
BOOKED: Final = "MT940"
HEADER: Final = frozenset({"20", "21", "25", "25P", "28", "28C", "13", "13D", "34F"})


class Header:
    """The header of one message; ``findings`` are the message's."""

    __slots__ = (
        "_account_name",
        "_created",
        "_days",
        "_first",
        "_hint",
        "_number",
        "_reading",
        "account",
        "bank",
        "currency",
        "findings",
        "floor",
        "interim",
        "kind",
    )

    def __init__(self, reading: Reading, days: values.Days, findings: Findings) -> None:
        self.account, self.currency = reading.account, reading.currency
        self.bank = self.kind = self._hint = ""
        self.floor = False
        """Whether small amounts may be left out."""
        self.interim = False
        """Whether a field was seen that only interim reports have."""
        self.findings = findings
        self._reading, self._days = reading, days
        self._account_name = self._created = self._number = ""
        self._first: dict[str, str] = {}

    def take(self, tag: str, body: str, line: int) -> None:
        """Take one field of ``HEADER``."""
        body = body.strip()
        if tag == "20":
            self._once("20", tag, body, line)
        elif tag in {"25", "25P"}:
            self._identified(tag, body, line)
        elif tag in {"28", "28C"}:
            self._counted(tag, body, line)
        elif tag == "34F":
            self._limit(body, line)
        elif tag in {"13", "13D"}:
            self._created = body
            if values.moment(body, self._days) is None:
                self.found("time", tag, line)
        # Field 21 names the request that is answered, or repeats field 20: not this statement.

    def additional(self, body: str, line: int) -> None:
        """Non-SWIFT fields before the lines: whose account it is."""
        for number, text in numbered((body,)):
            if number == words.NON_SWIFT_OWNER:
                self._account_name = text
            elif number == words.NON_SWIFT_OWN_BANK:
                self.bank = self.bank or text
            elif text:
                self.findings.once(finding("unread", path=f":NS:{number}", line=line))

    def found(self, code: str, tag: str, line: int) -> None:
        """Keep a finding of a field."""
        self.findings.add(finding(code, path=f":{tag}:", line=line))

    def says(self, tag: str, line: int) -> values.Say:
        """Where a value's findings go."""
        return lambda code: self.found(code, tag, line)

    def assumed(self) -> str:
        """The currency of a value that names none: the statement's, or that of the account."""
        return self.currency or self._hint

    def start(self, opening: BalanceRead | None, *, at: int) -> StatementStart:
        """The statement's start, as far as it is known before its lines."""
        number = _NUMBER.fullmatch(self._number)
        interim = self.interim or (self._created and opening is None)
        self.kind = self.kind or (INTERIM if interim else BOOKED)
        self.currency = self.assumed()
        return StatementStart(
            format=self.kind,
            account=self.account,
            currency=self.currency,
            statement_id=self._first.get("20", ""),
            sequence=number[1] if number else self._number,
            page=int(number[2] or 0) if number else 0,
            account_name=self._account_name,
            account_bank=self.bank,
            start=opening.day if opening else None,
            created=values.moment(self._created, self._days) if self._created else None,
            line=at,
        )

    def missing(self) -> tuple[Finding, ...]:
        """What a header should have had."""
        found = []
        if "20" not in self._first:
            found.append(finding("reference_missing", path=":20:"))
        if not self.account:
            found.append(finding("account", path=":25:"))
        return tuple(found)

    def _identified(self, tag: str, body: str, line: int) -> None:
        account, _, second = body.partition("\n")
        account = account.strip()
        if not self._once("25", tag, account, line):
            return
        cut = _BANK.fullmatch(account)
        self.bank = second.strip() or (cut[1] if cut else self.bank)
        suffix = _SUFFIX.search(account)
        if suffix is not None:
            self._hint = values.currency_of(suffix[1], self.says(tag, line))
        self.account = account or self.account
        if account and self._reading.options.get("account") == "number":
            number = cut[2] if cut else account
            self.account = number[: -len(suffix[1])].strip(" /") if suffix else number

    def _counted(self, tag: str, body: str, line: int) -> None:
        if self._once("28", tag, body, line):
            self._number = body
            if not _NUMBER.fullmatch(body):
                self.found("sequence", tag, line)

    def _limit(self, body: str, line: int) -> None:
        self.interim = True
        found = _FLOOR.match(body)
        if found is None:
            self.found("amount", "34F", line)
            return
        self.currency = self.currency or values.currency_of(found[1], self.says("34F", line))
        self.floor = self.floor or bool(found[3].strip("0.,"))

    def _once(self, name: str, tag: str, text: str, line: int) -> bool:
        if name not in self._first:
            self._first[name] = text
            return True
        if self._first[name] != text:
            self.found("repeated", tag, line)
        return False
