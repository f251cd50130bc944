"""The demonstration's end: ERP, gateway and bank ledger compared to the fen, the trail verified."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping

from gateway.cli.api_client import ApiClient
from gateway.cli.audit import check, document
from gateway.cli.demo_files import ACCOUNTS, POOR, Wish
from gateway.cli.demo_stage import Stage
from gateway.domain.money import CNY, Money, total

_Debits = Counter[tuple[str, int]]


def compare(
    stage: Stage, wishes: Mapping[str, Wish], ids: Mapping[str, str]
) -> tuple[dict[str, object], list[str]]:
    """The result to print, and everything that differs in words."""
    differences: list[str] = []
    views = _views(stage, wishes, differences)
    admin = stage.admin()
    ledger = admin.get("/admin/ledger")
    rows = [_account(admin, account, wishes, views, differences) for account in (*ACCOUNTS, POOR)]
    admin.close()
    if ledger["balanced"] is not True:
        differences.append(f"the bank's ledger complains: {ledger['faults']}")
    for reference, known in ids.items():
        if views.get(reference, {}).get("id") != known:
            differences.append(f"{reference} has another id than the ERP was told")
    audit = document(check(argparse.Namespace(config=stage.config, key=None, json=True)))
    if not audit["ok"]:
        differences.append(f"the audit trail does not verify: {audit['findings']}")
    states = Counter(str(view["state"]) for view in views.values())
    result: dict[str, object] = {
        "instructions": len(wishes),
        "states": dict(states),
        "accounts": rows,
        "bank_postings": ledger["postings"],
        "audit": {name: audit[name] for name in ("ok", "records", "lanes", "checkpoints")},
        "differences": differences,
    }
    return result, differences


def _views(
    stage: Stage, wishes: Mapping[str, Wish], differences: list[str]
) -> dict[str, dict[str, object]]:
    """Every wish as the gateway tells it: there once, with the amount that was asked for."""
    client = stage.client("demo-rest")
    views: dict[str, dict[str, object]] = {}
    for reference, wish in wishes.items():
        found = client.get(f"/v1/instructions?erp_reference={reference}")["instructions"]
        listed = found if isinstance(found, list) else []
        if len(listed) != 1:
            differences.append(f"{reference} exists {len(listed)} times")
            continue
        views[reference] = listed[0]
        if listed[0]["amount"] != wish.amount.text():
            differences.append(f"{reference} has another amount than the ERP asked for")
    client.close()
    return views


def _account(
    admin: ApiClient,
    account: str,
    wishes: Mapping[str, Wish],
    views: Mapping[str, Mapping[str, object]],
    differences: list[str],
) -> dict[str, str]:
    """One account: what was asked, what we call settled, what the bank debited, line by line."""
    mine = {ref: wish for ref, wish in wishes.items() if wish.debtor == account}
    settled: _Debits = Counter(
        (wish.account, wish.amount.minor)
        for ref, wish in mine.items()
        if views.get(ref, {}).get("state") == "SETTLED"
    )
    debited: _Debits = Counter()
    entries = admin.get(f"/admin/accounts/{account}/entries")["entries"]
    for entry in entries if isinstance(entries, list) else []:
        amount = Money.parse(str(entry["amount"]), CNY, signed=True)
        if amount.minor < 0:
            debited[str(entry["counterparty_account"]), -amount.minor] += 1
    for payee, fen in (settled - debited).elements():
        differences.append(f"settled but not debited: {Money(fen, CNY).text()} to …{payee[-4:]}")
    for payee, fen in (debited - settled).elements():
        differences.append(f"debited but not settled: {Money(fen, CNY).text()} to …{payee[-4:]}")
    asked = total((wish.amount for wish in mine.values()), CNY)
    ours = total((Money(fen, CNY) for _, fen in settled.elements()), CNY)
    theirs = total((Money(fen, CNY) for _, fen in debited.elements()), CNY)
    return {
        "account": account,
        "asked": asked.text(),
        "settled": ours.text(),
        "debited": theirs.text(),
        "difference": (ours - theirs).text(),
    }
