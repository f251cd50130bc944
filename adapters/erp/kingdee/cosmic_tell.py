"""What 苍穹 is told: statuses of bank payment bills, statement lines, balances, receipts.

The operations are those that the customer published (README.md lists what each must take).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Final

from adapters.erp.kingdee import cosmic_calls, exact, keyed
from adapters.erp.kingdee.codes import PAY_REFUSED, PAY_STATES
from adapters.erp.kingdee.cosmic_options import CosmicOptions
from adapters.erp.kingdee.keyed import Envelope, Row, Shelf, Told
from adapters.erp.kingdee.standings import standing_of, told_words
from adapters.erp.kingdee.talk import Talk, alike, for_all, spoken
from gateway.ports.erp_api import Call, CallReply, Conversation, Telling, Verdict
from gateway.ports.erp_told import (
    BalanceTold,
    CreditTold,
    EntryTold,
    ReceiptTold,
    StatementTold,
    StatusTold,
)
from gateway.ports.erp_told import Told as Record

_MOST: Final = 50
_LOOKED: Final = 500
_CHUNK: Final = 100
_KEY: Final = "uniqueseq"
_RECEIPT_KEY: Final = "receiptno"
_SOURCE: Final = "gw"
"""Where a row comes from, as 苍穹 marks it; its own hub and others have words of their own."""


def status(options: CosmicOptions) -> Telling:
    """How statuses are written back."""
    return Telling(say=spoken(lambda it: _status(options, it)), most=_MOST)


def entries(options: CosmicOptions) -> Telling:
    """How statements are written (bei_transdetail)."""
    return keyed.telling(_shelf(options, "entry", _KEY), entry_rows)


def incoming(options: CosmicOptions) -> Telling:
    """How money that came in is written: the same rows."""
    return keyed.telling(_shelf(options, "entry", _KEY), entry_rows, most=_MOST)


def balances(options: CosmicOptions) -> Telling:
    """How balances are written (bei_bankbalance)."""
    return keyed.telling(_shelf(options, "balance", _KEY), balance_rows, most=_MOST)


def receipts(options: CosmicOptions) -> Telling:
    """How receipts are written (bei_elecreceipt)."""
    return keyed.telling(_shelf(options, "receipt", _RECEIPT_KEY), receipt_rows)


# ── statuses ──────────────────────────────────────────────────────────────────────────────────


def _status(options: CosmicOptions, conversation: Conversation) -> Talk:
    told = {place: it for place, it in enumerate(conversation.told) if _number(it)}
    taken = alike(
        (place for place in range(len(conversation.told)) if place not in told),
        Verdict.REFUSED,
        "source",
        "不是苍穹银行付款单",
    )
    rows = {place: _written(it) for place, it in told.items() if isinstance(it, StatusTold)}
    if conversation.again and rows:
        numbers = sorted({str(row["billno"]) for row in rows.values()})
        asked = {"data": {"billno": numbers}, "pageNo": 1, "pageSize": len(numbers)}
        found = cosmic_calls.rows((yield cosmic_calls.kapi(options, options["pull_path"], asked)))
        if isinstance(found, Told):
            return for_all(conversation, found.verdict, found.code, found.words)
        there = {_text(it, "billno"): it for it in found}
        known = [place for place, row in rows.items() if _says(there, row)]
        taken += alike(known, Verdict.ALREADY, "", "")
        rows = {place: row for place, row in rows.items() if place not in known}
    if rows:
        body = {"data": list(rows.values())}
        reply = yield cosmic_calls.kapi(options, options["status_path"], body)
        envelope = cosmic_calls.envelope(reply, len(rows))
        for at, place in enumerate(rows):
            one = envelope.of(at)
            taken += alike((place,), one.verdict, one.code, one.words)
    return tuple(sorted(taken, key=lambda it: it.place))


def _number(told: Record) -> str:
    return told.source.get("billno", "") if isinstance(told, StatusTold) else ""


def _written(told: StatusTold) -> Row:
    standing = standing_of(told.state, told.code, PAY_STATES, PAY_REFUSED)
    words = told_words(told, standing)
    row: dict[str, object] = {"billno": told.source["billno"], "bankreturnmsg": words}
    if standing is not None:  # of a repetition only the words are told
        row["bankpaystate"] = standing.status
        row["isrefund"] = standing.reason == "RETURNED"
        row["isupdatestate"] = True
    row["returntime"] = told.at.strftime("%Y-%m-%d %H:%M:%S")
    row["bankreference"] = told.bank_reference
    row["gatewayid"] = told.instruction
    row["gatewaystate"] = told.state
    return {name: it for name, it in row.items() if it != ""}


def _says(there: Mapping[str, Mapping[str, object]], row: Row) -> bool:
    """Whether the bill reads already what is to be told."""
    found = there.get(str(row["billno"]))
    if found is None or "bankpaystate" not in row:
        return False
    return all(
        _text(found, name) == str(row[name])
        for name in ("bankpaystate", "bankreturnmsg")
        if name in row
    )


def _text(row: Row, name: str) -> str:
    return exact.text(row.get(name, row.get(f"f{name}")), f"/data/rows/{name}")


# ── rows ──────────────────────────────────────────────────────────────────────────────────────


def _shelf(options: CosmicOptions, what: str, key: str) -> Shelf:
    read, write = options[f"{what}_query_path"], options[f"{what}_path"]

    def look(keys: list[str]) -> Call:
        asked = {"data": {key: keys}, "pageNo": 1, "pageSize": len(keys)}
        return cosmic_calls.kapi(options, read, asked)

    def there(reply: CallReply) -> set[str] | Told:
        found = cosmic_calls.rows(reply)
        return found if isinstance(found, Told) else {_text(row, key) for row in found}

    def save(rows: Sequence[Row]) -> Call:
        return cosmic_calls.kapi(options, write, {"data": list(rows)})

    def saved(reply: CallReply) -> Envelope:
        # A reply that only counts is none here: which of the rows it means would be a guess.
        return cosmic_calls.envelope(reply, -1)

    return Shelf(
        key=key, look=look, there=there, save=save, saved=saved, looked=_LOOKED, chunk=_CHUNK
    )


def entry_rows(told: Record) -> list[Row]:
    """A statement's or a credit's entries as rows of bei_transdetail."""
    if isinstance(told, StatementTold):
        return [_entry(told.account, told.company, entry) for entry in told.entries]
    assert isinstance(told, CreditTold)
    return [_entry(told.account, told.company, told.entry)]


def balance_rows(told: Record) -> list[Row]:
    """A balance as one row of bei_bankbalance, of one moment."""
    assert isinstance(told, BalanceTold)
    numbers = {
        "amount": told.ledger,
        "valibalance": told.available,
        "freezebalance": told.frozen,
        "lstbalance": told.previous_day,
    }
    return [
        {
            _KEY: f"{told.account}/{told.currency}/{told.asked_at.isoformat()}",
            "accountbank": told.account,
            "currency": told.currency,
            "bizdate": told.day.isoformat(),
            "asktime": told.asked_at.isoformat(),
            "datasource": _SOURCE,
            **{name: exact.number(digits) for name, digits in numbers.items() if digits},
        }
    ]


def receipt_rows(told: Record) -> list[Row]:
    """A receipt as one row of bei_elecreceipt, with its file as base64."""
    assert isinstance(told, ReceiptTold)
    row: dict[str, object] = {
        _RECEIPT_KEY: told.receipt_number,
        "accountbank": told.account,
        "bizdate": told.day.isoformat(),
        "detailid": f"{told.account}/{told.entry_key}" if told.entry_key else "",
        "srcbillno": told.erp_reference,
        "bankserial": told.bank_reference,
        "filename": told.file_name,
        "filesha256": told.file_sha256,
        "filecontent": base64.b64encode(told.content).decode(),
        "datasource": _SOURCE,
    }
    if told.amount:
        row["amount"] = exact.number(told.amount)
    return [{name: it for name, it in row.items() if it != ""}]


def _entry(account: str, company: str, entry: EntryTold) -> Row:
    debit = entry.amount.startswith("-")
    digits = entry.amount.removeprefix("-")
    row: dict[str, object] = {
        _KEY: f"{account}/{entry.key}",
        "detailid": f"{account}/{entry.key}",
        "accountbank": account,
        "company": company,
        "currency": entry.currency,
        "debitamount" if debit else "creditamount": exact.number(digits),
        "bizdate": entry.booking_date.isoformat() if entry.booking_date else "",
        "biztime": entry.booked_at.isoformat() if entry.booked_at else "",
        "oppunit": entry.counterparty_name,
        "oppbanknumber": entry.counterparty_account,
        "oppbank": entry.counterparty_bank,
        "description": entry.remittance,
        "bankserial": entry.reference,
        "bankcheckflag": entry.reconciliation_code,
        "receiptno": entry.receipt_number,
        "srcbillno": entry.erp_reference,
        "standing": entry.status,
        "isrefund": entry.returned,
        "datasource": _SOURCE,
    }
    if entry.balance_after:
        row["transbalance"] = exact.number(entry.balance_after)
    return {name: it for name, it in row.items() if it != ""}
