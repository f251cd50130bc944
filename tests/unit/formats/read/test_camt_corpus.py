"""Public camt files, where they lie beside the repository: read whole, and as upstream does."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from functools import cache
from pathlib import Path

import pytest

from gateway.domain.bank_file import EntryRead, TransactionRead
from gateway.domain.errors import WireError
from tests.unit.formats.read.camt_ground import ends, entries, parts

CORPUS = Path(__file__).parents[5] / "shared" / "corpus"
EXPECTED = CORPUS / "expected_upstream" / "genkgo_camt"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="no ../shared/corpus here")
REFUSED = {"camt__camt053.v2.wrong.xml"}
"""A message without a statement."""
ASSERTED = 25
"""Upstream's expectations that are compared."""
_REMARK = re.compile(rb"<!--.*?-->", re.DOTALL)
_ENTRY = re.compile(rb"<(?:\w+:)?Ntry[\s>]")
Tree = dict[str, object]


def files() -> list[Path]:
    return sorted(CORPUS.glob("camt.05[234].*/*"))


def test_every_file_is_read_and_no_entry_is_missing():
    found = files()
    assert len(found) > 40
    for path in found:
        data = path.read_bytes()
        if path.name in REFUSED:
            with pytest.raises(WireError):
                parts(data)
            continue
        raw = len(_ENTRY.findall(_REMARK.sub(b"", data)))
        assert len(entries(data)) == raw, path.name
        assert sum(it.entries for it in ends(data)) == raw
        assert all(it.currency for it in entries(data))


def tree(value: object) -> Tree:
    assert isinstance(value, dict)
    return value


def rows(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


def money(value: object) -> tuple[str, str]:
    """Upstream counts in hundredths, whatever the currency."""
    found = tree(value)
    return str(found["getAmount"]), str(tree(found["getCurrency"])["getCode"])


def day(value: object) -> date | None:
    return datetime.fromisoformat(str(tree(value)["0"])).date() if value else None


@cache
def known(name: str) -> tuple[EntryRead, ...]:
    (path,) = CORPUS.glob(f"*/camt__{name}.xml")
    return tuple(entries(path.read_bytes()))


def test_entries_are_what_upstream_expects():
    compared = 0
    for path in sorted(EXPECTED.glob("*.json")):
        expected = rows(json.loads(path.read_bytes())["getEntries"])
        found = known(path.stem)
        # Upstream's list of a second statement starts anew and hides the first.
        found = found[len(found) - len(expected) :]
        assert len(found) == len(expected), path.stem
        for mine, theirs in zip(found, map(tree, expected), strict=True):
            assert (str(mine.amount.at(2)), mine.currency) == money(theirs["getAmount"])
            assert mine.booking_date == day(theirs["getBookingDate"])
            assert mine.value_date == day(theirs["getValueDate"])
            assert mine.reference == (theirs["getAccountServicerReference"] or "")
            assert mine.entry_reference == (theirs["getReference"] or "")
            assert mine.reversal is bool(theirs["getReversalIndicator"])
            bank = tree(theirs["getBankTransactionCode"] or {})
            own = tree(bank.get("getProprietary") or {})
            assert mine.own_code == str(own.get("getCode") or ""), path.stem
            details(mine, rows(theirs["getTransactionDetails"]), path.stem)
        compared += 1
    assert compared == ASSERTED


def details(mine: EntryRead, theirs: list[object], name: str) -> None:
    said = [it for it in mine.transactions if not it.kind]
    assert len(said) == len(theirs), name
    for part, other in zip(said, theirs, strict=True):
        if isinstance(other, dict):
            detail(mine, part, other, name)


def detail(mine: EntryRead, part: TransactionRead, other: Tree, name: str) -> None:
    references = tree(other["getReference"] or {})
    theirs = str(references.get("getEndToEndId") or "")
    assert part.end_to_end_id == ("" if theirs == "NOTPROVIDED" else theirs)
    assert part.uetr == (references.get("getUuidEndToEndReference") or "")
    remittance = tree(other["getRemittanceInformation"] or {})
    message = str(remittance.get("getMessage") or "")
    assert part.remittance.startswith(message), name
    if other["getAmount"] and part.amount is not None:
        amount, currency = money(other["getAmount"])
        if currency == mine.currency:
            assert part.amount.at(2) == int(amount), name
    wanted = "Creditor" if mine.amount.units < 0 else "Debtor"
    for party in rows(other["getRelatedParties"]):
        if not isinstance(party, dict):
            continue
        kind = tree(party["getRelatedPartyType"])
        if str(kind["__CLASS__"]).rpartition("\\")[2] == wanted:
            assert part.counterparty_name == kind["getName"], name
            account = tree(party["getAccount"] or {})
            assert part.counterparty_account == (account.get("getIdentification") or "")
