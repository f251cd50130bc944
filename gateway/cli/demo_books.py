"""The demonstration's end: ERP, gateway and bank ledger compared to the fen, the trail verified."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from typing import Final

from gateway import settings
from gateway.audit.books import Report
from gateway.cli.api_client import ApiClient
from gateway.cli.audit import check, document
from gateway.cli.demo_files import ACCOUNTS, BATCHING, ERP_ACCOUNT, POOR, Wish
from gateway.cli.demo_stage import Stage
from gateway.cli.verify_books import books_of
from gateway.cli.verify_books_bank import open_bank
from gateway.domain.money import CNY, Money, total

_Debits = Counter[tuple[str, int]]
_LEFT: Final = ("SETTLED", "RETURNED")
"""States in which the money left the account, whether or not it came back."""


def compare(
    stage: Stage, wishes: Mapping[str, Wish], ids: Mapping[str, str]
) -> tuple[dict[str, object], list[str]]:
    """The result to print, and everything that differs in words."""
    views, differences = views_of(stage, wishes)
    admin = stage.admin()
    ledger = admin.get("/admin/ledger")
    rows = [
        _account(admin, account, wishes, views, differences)
        for account in (*ACCOUNTS, POOR, BATCHING, ERP_ACCOUNT)
    ]
    admin.close()
    if ledger["balanced"] is not True:
        differences.append(f"the bank's ledger complains: {ledger['faults']}")
    for reference, known in ids.items():
        if views.get(reference, {}).get("id") != known:
            differences.append(f"{reference} has another id than the ERP was told")
    audit = document(check(argparse.Namespace(config=stage.books, key=None, json=True)))
    if not audit["ok"]:
        differences.append(f"the audit trail does not verify: {audit['findings']}")
    books = _verified(stage)
    differences += books.texts()
    states = Counter(str(view["state"]) for view in views.values())
    result: dict[str, object] = {
        "instructions": len(wishes),
        "states": dict(states),
        "accounts": rows,
        "bank_postings": ledger["postings"],
        "audit": {name: audit[name] for name in ("ok", "records", "lanes", "checkpoints")},
        "books": {"ok": books.sound, **books.looked},
        "differences": differences,
    }
    return result, differences


def _verified(stage: Stage) -> Report:
    """The invariants of the books, as `gateway verify-books` checks them."""
    bank = open_bank(stage.bank.told)
    try:
        return books_of(settings.load(stage.books), bank, at_rest=True, trail=False)
    finally:
        bank.close()


def views_of(
    stage: Stage, wishes: Mapping[str, Wish]
) -> tuple[dict[str, dict[str, object]], list[str]]:
    """Every wish as the gateway tells it: there once, with the amount that was asked for."""
    differences: list[str] = []
    views: dict[str, dict[str, object]] = {}
    for key in sorted({wish.key for wish in wishes.values()}):
        client = stage.client(key)
        for reference, wish in wishes.items():
            if wish.key != key:
                continue
            found = client.get(f"/v1/instructions?erp_reference={reference}")["instructions"]
            listed = found if isinstance(found, list) else []
            if len(listed) != 1:
                differences.append(f"{reference} exists {len(listed)} times")
                continue
            views[reference] = listed[0]
            if listed[0]["amount"] != wish.amount.text():
                differences.append(f"{reference} has another amount than the ERP asked for")
        client.close()
    return views, differences


def _account(
    admin: ApiClient,
    account: str,
    wishes: Mapping[str, Wish],
    views: Mapping[str, Mapping[str, object]],
    differences: list[str],
) -> dict[str, str]:
    """One account: what was asked, what we call paid, what the bank took, line by line.

    Payroll is one debit of the total and one credit for what failed, so the account that runs
    it is compared by what is left in the end.
    """
    mine = {ref: wish for ref, wish in wishes.items() if wish.debtor == account}
    state = {ref: str(views.get(ref, {}).get("state")) for ref in mine}
    moved: _Debits = Counter(
        (it.account, it.amount.minor) for ref, it in mine.items() if state[ref] in _LEFT
    )
    debited: _Debits = Counter()
    net = Money(0, CNY)
    entries = admin.get(f"/admin/accounts/{account}/entries")["entries"]
    for entry in entries if isinstance(entries, list) else []:
        amount = Money.parse(str(entry["amount"]), CNY, signed=True)
        if entry["kind"] != "opening":
            net = net - amount
        if amount.minor < 0:
            debited[str(entry["counterparty_account"]), -amount.minor] += 1
    if not any(it.payroll for it in mine.values()):
        differences += [f"paid but not debited: {_told(it)}" for it in (moved - debited).elements()]
        differences += [f"debited but not paid: {_told(it)}" for it in (debited - moved).elements()]
    asked = total((it.amount for it in mine.values()), CNY)
    ours = total((it.amount for ref, it in mine.items() if state[ref] == "SETTLED"), CNY)
    if ours != net:
        differences.append(f"…{account[-4:]}: {ours.text()} settled, {net.text()} left the account")
    return {
        "account": account,
        "asked": asked.text(),
        "settled": ours.text(),
        "debited": net.text(),
        "difference": (ours - net).text(),
    }


def _told(it: tuple[str, int]) -> str:
    """A payee and an amount, fit to be shown."""
    return f"{Money(it[1], CNY).text()} to …{it[0][-4:]}"
