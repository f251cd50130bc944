"""Writes pain.001 files the way SAP in China and Tryton do: for the demo, bench and tests.

The payer's side of the format, so that what is read can be compared with what was meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from itertools import groupby
from typing import Final

from adapters.erp.iso20022 import codes
from adapters.erp.iso20022.totals import plain, scaled
from adapters.erp.iso20022.writing import Build, Spool, document
from gateway.domain.money import Money
from gateway.wire.write import Element, Form

VERSIONS: Final = tuple(f"pain.001.001.{number:02}" for number in range(3, 14))
_BICFI_FROM: Final = 4
_DATE_CHOICE_FROM: Final = 8


class Style(Enum):
    """Whose habits the file has."""

    SAP_CN = "sap-cn"
    """Other-id accounts, CNAPS numbers, instruction priority, ids made of document numbers."""
    TRYTON = "tryton"
    """Service level SEPA, one short number as instruction and end-to-end id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Debtor:
    """The paying company and its account."""

    name: str
    account: str
    bic: str = "FJIBCNBA"
    customer_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One payment as the ERP means it."""

    end_to_end_id: str
    amount: Money
    creditor_name: str
    creditor_account: str
    execution_date: date
    instruction_id: str = ""
    creditor_agent_name: str = ""
    creditor_agent_cnaps: str = ""
    creditor_agent_bic: str = ""
    creditor_city: str = ""
    purpose: str = ""
    urgent: bool = False
    category_purpose: str = ""
    budget_item: str = ""


_Block = tuple[date, bool, str]


def compose(  # noqa: PLR0913 - what a file is made of; the last is keyword-only
    version: str,
    message_id: str,
    created: datetime,
    debtor: Debtor,
    lines: Iterable[Line],
    *,
    style: Style = Style.SAP_CN,
) -> bytes:
    """A pain.001 file of ``lines`` in the given version and style, UTF-8.

    Lines that follow each other with the same day, urgency and category form one PmtInf,
    ``<message_id>-<n>``. Totals are exact. Raises ValueError for a version that is not in
    ``VERSIONS``, no lines, or a message id that leaves no room for the block number.
    """
    wanted = list(lines)
    if version not in VERSIONS or not wanted:
        raise ValueError("version not supported, or no lines")
    scribe = _Scribe(version, style, debtor)
    spool = Spool()
    with document(spool, scribe.build, "CstmrCdtTrfInitn") as out:
        out.put(scribe.head(message_id, created, wanted))
        blocks = groupby(wanted, key=_block)
        for number, (block, group) in enumerate(blocks, start=1):
            members = [_in_style(line, style) for line in group]
            with out.inside("PmtInf"):
                out.put(*scribe.block_head(_block_id(message_id, number), block, members))
                for line in members:
                    out.put(scribe.transaction(line))
    return spool.take()


def _block(line: Line) -> _Block:
    return (line.execution_date, line.urgent, line.category_purpose)


def _block_id(message_id: str, number: int) -> str:
    made = f"{message_id}-{number}"
    if len(made) > codes.ID_LENGTH_MAX:
        raise ValueError("message_id is too long")
    return made


def _in_style(line: Line, style: Style) -> Line:
    """Tryton writes one id into both places."""
    if style is Style.TRYTON and not line.instruction_id:
        return replace(line, instruction_id=line.end_to_end_id)
    return line


def _sum(lines: Sequence[Line]) -> str:
    return plain(sum(scaled(line.amount.text()) or 0 for line in lines))


def _is_iban(account: str) -> bool:
    return account[:2].isalpha() and account[2:4].isdigit()


class _Scribe:
    """Elements of one file, in the spelling of its version and style."""

    def __init__(self, version: str, style: Style, debtor: Debtor) -> None:
        number = int(version.rsplit(".", 1)[1])
        self.build = Build(version)
        self._bic = "BICFI" if number >= _BICFI_FROM else "BIC"
        self._date_choice = number >= _DATE_CHOICE_FROM
        self._style = style
        self._debtor = debtor
        self._transaction = _transaction_form(self._bic)

    def head(self, message_id: str, created: datetime, lines: Sequence[Line]) -> Element | None:
        node, leaf = self.build.node, self.build.leaf
        customer = node("Othr", leaf("Id", self._debtor.customer_id))
        return node(
            "GrpHdr",
            leaf("MsgId", message_id),
            leaf("CreDtTm", created.replace(tzinfo=None).isoformat(timespec="seconds")),
            leaf("NbOfTxs", str(len(lines))),
            leaf("CtrlSum", _sum(lines)),
            node("InitgPty", leaf("Nm", self._debtor.name), node("Id", node("OrgId", customer))),
        )

    def block_head(
        self, block_id: str, block: _Block, lines: Sequence[Line]
    ) -> Iterator[Element | None]:
        node, leaf = self.build.node, self.build.leaf
        day, urgent, category = block
        yield leaf("PmtInfId", block_id)
        yield leaf("PmtMtd", "TRF")
        yield leaf("BtchBookg", "false")
        yield leaf("NbOfTxs", str(len(lines)))
        yield leaf("CtrlSum", _sum(lines))
        yield self._payment_type(category, urgent=urgent)
        written = day.isoformat()
        plain_day = leaf("ReqdExctnDt", written)
        yield node("ReqdExctnDt", leaf("Dt", written)) if self._date_choice else plain_day
        yield node("Dbtr", leaf("Nm", self._debtor.name))
        yield self._account(
            "DbtrAcct", self._debtor.account, leaf("Ccy", lines[0].amount.currency.code)
        )
        yield node("DbtrAgt", node("FinInstnId", leaf(self._bic, self._debtor.bic)))
        yield leaf("ChrgBr", "SLEV" if self._style is Style.TRYTON else "SHAR")

    def _payment_type(self, category: str, *, urgent: bool) -> Element | None:
        node, leaf = self.build.node, self.build.leaf
        if self._style is Style.TRYTON:
            priority, service = "", "URGP" if urgent else "SEPA"
        else:
            priority, service = ("HIGH", "URGP") if urgent else ("NORM", "NURG")
        return node(
            "PmtTpInf",
            leaf("InstrPrty", priority),
            node("SvcLvl", leaf("Cd", service)),
            node("CtgyPurp", leaf("Cd", category)),
        )

    def _account(self, name: str, number: str, after: Element | None = None) -> Element | None:
        node, leaf = self.build.node, self.build.leaf
        if _is_iban(number):
            return node(name, node("Id", leaf("IBAN", number)), after)
        return node(name, node("Id", node("Othr", leaf("Id", number))), after)

    def transaction(self, line: Line) -> Element:
        """One line; a file has many, so it is a form that is filled."""
        account, cnaps = line.creditor_account, line.creditor_agent_cnaps
        iban = _is_iban(account)
        budget = f"{codes.BUDGET_WORD}{line.budget_item}" if line.budget_item else ""
        return self._transaction.fill(
            line.instruction_id,
            line.end_to_end_id or codes.NOT_PROVIDED,
            line.amount.currency.code,
            line.amount.text(),
            line.creditor_agent_bic,
            codes.CNAPS_SYSTEM if cnaps else "",
            cnaps,
            line.creditor_agent_name,
            line.creditor_city,
            line.creditor_name,
            account if iban else "",
            "" if iban else account,
            line.purpose,
            budget if len(budget) <= codes.FURTHER_LENGTH_MAX else "",
        )


def _transaction_form(bic: str) -> Form:
    system = Form("ClrSysId", "Cd?", optional=True)
    return Form(
        "CdtTrfTxInf",
        Form("PmtId", "InstrId?", "EndToEndId"),
        Form("Amt", Form("InstdAmt", attributes=("Ccy",), text=True)),
        Form(
            "CdtrAgt",
            Form(
                "FinInstnId",
                f"{bic}?",
                Form("ClrSysMmbId", system, "MmbId?", optional=True),
                "Nm?",
                Form("PstlAdr", "TwnNm?", optional=True),
                optional=True,
            ),
            optional=True,
        ),
        Form("Cdtr", "Nm?", optional=True),
        Form(
            "CdtrAcct",
            Form("Id", "IBAN?", Form("Othr", "Id?", optional=True), optional=True),
            optional=True,
        ),
        Form("RmtInf", "Ustrd?", Form("Strd", "AddtlRmtInf?", optional=True), optional=True),
    )
