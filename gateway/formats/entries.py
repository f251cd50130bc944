"""Statement entries as camt.05x writes them: one ``Ntry`` per entry, in two generations.

Rule kept here: an identification is written as it is or not at all (never cut); a text is
written in as many pieces as it needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Final

from gateway.domain.errors import Corrupt
from gateway.formats.amounts import checked, is_debit, unsigned
from gateway.formats.messages import ID_LENGTH_MAX, fits, instant, is_iban, lines
from gateway.ports.erp_told import EntryTold
from gateway.wire.write import Element, Form

OLDER: Final = "02"
LATER: Final = "08"
GENERATIONS: Final = (OLDER, LATER)
"""Message versions that are written: .02 is what SAP, Oracle and Tryton read, .08 is CBPR+'s."""
REMITTANCE_LENGTH_MAX: Final = 140
NAME_LENGTH_MAX: Final = 140
ACCOUNT_LENGTH_MAX: Final = 34
RECONCILIATION: Final = "RECON"
"""Marks the reference that is the reconciliation code (对账标识码)."""
RETURN_REASON: Final = "MS03"
"""Not specified by the bank: why money came back is not part of an entry."""
_RECEIPT: Final = "/RECEIPT/"
_NO_REFERENCE: Final = "NOTPROVIDED"
_STATUS: Final[Mapping[str, str]] = {"booked": "BOOK", "pending": "PDNG", "info": "INFO"}
_CREDIT_FAMILY: Final = ("PMNT", "RCDT", "DMCT")
_DEBIT_FAMILY: Final = ("PMNT", "ICDT", "DMCT")
_RETURN_FAMILY: Final = ("PMNT", "ICDT", "RRTN")


class Entries:
    """Writes entries of one message generation. Reusable; holds only patterns."""

    def __init__(self, generation: str) -> None:
        self._later = generation == LATER
        self._forms: dict[tuple[bool, int], Form] = {}

    def element(self, entry: EntryTold) -> Element:
        """The ``Ntry`` of one entry. Raises Corrupt for an amount or status that is none."""
        amount = checked(entry.amount)
        debit = is_debit(amount)
        remittance = lines(entry.remittance, REMITTANCE_LENGTH_MAX) if entry.remittance else []
        name = entry.counterparty_name
        if len(name) > NAME_LENGTH_MAX or not name.isprintable():
            remittance += lines(name, REMITTANCE_LENGTH_MAX)
            name = ""
        account = entry.counterparty_account
        if len(account) > ACCOUNT_LENGTH_MAX or not account.isprintable():
            account = ""
        iban = is_iban(account)
        bank = entry.counterparty_bank
        if len(bank) > NAME_LENGTH_MAX or not bank.isprintable():
            bank = ""
        ids = (entry.key, entry.reference, entry.end_to_end_id, entry.reconciliation_code)
        # Nearly all fit, and asking that of all at once costs a quarter.
        if max(map(len, ids)) > ID_LENGTH_MAX or not "".join(ids).isprintable():
            ids = (_id(ids[0]), _id(ids[1]), _id(ids[2]), _id(ids[3]))
        key, reference, end_to_end, code = ids
        return self._form(debit, len(remittance)).fill(
            key or reference,
            entry.currency,
            unsigned(amount),
            "DBIT" if debit else "CRDT",
            "true" if entry.reversal else "",
            _status(entry.status),
            _day(entry.booking_date) if entry.booking_date else "",
            _day(entry.value_date) if entry.value_date else "",
            reference,
            *_family(entry, debit=debit),
            *_references(entry.erp_reference, reference, end_to_end, code),
            name,
            account if iban else "",
            "" if iban else account,
            bank,
            *remittance,
            instant(entry.booked_at) if entry.booked_at else "",
            RETURN_REASON if entry.returned else "",
            f"{_RECEIPT}{entry.receipt_number}" if entry.receipt_number else "",
            _further("" if reference else entry.reference, entry.remittance),
        )

    def _form(self, debit: bool, remittances: int) -> Form:  # noqa: FBT001 - a key of patterns
        form = self._forms.get((debit, remittances))
        if form is None:
            form = self._forms[debit, remittances] = self._made(debit, remittances)
        return form

    def _made(self, debit: bool, remittances: int) -> Form:  # noqa: FBT001 - as above
        party = "Cdtr" if debit else "Dbtr"
        nested = Form("Pty", "Nm?", optional=True) if self._later else "Nm?"
        details = Form(
            "TxDtls",
            Form(
                "Refs",
                "MsgId?",
                "AcctSvcrRef?",
                "PmtInfId?",
                "InstrId?",
                "EndToEndId?",
                Form("Prtry", "Tp?", "Ref?", optional=True),
            ),
            Form(
                "RltdPties",
                Form(party, nested, optional=True),
                Form(
                    f"{party}Acct",
                    Form("Id", "IBAN?", Form("Othr", "Id?", optional=True), optional=True),
                    optional=True,
                ),
                optional=True,
            ),
            Form(
                "RltdAgts",
                Form(f"{party}Agt", Form("FinInstnId", "Nm?", optional=True), optional=True),
                optional=True,
            ),
            Form("RmtInf", *["Ustrd"] * remittances, optional=True),
            Form("RltdDts", "TxDtTm?", optional=True),
            Form("RtrInf", Form("Rsn", "Cd?", optional=True), optional=True),
            "AddtlTxInf?",
        )
        return Form(
            "Ntry",
            "NtryRef?",
            Form("Amt", attributes=("Ccy",), text=True),
            "CdtDbtInd",
            "RvslInd?",
            Form("Sts", "Cd") if self._later else "Sts",
            Form("BookgDt", "Dt?", optional=True),
            Form("ValDt", "Dt?", optional=True),
            "AcctSvcrRef?",
            Form("BkTxCd", Form("Domn", "Cd", Form("Fmly", "Cd", "SubFmlyCd"))),
            Form("NtryDtls", details),
            "AddtlNtryInf?",
        )


