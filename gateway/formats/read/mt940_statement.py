"""One MT message being read: its balances, its lines, and what they prove.

Rule kept here: lines are given on as they come; what is kept grows with nothing but findings,
whose number is bounded.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from msgspec.structs import replace

from gateway.domain.bank_file import BalanceRead, EntryRead, Finding, StatementEnd
from gateway.domain.exact import SCALE_MAX
from gateway.domain.statement import EntryStatus
from gateway.formats.proof import Proof
from gateway.formats.read import mt940_values as values
from gateway.formats.read.mt940_entry import entry_of
from gateway.formats.read.mt940_found import finding
from gateway.formats.read.mt940_header import HEADER, INTERIM, Header
from gateway.formats.read.mt940_line import statement_line
from gateway.formats.read.mt940_wrapping import unwrapped
from gateway.formats.read.texts import Findings
from gateway.ports.statement_formats import Part, Reading

OPENINGS: Final = frozenset({"60", "60F", "60M"})
_CLOSINGS: Final = frozenset({"62", "62F", "62M"})
_OTHERS: Final = frozenset({"64", "64F", "65", "65F"})
_SUM_FIELDS: Final = frozenset({"90C", "90D"})
KNOWN: Final = HEADER | OPENINGS | _CLOSINGS | _OTHERS | _SUM_FIELDS | {"61", "86", "NS"}
"""Tags that mean something here."""

_SUM: Final = re.compile(r"\s*([0-9]{0,9})([A-Z]{3})\s*([0-9.,]+)")
# Counts and sums of debits and credits, as Dutch banks put them behind the closing balance.
_SUMS: Final = re.compile(
    r"\AD([0-9]{6})C([0-9]{6})D([0-9,]+)C([0-9,]+)\Z"
    r"|/SUM/([0-9]{1,9})/([0-9]{1,9})/([0-9]{1,15},[0-9]*)/([0-9]{1,15},[0-9]*)/"
)
_SCALES: Final = tuple(10 ** (SCALE_MAX - it) for it in range(SCALE_MAX + 1))
_BALANCES_MAX: Final = 1000
_REMARKS_MAX: Final = 100
_WRONG_MAX: Final = 100
"""Lines told one by one that were not understood."""
_INFORMATION_MAX: Final = 1 << 16
"""Characters of all fields 86 of one line."""
_TELEGRAPHIC: Final = re.compile(r"(?<![0-9])(?:[0-9]{4} ?){3,64}(?![0-9])")
_EVERY: Final = frozenset({"date", "amount_unclear"})
"""What is told for every line; the rest is the same all over a file."""


class Message:
    """One message. ``out`` takes the parts it gives, in their order; ``at`` is its line."""

    __slots__ = (
        "_balances",
        "_body",
        "_ccc",
        "_days",
        "_findings",
        "_first",
        "_information",
        "_last",
        "_length",
        "_line",
        "_non_swift",
        "_out",
        "_pending",
        "_proof",
        "_remarks",
        "_started",
        "_sums",
        "_totals",
        "_unknown",
        "_wrong",
        "at",
        "closing",
        "further",
        "header",
        "opening",
        "stated_closing",
    )

    def __init__(self, reading: Reading, days: values.Days, out: list[Part], *, at: int) -> None:
        self.at = at
        self.opening: BalanceRead | None = None
        self.closing: BalanceRead | None = None
        self.stated_closing = False
        """Whether there is a closing balance, readable or not."""
        self.further = False
        """Whether its closing balance is one of a page that others follow."""
        self._findings = Findings()
        self.header = Header(reading, days, self._findings)
        self._out, self._days = out, days
        self._proof = Proof()
        self._started = False
        self._body: str | None = None
        self._line = self._length = 0
        self._information: list[str] = []
        self._non_swift: list[str] = []
        self._balances: list[BalanceRead] = []
        self._remarks: list[str] = []
        self._sums: dict[str, tuple[str, int]] = {}
        self._totals = {"D": [0, 0], "C": [0, 0]}
        self._first: tuple[date, int] | None = None
        self._last: tuple[date, int] | None = None
        self._unknown: set[str] = set()
        self._wrong = 0
        self._pending = reading.options.get("status") == "pending"
        self._ccc = reading.options.get("ccc") == "yes"

    # ── what the reader asks ──────────────────────────────────────────────────────────────

    @property
    def in_entry(self) -> bool:
        """Whether a line is open: what comes may belong to it."""
        return self._body is not None

    @property
    def in_body(self) -> bool:
        """Whether lines have begun and no closing balance ended them."""
        return self._started and not self.stated_closing

    @property
    def ended(self) -> bool:
        """Whether a closing balance or the sums of an interim report were seen."""
        return self.stated_closing or "90C" in self._sums

    def found(self, code: str, path: str, line: int) -> None:
        """Keep a finding."""
        self._findings.add(finding(code, path=path, line=line))

    def heard(self, told: Finding) -> None:
        """Keep a finding that is ready."""
        self._findings.add(told)

    # ── fields ────────────────────────────────────────────────────────────────────────────

    def field(self, tag: str, body: str, line: int) -> None:
        """Take one field; unknown ones become findings."""
        if tag == "86":
            self._informed(body, line)
            return
        if tag == "NS":
            self._additional(body, line)
            return
        if self._body is not None:
            self._flush()
        if tag == "61":
            self._body, self._line = body, line
            if not self._started:
                self._started = True
                self._out.append(self.header.start(self.opening, at=self.at))
        elif tag in HEADER:
            self.header.take(tag, body, line)
        elif tag in _SUM_FIELDS:
            self._sums[tag] = (body, line)
        elif tag in KNOWN:
            self._balanced(tag, body, line)
        elif tag not in self._unknown:
            self._unknown.add(tag)
            self.found("unknown_tag", f":{tag}:", line)

    def goes_on(self, tag: str, body: str, line: int) -> None:
        """A line of a text that looks like a field but cannot be one here."""
        if self._information:
            self._informed(f":{tag}:{body}", line)
        else:
            self.found("information_tag", f":{tag}:", line)
            self._informed(body, line)

    def _informed(self, body: str, line: int) -> None:
        if self._body is not None:
            self._length += len(body)
            if self._length > _INFORMATION_MAX:
                self._findings.once(finding("information_long", path=":86:", line=line))
            else:
                self._information.append(body)
            return
        text = unwrapped(body)
        if not text:
            return
        self._findings.once(finding("information", path=":86:", line=line))
        if len(self._remarks) >= _REMARKS_MAX:
            self._findings.once(finding("remarks", path=":86:", line=line))
            return
        self._remarks.append(text[:_INFORMATION_MAX])
        stated = _SUMS.search(text)
        if stated is not None:
            debits, credits_, out, into = (it for it in stated.groups() if it is not None)
            currency = self.header.currency or "SUM"
            self._sums.setdefault("90D", (f"{debits}{currency}{out}", line))
            self._sums.setdefault("90C", (f"{credits_}{currency}{into}", line))

    def _additional(self, body: str, line: int) -> None:
        if self._body is None:
            self.header.additional(body, line)
            return
        self._length += len(body)
        if self._length > _INFORMATION_MAX:
            self._findings.once(finding("information_long", path=":NS:", line=line))
        else:
            self._non_swift.append(body)

    def _balanced(self, tag: str, body: str, line: int) -> None:
        header = self.header
        self.stated_closing = self.stated_closing or tag in _CLOSINGS
        first = body.strip().partition("\n")[0]
        says = header.says(tag, line)
        balance = values.balance(tag, first, self._days, header.assumed(), says)
        if balance is None:
            return
        if tag in OPENINGS and self.opening is None and not self._started:
            self.opening = balance
            header.currency = balance.currency or header.currency
            return
        if balance.currency != header.currency and header.currency and self.opening:
            self._findings.once(finding("currency_differs", path=f":{tag}:", line=line))
        header.currency = header.currency or balance.currency
        if tag in OPENINGS:
            self.found("repeated", f":{tag}:", line)
        elif tag in _CLOSINGS and self.closing is None:
            self.closing, self.further = balance, tag.endswith("M")
        elif tag in _CLOSINGS:
            if self.closing != balance:
                self._findings.once(finding("closing_twice", path=f":{tag}:", line=line))
        elif len(self._balances) < _BALANCES_MAX:
            self._balances.append(balance)
        else:
            self._findings.once(finding("balances", path=f":{tag}:", line=line))

    # ── lines ─────────────────────────────────────────────────────────────────────────────

    def _flush(self) -> None:
        """Give the open line on."""
        body, at = self._body, self._line
        assert body is not None
        self._body = None
        texts, non_swift = self._information, self._non_swift
        self._length = 0
        line = statement_line(body, self._days, self._on_line)
        if texts:
            self._information = []
        if non_swift:
            self._non_swift = []
        if line is None:
            self._wrong += 1
            if self._wrong <= _WRONG_MAX:
                self.found("entry", ":61:", at)
            return
        currency = self.header.currency
        if line.funds_code and currency and currency[-1] != line.funds_code:
            self._findings.once(finding("funds_code", path=":61:", line=at))
        own = self.header.account
        entry = entry_of(line, texts, non_swift=non_swift, currency=currency, own=own, at=at)
        if self._pending and self.header.kind == INTERIM:
            entry = replace(entry, status=EntryStatus.PENDING)
        if self._ccc and _TELEGRAPHIC.search(f"{entry.counterparty_name} {entry.remittance}"):
            self._findings.once(finding("ccc", path=":86:", line=at))
        self._proof.add(entry)
        self._counted(entry)
        self._out.append(entry)

    def _on_line(self, code: str) -> None:
        told = finding(code, path=":61:", line=self._line)
        if code in _EVERY:
            self._findings.add(told)
        else:
            self._findings.once(told)

    def _counted(self, entry: EntryRead) -> None:
        units, scale = entry.amount.units, entry.amount.scale
        total = self._totals["D" if units < 0 else "C"]
        total[0] += 1
        total[1] += abs(units) * _SCALES[scale]
        day = entry.booking_date
        if day is None:
            return
        if self._first is None or day < self._first[0]:
            self._first = (day, entry.line)
        if self._last is None or day > self._last[0]:
            self._last = (day, entry.line)

    # ── the end ───────────────────────────────────────────────────────────────────────────

    def end(self, *, others_ended: bool, found: tuple[Finding, ...] = ()) -> None:
        """Close the statement; ``others_ended`` says how the file's other messages end."""
        if self._body is not None:
            self._flush()
        if not self._started:
            self._started = True
            self._out.append(self.header.start(self.opening, at=self.at))
        for told in self.header.missing():
            self._findings.add(replace(told, line=self.at))
        if self.header.kind != INTERIM:
            self._complete(others_ended=others_ended)
        if self._wrong > _WRONG_MAX:
            self.found("entries_more", ":61:", self.at)
        self._summed_up()
        self._within()
        verdict = self._proof.judged(self.opening, self.closing)
        broken = self._proof.finding(verdict, path=":62F:", line=self.at)
        if broken is not None:
            self._findings.add(broken)
        stated = [it for it in (self.opening, self.closing) if it is not None]
        self._out.append(
            StatementEnd(
                opening=self.opening,
                closing=self.closing,
                balances=(*stated, *self._balances),
                continuity=verdict,
                end=self.closing.day if self.closing else None,
                account=self.header.account,
                currency=self.header.currency,
                entries=self._proof.count,
                last_page=not self.further,
                remark="\n".join(self._remarks),
                findings=(*self._findings.taken(), *found),
            )
        )

    def _complete(self, *, others_ended: bool) -> None:
        if self.opening is None:
            self.found("opening_missing", ":60F:", self.at)
        if not self.stated_closing:
            self.found("cut" if others_ended else "closing_missing", ":62F:", self.at)

    def _within(self) -> None:
        """Whether all lines are booked between the days of the balances."""
        if self._first is None or self._last is None:
            return
        if self.opening and self.opening.day and self._first[0] < self.opening.day:
            self.found("earlier", ":61:", self._first[1])
        if self.closing and self.closing.day and self._last[0] > self.closing.day:
            self.found("later", ":61:", self._last[1])

    def _summed_up(self) -> None:
        """Compare the stated counts and sums with what was read."""
        if not self._proof.count and self.header.kind != INTERIM:
            return  # a balance report states sums of lines that it does not list
        for tag, (body, line) in self._sums.items():
            says = self.header.says(tag, line)
            stated = _SUM.match(body)
            told = values.amount(stated[3], says) if stated else None
            if stated is None or told is None:
                says("amount")
                continue
            count, units = self._totals[tag[-1]]
            same = not stated[1] or int(stated[1]) == count
            if not same or told.units * _SCALES[told.scale] != units:
                says("control_sum_floor" if self.header.floor else "control_sum")
