"""Statement lines, money that came in, and balances, written into forms of 星空.

星空 has no documented form for them: they go into the customer's own (options ``entry_form`` and
``balance_form``), with the fields below, which are our proposal.

Rule kept here: every row has a key of its own, looked up before it is written; so a message that
comes twice, or an entry told first as 到账 and later in its statement, is one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from adapters.erp.kingdee import exact, k3_calls, keyed
from adapters.erp.kingdee.k3_options import K3Options
from adapters.erp.kingdee.keyed import Row, Shelf, Told
from gateway.ports.erp_api import Call, CallReply, Telling
from gateway.ports.erp_told import BalanceTold, CreditTold, EntryTold, StatementTold
from gateway.ports.erp_told import Told as Record

KEY: Final = "F_GW_Key"
_LOOKED: Final = 1000
_MOST: Final = 100
"""Credits or balances in one conversation."""


def entries(options: K3Options) -> Telling:
    """How statements are written: their entries."""
    return keyed.telling(_shelf(options, options["entry_form"]), entry_rows)


def incoming(options: K3Options) -> Telling:
    """How money that came in is written: the same rows."""
    return keyed.telling(_shelf(options, options["entry_form"]), entry_rows, most=_MOST)


def balances(options: K3Options) -> Telling:
    """How balances are written."""
    return keyed.telling(_shelf(options, options["balance_form"]), balance_rows, most=_MOST)


def _shelf(options: K3Options, form: str) -> Shelf:
    def look(keys: list[str]) -> Call:
        return k3_calls.query(options, form, f"FID,{KEY}", k3_calls.one_of(KEY, keys), "FID")

    def there(reply: CallReply) -> set[str] | Told:
        found = k3_calls.rows(reply, 2)
        if isinstance(found, Told):
            return found
        return {exact.text(row[1], f"/{form}/{KEY}") for row in found}

    def save(rows: Sequence[Row]) -> Call:
        how = {"IsVerifyBaseDataField": "false", "ValidateRepeatJson": "true"}
        said = {"formid": form, "data": {**how, "Model": list(rows)}}
        return k3_calls.form_call(options, "BatchSave", said)

    return Shelf(
        key=KEY,
        look=look,
        there=there,
        save=save,
        saved=k3_calls.envelope,
        looked=min(_LOOKED, options.page),
        chunk=options.batch,
    )


# ── records as rows ───────────────────────────────────────────────────────────────────────────


def entry_rows(told: Record) -> list[Row]:
    """A statement's or a credit's entries as rows."""
    if isinstance(told, StatementTold):
        account = told.account, told.account_name
        return [_entry(account, entry, told.statement_id) for entry in told.entries]
    assert isinstance(told, CreditTold)
    return [_entry((told.account, told.account_name), told.entry, "")]


def balance_rows(told: Record) -> list[Row]:
    """A balance as one row, of one moment."""
    assert isinstance(told, BalanceTold)
    day, moment = told.day.isoformat(), told.asked_at.isoformat()
    numbers = {
        "F_GW_Ledger": told.ledger,
        "F_GW_Available": told.available,
        "F_GW_Frozen": told.frozen,
        "F_GW_PreviousDay": told.previous_day,
    }
    return [
        {
            KEY: f"{told.account}/{told.currency}/{moment}",
            "F_GW_Account": told.account,
            "F_GW_AccountName": told.account_name,
            "F_GW_Currency": told.currency,
            "F_GW_Day": day,
            "F_GW_AskedAt": moment,
            **{name: exact.number(digits) for name, digits in numbers.items() if digits},
        }
    ]


def entry_key(account: str, key: str) -> str:
    """The key of an entry's row."""
    return f"{account}/{key}"


def _entry(account: tuple[str, str], entry: EntryTold, statement: str) -> Row:
    debit = entry.amount.startswith("-")
    digits = entry.amount.removeprefix("-")
    row: dict[str, object] = {
        KEY: entry_key(account[0], entry.key),
        "F_GW_Statement": statement,
        "F_GW_Account": account[0],
        "F_GW_AccountName": account[1],
        "F_GW_Day": entry.booking_date.isoformat() if entry.booking_date else "",
        "F_GW_ValueDay": entry.value_date.isoformat() if entry.value_date else "",
        "F_GW_BookedAt": entry.booked_at.isoformat() if entry.booked_at else "",
        "F_GW_Debit" if debit else "F_GW_Credit": exact.number(digits),
        "F_GW_Currency": entry.currency,
        "F_GW_Standing": entry.status,
        "F_GW_BankSerial": entry.reference,
        "F_GW_OppName": entry.counterparty_name,
        "F_GW_OppAccount": entry.counterparty_account,
        "F_GW_OppBank": entry.counterparty_bank,
        "F_GW_Remark": entry.remittance,
        "F_GW_Returned": entry.returned,
        "F_GW_Reversal": entry.reversal,
        "F_GW_ReconCode": entry.reconciliation_code,
        "F_GW_ErpReference": entry.erp_reference,
        "F_GW_Receipt": entry.receipt_number,
    }
    if entry.balance_after:
        row["F_GW_Balance"] = exact.number(entry.balance_after)
    return {name: it for name, it in row.items() if it != ""}