@lru_cache(maxsize=64)
def _day(day: date) -> str:
    """A statement has thousands of entries and a few days."""
    return day.isoformat()


def _status(status: str) -> str:
    found = _STATUS.get(status)
    if found is None:
        raise Corrupt("an entry's status is none")
    return found


def _family(entry: EntryTold, *, debit: bool) -> tuple[str, str, str]:
    if entry.returned:
        return _RETURN_FAMILY
    return _DEBIT_FAMILY if debit else _CREDIT_FAMILY


def _references(own: str, reference: str, end_to_end: str, code: str) -> tuple[str, ...]:
    """MsgId, AcctSvcrRef, PmtInfId, InstrId, EndToEndId, and the reconciliation code's two.

    A reference of the form ``MsgId/PmtInfId/EndToEndId`` is what the gateway calls an ERP's
    payment from a pain.001 file; it is taken apart again. Any other one is the InstrId.
    """
    message = block = ""
    if own:
        parts = own.split("/")
        if len(parts) == _PARTS and parts[2] == end_to_end:
            message, block, own = _id(parts[0]), _id(parts[1]), ""
        else:
            own = _id(own)
    return (
        message,
        reference,
        block,
        own,
        end_to_end or _NO_REFERENCE,
        RECONCILIATION if code else "",
        code,
    )


_PARTS: Final = 3
_LONG_MAX: Final = 500


def _id(text: str) -> str:
    return text if fits(text) else ""


def _further(reference: str, remittance: str) -> str:
    """A bank's reference too long for an identification, and the remittance once more.

    Some readers show users nothing else of an entry; '' where it does not fit as a whole.
    """
    found = lines(f"{reference} {remittance}" if reference else remittance, _LONG_MAX)
    return found[0] if len(found) == 1 else ""
